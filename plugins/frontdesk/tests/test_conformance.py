"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance
from omniroute_frontdesk.channel import FrontDeskChannel
from omniroute_frontdesk.testing import Town

OURS = "the pages are our own: there is nothing between us that could fail"


class TestFrontDesk(ChannelConformance):
    channel = FrontDeskChannel
    platform = Town
    absent: ClassVar = {
        "fails": OURS,
        "wrong_settings": OURS,
        "breaks": "each page is a request of its own; no connection stays open",
        "deletes": "what was said at the desk is not taken back",
        "machine_says": "machines do not come to the desk",
        "something_new": "the pages and the channel come together: neither is newer",
    }
