"""What an admin may set for a front desk, in a ``[channels.NAME]`` table."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from omniroute import Secret

SHORTEST: Final = 12  # characters of a key
_PAGE: Final = re.compile(r"https?://[^\s#?]+/")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One desk, with its kiosks."""

    key: Annotated[
        Secret,
        Meta(description="What colleagues type to open the pages; a new one closes them all."),
    ]
    title: Annotated[
        str, Meta(max_length=80, description="Heading of the kiosk; empty: “Welcome”.")
    ] = ""
    greeting: Annotated[
        str, Meta(max_length=300, description="A sentence below it; empty: ours.")
    ] = ""
    telegram_bot: Annotated[
        str,
        Meta(
            pattern="^([A-Za-z0-9_]{5,32})?$",
            description="User name of your Telegram bot: a code to scan leads there.",
        ),
    ] = ""
    chat_url: Annotated[
        str, Meta(description="Page of your web chat: a code to scan leads there.")
    ] = ""
    max_message: Annotated[
        int, Meta(ge=100, le=100_000, description="Longest text, in characters.")
    ] = 4000
    kept_days: Annotated[
        int, Meta(ge=1, le=90, description="Days after which a visit leaves the desk's own list.")
    ] = 1

    def __post_init__(self) -> None:
        if len(self.key.reveal()) < SHORTEST:
            raise ValueError(
                f"key is shorter than {SHORTEST} characters; make one with: openssl rand -base64 12"
            )
        if self.chat_url and not _PAGE.fullmatch(self.chat_url):
            raise ValueError("chat_url is no page of a web chat: an address that ends in a slash")
