"""What every channel must do, asked of this one: with a webhook, and with a shop that asks."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance, Outgoing
from omniroute_http.channel import HttpChannel
from omniroute_http.testing.platform import AskingTown, Town


class TestHttp(ChannelConformance):
    channel = HttpChannel
    platform = Town
    absent: ClassVar = {"breaks": "each request is a connection of its own; none stays open"}


class TestHttpByPolling(Outgoing):
    channel = HttpChannel
    platform = AskingTown
    absent: ClassVar = {
        "fails": "what waits lies in a file of our own; who asks can fail at nothing",
    }
