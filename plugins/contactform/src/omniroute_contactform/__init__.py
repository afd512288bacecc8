"""A contact form for OmniRoute: works without a script, is answered by mail."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """The channel; imported when it is asked for, so that the command line stays quick."""
    from omniroute_contactform.channel import ContactFormChannel

    return [ContactFormChannel]
