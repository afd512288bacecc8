"""The front desk of OmniRoute: walk-ins in the same thread, proved by a code to scan."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """The channel; imported when it is asked for, so that the command line stays quick."""
    from omniroute_frontdesk.channel import FrontDeskChannel

    return [FrontDeskChannel]
