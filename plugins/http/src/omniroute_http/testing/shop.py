"""A shop that joins, as integrators write one: it signs, is called back or asks, and keeps score.

It stands on the standard alone, not on the channel's own reading of it, so that each finds the
other's mistakes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from omniroute.testing.fakes import Fake, broken

SECRET: Final = "whsec_" + base64.b64encode(b"of no value to anybody, really").decode()
LONGEST: Final = 10_000  # characters of a message


class Shop(Fake):
    """Customers who write to a shop, and what they read there."""

    def __init__(self, secret: str = SECRET) -> None:
        super().__init__()
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self.chats: dict[str, list[dict[str, Any]]] = {}  # our messages, by conversation
        self.told: list[dict[str, Any]] = []  # everything we were told, as it came
        self.cursor = ""  # of the last poll

    def signed(self, body: bytes, id: str, *, at: int = 0, key: bytes = b"") -> dict[str, str]:
        """The headers of a request with *body*."""
        at = at or int(time.time())
        mac = hmac.new(key or self._key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
        return {
            "webhook-id": id,
            "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
            "content-type": "application/json",
        }

    def _is_signed(self, request: Request, body: bytes) -> bool:
        id, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not at.isdigit() or abs(time.time() - int(at)) > 300:
            return False
        due = self.signed(body, id, at=int(at))["webhook-signature"]
        return due in request.headers.get("webhook-signature", "").split(" ")

    def take(self, item: dict[str, Any]) -> str:
        """Do what we are told; a reason where we cannot.  The same id again is the same message."""
        self.told.append(item)
        if item["type"] in ("ping", "typing"):
            return ""
        chat = self.chats.setdefault(item["conversation"], [])
        old = [one for one in chat if one["id"] == item.get("message", item.get("id"))]
        match item["type"]:
            case "message" if not old and len(item["text"]) > LONGEST:
                return f"A message has at most {LONGEST} characters."
            case "message" if not old:
                chat.append(item)
            case "edit" | "delete" if not old:
                return "There is no such message."
            case "edit":
                old[0]["text"] = item["text"]
            case "delete":
                chat.remove(old[0])
        self.ring()
        return ""

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the webhook, or the fault that it meets."""
        request = Request(scope, receive)
        body = await request.body()
        fault = self.faults.next("item")
        if fault is not None and fault.how == "disconnect":
            return await broken(send)
        if fault is not None and fault.how == "error":
            headers = {"Retry-After": f"{fault.seconds:.0f}"} if fault.code == 429 else {}
            said = {"error": "fault", "text": fault.error}
            answer: Response = JSONResponse(said, fault.code, headers)
        elif not self._is_signed(request, body):
            answer = JSONResponse({"error": "signature", "text": "who are you?"}, 401)
        elif reason := self.take(json.loads(body)):
            answer = JSONResponse({"error": "refused", "text": reason}, 422)
        else:
            answer = Response(status_code=204)
        if fault is not None and fault.how == "drop":
            return await broken(send)
        return await answer(scope, receive, send)
