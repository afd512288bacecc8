"""What Telegram knows: users, chats with their topics and messages, files, and who is blocked.

Objects of the Bot API are kept as the dictionaries they are on the wire.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from omniroute.testing.fakes import Bucket, Window

Json: TypeAlias = dict[str, Any]


class ApiError(Exception):
    """An answer that is not ok, as the Bot API words it."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(f"{code} {description}")
        self.code, self.description, self.parameters = code, description, parameters


def bad(description: str) -> ApiError:
    """400, the answer to what can never be done."""
    return ApiError(400, f"Bad Request: {description}")


def _flooded(left: float) -> ApiError:
    wait = max(1, math.ceil(left))
    return ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a bot may send (core.telegram.org/bots/faq): calls that put a message somewhere.

    Short bursts above one message a second in a chat are let through, as Telegram does.
    """

    overall: float = 30.0  # a second
    per_chat: float = 1.0  # a second
    chat_burst: int = 12
    per_group: int = 20  # a minute
    new_topics: int = 20  # a minute


@dataclass
class StoredFile:
    """A file's bytes under its id."""

    name: str
    media_type: str
    data: bytes
    unique_id: str


@dataclass
class ChatRoom:
    """A private chat, a group or a supergroup, with every message in it."""

    id: int
    type: str  # private | group | supergroup
    title: str = ""
    is_forum: bool = False
    members: dict[int, str] = field(default_factory=dict)  # user id → status
    messages: dict[int, Json] = field(default_factory=dict)
    topics: dict[int, Json] = field(default_factory=dict)  # message_thread_id → name, closed
    reactions: dict[int, dict[int, str]] = field(default_factory=dict)  # message → user → emoji
    blocked: bool = False  # the person blocked the bot
    last_id: int = 0

    def next_id(self) -> int:
        """The next message's id."""
        self.last_id += 1
        return self.last_id


class World:
    """Everything there is."""

    def __init__(self, clock: Callable[[], float], limits: Limits, username: str) -> None:
        self.clock, self.limits = clock, limits
        self.bot: Json = {
            "id": 7000000001,
            "is_bot": True,
            "first_name": "Desk",
            "username": username,
            "can_join_groups": True,
            "can_read_all_group_messages": True,
            "supports_inline_queries": False,
        }
        self.users: dict[int, Json] = {self.bot["id"]: self.bot}
        self.chats: dict[int, ChatRoom] = {}
        self.files: dict[str, StoredFile] = {}
        self.callbacks: dict[str, Json] = {}  # id → what the bot answered, once it has
        self._numbers = itertools.count(1)
        self._windows: dict[object, Window] = {}
        self._buckets: dict[int, Bucket] = {}

    # --- who and where ---

    def new_user(self, first_name: str, last_name: str = "", *, is_bot: bool = False) -> Json:
        """Somebody with an account."""
        user: Json = {
            "id": 5000 + next(self._numbers),
            "is_bot": is_bot,
            "first_name": first_name,
            "username": (first_name + last_name).lower().replace(" ", ""),
            "language_code": "en",
        }
        if last_name:
            user["last_name"] = last_name
        self.users[user["id"]] = user
        return user

    def private(self, user: Json) -> ChatRoom:
        """The chat of a person with the bot; its id is the person's."""
        if user["id"] not in self.chats:
            room = ChatRoom(user["id"], "private", members={user["id"]: "member"})
            self.chats[user["id"]] = room
        return self.chats[user["id"]]

    def new_group(self, title: str, *, forum: bool = False) -> ChatRoom:
        """A supergroup in which the bot is an administrator."""
        room = ChatRoom(-1000000000000 - next(self._numbers), "supergroup", title, forum)
        room.members[self.bot["id"]] = "administrator"
        self.chats[room.id] = room
        return room

    def number(self) -> int:
        """A number nobody had before."""
        return next(self._numbers)

    # --- messages ---

    def chat_json(self, room: ChatRoom) -> Json:
        """A chat as updates show it."""
        if room.type == "private":
            user = self.users[room.id]
            names: Json = {k: user[k] for k in ("first_name", "last_name", "username") if k in user}
            return {"id": room.id, "type": "private", **names}
        about: Json = {"id": room.id, "type": room.type, "title": room.title}
        return about | ({"is_forum": True} if room.is_forum else {})

    def new_message(self, room: ChatRoom, sender: Json, topic: int = 0, **content: Any) -> Json:
        """Put a message into a chat."""
        message: Json = {
            "message_id": room.next_id(),
            "date": int(self.clock()),
            "chat": self.chat_json(room),
            "from": {k: v for k, v in sender.items() if not k.startswith(("can_", "supports_"))},
            **{key: value for key, value in content.items() if value not in (None, "", [])},
        }
        if topic:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        room.messages[message["message_id"]] = message
        return message

    def keep(self, name: str, media_type: str, data: bytes) -> str:
        """The id under which a file can be had again."""
        number = self.number()
        self.files[f"file-{number}"] = StoredFile(name, media_type, data, f"unique-{number}")
        return f"file-{number}"

    # --- limits ---

    def spend(self, room: ChatRoom) -> None:
        """Count one message into a chat; raises 429 with how long to wait."""
        limits = self.limits
        windows = [self._window("all", int(limits.overall), 1.0)]
        if room.type != "private":
            windows.append(self._window(room.id, limits.per_group, 60.0))
        self._charge(windows, room if room.type == "private" else None)

    def spend_topic(self, room: ChatRoom) -> None:
        """Count one new topic."""
        self._charge([self._window(("topic", room.id), self.limits.new_topics, 60.0)])

    def _window(self, key: object, most: int, span: float) -> Window:
        return self._windows.setdefault(key, Window(most, span))

    def _charge(self, windows: list[Window], private: ChatRoom | None = None) -> None:
        now, limits = self.clock(), self.limits
        waits = [window.left(now) for window in windows]
        if private is not None and not any(waits):
            known = self._buckets.setdefault(private.id, Bucket(limits.chat_burst, limits.per_chat))
            waits.append(known.spend(now))
        if left := max(waits):
            raise _flooded(left)
        for window in windows:
            window.count(now)

    def visible(self, room: ChatRoom, topic: int | None = None) -> Iterator[Json]:
        """Messages of a chat in order; of one topic, when named."""
        for id in sorted(room.messages):
            message = room.messages[id]
            if topic is None or message.get("message_thread_id", 0) == topic:
                yield message
