"""Slack for OmniRoute: customers write there, agents work there."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """An app in a workspace; its desk comes with it."""
    # Imported here: the SDK takes a while, and most commands of the terminal open no channel.
    from omniroute_slack.channel import SlackChannel

    return [SlackChannel]
