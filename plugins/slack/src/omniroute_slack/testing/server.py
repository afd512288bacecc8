"""The fake as a server: the Web API, Socket Mode, pushed payloads, and the people's side beside it.

It is an aiohttp application on a port of its own (`serving`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from omniroute.testing.fakes import Fake, Fault
from omniroute_slack.testing import page
from omniroute_slack.testing.methods import FORM_ONLY, METHODS, TRIGGER
from omniroute_slack.testing.people import Person
from omniroute_slack.testing.world import ApiError, Json, Limits, Room, Stored, World

AGAIN: Final = (0.05, 0.2, 1.0)  # s until a payload is told again; Slack takes longer


@dataclass
class Delivery:
    """A payload that the app has not said yes to."""

    id: str
    kind: str  # events_api | interactive | slash_commands
    payload: Json
    tries: int = 0
    at: float = 0.0  # when it may be told again
    link: object = None  # the connection that has it
    done: asyncio.Event = field(default_factory=asyncio.Event)


class FakeSlack(Fake):
    """Slack, with one app in one workspace.  *clock* gives seconds since the epoch."""

    def __init__(
        self,
        bot_token: str = "xoxb-of-no-value-to-anybody",  # noqa: S107 - opens this fake only
        app_token: str = "xapp-of-no-value-to-anybody",  # noqa: S107 - the same
        signing_secret: str = "of-no-value-to-anybody",  # noqa: S107 - the same
        *,
        name: str = "desk",
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
    ) -> None:
        super().__init__()
        self.bot_token, self.app_token = bot_token, app_token
        self.signing_secret = signing_secret
        self.world = World(clock, limits or Limits(), "T0001", name)
        self.tickets: set[str] = set()
        self.waiting: list[Delivery] = []
        self.acknowledged: list[str] = []
        self.hook = ""  # where payloads are pushed; Socket Mode unless set
        self.answers: dict[str, list[str]] = {}  # what commands were answered, by their id
        self._links: list[web.WebSocketResponse] = []
        self._news = asyncio.Event()

    @property
    def api_url(self) -> str:
        """What an SDK takes for ``https://slack.com/api/``."""
        return f"{self.url}/api/"

    @property
    def connected(self) -> bool:
        """Whether the app listens by Socket Mode."""
        return bool(self._links)

    # --- people ---

    def person(self, name: str, email: str = "", *, team: str = "", is_bot: bool = False) -> Person:
        """Somebody new; of another workspace, if *team* names one."""
        return Person(self, self.world.new_user(name, email, team=team, is_bot=is_bot))

    def channel(self, name: str, *people: Person) -> Room:
        """A channel with the app and these people in it."""
        return self.world.new_channel(name, *(person.id for person in people))

    # --- what happens ---

    def says(self, room: Room, user: str, text: str, thread: str = "", **more: Any) -> Json:
        """Put a message into a conversation; the app hears of it, as of its own."""
        message = self.world.put(room, user, text, thread, **more)
        self.told(room, **{k: v for k, v in message.items() if k != "type"})
        bot = self.world.bot["id"]
        if f"<@{bot}>" in text and not room.is_chat and user != bot:
            self.event({**message, "type": "app_mention", "channel": room.id})
        return message

    def told(self, room: Room, **event: Any) -> None:
        """Something about a message."""
        kind = "im" if room.is_chat else "channel"
        about = {"type": "message", "channel": room.id, "channel_type": kind, **event}
        about.setdefault("ts", self.world.stamp())
        self.event(about)

    def event(self, event: Json, **more: Any) -> Delivery:
        """Tell the app of an event."""
        about = {"event_ts": event.get("ts") or self.world.stamp(), **event}
        return self.deliver(
            "events_api",
            {
                "type": "event_callback",
                "team_id": self.world.team,
                "api_app_id": "A0001",
                "event_id": f"Ev{self.world.number()}",
                "event_time": int(self.world.clock()),
                "event": json.loads(json.dumps(about)),
                **more,
            },
        )

    def interaction(self, user: str, payload: Json) -> Delivery:
        """Tell the app of a press, or a form that was handed in."""
        trigger = f"{self.world.number()}.trigger"
        self.world.triggers[trigger] = self.world.clock() + TRIGGER, user
        about = {
            "user": {"id": user, "username": self.world.users[user]["name"]},
            "team": {"id": self.world.team},
            "api_app_id": "A0001",
            "trigger_id": trigger,
        }
        return self.deliver("interactive", {**about, **json.loads(json.dumps(payload))})

    def pressed(self, user: str, room: Room, message: Json, button: Json) -> Delivery:
        """Somebody presses a button."""
        container = {"type": "message", "message_ts": message["ts"], "channel_id": room.id}
        about: Json = {"channel": {"id": room.id}, "container": container}
        if message in room.ephemeral:  # the app is told no more of what one person alone reads
            container |= {"is_ephemeral": True, "thread_ts": message["thread_ts"]}
        else:
            about["message"] = message
        action = {**button, "block_id": "b", "action_ts": self.world.stamp()}
        return self.interaction(user, {"type": "block_actions", "actions": [action], **about})

    def shortcut(self, user: str, room: Room, message: Json, callback: str) -> Delivery:
        """Somebody uses a shortcut of the app's on a message."""
        return self.interaction(
            user,
            {
                "type": "message_action",
                "callback_id": callback,
                "action_ts": self.world.stamp(),
                "message_ts": message["ts"],
                "channel": {"id": room.id},
                "message": message,
            },
        )

    def commanded(self, user: str, room: Room, command: str, text: str) -> str:
        """Somebody uses a slash command."""
        id = f"r{self.world.number()}"
        self.answers[id] = []
        self.world.responses[id] = room.id, user
        self.deliver(
            "slash_commands",
            {
                "command": command,
                "text": text,
                "user_id": user,
                "user_name": self.world.users[user]["name"],
                "channel_id": room.id,
                "team_id": self.world.team,
                "api_app_id": "A0001",
                "response_url": f"{self.url}/response/{id}",
                "trigger_id": f"{self.world.number()}.trigger",
            },
        )
        return id

    def deliver(self, kind: str, payload: Json) -> Delivery:
        """Tell the app something, again and again until it says yes."""
        delivery = Delivery(f"env-{self.world.number()}", kind, payload)
        self.waiting.append(delivery)
        self._news.set()
        self.ring()
        return delivery

    async def answer(self, id: str, within: float = 10.0) -> str:
        """What a slash command was answered."""
        await self.until(lambda: self.answers[id], within)
        return self.answers[id][-1]

    async def disconnects(self) -> None:
        """End each connection of Socket Mode in order, as Slack does from time to time."""
        for link in list(self._links):
            await link.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def breaks(self) -> None:
        """Break each connection off."""
        for link in list(self._links):
            await link.close(code=1011)

    # --- files ---

    def world_file(self, name: str, media_type: str = "application/octet-stream") -> Stored:
        """A file without bytes yet."""
        id = f"F{self.world.number():04d}"
        self.world.files[id] = Stored(id, name, media_type)
        return self.world.files[id]

    def file_json(self, file: Stored) -> Json:
        """A file as messages show it."""
        url = f"{self.url}/files/{file.id}/{file.name}"
        return {"id": file.id, "name": file.name, "title": file.name, "size": len(file.data),
                "mimetype": file.media_type, "url_private": url,
                "url_private_download": url}  # fmt: skip

    # --- HTTP ---

    def app(self) -> web.Application:
        """All of it as one application."""
        app = web.Application(client_max_size=200 * 1024 * 1024)
        app.router.add_route("GET", "/api/{method}", self._api)
        app.router.add_post("/api/{method}", self._api)
        app.router.add_get("/link", self._link)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/files/{id}/{name}", self._file)
        app.router.add_post("/response/{id}", self._response)
        page.add_routes(app, self)
        return app

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given = await _given(request, reads_json=method not in FORM_ONLY)
        fault = self.faults.next(method)
        if fault is not None and fault.how == "disconnect":
            return _broken(request)
        try:
            if fault is not None and fault.how == "error":
                word = fault.error or "internal_error"
                raise ApiError(word, fault.code or 200, fault.retry_after)
            answer = {"ok": True, **self._call(method, given, request)}
            response = web.json_response(answer)
        except ApiError as error:
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
            said = {"ok": False, "error": error.error, **error.more}
            response = web.json_response(said, status=error.code, headers=headers)
        if fault is not None and fault.how == "drop":
            return _broken(request)
        if fault is not None and fault.how == "delay":
            await asyncio.sleep(fault.seconds)
        return response

    def _call(self, method: str, given: Json, request: web.Request) -> Json:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = self.app_token if method == "apps.connections.open" else self.bot_token
        if shown != token:
            raise ApiError("invalid_auth" if shown else "not_authed")
        self.calls.append((method, given))
        self.ring()
        found = METHODS.find(method)
        if found is None:
            self.unknown.append(method)
            raise ApiError("unknown_method", req_method=method)
        return found.do(self, given)

    async def _upload(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404)
        file.data = await request.read()
        return web.Response(text="OK")

    async def _file(self, request: web.Request) -> web.Response:
        """A file's bytes; like Slack, a page to sign in at for whoever shows no token."""
        file = self.world.files.get(request.match_info["id"])
        if request.headers.get("Authorization") != f"Bearer {self.bot_token}":
            return web.Response(text="<title>Sign in</title>", content_type="text/html")
        if file is None:
            return web.Response(status=404)
        return web.Response(body=file.data, content_type=file.media_type)

    async def _response(self, request: web.Request) -> web.Response:
        id, text = request.match_info["id"], str((await request.json())["text"])
        self.answers[id].append(text)
        channel, user = self.world.responses[id]
        aside = {"user": user, "text": text, "ts": self.world.stamp(), "thread_ts": ""}
        self.world.rooms[channel].ephemeral.append(aside)
        self.ring()
        return web.Response(text="ok")

    # --- Socket Mode ---

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=403)
        self.tickets.discard(ticket)
        link = web.WebSocketResponse(heartbeat=10)
        await link.prepare(request)
        await link.send_json({"type": "hello", "num_connections": len(self._links) + 1})
        self._links.append(link)
        self._news.set()
        self.ring()
        try:
            async for message in link:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self.acknowledge(str(json.loads(message.data).get("envelope_id", "")))
        finally:
            self._links.remove(link)
            for delivery in self.waiting:
                if delivery.link is link:  # told again on the next connection
                    delivery.link, delivery.at = None, 0.0
            self._news.set()
            self.ring()
        return link

    def acknowledge(self, id: str) -> None:
        """The app said yes."""
        self.acknowledged.append(id)
        for delivery in list(self.waiting):
            if delivery.id == id:
                delivery.done.set()
                self.waiting.remove(delivery)
        self.ring()

    async def pump(self) -> None:
        """Tell the app what it has not said yes to, until cancelled."""
        async with aiohttp.ClientSession(trust_env=False) as session:
            while True:
                self._news.clear()
                now = time.monotonic()
                due = [d for d in self.waiting if d.link is None and d.at <= now]
                for delivery in due:
                    await self._tell(session, delivery)
                later = [d.at - now for d in self.waiting if d.link is None and d.at > now]
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(later) if later else None):
                        await self._news.wait()

    async def _tell(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        if self.hook:
            delivery.tries += 1
            status = await self._push(session, delivery)
            self.pushed.append(status)
            if 200 <= status < 300:
                return self.acknowledge(delivery.id)
            delivery.at = time.monotonic() + AGAIN[min(delivery.tries, len(AGAIN)) - 1]
            return self.ring()
        if not self._links:
            return None
        link = self._links[-1]
        said: Json = {"envelope_id": delivery.id, "type": delivery.kind}
        said |= {"payload": delivery.payload, "accepts_response_payload": False}
        if delivery.tries:
            said |= {"retry_attempt": delivery.tries, "retry_reason": "timeout"}
        delivery.tries, delivery.link = delivery.tries + 1, link
        with contextlib.suppress(ConnectionError):
            await link.send_json(said)
        return None

    async def _push(self, session: aiohttp.ClientSession, delivery: Delivery) -> int:
        body, headers = self.signed(delivery)
        try:
            async with session.post(self.hook, data=body, headers=headers) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0

    def signed(self, delivery: Delivery) -> tuple[bytes, dict[str, str]]:
        """A payload as it is pushed: its bytes, and headers with the signature."""
        if delivery.kind == "events_api":
            body, kind = json.dumps(delivery.payload).encode(), "application/json"
        else:
            fields: Json = delivery.payload
            if delivery.kind == "interactive":
                fields = {"payload": json.dumps(delivery.payload)}
            body, kind = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        stamp = str(int(self.world.clock()))
        whole = b"v0:" + stamp.encode() + b":" + body
        mac = hmac.digest(self.signing_secret.encode(), whole, hashlib.sha256).hex()
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={mac}",
        }
        if delivery.tries > 1:
            headers["X-Slack-Retry-Num"] = str(delivery.tries - 1)
        return body, headers


async def _given(request: web.Request, *, reads_json: bool) -> Json:
    """Parameters, which come as JSON or as fields of a form."""
    if request.content_type == "application/json":
        given = json.loads(await request.read() or b"{}")
        return {**request.query, **(given if reads_json else {})}
    return {**request.query, **{k: str(v) for k, v in (await request.post()).items()}}


def _broken(request: web.Request) -> web.StreamResponse:
    """Break off: the client sees a connection that died."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


@contextlib.asynccontextmanager
async def serving(fake: FakeSlack, port: int = 0) -> AsyncIterator[FakeSlack]:
    """Serve *fake* on this machine, at a free port unless one is named."""
    runner = web.AppRunner(fake.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    pump = asyncio.create_task(fake.pump())
    try:
        yield fake
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        await fake.breaks()
        await runner.cleanup()


__all__ = ["Delivery", "FakeSlack", "Fault", "serving"]
