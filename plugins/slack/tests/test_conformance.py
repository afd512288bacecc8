"""What every channel must do, asked of this one."""

from __future__ import annotations

from omniroute.testing.conformance import ChannelConformance, Requests
from omniroute_slack.channel import SlackChannel
from omniroute_slack.testing.platform import HookTown, Town


class TestSlack(ChannelConformance):
    channel = SlackChannel
    platform = Town


class TestSlackByHttp(Requests):
    channel = SlackChannel
    platform = HookTown
