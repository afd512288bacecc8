"""A page that looks and works like a simple client: conversations, threads, buttons, forms."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from omniroute_slack.testing.people import Person
from omniroute_slack.testing.world import Json

if TYPE_CHECKING:
    from omniroute_slack.testing.server import FakeSlack


def add_routes(app: web.Application, fake: FakeSlack) -> None:
    """The page of one account (``/client?user=U…``), what it shows and what it does."""
    side = _Side(fake)
    app.router.add_get("/client", side.page)
    app.router.add_get("/client/state", side.state)
    app.router.add_post("/client/do", side.do)


class _Side:
    def __init__(self, fake: FakeSlack) -> None:
        self._fake = fake

    async def page(self, request: web.Request) -> web.Response:
        self._person(request.query.get("user", ""))
        text = files("omniroute_slack.testing").joinpath("page.html").read_text("utf-8")
        return web.Response(text=text, content_type="text/html")

    async def state(self, request: web.Request) -> web.Response:
        """Everything that an account sees."""
        person, world = self._person(request.query.get("user", "")), self._fake.world
        world.chat(person.id)
        rooms = [room for room in world.rooms.values() if person.id in room.members]
        shown = [
            {
                "id": room.id,
                "name": room.name or world.bot["real_name"],
                "messages": [room.messages[ts] for ts in sorted(room.messages)],
                "asides": [one for one in room.ephemeral if one["user"] == person.id],
            }
            for room in rooms
        ]
        names = {id: user["real_name"] for id, user in world.users.items()}
        views = [view for view in world.views.values() if view["for"] == person.id]
        return web.json_response(
            {"rooms": shown, "names": names, "me": person.id, "views": views[-1:]}
        )

    async def do(self, request: web.Request) -> web.Response:
        """What somebody does."""
        given: Json = await request.json()
        person = self._person(str(given.get("user", "")))
        room = self._fake.world.rooms.get(str(given.get("room", "")))
        if given.get("view"):
            view = self._fake.world.views.get(str(given["view"]))
            if view is not None:
                person.hands_in(view, **{k: str(v) for k, v in given["values"].items()})
            return web.json_response({})
        if room is None or person.id not in room.members:
            raise web.HTTPNotFound
        chat = person.chat(room, str(given.get("thread") or ""))
        text = str(given.get("text") or "").strip()
        if given.get("press"):
            chat.presses(str(given["press"]), room.messages[str(given["message"])])
        elif text.startswith("/"):
            command, _, rest = text.partition(" ")
            person.commands(rest, room, command)
        elif text:
            chat.says(text)
        return web.json_response({})

    def _person(self, id: str) -> Person:
        if id not in self._fake.world.users:
            raise web.HTTPNotFound
        return Person(self._fake, self._fake.world.users[id])
