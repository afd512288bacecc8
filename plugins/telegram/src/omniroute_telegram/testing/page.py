"""A page that looks and works like a simple Telegram client, for demos: no account, no phone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute.testing.fakes.page import Page, media
from omniroute_telegram.testing.world import ChatRoom, Json

if TYPE_CHECKING:
    from omniroute_telegram.testing.people import Chat
    from omniroute_telegram.testing.server import FakeTelegram


def routes(fake: FakeTelegram) -> Sequence[BaseRoute]:
    """``phone?user=5001``: that person's chats; without a user, the list of people."""
    page = (files("omniroute_telegram.testing") / "page.html").read_text(encoding="utf-8")

    async def file(request: Request) -> Response:
        stored = fake.world.files.get(request.path_params["id"])
        if stored is None:
            return Response(status_code=404)
        return media(stored.data, stored.media_type)

    def state(user: str) -> Json:
        return _state(fake, int(user or 0))

    async def act(asked: Json) -> Json:
        return await _act(fake, asked)

    sides = Page(fake, page, state, act).routes("/phone")
    return [*sides, Route("/phone/media/{id}", file)]


def _state(fake: FakeTelegram, id: int) -> Json:
    """Everything that one person sees, or who there is."""
    world = fake.world
    people = [
        {"id": user["id"], "name": _name(user)}
        for user in world.users.values()
        if not user["is_bot"]
    ]
    if id not in world.users:
        return {"people": people, "chats": []}
    world.private(world.users[id])
    rooms = [room for room in world.chats.values() if id in room.members]
    return {
        "people": people,
        "me": {"id": id, "name": _name(world.users[id])},
        "chats": [_chat(fake, room) for room in rooms],
    }


def _chat(fake: FakeTelegram, room: ChatRoom) -> Json:
    bot = fake.world.bot
    title = room.title or f"{bot['first_name']} (@{bot['username']})"
    topics = [{"id": 0, "name": "General", "closed": False}] if room.is_forum else []
    topics += [{"id": id, **about} for id, about in room.topics.items()]
    shown = [_message(fake, room, message) for message in fake.world.visible(room)]
    return {
        "id": room.id,
        "title": title,
        "forum": room.is_forum,
        "topics": topics,
        "blocked": room.blocked,
        "messages": shown[-300:],
    }


def _message(fake: FakeTelegram, room: ChatRoom, message: Json) -> Json:
    kinds = ("photo", "document", "video", "voice", "audio", "animation")
    kind = next((kind for kind in kinds if kind in message), "")
    file = message[kind][-1] if kind == "photo" else message.get(kind)
    quoted = message.get("reply_to_message") or {}
    return {
        "id": message["message_id"],
        "topic": message.get("message_thread_id", 0),
        "from": message["from"]["id"],
        "name": _name(message["from"]),
        "at": message["date"],
        "text": message.get("text") or message.get("caption") or _service(message),
        "service": bool(_service(message)),
        "edited": "edit_date" in message,
        "quotes": quoted.get("text") or quoted.get("caption") or "",
        "buttons": [
            [{"text": b["text"], "data": b.get("callback_data", ""), "url": b.get("url", "")}
             for b in row]
            for row in (message.get("reply_markup") or {}).get("inline_keyboard", ())
        ],
        "reactions": list(room.reactions.get(message["message_id"], {}).values()),
        "file": file and {"id": file["file_id"], "kind": kind, "name": file.get("file_name", kind)},
    }  # fmt: skip


def _service(message: Json) -> str:
    if "forum_topic_created" in message:
        return f"Topic “{message['forum_topic_created']['name']}”"
    if "contact" in message:
        return f"Contact {message['contact']['phone_number']}"
    return ""


def _name(user: Json) -> str:
    return f"{user['first_name']} {user.get('last_name', '')}".strip()


async def _act(fake: FakeTelegram, asked: Json) -> Json:
    """Do what a person does on the page."""
    user = fake.world.users.get(int(asked.get("user", 0)))
    room = fake.world.chats.get(int(asked.get("chat", 0)))
    if user is None or room is None or user["id"] not in room.members:
        return {"error": "no such chat"}
    chat = fake.seen_by(user, room, int(asked.get("topic", 0)))
    return await _done(fake, chat, room, asked)


async def _done(fake: FakeTelegram, chat: Chat, room: ChatRoom, asked: Json) -> Json:
    message = room.messages.get(int(asked.get("message", 0)))
    text = str(asked.get("text", ""))[:4096]
    match asked.get("do"):
        case "say" if text.strip():
            chat.says(text, quotes=message)
        case "file":
            media_type = str(asked.get("type") or "application/octet-stream")[:100]
            kind = "photo" if media_type.startswith("image/") else "document"
            chat.sends(_bytes(asked), str(asked.get("name", "file"))[:200], media_type, text, kind)
        case "edit" if message is not None:
            chat.edits(message, text)
        case "react" if message is not None:
            chat.reacts(message, text)
        case "contact":
            chat.shares_contact(text)
        case "press" if message is not None:
            return {"answer": await _pressed(fake, chat, message, str(asked.get("data", "")))}
        case _:
            return {"error": "nothing was done"}
    return {}


async def _pressed(fake: FakeTelegram, chat: Chat, message: Json, data: str) -> str:
    try:
        return await fake.answer(fake.presses(chat.person.user, message, data))
    except TimeoutError:
        return "No answer."


def _bytes(asked: Any) -> bytes:
    try:
        return base64.b64decode(str(asked.get("data", "")), validate=True)
    except binascii.Error:
        return b""
