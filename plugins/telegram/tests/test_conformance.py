"""What every channel must do, asked of this one."""

from __future__ import annotations

from typing import ClassVar

from omniroute.testing.conformance import ChannelConformance, DeskConformance, Requests
from omniroute_telegram.channel import TelegramChannel
from omniroute_telegram.testing.platform import HookTown, Office, Town

NOT_TOLD = "the Bot API tells nobody of deleted messages"


class TestTelegram(ChannelConformance):
    channel = TelegramChannel
    platform = Town
    absent: ClassVar = {"deletes": NOT_TOLD}


class TestTelegramByWebhook(Requests):
    channel = TelegramChannel
    platform = HookTown


class TestTelegramDesk(DeskConformance):
    channel = TelegramChannel
    platform = Office
