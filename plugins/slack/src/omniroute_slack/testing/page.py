"""A page that looks and works like a simple client: conversations, threads, buttons, forms."""

from __future__ import annotations

import asyncio
import base64
import binascii
import html
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from omniroute.testing.fakes import is_home
from omniroute_slack.testing.people import Chat, Person, buttons_of
from omniroute_slack.testing.world import Json, Room

if TYPE_CHECKING:
    from omniroute_slack.testing.server import FakeSlack

WAIT: Final = 20.0  # s that a page waits for news
SHOWN: Final = 400  # messages of a conversation
PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
MEDIA: Final = {"page.css": "text/css", "page.js": "text/javascript"}


def add_routes(app: web.Application, fake: FakeSlack) -> None:
    """The page of one account (``/client?user=U…``), what it shows and what it does.

    Without an account it lists the people; with ``&follow`` it turns to whatever happens last.
    """
    side = _Side(fake)
    app.router.add_get("/client", side.page)
    app.router.add_get(r"/client/{name:page\.(?:css|js)}", side.part)
    app.router.add_get("/client/state", side.state)
    app.router.add_get("/client/files/{id}", side.file)
    app.router.add_post("/client/do", side.do)


class _Side:
    def __init__(self, fake: FakeSlack) -> None:
        self._fake = fake

    async def page(self, request: web.Request) -> web.Response:
        return _part("page.html", "text/html")

    async def part(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return _part(name, MEDIA[name])

    async def state(self, request: web.Request) -> web.Response:
        """Everything that an account sees, once it is not what the page has seen already."""
        _check_home(request)
        since = request.query.get("since", "")
        if since == str(self._fake.changes):
            try:
                async with asyncio.timeout(WAIT):
                    await self._fake.news()
            except TimeoutError:
                pass
        id = request.query.get("user", "")
        people = [
            {"id": each["id"], "name": each["real_name"]}
            for each in self._fake.world.users.values()
            if not each["is_bot"]
        ]
        shown: Json = {"since": self._fake.changes, "people": people}
        return web.json_response(shown | (self._seen(self._person(id)) if id else {}))

    def _seen(self, person: Person) -> Json:
        world = self._fake.world
        world.chat(person.id)
        rooms = [room for room in world.rooms.values() if person.id in room.members]
        views = [view for view in world.views.values() if view["for"] == person.id]
        return {
            "me": person.id,
            "bot": world.bot["id"],
            "names": {id: user["real_name"] for id, user in world.users.items()},
            "rooms": [self._room(room, person) for room in rooms],
            "views": views[-1:],
            "home": world.homes.get(person.id),
        }

    def _room(self, room: Room, person: Person) -> Json:
        return {
            "id": room.id,
            "chat": room.is_chat,
            "name": room.name or self._fake.world.bot["real_name"],
            "messages": [room.messages[ts] for ts in sorted(room.messages)][-SHOWN:],
            "asides": [one for one in room.ephemeral if one["user"] == person.id][-SHOWN:],
        }

    async def file(self, request: web.Request) -> web.Response:
        """A file; only a picture is shown in place."""
        file = self._fake.world.files.get(request.match_info["id"])
        if file is None:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff"}
        safe = file.media_type in PICTURES
        if not safe:
            headers["Content-Disposition"] = "attachment"
        kind = file.media_type if safe else "application/octet-stream"
        return web.Response(body=file.data, content_type=kind, headers=headers)

    async def do(self, request: web.Request) -> web.Response:
        """What somebody does."""
        _check_home(request)
        given: Json = await request.json()
        person = self._person(str(given.get("user", "")))
        if given.get("view") or given.get("leaves"):
            self._form(person, given)
            return web.json_response({})
        room = self._fake.world.rooms.get(str(given.get("room", "")))
        if room is None or person.id not in room.members:
            raise web.HTTPNotFound
        chat = person.chat(room, str(given.get("thread") or ""))
        if given.get("home"):
            person.opens_home()
        elif given.get("message"):
            self._at(chat, room.messages.get(str(given["message"])), given)
        elif given.get("file"):
            kind = str(given.get("type") or "application/octet-stream")[:100]
            chat.sends(_bytes(given), str(given["file"])[:200], kind, self._typed(given))
        else:
            self._says(chat, self._typed(given))
        return web.json_response({})

    def _form(self, person: Person, given: Json) -> None:
        """Hand a form in, or leave it."""
        views = self._fake.world.views
        view = views.get(str(given.get("view") or given.get("leaves")))
        if view is None or view["for"] != person.id:
            return
        if given.get("leaves"):
            views.pop(view["id"])
        else:
            person.hands_in(view, **{k: str(v) for k, v in given["values"].items()})
        self._fake.ring()

    def _at(self, chat: Chat, message: Json | None, given: Json) -> None:
        """Do something with a message: press one of its buttons, react, change it, take it back."""
        if message is None:
            return
        mine = message["user"] == chat.person.id
        if press := str(given.get("press") or ""):
            buttons = buttons_of(message)
            found = [one for one in buttons if press in (one.get("value"), one["text"]["text"])]
            if found:
                self._fake.pressed(chat.person.id, chat.room, message, found[0])
        elif mark := str(given.get("react") or ""):
            users = message.get("reactions", {}).get(mark, ())
            chat.reacts(message, mark[:50], added=chat.person.id not in users)
        elif mine and given.get("edit"):
            chat.edits(message, self._typed({"text": given["edit"]}))
        elif mine and given.get("delete"):
            chat.deletes(message)

    def _says(self, chat: Chat, text: str) -> None:
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            chat.person.commands(rest, chat.room, command)
        elif text:
            chat.says(text)

    def _typed(self, given: Json) -> str:
        """What a client makes of what was typed: escaped, and the app called by its id."""
        bot, text = self._fake.world.bot, str(given.get("text") or "").strip()
        called = re.compile(rf"(?<!\w)@{re.escape(bot['name'])}(?!\w)", re.IGNORECASE)
        return called.sub(f"<@{bot['id']}>", html.escape(text, quote=False))

    def _person(self, id: str) -> Person:
        if id not in self._fake.world.users:
            raise web.HTTPNotFound
        return Person(self._fake, self._fake.world.users[id])


def _check_home(request: web.Request) -> None:
    """Nobody signs in here: no other site shall act by a browser that it leads here."""
    if not is_home(request.headers):
        raise web.HTTPForbidden


def _part(name: str, kind: str) -> web.Response:
    text = files("omniroute_slack.testing").joinpath(name).read_text("utf-8")
    return web.Response(text=text, content_type=kind, headers={"Cache-Control": "no-store"})


def _bytes(given: Any) -> bytes:
    try:
        return base64.b64decode(str(given.get("data", "")), validate=True)
    except binascii.Error:
        return b""
