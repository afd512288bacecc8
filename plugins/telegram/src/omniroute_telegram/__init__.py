"""Telegram for OmniRoute: customers write there, agents work there."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl
from omniroute_telegram.channel import TelegramChannel


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """A bot; its desk comes with it."""
    return [TelegramChannel]
