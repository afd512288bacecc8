"""A form to test with: the channel, a notebook for an engine, and somebody with a browser."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from omniroute import Inbound, Site
from omniroute.testing.asgi import Answered, ask
from omniroute.testing.intake import Notebook, listening
from omniroute.testing.proofs import Notary
from omniroute_contactform.channel import ContactFormChannel
from omniroute_contactform.settings import Settings
from omniroute_contactform.testing import FORM, TICKET, in_parts

MOUNT = "/channels/contactform/main"


@dataclass
class Form:
    """A form that listens."""

    notebook: Notebook
    channel: ContactFormChannel
    app: Starlette
    post: Notary

    async def get(self, path: str = "/", **headers: str) -> str:
        answered = await ask(self.app, "GET", MOUNT + path, b"", headers)
        return answered.body.decode()

    async def ticket(self) -> str:
        """Of a form that is shown."""
        found = TICKET.search(await self.get())
        assert found is not None
        return html.unescape(found[1])

    async def sends(self, path: str = "/", **typed: str) -> Answered:
        """Somebody presses the button."""
        return await ask(self.app, "POST", MOUNT + path, urlencode(typed).encode(), FORM)

    async def uploads(
        self,
        *files: tuple[str, str, bytes],
        field: str = "files",
        kept: Sequence[str] = (),
        **typed: str,
    ) -> Answered:
        """Somebody presses the button of a form with files: name, type, bytes; or *kept* ones."""
        fields = [*typed.items(), *(("kept", mark) for mark in kept)]
        body, headers = in_parts(fields, [(field, *file) for file in files])
        return await ask(self.app, "POST", MOUNT + "/", body, headers)

    def read(self) -> list[Inbound]:
        return [one for raw in self.notebook.kept.values() for one in self.channel.parse(raw)]


Opens = Callable[..., Any]


@pytest.fixture
async def open_form(tmp_path: Path) -> AsyncIterator[Opens]:
    """Open a form with settings of one's own."""
    async with AsyncExitStack() as stack:

        async def make(*, proofs: bool = True, **settings: Any) -> Form:
            post = Notary()
            site = Site(
                tmp_path, "http://desk.example", secret=b"x", proofs=post if proofs else None
            )
            given = Settings(**{"per_minute": 0, **settings})
            channel, notebook = ContactFormChannel("main", given, site), Notebook()
            await stack.enter_async_context(listening(channel, notebook))
            app = Starlette(routes=[Mount(MOUNT, routes=channel.routes())])
            return Form(notebook, channel, app, post)

        yield make


@pytest.fixture
async def form(open_form: Opens) -> Form:
    made: Form = await open_form()
    return made
