"""Files: brought before the answer that they go with, and fetched as they came."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.responses import Response

from omniroute.application.attaching import media_type
from omniroute.application.authorize import Action
from omniroute.runtime.rows import Attachment
from omniroute.web.pages.received import saved
from omniroute.web.rest.calls import Call, Operation, operation


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file is called."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]


async def upload_file(call: Call, asked: Named) -> Attachment:
    """Bring a file, as the body of the request, with its own type as Content-Type.

    What is answered goes into the `files` of a reply or a note.  It is kept for three days until
    then.
    """
    kind = media_type(call.request.headers.get("content-type", ""))
    pieces = call.request.stream()
    return await call.console.application.receive(call.actor, asked.name, kind, pieces)


async def download_file(call: Call) -> Response:
    """The bytes of a file of a message, named by its `sha`; to be saved, whatever it is."""
    query = call.console.application.query
    thread = await query.thread(call.actor, call.thread)
    return await saved(call.console, call.actor, thread, call.named("sha"))


def operations() -> list[Operation]:
    """All of this file."""
    one = "/threads/{thread}/files"
    return [
        operation("POST", one, Action.NOTE, upload_file, raw=True),
        operation("GET", f"{one}/{{sha}}", Action.READ, download_file),
    ]
