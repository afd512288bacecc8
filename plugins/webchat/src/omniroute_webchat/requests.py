"""Reading what browsers send, with a limit on everything."""

from __future__ import annotations

import uuid
from typing import TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from omniroute import body_of
from omniroute_webchat.parse import clean
from omniroute_webchat.problem import Problem

T = TypeVar("T")

LONGEST_READ = 10.0  # s
BYTES_PER_CHARACTER = 12  # of JSON: an emoji may come as two \uXXXX
BYTES_BESIDES = 1024
LONGEST_OPENING = 8192  # bytes: a token and a little


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``POST session``.  An *embedded* page keeps the secret itself: its cookies may be blocked."""

    token: str | None = None
    embedded: bool = False


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``POST messages``.  The same *id* again is the same message."""

    id: uuid.UUID
    text: str
    files: tuple[str, ...] = ()  # brought before


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``POST proof``: an address, the code that was sent there, or what a link brought along."""

    email: str = ""
    code: str = ""
    link: str = ""


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``POST answers``: what was pressed below the line of that *id*, or said about it in *words*;
    the same *key* again is the same answer."""

    id: str
    key: uuid.UUID
    value: str = ""
    words: str = ""


async def read_given(request: Request, longest: int) -> Given:
    """An answer, its words cleaned, of at most *longest* characters."""
    given = await _read(request, Given, longest * BYTES_PER_CHARACTER + BYTES_BESIDES)
    words = clean(given.words)
    if len(words) > longest:
        raise Problem(422, "too_long", f"At most {longest} characters, not {len(words)}.")
    return msgspec.structs.replace(given, words=words)


async def read_claim(request: Request) -> Claim:
    return await _read(request, Claim, LONGEST_OPENING)


async def read_opening(request: Request) -> Opening:
    return await _read(request, Opening, LONGEST_OPENING)


async def read_message(request: Request, longest: int) -> Message:
    """A message with its text cleaned, of at most *longest* characters; with files, of none."""
    message = await _read(request, Message, longest * BYTES_PER_CHARACTER + BYTES_BESIDES)
    text = clean(message.text)
    if not text and not message.files:
        raise Problem(422, "empty", "There is nothing to send.")
    if len(text) > longest:
        raise Problem(
            422, "too_long", f"A message has at most {longest} characters; this has {len(text)}."
        )
    return Message(message.id, text, message.files)


def number(request: Request, name: str, default: int) -> int:
    """A line number from the query."""
    return _number(request.query_params.get(name), name, default)


def last_seen(request: Request) -> int:
    """The last line the browser has: what it says on reconnecting outdoes the address it uses."""
    return _number(
        request.headers.get("last-event-id"), "Last-Event-ID", number(request, "after", 0)
    )


def _number(text: str | None, name: str, default: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Problem(400, "number", f"{name} is the number of a line.")
    return int(text)


async def _read(request: Request, into: type[T], most: int) -> T:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or "content-encoding" in request.headers:
        raise Problem(415, "media_type", "Send plain JSON, as application/json.")
    body = await read_body(request, most)
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.ValidationError as error:
        raise Problem(422, "invalid", f"{error}.") from None
    except (ValueError, RecursionError):  # msgspec.DecodeError, UnicodeDecodeError
        raise Problem(400, "not_json", "The body is not JSON.") from None


async def read_body(request: Request, most: int, within: float = LONGEST_READ) -> bytes:
    """The body, of at most *most* bytes, if it has arrived *within* seconds."""
    try:
        return await body_of(request, most, within)
    except HTTPException as error:
        if error.status_code == 413:
            raise Problem(413, "too_big", f"At most {most} bytes are read.") from None
        raise Problem(408, "too_slow", "The body did not arrive in time.") from None
