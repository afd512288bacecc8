"""What an admin may set for a web chat, in a ``[channels.NAME]`` table of ``omniroute.toml``."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from omniroute import Secret

SHORTEST_SECRET = 32  # bytes; RFC 7518 asks for no less with HS256


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything has a default: an empty table opens a chat for anonymous visitors."""

    secret: Annotated[
        Secret | None,
        Meta(description="Shared with your site's backend, which signs who a visitor is (HS256)."),
    ] = None
    former_secret: Annotated[
        Secret | None,
        Meta(description="Still accepted while your backend moves to a new secret."),
    ] = None
    audience: Annotated[
        str, Meta(min_length=1, description="What your backend names as the token's audience.")
    ] = "omniroute"
    title: Annotated[
        str, Meta(max_length=60, description="Heading of the chat; empty: “Chat with us”.")
    ] = ""
    greeting: Annotated[
        str, Meta(max_length=500, description="First line a visitor reads; empty: ours.")
    ] = ""
    accent: Annotated[
        str, Meta(pattern="^#[0-9a-fA-F]{6}$", description="Colour of buttons and of own lines.")
    ] = "#3b5bdb"
    allowed_origins: Annotated[
        list[str],
        Meta(description="Sites that may embed the chat, such as https://shop.example."),
    ] = []
    telegram_bot: Annotated[
        str,
        Meta(
            pattern="^([A-Za-z0-9_]{5,32})?$",
            description="User name of your Telegram bot, so that a visitor can go on there.",
        ),
    ] = ""
    max_message: Annotated[
        int, Meta(ge=1, le=100_000, description="Longest message of a visitor, in characters.")
    ] = 4000
    messages_per_minute: Annotated[
        int, Meta(ge=0, description="Sustained rate of one visitor; 0: without limit.")
    ] = 30
    burst: Annotated[
        int, Meta(ge=1, description="Messages a visitor may send at once before the rate counts.")
    ] = 10
    max_file: Annotated[
        int, Meta(ge=0, le=25_000_000, description="Largest file of a visitor, in bytes; 0: none.")
    ] = 10_000_000
    file_types: Annotated[
        list[Annotated[str, Meta(pattern=r"^\.[a-z0-9]{1,10}$")]],
        Meta(description="Endings of files that visitors may send, as .pdf; empty: any."),
    ] = []
    files_per_minute: Annotated[
        int, Meta(ge=0, description="Sustained rate of one visitor's files; 0: without limit.")
    ] = 10
    new_sessions_per_minute: Annotated[
        int, Meta(ge=0, description="New visitors from one network address; 0: without limit.")
    ] = 120
    session_days: Annotated[
        int, Meta(ge=1, le=90, description="A visitor unseen for so long is a new one.")
    ] = 7
    left_after: Annotated[
        int,
        Meta(
            ge=0,
            le=86_400,
            description="Seconds with no window open until who waits counts as gone; 0: never.",
        ),
    ] = 0

    def __post_init__(self) -> None:
        for name in ("secret", "former_secret"):
            secret: Secret | None = getattr(self, name)
            if secret is not None and len(secret.reveal().encode()) < SHORTEST_SECRET:
                raise ValueError(
                    f"{name} is shorter than {SHORTEST_SECRET} bytes and could be guessed; "
                    "make one with `openssl rand -base64 32`"
                )
        for origin in self.allowed_origins:
            if not _is_origin(origin):
                raise ValueError(
                    f"allowed_origins: “{origin}” is not an origin; "
                    "write scheme and host only, such as https://shop.example"
                )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys that verify a token, the current one first; empty: nobody can be identified."""
        return tuple(
            secret.reveal() for secret in (self.secret, self.former_secret) if secret is not None
        )


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        bare = f"{parts.scheme}://{parts.hostname or ''}"
        bare += f":{parts.port}" if parts.port is not None else ""
    except ValueError:  # a port that is no number
        return False
    # Spelled as browsers send it, with which it is compared; and it goes into a header.
    return text == bare and re.fullmatch(r"https?://[a-z0-9.-]+(:\d+)?", text) is not None
