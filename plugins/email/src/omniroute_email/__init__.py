"""The e-mail channel of OmniRoute: SMTP in, SMTP out."""

from __future__ import annotations

from collections.abc import Sequence

from omniroute import Channel, hookimpl
from omniroute_email.channel import EmailChannel


@hookimpl
def omniroute_channels() -> Sequence[type[Channel]]:
    """E-mail, and nothing else."""
    return [EmailChannel]
