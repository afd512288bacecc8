"""What Slack knows: accounts, conversations with their messages, files, forms that are open.

Objects of the Web API are kept as the dictionaries they are on the wire.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from omniroute.testing.fakes import Bucket

Json: TypeAlias = dict[str, Any]


class ApiError(Exception):
    """An answer that is not ok, in Slack's word."""

    def __init__(self, error: str, code: int = 200, retry_after: int = 0, **more: Any) -> None:
        super().__init__(error)
        self.error, self.code, self.retry_after, self.more = error, code, retry_after, more


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an app may write (docs.slack.dev, “Rate limits”): one message a second in a
    channel, in short bursts more."""

    per_channel: float = 1.0  # a second
    burst: int = 12


@dataclass
class Stored:
    """A file; its bytes come before anybody sees it."""

    id: str
    name: str
    media_type: str
    data: bytes = b""
    shared: bool = False


@dataclass
class Room:
    """A conversation: a chat of two with the app, or a channel."""

    id: str
    name: str
    members: set[str]
    archived: bool = False
    messages: dict[str, Json] = field(default_factory=dict)  # by time stamp
    ephemeral: list[Json] = field(default_factory=list)

    @property
    def is_chat(self) -> bool:
        """Whether it is a chat of two."""
        return self.id.startswith("D")


class World:
    """All of it.  *clock* gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float], limits: Limits, team: str, bot: str) -> None:
        self.clock, self.limits, self.team = clock, limits, team
        self.users: dict[str, Json] = {}
        self.rooms: dict[str, Room] = {}
        self.files: dict[str, Stored] = {}
        self.triggers: dict[str, tuple[float, str]] = {}  # until when, and for whom, forms open
        self.views: dict[str, Json] = {}  # by id: forms that are open
        self.homes: dict[str, Json] = {}  # by account
        self.responses: dict[str, tuple[str, str]] = {}  # by id: channel and account
        self._number, self._last = 0, 0
        self._buckets: dict[str, Bucket] = {}
        self.bot = self.new_user(bot, is_bot=True)
        self.bot["profile"]["bot_id"] = "B" + self.bot["id"][1:]

    def number(self) -> int:
        """The next number of anything."""
        self._number += 1
        return self._number

    def stamp(self) -> str:
        """A time stamp that no other message has."""
        self._last = max(self._last + 1, int(self.clock() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def new_user(self, name: str, email: str = "", *, is_bot: bool = False, team: str = "") -> Json:
        """An account; *team* is another workspace's for somebody of a shared channel."""
        id = f"U{self.number():04d}{'BOT' if is_bot else 'ABC'}"
        profile = {"real_name": name, "display_name": name, "email": email}
        user: Json = {
            "id": id,
            "team_id": team or self.team,
            "name": name.lower().replace(" ", "."),
            "real_name": name,
            "is_bot": is_bot,
            "is_email_confirmed": bool(email),
            "deleted": False,
            "profile": profile,
        }
        self.users[id] = user
        return user

    def chat(self, user: str) -> Room:
        """The chat of an account with the app."""
        id = "D" + user[1:]
        if id not in self.rooms:
            self.rooms[id] = Room(id, "", {user, self.bot["id"]})
        return self.rooms[id]

    def new_channel(self, name: str, *members: str) -> Room:
        """A channel with the app in it."""
        room = Room(f"C{self.number():04d}XYZ", name, {*members, self.bot["id"]})
        self.rooms[room.id] = room
        return room

    def put(self, room: Room, user: str, text: str, thread: str = "", **more: Any) -> Json:
        """A message in a conversation."""
        ts = self.stamp()
        message: Json = {"type": "message", "user": user, "text": text, "ts": ts, **more}
        if thread:
            message["thread_ts"] = thread
            root = room.messages.get(thread)
            if root is not None:
                root["thread_ts"] = thread
                root["reply_count"] = root.get("reply_count", 0) + 1
        room.messages[ts] = message
        return message

    def visible(self, room: Room, thread: str = "") -> Iterator[Json]:
        """Messages in order: of a thread with its root, or what stands outside threads."""
        for ts in sorted(room.messages):
            message = room.messages[ts]
            root = message.get("thread_ts", ts)
            if (root == thread) if thread else (root == ts):
                yield message

    def spend(self, room: Room) -> None:
        """Count one message into a conversation; raises 429 with how long to wait."""
        limits = self.limits
        bucket = self._buckets.setdefault(room.id, Bucket(limits.burst, limits.per_channel))
        if left := bucket.spend(self.clock()):
            raise ApiError("ratelimited", 429, max(1, math.ceil(left)))
