"""What a fake Meta knows: accounts, people, what they have got, files, templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from omniroute.testing.fakes import Bucket

WHATSAPP: Final = "whatsapp_business_account"
PAGE: Final = "page"
INSTAGRAM: Final = "instagram"

TOKEN: Final = "EAAof-no-value-to-anybody"  # noqa: S105 - opens this fake only
APP_SECRET: Final = "worth-nothing-at-all"  # noqa: S105 - the same
VERIFY: Final = "made-up-by-the-admin"

IDS: Final = {WHATSAPP: "106540352242922", PAGE: "1014567890123", INSTAGRAM: "17841400000001"}
BUSINESS: Final = "102290129340398"

DAY: Final = 86_400.0
LONGEST: Final = {WHATSAPP: 4096, PAGE: 2000, INSTAGRAM: 1000}  # of Instagram bytes
CAPTION: Final = 1024

Json = dict[str, Any]


class GraphError(Exception):
    """What the Graph API answers instead of a yes."""

    def __init__(self, status: int, code: int, message: str, *, subcode: int = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.subcode = status, code, message, subcode

    def json(self) -> Json:
        """As it is answered."""
        said: Json = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self.subcode:
            said["error_subcode"] = self.subcode
        return {"error": said}


@dataclass
class Message:
    """A message of the business's, as its customer has it."""

    id: str
    text: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)
    answers: str = ""  # the message that it quotes
    template: str = ""
    tag: str = ""
    opaque: str = ""
    at: float = 0.0


@dataclass
class Stored:
    """A file that was uploaded, from either side."""

    name: str
    media_type: str
    data: bytes


@dataclass
class Talk:
    """One person's conversation with an account."""

    id: str
    name: str
    username: str = ""
    scoped: str = ""  # WhatsApp: the id that holds for one business
    got: list[Message] = field(default_factory=list)
    wrote: float = float("-inf")  # when they wrote last
    blocked: bool = False
    pace: Bucket | None = None  # at which they may be written to


class World:
    """State.  *clock* gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self.later = clock, 0.0
        self.talks: dict[tuple[str, str], Talk] = {}
        self.files: dict[str, Stored] = {}
        self.templates: list[Json] = []
        self._number = 0

    def now(self) -> float:
        """The time here; `later` is how far it is ahead."""
        return self._clock() + self.later

    def number(self) -> int:
        """The next one."""
        self._number += 1
        return self._number

    def store(self, name: str, media_type: str, data: bytes) -> str:
        """Keep a file; its id."""
        id = str(9_000_000_000 + self.number())
        self.files[id] = Stored(name, media_type, data)
        return id

    def talk(self, of: str, id: str) -> Talk:
        """Somebody's conversation.  Raises `GraphError`."""
        for (kind, known), talk in self.talks.items():
            if kind == of and id in (known, talk.scoped):
                return talk
        if of == WHATSAPP:
            raise GraphError(400, 131026, "Message undeliverable")
        raise GraphError(400, 100, "No matching user found", subcode=2018001)
