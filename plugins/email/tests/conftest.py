"""For the tests of e-mail: an intake that remembers, and a reception that serves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from omniroute.testing.intake import Notebook
from omniroute_email.certificate import Certificate
from omniroute_email.envelope import Envelope, unpack
from omniroute_email.reception import Reception
from omniroute_email.server import serving
from omniroute_email.settings import Config, mailboxes


class Spool(Notebook):
    """An intake that knows what mail it was given."""

    @property
    def mails(self) -> list[tuple[Envelope, bytes]]:
        return [unpack(raw) for raw in self.kept.values()]


@pytest.fixture
async def spool() -> Spool:
    return Spool()


@pytest.fixture
async def serve(spool: Spool) -> AsyncIterator[Callable[..., Awaitable[tuple[Reception, int]]]]:
    """Serve SMTP for help@demo.example with some settings; gives the reception and its port."""
    async with AsyncExitStack() as stack:

        async def served(
            certificate: Certificate | None = None, **settings: object
        ) -> tuple[Reception, int]:
            given = {"addresses": ["help@demo.example"], "listen_port": 0, **settings}
            config = Config(**given)  # type: ignore[arg-type]
            reception = Reception(config, mailboxes(config, "channels.email"), spool, certificate)
            return reception, await stack.enter_async_context(serving(reception, "channels.email"))

        yield served
