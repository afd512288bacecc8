"""What every channel must do, asked of this one."""

from __future__ import annotations

from omniroute.testing.conformance import ChannelConformance, DeskConformance, Requests
from omniroute_slack.channel import SlackChannel
from omniroute_slack.testing.platform import HookTown, Office, Town


class TestSlack(ChannelConformance):
    channel = SlackChannel
    platform = Town


class TestSlackByHttp(Requests):
    channel = SlackChannel
    platform = HookTown


class TestSlackDesk(DeskConformance):
    channel = SlackChannel
    platform = Office
