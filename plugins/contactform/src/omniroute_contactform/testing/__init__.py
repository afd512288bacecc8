"""The form as the conformance kit and ``omniroute channel try`` play it: people with browsers."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlencode

from omniroute.testing.asgi import ask
from omniroute.testing.platform import Platform, Request

FORM: Mapping[str, str] = {"content-type": "application/x-www-form-urlencoded"}
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


class Town(Platform):
    """Joe and Mia, who fill in the form."""

    lives_in_the_folder: ClassVar[bool] = False

    async def __aenter__(self) -> Town:
        self._last, self._form = b"", FORM
        return self

    def settings(self) -> Mapping[str, object]:
        return {"per_minute": 0, "max_message": 30_000}

    # --- people ---

    async def says(self, text: str, *, who: str = "joe") -> None:
        self._last = await self._filled(text, f"{who}@mail.example", who.title())
        self._form = FORM
        await self._press()

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        fields = await self._fields(text, f"{who}@mail.example", who.title())
        self._last, self._form = in_parts(fields, [("files", name, "image/png", data)])
        await self._press()

    async def forges(self, text: str) -> str:
        """Anybody may type any address."""
        self._last = await self._filled(text, "boss@bank.example", "Boss")
        self._form = FORM
        await self._press()
        return "boss@bank.example"

    async def again(self) -> None:
        await self._press()

    async def _press(self) -> None:
        """The button is pressed until there are thanks."""
        while True:
            answered = await ask(self.app, "POST", self.mount + "/", self._last, self._form)
            if answered.status == 303:
                return
            assert answered.status == 503, answered.body
            await asyncio.sleep(0.01)

    async def request(self, text: str) -> Request:
        return Request(await self._filled(text, "joe@mail.example", "Joe"), FORM, "/")

    async def _filled(self, text: str, email: str, name: str) -> bytes:
        return urlencode(await self._fields(text, email, name)).encode()

    async def _fields(self, text: str, email: str, name: str) -> dict[str, str]:
        """What a browser sends of a form that it was shown."""
        shown = await ask(self.app, "GET", self.mount + "/")
        found = TICKET.search(shown.body.decode())
        assert found is not None
        ticket = html.unescape(found[1])
        return {"name": name, "email": email, "message": text, "ticket": ticket}


def in_parts(
    fields: Mapping[str, str] | Sequence[tuple[str, str]],
    files: Sequence[tuple[str, str, str, bytes]],
) -> tuple[bytes, Mapping[str, str]]:
    """A form as a browser sends it that has files (field, name, type, bytes); with its headers."""
    seam = "----of-no-file"
    body = bytearray()
    for name, value in fields.items() if isinstance(fields, Mapping) else fields:
        body += f'--{seam}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        body += value.encode() + b"\r\n"
    for field, name, kind, data in files:
        shown = name.replace('"', "%22")
        body += f'--{seam}\r\nContent-Disposition: form-data; name="{field}"; '.encode()
        body += f'filename="{shown}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        body += data + b"\r\n"
    body += f"--{seam}--\r\n".encode()
    return bytes(body), {"content-type": f"multipart/form-data; boundary={seam}"}


PLATFORM = Town
"""What ``omniroute channel try --fake`` plays."""
