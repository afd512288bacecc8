"""The admin's page: channels, what could not be read, checks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from omniroute.errors import Refused
from omniroute.web import forms
from omniroute.web.answers import Values, console_of, page, sent
from omniroute.web.ports import Operations
from omniroute.web.visits import Visit


async def channels(request: Request, visit: Visit) -> Response:
    """Channels with their state, and the dead letters."""
    operations = operations_of(request)
    values: Values = {
        "channels": await operations.channels(),
        "letters": await operations.dead_letters(),
        "pauses": await console_of(request).application.pauses.show(visit.actor),
    }
    return await page(request, visit, "channels.html", values)


async def end_pause(request: Request, visit: Visit) -> Response:
    """Let automatic replies go out again."""
    realm = forms.field(await request.form(), "realm")
    said = await console_of(request).application.pauses.end(visit.actor, realm)
    return sent(request, visit, "/admin/channels", said)


async def retry(request: Request, visit: Visit) -> Response:
    """Try a dead letter again, after a repair."""
    letter = forms.field(await request.form(), "letter")
    await operations_of(request).retry(letter)
    return sent(request, visit, "/admin/channels", f"Dead letter {letter} is being read again.")


def operations_of(request: Request) -> Operations:
    """The running system's controls.  Raises `Refused` where there are none."""
    operations = console_of(request).operations
    if operations is None:
        raise Refused("not_found", "This server is not administered from here.")
    return operations
