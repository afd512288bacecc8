"""What an admin may set for the channel, in a ``[channels.NAME]`` table of ``omniroute.toml``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from omniroute import Secret
from omniroute_http.signing import Unusable, key_of

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
LONGEST_WAIT: Final = 30  # s that a poll may wait


class Integration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A program that joins, with a secret of its own."""

    secret: Annotated[
        Secret,
        Meta(description="Signs every request, both ways: whsec_ and at least 24 bytes in base64."),
    ]
    former_secret: Annotated[
        Secret | None,
        Meta(description="Still accepted while the integration moves to a new secret."),
    ] = None
    webhook: Annotated[
        str,
        Meta(description="Where answers are posted; empty: the integration asks for them."),
    ] = ""
    vouches: Annotated[
        list[str],
        Meta(
            description="Kinds of address, such as email, that it may call verified; anything else"
            " it says of people is only suggested."
        ),
    ] = []
    one_id_per_person: Annotated[
        bool,
        Meta(description="Two of its ids are never one customer by themselves, as with logins."),
    ] = False

    def __post_init__(self) -> None:
        for name in ("secret", "former_secret"):
            secret: Secret | None = getattr(self, name)
            try:
                if secret is not None:
                    key_of(secret.reveal())
            except Unusable as error:
                raise ValueError(f"{name} {error}") from None
        if self.webhook and not _is_url(self.webhook):
            raise ValueError("webhook is no http:// or https:// address")

    @property
    def secrets(self) -> Sequence[str]:
        """What a signature may be made with, the current one first."""
        return [s.reveal() for s in (self.secret, self.former_secret) if s is not None]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One account: the programs that join over it."""

    integrations: Annotated[
        dict[str, Integration],
        Meta(min_length=1, description="A table for each program that joins, by its name."),
    ]
    largest: Annotated[
        int,
        Meta(
            ge=10_000,
            le=100_000_000,
            description="Largest request in bytes; a file takes a third more than its own.",
        ),
    ] = 15_000_000

    def __post_init__(self) -> None:
        for name in self.integrations:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"integrations: “{name}” is no name; use a-z, 0-9, - and _, such as web-shop"
                )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False
