"""What an admin may set for a contact form, in a ``[channels.NAME]`` table."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

MIB: Final = 1024 * 1024
ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything has a default: an empty table opens a form."""

    title: Annotated[
        str, Meta(max_length=80, description="Heading of the form; empty: “Write to us”.")
    ] = ""
    greeting: Annotated[
        str, Meta(max_length=500, description="A sentence above the form; empty: ours.")
    ] = ""
    topics: Annotated[
        list[str],
        Meta(description="What people may choose as the subject; empty: they write one."),
    ] = []
    privacy_url: Annotated[
        str, Meta(description="Where you say what becomes of what people write here.")
    ] = ""
    accent: Annotated[
        str, Meta(pattern="^#[0-9a-fA-F]{6}$", description="Colour of the button and the heading.")
    ] = "#3b5bdb"
    allowed_origins: Annotated[
        list[str],
        Meta(description="Sites that may show the form in a frame, such as https://shop.example."),
    ] = []
    confirm: Annotated[
        bool,
        Meta(description="Send a link by which people show that the address is theirs."),
    ] = True
    max_message: Annotated[
        int, Meta(ge=100, le=100_000, description="Longest message, in characters.")
    ] = 10_000
    max_files: Annotated[
        int, Meta(ge=0, le=20, description="Files that may come with a message; 0: none.")
    ] = 5
    max_upload: Annotated[
        int,
        Meta(ge=0, le=50 * MIB, description="All files of a message together, in bytes."),
    ] = 10 * MIB
    per_minute: Annotated[
        int,
        Meta(ge=0, description="Messages a minute from one network address; 0: without limit."),
    ] = 3
    burst: Annotated[
        int, Meta(ge=1, description="Messages from there at once before that counts.")
    ] = 5

    def __post_init__(self) -> None:
        for origin in self.allowed_origins:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"allowed_origins: “{origin}” is not an origin; "
                    "write scheme and host only, such as https://shop.example"
                )
        if self.privacy_url and not self.privacy_url.startswith(("https://", "http://")):
            raise ValueError("privacy_url is no http:// or https:// address")
