"""What arrives at a channel: the body of a request, and the form in which an event is kept.

Reading is pure, so whatever it needs besides what the platform sent is written down when that
arrives (when it came, the bytes of files) and lies in the spool beside it, as an *envelope*.
"""

from __future__ import annotations

import asyncio
from typing import Generic, Protocol, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request


async def body_of(request: Request, most: int, within: float = 30.0) -> bytes:
    """The body of a request: at most *most* bytes, arrived *within* seconds.

    No more is read than that.  Raises `HTTPException`, with which Starlette answers: 413 for what
    is too large, 408 for what comes too slowly.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > most:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(within):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    return bytes(body)


class Versioned(Protocol):
    """A value that says of which form it is."""

    @property
    def v(self) -> int:
        """The number of the form."""


E = TypeVar("E", bound=Versioned)


class Packing(Generic[E]):
    """How envelopes of *kind*, a `msgspec.Struct` with a field ``v``, lie in the spool: as JSON.

    What waits there is read again after an update: a form that has changed in another way than by
    new fields with defaults gets a new *version*, and older ones are refused by their number.
    """

    def __init__(self, kind: type[E], version: int) -> None:
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(kind).decode
        self._kind, self._version = kind, version

    def pack(self, envelope: E) -> bytes:
        """The bytes that are kept."""
        return self._encode(envelope)

    def unpack(self, raw: bytes) -> E:
        """What `pack` packed.  Raises `ValueError` for what is not ours."""
        envelope: E = self._decode(raw)
        if envelope.v != self._version:
            raise ValueError(
                f"{self._kind.__module__}.{self._kind.__name__} of version {envelope.v};"
                f" this plugin reads {self._version}"
            )
        return envelope
