"""How payloads come: pushed by HTTP with a signature, or through Socket Mode.

A signature is HMAC-SHA256 over ``v0:<timestamp>:<raw body>`` with the signing secret, and good for
five minutes (docs.slack.dev, “Verifying requests from Slack”).  Raw bytes are verified before
anything reads them; whatever is wrong with them is 401.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs

import aiohttp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from omniroute import Busy, Intake, Rejected, Retry, Secret, body_of
from omniroute_slack.connection import Connection
from omniroute_slack.edge import Edge, key_of
from omniroute_slack.envelope import Json
from omniroute_slack.report import form_of

log = logging.getLogger(__name__)

LARGEST: Final = 1024 * 1024  # bytes of a pushed payload
WINDOW: Final = 300  # s for which a signature is good
ANSWER: Final = 2.6  # s after which we say no rather than nothing; Slack waits 3
AGAIN: Final = (0.5, 1.0, 2.0, 5.0, 15.0)  # s until the next connection
MANY: Final = 64  # payloads of Socket Mode that are being kept at a time
SILENT: Final = 60.0  # s; Slack pings more often
_STAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def is_signed(secret: Secret, body: bytes, stamp: str, shown: str, now: float) -> bool:
    """Whether Slack signed these bytes, lately."""
    if not _STAMP.fullmatch(stamp) or abs(now - int(stamp)) > WINDOW:
        return False
    key = secret.reveal().encode()
    mine = "v0=" + hmac.digest(key, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hex()
    return hmac.compare_digest(mine.encode(), shown.encode("utf-8", "replace"))


class Hook:
    """The address that Slack calls, for events, interactions and commands."""

    def __init__(self, secret: Secret, edge: Edge, clock: Callable[[], int]) -> None:
        self._secret, self._edge, self._clock = secret, edge, clock
        self.intake: Intake | None = None  # while we listen
        self.stands_in: Intake | None = None  # while another node writes, or none
        self.wait = ANSWER

    async def answer(self, request: Request) -> Response:
        """200 when it is kept, and not before."""
        raw = await body_of(request, LARGEST)
        stamp = request.headers.get("x-slack-request-timestamp", "")
        shown = request.headers.get("x-slack-signature", "")
        if not is_signed(self._secret, raw, stamp, shown, self._clock() / 1000):
            return Response(status_code=401)
        try:
            payload = payload_of(raw, request.headers.get("content-type", ""))
            form = form_of(payload)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if payload.get("type") == "url_verification":
            return JSONResponse({"challenge": str(payload.get("challenge", ""))[:200]})
        intake = self.stands_in if form == "event" else None  # what else comes wants an answer
        try:
            async with asyncio.timeout(self.wait):
                if intake is not None:
                    await intake.accept(json.dumps(payload).encode(), key=key_of(payload, form))
                elif self.intake is not None:
                    await self._edge.take(self.intake, payload, form)
                else:
                    return Response(status_code=503)
        except (Busy, TimeoutError):
            return Response(status_code=503)
        return Response(status_code=200)

    async def take_up(self, raw: bytes) -> None:
        """An event that was pushed to another node.  Raises `Busy`."""
        if self.intake is None:
            raise Busy("nobody listens yet")
        payload = json.loads(raw)
        await self._edge.take(self.intake, payload, form_of(payload))


def payload_of(raw: bytes, media_type: str) -> Json:
    """A body as Slack sends it: JSON, or a form (with JSON in *payload*).  Raises `ValueError`."""
    if media_type.partition(";")[0].strip() == "application/x-www-form-urlencoded":
        fields = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=100)
        found: Any = {name: values[0] for name, values in fields.items()}
        if "payload" in found:
            found = json.loads(found["payload"])
    else:
        found = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


class Socket:
    """Socket Mode: a connection that we open; each envelope is acknowledged when it is kept.

    The SDK's own client makes a task for each message without end; here as many are under way as
    can be kept, and the connection holds back the rest.
    """

    def __init__(self, connection: Connection, edge: Edge, account: str) -> None:
        self._connection, self._edge, self._account = connection, edge, account
        self._slots = asyncio.Semaphore(MANY)
        self.connected = False

    async def run(self, intake: Intake) -> None:
        """Take in until cancelled.  Raises `NotAuthorised`."""
        failures = 0
        while True:
            try:
                await self._session(intake, await self._connection.socket_url())
                failures = 0
                continue  # Slack asked to come again
            except (Retry, Rejected, aiohttp.ClientError, TimeoutError, OSError) as error:
                if not failures:
                    log.error("slack “%s”: %s", self._account, str(error) or type(error).__name__)
                wait = error.after if isinstance(error, Retry) and error.after else 0.0
            finally:
                self.connected = False
            await asyncio.sleep(max(wait, AGAIN[min(failures, len(AGAIN) - 1)]))
            failures += 1

    async def _session(self, intake: Intake, url: str) -> None:
        """One connection, until it ends in order.  Raises `aiohttp.ClientError` if it breaks."""
        tasks: set[asyncio.Task[None]] = set()
        session = self._connection.session
        silent = aiohttp.ClientWSTimeout(ws_receive=SILENT, ws_close=2.0)
        async with session.ws_connect(url, timeout=silent) as socket:
            try:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    said = _said(message.data)
                    if said.get("type") == "hello":
                        self.connected = True
                    elif said.get("type") == "disconnect":
                        return
                    elif isinstance(said.get("payload"), dict):
                        await self._slots.acquire()
                        task = asyncio.create_task(self._keep(intake, socket, said))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                raise aiohttp.ClientError("the connection broke off")
            finally:
                if tasks:
                    await asyncio.wait(tasks, timeout=5)

    async def _keep(
        self, intake: Intake, socket: aiohttp.ClientWebSocketResponse, said: Json
    ) -> None:
        """Keep what an envelope holds; the yes after it.  Without one Slack tells it again."""
        try:
            payload = said["payload"]
            await self._edge.take(intake, payload, form_of(payload))
            if not socket.closed:
                await socket.send_json({"envelope_id": said.get("envelope_id", "")})
        except (Busy, ValueError) as error:
            log.warning("slack “%s”: not taken: %s", self._account, error)
        except (aiohttp.ClientError, ConnectionError):
            pass  # it is kept; told again, it is known
        finally:
            self._slots.release()


def _said(text: str) -> Json:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
