"""Signed JSON over HTTP for OmniRoute: a channel that any language joins."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """The channel; imported when it is asked for, so that the command line stays quick."""
    from omniroute_http.channel import HttpChannel

    return [HttpChannel]
