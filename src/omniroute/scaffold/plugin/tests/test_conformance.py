"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance

from omniroute_example.channel import ExampleChannel
from omniroute_example.testing import Town


class TestExample(ChannelConformance):
    channel = ExampleChannel
    platform = Town
    absent: ClassVar = {
        "breaks": "Example calls us anew for each event; no connection stays open",
    }
