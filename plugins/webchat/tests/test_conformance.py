"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance
from omniroute_webchat.channel import WebChatChannel
from omniroute_webchat.testing.platform import Town

OURS = "the platform is our own: there is nothing between us that could fail"


class TestWebChat(ChannelConformance):
    channel = WebChatChannel
    platform = Town
    absent: ClassVar = {
        "fails": OURS,
        "wrong_settings": OURS,
        "breaks": "browsers come again by themselves; no connection of ours stays open",
        "deletes": "what was said in the chat is not taken back",
        "machine_says": "the page is for people",
        "something_new": "the page and the channel come together: neither is newer",
    }
