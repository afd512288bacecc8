"""The fake as a server: Twilio's API over HTTP, and webhooks, signed as Twilio signs them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import httpx2 as httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from omniroute.testing.fakes import Bucket, Fake, Fault, broken
from omniroute.testing.fakes import serving as served
from omniroute_twilio import signing
from omniroute_twilio.testing.world import (
    ACCOUNT,
    NUMBER,
    TOKEN,
    ApiError,
    Json,
    Media,
    Text,
    World,
    text_json,
)

LONGEST: Final = 1600  # characters of a message
PAGE: Final = 100
AGAIN: Final = 0.01  # s until a webhook is called again
PREFIX: Final = "whatsapp:"


class FakeTwilio(Fake):
    """Twilio, with one account.  *limit* is the rate of its API; none: as much as one likes.

    *network* is how it reaches our webhooks: over sockets, unless it is given another transport.
    """

    def __init__(
        self,
        *,
        network: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        limit: Bucket | None = None,
    ) -> None:
        super().__init__()
        self.account, self.token, self.number = ACCOUNT, TOKEN, NUMBER
        self.world, self.limit = World(clock), limit
        self.tries = 10_000  # how often a webhook is called; Twilio's own number is small
        self.network = network
        self._wait = 0.0  # s that the last call has to wait

    def leads_to(self, base: str) -> None:
        """Set the number's webhooks to an account of ours, as its admin does in the console."""
        self.world.numbers[self.number] = {
            "sid": "PN" + "0" * 32,
            "phone_number": self.number,
            "sms_url": f"{base}/message#rc=5&rp=all",
            "voice_url": f"{base}/call",
            "status_callback": f"{base}/call/ended",
        }

    # --- webhooks ---

    def signed(self, url: str, fields: Mapping[str, str], token: str = "") -> tuple[bytes, Json]:
        """Body and headers of a request to *url*."""
        mark = signing.sign(token or self.token, url, list(fields.items()))
        headers = {
            signing.HEADER: mark,
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        return urlencode(fields).encode(), headers

    def client(self) -> httpx.AsyncClient:
        """How the fake reaches others: in this process, or over sockets of this machine."""
        outside = False
        return httpx.AsyncClient(transport=self.network, trust_env=outside, verify=outside)

    async def call(self, url: str, fields: Mapping[str, str]) -> str:
        """Call a webhook until it says yes; what it answers."""
        url = url.partition("#")[0]
        body, headers = self.signed(url, {"AccountSid": self.account, **fields})
        async with self.client() as client:
            for _ in range(self.tries):
                try:
                    answer = await client.post(url, content=body, headers=headers)
                except httpx.HTTPError:
                    self.pushed.append(0)
                else:
                    self.pushed.append(answer.status_code)
                    if answer.is_success:
                        return answer.text
                await asyncio.sleep(AGAIN)
        return ""

    async def reports(self, text: Text, status: str, code: int = 0) -> None:
        """Tell what became of a message of ours."""
        fields = {"MessageSid": text.sid, "MessageStatus": status, "To": text.to,
                  "From": text.sender}  # fmt: skip
        if code:
            fields["ErrorCode"] = str(code)
        await self.call(text.hook, fields)

    def fields(self, text: Text) -> dict[str, str]:
        """A customer's message as its webhook tells it."""
        fields = {"MessageSid": text.sid, "SmsSid": text.sid, "From": text.sender, "To": text.to,
                  "Body": text.body, "NumMedia": str(len(text.media)), "NumSegments": "1",
                  "ApiVersion": "2010-04-01", **text.more}  # fmt: skip
        for number, media in enumerate(text.media):
            fields[f"MediaUrl{number}"] = f"{self.url}{self._media_path(text, media)}"
            fields[f"MediaContentType{number}"] = media.media_type
        return fields

    def _media_path(self, text: Text, media: Media) -> str:
        return f"/2010-04-01/Accounts/{self.account}/Messages/{text.sid}/Media/{media.sid}"

    # --- the API ---

    def app(self) -> Starlette:
        """All of it as one application."""
        return Starlette(routes=[Route("/{path:path}", _Served(self))])

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, or the fault that it meets."""
        asked = Request(scope, receive)
        body = await asked.body()
        name, fields = self._name(asked), parse_qsl(body.decode(), keep_blank_values=True)
        self.calls.append((name, dict(fields) | {"*": fields}))
        fault = self.faults.next(name)
        if fault is not None and fault.how == "disconnect":
            return await broken(send)
        if fault is not None and fault.how == "delay":
            await asyncio.sleep(fault.seconds)
        try:
            if fault is not None and fault.how == "error":
                raise _error(fault)
            answer = await self._answer(asked, name, fields)
        except ApiError as error:
            said = {"code": error.code, "message": error.said, "status": error.status}
            after = fault.retry_after if fault is not None else math.ceil(self._wait)
            headers = {"Retry-After": str(after)} if error.status == 429 else {}
            answer = JSONResponse(said, error.status, headers)
        if fault is not None and fault.how == "drop":
            return await broken(send)
        return await answer(scope, receive, send)

    def _name(self, asked: Request) -> str:
        """What is asked for, in a word."""
        path = asked.url.path
        home = f"/2010-04-01/Accounts/{self.account}"
        if path == f"{home}/Messages.json":
            return "send" if asked.method == "POST" else "messages"
        known = {f"{home}.json": "account", f"{home}/IncomingPhoneNumbers.json": "numbers",
                 "/v1/ContentAndApprovals": "contents"}  # fmt: skip
        if path in known:
            return known[path]
        if path.startswith("/store/"):
            return "store"
        return "media" if "/Media" in path or "/Recordings/" in path else "unknown"

    async def _answer(self, asked: Request, name: str, fields: list[tuple[str, str]]) -> Response:
        if name == "store":
            return self._stored(unquote(asked.url.path.rpartition("/")[2]))
        self._check(asked)
        match name:
            case "send":
                return JSONResponse(await self._send(fields), 201)
            case "account":
                return JSONResponse({"friendly_name": "Acme", "status": "active"})
            case "numbers":
                found = self.world.numbers.get(asked.query_params.get("PhoneNumber", ""))
                return JSONResponse({"incoming_phone_numbers": [found] if found else []})
            case "messages":
                return JSONResponse(self._listed(asked.query_params))
            case "contents":
                return JSONResponse({"contents": self.world.contents, "meta": {}})
            case "media":
                return self._media(asked.url.path)
        self.unknown.append(asked.url.path)
        raise ApiError(404, 20404, f"The requested resource {asked.url.path} was not found")

    def _check(self, asked: Request) -> None:
        """Who calls, and how fast."""
        known = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {known}":
            raise ApiError(401, 20003, "Authenticate")
        self._wait = self.limit.spend(self.world.clock()) if self.limit is not None else 0.0
        if self._wait:
            raise ApiError(429, 20429, "Too Many Requests")

    async def _send(self, fields: list[tuple[str, str]]) -> Json:
        given = dict(fields)
        to, body = given.get("To", ""), given.get("Body", "")
        sender = given.get("From") or f"{'whatsapp:' if to.startswith(PREFIX) else ''}{self.number}"
        urls = [value for name, value in fields if name == "MediaUrl"]
        number = to.removeprefix(PREFIX)
        if not (number.startswith("+") and number[1:].isdigit()):
            raise ApiError(400, 21211, f"Invalid 'To' Phone Number: {number}")
        if number in self.world.stopped:
            raise ApiError(400, 21610, "Attempt to send to unsubscribed recipient")
        if len(body) > LONGEST:
            raise ApiError(400, 21617, "The concatenated message body exceeds the 1600 limit")
        if not (body or urls or given.get("ContentSid")):
            raise ApiError(400, 21602, "Message body is required")
        media = [await self._fetched(url) for url in urls]
        if content := given.get("ContentSid", ""):
            body = self._filled(content, given.get("ContentVariables", "{}"))
        hook = given.get("StatusCallback", "")
        text = self.world.text(sender, to, body, media=media, hook=hook, content=content)
        self.ring()
        return text_json(text, self.account)

    def _filled(self, sid: str, values: str) -> str:
        for content in self.world.contents:
            if content["sid"] == sid:
                body = str(content["types"]["twilio/text"]["body"])
                for name, value in json.loads(values).items():
                    body = body.replace("{{" + name + "}}", value)
                return body
        raise ApiError(400, 21655, "The ContentSid is invalid")

    async def _fetched(self, url: str) -> Media:
        """A file that is to go out, from where it is offered."""
        async with self.client() as client:
            answer = await client.get(url)
        if not answer.is_success:
            raise ApiError(400, 21620, "Invalid media URL")
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        kind = answer.headers.get("content-type", "").partition(";")[0]
        return self.world.store(kind, answer.content, name)

    def _listed(self, query: Mapping[str, str]) -> Json:
        """A page of the log, the newest first as Twilio has it."""
        since = query.get("DateSent>", "")
        found = [
            text
            for text in reversed(self.world.texts.values())
            if text.to == query.get("To", text.to)
            and time.strftime("%Y-%m-%d", time.gmtime(text.at)) >= since
        ]
        page = int(query.get("Page", "0"))
        here, more = found[page * PAGE : (page + 1) * PAGE], found[(page + 1) * PAGE :]
        following = urlencode({**query, "Page": page + 1})
        path = f"/2010-04-01/Accounts/{self.account}/Messages.json?{following}"
        return {
            "messages": [text_json(text, self.account) for text in here],
            "next_page_uri": path if more else None,
        }

    def _media(self, path: str) -> Response:
        """The files of a message, or one of them, which lies in a store elsewhere."""
        last = path.rpartition("/")[2]
        if last == "Media.json":
            text = self.world.texts[path.split("/")[-2]]
            listed = [
                {"sid": media.sid, "content_type": media.media_type,
                 "uri": f"{self._media_path(text, media)}.json"}
                for media in text.media
            ]  # fmt: skip
            return JSONResponse({"media_list": listed})
        return RedirectResponse(f"{self.url}/store/{last.partition('.')[0]}", 307)

    def _stored(self, sid: str) -> Response:
        media = self.world.media.get(sid)
        if media is None:
            return Response(status_code=404)
        named = f"inline; filename*=UTF-8''{quote(media.name)}"
        headers = {"Content-Disposition": named} if media.name else {}
        return Response(media.data, media_type=media.media_type, headers=headers)


def _error(fault: Fault) -> ApiError:
    """What a script says: *error* is ``21612: no way there``."""
    code, _, said = fault.error.partition(": ")
    number = int(code) if code.isdecimal() else 20000
    return ApiError(fault.code or 500, number, said or fault.error)


class _Served:
    """The fake as an application of its own, so that a fault may break the connection."""

    def __init__(self, fake: FakeTwilio) -> None:
        self._fake = fake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._fake.serve(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(fake: FakeTwilio, port: int = 0) -> AsyncIterator[FakeTwilio]:
    """Serve *fake* at a port of this machine; its `url` says where."""
    async with served(fake.app(), port) as fake.url:
        yield fake
