"""Files that an agent sends along: brought one by one by the page's script, or in the form itself.

Either way they go to the disk piece by piece.  A file that was brought is named in the form by its
`Attachment`: a draft, a refused answer and one that was taken back have their files again without
bringing them anew.  One that is refused takes no other with it: the rest, and the text, stay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.attaching import media_type
from omniroute.application.bounds import MOST_FILES
from omniroute.application.pages import FileView
from omniroute.application.words import plain_name
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment
from omniroute.web.answers import answer, console_of
from omniroute.web.visits import Visit

PIECE = 256 * 1024
"""Bytes of an uploaded file that are in memory at a time."""

_attachment = msgspec.json.Decoder(Attachment)


@dataclass(slots=True)
class Brought:
    """The files of a form: what was taken, and what was refused, in its order."""

    files: list[Attachment] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def check(self) -> None:
        """Raises `Refused` if not all were taken: one sentence for each."""
        if self.refused:
            kept = " The others are kept below." if self.files else ""
            told = " ".join(dict.fromkeys(refused.text for refused in self.refused))
            raise Refused(self.refused[0].code, f"Nothing was sent yet. {told}{kept}")


async def bring(request: Request, visit: Visit) -> Response:
    """A file as the body of a request, ``?name=``; what to name in the form."""
    name = request.query_params.get("name", "")
    kind = media_type(request.headers.get("content-type", ""))
    application = console_of(request).application
    kept = await application.receive(visit.actor, name, kind, request.stream())
    return answer({"kept": named(kept), "name": kept.name, "size": kept.size})


async def attached(request: Request, visit: Visit, form: FormData) -> Brought:
    """The files of a form: those that were brought before, then those in it."""
    brought = Brought()
    for value in form.getlist("kept"):
        try:
            brought.files.append(_read(value))
        except Refused as refused:
            brought.refused.append(refused)
    application = console_of(request).application
    for file in form.getlist("file"):
        if not isinstance(file, UploadFile) or not file.filename:
            continue  # browsers send a nameless one for none
        try:
            if len(brought.files) >= MOST_FILES:
                raise _one_too_many(file.filename)
            kind = media_type(file.content_type or "")
            taken = await application.receive(visit.actor, file.filename, kind, _pieces(file))
            brought.files.append(taken)
        except Refused as refused:
            brought.refused.append(refused)
    return brought


def named(file: Attachment) -> str:
    """How a form names a file that was brought."""
    return msgspec.json.encode(file).decode()


def again(files: Sequence[FileView]) -> tuple[Attachment, ...]:
    """The files of a message, to go with another."""
    return tuple(Attachment(f.name, f.media_type, f.size, f.sha) for f in files)


def _one_too_many(name: str) -> Refused:
    fix = f"at most {MOST_FILES} go at once; send it after them."
    return Refused("too_many_files", f"Left out: “{plain_name(name)}”; {fix}")


def _read(value: UploadFile | str) -> Attachment:
    try:
        return _attachment.decode(str(value))
    except msgspec.DecodeError:
        raise Refused("invalid", "A file was not understood. Choose it again.") from None


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece
