"""What a fake Twilio keeps: texts, media, recordings, and who wants nothing any more."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final, TypeAlias

ACCOUNT: Final = "AC" + "0" * 31 + "1"
TOKEN: Final = "of-no-value-to-anybody"  # noqa: S105 - opens this fake only
NUMBER: Final = "+15005550006"
Json: TypeAlias = dict[str, Any]


@dataclass
class Media:
    """A file in Twilio's store."""

    sid: str
    media_type: str
    data: bytes
    name: str = ""


@dataclass
class Text:
    """A message, either way."""

    sid: str
    sender: str
    to: str
    body: str
    at: float
    inbound: bool = False
    media: list[Media] = field(default_factory=list)
    hook: str = ""  # where its fate is to be told
    content: str = ""  # SID of the template it was made of
    more: dict[str, str] = field(default_factory=dict)  # further fields of the webhook


class ApiError(Exception):
    """Twilio's no: an HTTP status, its own code, and its words."""

    def __init__(self, status: int, code: int, said: str) -> None:
        super().__init__(said)
        self.status, self.code, self.said = status, code, said


class World:
    """Everything there is; *clock* gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.texts: dict[str, Text] = {}  # by SID, oldest first
        self.media: dict[str, Media] = {}
        self.stopped: set[str] = set()
        self.landlines: set[str] = set()
        self.contents: list[Json] = []  # templates
        self.numbers: dict[str, Json] = {}  # ours, with where they lead
        self._count = 0

    def sid(self, prefix: str) -> str:
        """A new id of Twilio's form."""
        self._count += 1
        return prefix + hashlib.sha256(f"{prefix}{self._count}".encode()).hexdigest()[:32]

    def store(self, media_type: str, data: bytes, name: str = "") -> Media:
        """A file in the store."""
        media = Media(self.sid("ME"), media_type, data, name)
        self.media[media.sid] = media
        return media

    def text(self, sender: str, to: str, body: str, **more: Any) -> Text:
        """A new message."""
        text = Text(self.sid("SM"), sender, to, body, self.clock(), **more)
        self.texts[text.sid] = text
        return text

    def content(self, name: str, body: str, status: str = "approved", language: str = "en") -> str:
        """A template; its SID."""
        sid = self.sid("HX")
        approval = {"name": name, "status": status, "category": "UTILITY"}
        types = {"twilio/text": {"body": body}}
        self.contents.append(
            {"sid": sid, "friendly_name": name, "language": language, "variables": {},
             "types": types, "approval_requests": approval}
        )  # fmt: skip
        return sid


def text_json(text: Text, account: str) -> Json:
    """A message as the API shows it."""
    return {
        "sid": text.sid,
        "account_sid": account,
        "from": text.sender,
        "to": text.to,
        "body": text.body,
        "direction": "inbound" if text.inbound else "outbound-api",
        "status": "received" if text.inbound else "queued",
        "num_media": str(len(text.media)),
        "date_sent": formatdate(text.at),
        "error_code": None,
    }
