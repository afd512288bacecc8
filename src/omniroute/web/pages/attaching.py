"""Files that an agent sends along: brought one by one by the page's script, or in the form itself.

Either way they go to the disk piece by piece.  A file that was brought is named in the form by its
`Attachment`: a draft, a refused answer and one that was taken back have their files again without
bringing them anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.attaching import media_type
from omniroute.application.pages import FileView
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment
from omniroute.web.answers import answer, console_of
from omniroute.web.visits import Visit

PIECE = 256 * 1024
"""Bytes of an uploaded file that are in memory at a time."""

_attachment = msgspec.json.Decoder(Attachment)


async def bring(request: Request, visit: Visit) -> Response:
    """A file as the body of a request, ``?name=``; what to name in the form."""
    name = request.query_params.get("name", "")
    kind = media_type(request.headers.get("content-type", ""))
    application = console_of(request).application
    kept = await application.receive(visit.actor, name, kind, request.stream())
    return answer({"kept": named(kept), "name": kept.name, "size": kept.size})


async def attached(request: Request, visit: Visit, form: FormData) -> tuple[Attachment, ...]:
    """The files of a form: those that were brought before, then those in it.  Raises `Refused`."""
    found = [_read(value) for value in form.getlist("kept") if isinstance(value, str)]
    application = console_of(request).application
    for file in form.getlist("file"):
        if isinstance(file, UploadFile) and file.filename:  # browsers send a nameless one for none
            kind = media_type(file.content_type or "")
            pieces = _pieces(file)
            found.append(await application.receive(visit.actor, file.filename, kind, pieces))
    return tuple(found)


def named(file: Attachment) -> str:
    """How a form names a file that was brought."""
    return msgspec.json.encode(file).decode()


def again(files: Sequence[FileView]) -> tuple[Attachment, ...]:
    """The files of a message, to go with another."""
    return tuple(Attachment(f.name, f.media_type, f.size, f.sha) for f in files)


def _read(value: str) -> Attachment:
    try:
        return _attachment.decode(value)
    except msgspec.DecodeError:
        raise Refused("invalid", "A file was not understood. Choose it again.") from None


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece
