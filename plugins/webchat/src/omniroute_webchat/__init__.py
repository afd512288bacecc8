"""The web chat channel of OmniRoute: a page and an embeddable widget, live both ways."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl
from omniroute_webchat.channel import WebChatChannel


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    return [WebChatChannel]
