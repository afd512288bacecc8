"""How payloads lie in the spool: as Slack sent them, with what was known when they came.

Reading is pure; whatever it needs besides is written down at the edge: whether it is an agent's
doing, what Slack says of the people in it, and the bytes of the files.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from omniroute import Packing

VERSION = 1

Json: TypeAlias = dict[str, Any]


class Fetched(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of a message; *fault* says why its bytes are not here."""

    data: bytes = b""
    fault: str = ""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What Slack says of an account; *confirmed*: it vouches for the address."""

    name: str = ""
    email: str = ""
    confirmed: bool = False
    bot: bool = False


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the intake keeps."""

    at: int  # ms since the epoch
    payload: Json
    form: str = "event"  # event | interactive | command
    desk: bool = False  # an agent's doing, or done in an agents' place
    agent: str = ""  # whose account it is, where it is an agent's
    me: str = ""  # the app's own account
    users: dict[str, Profile] = {}
    files: dict[str, Fetched] = {}  # by the file's id
    opened: bool = False  # a form was shown for it
    v: int = VERSION


_packing = Packing(Envelope, VERSION)
pack, unpack = _packing.pack, _packing.unpack


def text_at(payload: object, *path: str) -> str:
    """The text under *path*, or nothing: payloads may lack any part of what they should have."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload if isinstance(payload, str) else ""


def part(payload: object, name: str) -> Json:
    """The object under *name*, or an empty one."""
    found = payload.get(name) if isinstance(payload, dict) else None
    return found if isinstance(found, dict) else {}
