"""One call of the Bot API: its parameters tamed, and the table of what is implemented."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from omniroute.testing.fakes import Methods
from omniroute_telegram.testing.world import ChatRoom, Json, bad

if TYPE_CHECKING:
    from omniroute_telegram.testing.server import FakeTelegram

MARKUP_BYTES = 64  # of callback_data


@dataclass
class Upload:
    """A file that came with a call."""

    name: str
    media_type: str
    data: bytes


@dataclass
class Call:
    """A method with its parameters, which come as JSON or as fields of a form."""

    method: str
    given: dict[str, Any]
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str | None = None) -> str:
        """A parameter as text."""
        value = self.given.get(name, default)
        if value is None:
            raise bad(f"parameter {name} is required")
        return str(value)

    def number(self, name: str, default: int | None = None) -> int:
        """A parameter as a number."""
        value = self.given.get(name, default)
        try:
            return int(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise bad(f"parameter {name} is no number") from None

    def json(self, name: str, default: Any = None) -> Any:
        """A parameter that is an object or a list."""
        value = self.given.get(name, default)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise bad(f"can't parse {name} JSON object") from None
        return value

    def flag(self, name: str) -> bool:
        """A parameter that is true or false."""
        return self.given.get(name) in (True, "true", "True", "1")


Do: TypeAlias = "Callable[[FakeTelegram, Call], Awaitable[object]]"
METHODS: Methods[Do] = Methods(any_case=True)
method = METHODS.enter


def room_of(fake: FakeTelegram, call: Call) -> ChatRoom:
    """The chat that a call names, if the bot may be there."""
    room = fake.world.chats.get(call.number("chat_id"))
    if room is None:
        raise bad("chat not found")
    return room


def markup_of(call: Call) -> Json | None:
    """The keyboard of a message, checked as Telegram checks it."""
    markup = call.json("reply_markup")
    if not markup:
        return None
    for row in markup.get("inline_keyboard", ()):
        for button in row:
            if not button.get("text"):
                raise bad("can't parse inline keyboard button: text is empty")
            data = button.get("callback_data")
            if data is None and "url" not in button:
                raise bad("can't parse inline keyboard button: a button does nothing")
            if data is not None and not 1 <= len(str(data).encode()) <= MARKUP_BYTES:
                raise bad("BUTTON_DATA_INVALID")
    # Only inline keyboards are part of a message; others change the keyboard of whoever reads it.
    return dict(markup) if "inline_keyboard" in markup else None
