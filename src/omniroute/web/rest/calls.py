"""Operations of the API, and the calls that reach them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar, get_origin, get_type_hints

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.authorize import Action, Actor
from omniroute.errors import Refused, did_you_mean
from omniroute.web.console import Console

T = TypeVar("T")

PREFIX = "/api/v1"
KEY = "Idempotency-Key"
"""The header under which a program repeats a change without doing it twice."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Part of a list; ask for what follows with ``after=`` the *next*, unless that is empty."""

    items: tuple[T, ...]
    next: str = ""


class Unreadable(Refused):
    """A request that cannot be read: at *place*, as ``body.until`` or ``query.limit``."""

    def __init__(self, place: str, fault: str, fix: str = "", code: str = "invalid") -> None:
        super().__init__(code, f"{fault} — {fix}" if fix else fault)
        self.place, self.fault, self.fix = place, fault, fix


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who was let in."""

    request: Request
    actor: Actor
    console: Console

    @property
    def thread(self) -> int:
        """The thread in the path."""
        number: int = self.request.path_params["thread"]
        return number

    def named(self, name: str) -> str:
        """A text in the path."""
        return str(self.request.path_params[name])

    @property
    def key(self) -> str:
        """What makes a repeated change the same change; empty: each is another."""
        return self.request.headers.get(KEY, "")


Run: TypeAlias = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to be asked: *takes* is read from the query of a GET, else from the body."""

    name: str
    method: str
    path: str
    action: Action | None  # None: whoever was let in
    run: Run
    about: str
    takes: Any  # a struct, or None
    answers: Any  # bytes: a file, as it is
    repeatable: bool = False  # takes an idempotency key
    raw: bool = False  # the body is a file, and *takes* is read from the query

    @property
    def in_query(self) -> bool:
        """Whether *takes* is read from the query."""
        return self.raw or self.method == "GET"

    @property
    def group(self) -> str:
        """What it is about, for the reader: the first part of its path."""
        return self.path.split("/")[1]


def operation(
    method: str,
    path: str,
    action: Action | None,
    run: Run,
    *,
    takes: Any = None,
    name: str = "",
    about: str = "",
    repeatable: bool = False,
    raw: bool = False,
) -> Operation:
    """An operation out of a function; what is not given is read from its signature."""
    hints = get_type_hints(run)
    answers = hints.pop("return", Any)
    if answers is Response:
        answers = bytes
    hints.pop("call", None)
    found = takes or next((hint for hint in hints.values() if hint is not Any), None)
    said = about or inspect.getdoc(run) or ""
    return Operation(
        name or run.__name__, method, path, action, run, said, found, answers, repeatable, raw
    )


_UNKNOWN = re.compile(r"contains unknown field `(.*)`")


def read_query(asked: QueryParams, kind: Any) -> Any:
    """The query of a request as a *kind*.  Raises `Unreadable`."""
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, object] = {}
    for name in asked:
        if name not in fields:
            hint = did_you_mean(name, fields) or f"there are: {', '.join(fields)}"
            raise Unreadable(f"query.{name}", f"There is no parameter “{name[:60]}”", hint)
        given = asked.getlist(name)
        several = get_origin(fields[name].type) is tuple
        if not several and len(given) > 1:
            raise Unreadable(
                f"query.{name}", f"“{name}” is given {len(given)} times", "once will do"
            )
        values[name] = given if several else given[0]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _unread("query", str(error), fields) from None


async def read_body(request: Request, kind: Any) -> Any:
    """The body of a request as a *kind*.  Raises `Unreadable`."""
    if coded := request.headers.get("content-encoding", ""):  # nothing is unpacked here
        fault = f"A body packed as “{coded[:20]}” is not read here"
        raise Unreadable(
            "header.content-encoding", fault, "send it plain", "unsupported_media_type"
        )
    body = await request.body()
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and given != "application/json":
        said = f"“{given[:60]}” is not read here" if given else "The body has no type"
        fix = "send JSON, with Content-Type: application/json"
        raise Unreadable("header.content-type", said, fix, "unsupported_media_type")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        fields = {field.encode_name for field in msgspec.structs.fields(kind)}
        raise _unread("body", str(error), fields) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("body", f"That is no JSON: {_lower(str(error))}", "", "no_json") from None


def _unread(where: str, said: str, known: Any) -> Unreadable:
    fault, _, path = said.partition(" - at `$")
    place = where + path.rstrip("`").replace("[...]", "[]")
    fix = ""
    if (unknown := _UNKNOWN.search(fault)) is not None:
        fix = did_you_mean(unknown[1], known) or f"there are: {', '.join(sorted(known)) or 'none'}"
    return Unreadable(place, f"That was not understood: {_lower(fault)}", fix)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
