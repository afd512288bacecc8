"""What a piece of work is about, so that every line of the log that is written meanwhile says so.

Whoever takes something in hand says once whose it is; it holds for all that is called from there,
a plugin and its libraries included, and for tasks and threads that are started there.  Ids only:
never a name, an address or a word of anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias

Ids: TypeAlias = Mapping[str, int | str]

FIELDS: Final = ("thread", "customer", "agent", "channel", "account")
"""What a line may be about, in the order in which it says so."""

_ids: ContextVar[Ids] = ContextVar("concerning", default={})  # noqa: B039 - nobody changes it


@contextmanager
def concerning(
    known: Ids | None = None,
    /,
    *,
    thread: int | None = None,
    customer: str = "",
    agent: str = "",
    channel: str = "",
    account: str = "",
) -> Iterator[None]:
    """Whatever is logged in here is about these; what is not given stays as it is outside.

    *known* are ids that somebody has put together before, such as `ids_of`.
    """
    given = {"thread": thread, "customer": customer, "agent": agent}
    given |= {"channel": channel, "account": account}
    found = {name: id for name, id in given.items() if id}
    token = _ids.set({**_ids.get(), **(known or {}), **found})
    try:
        yield
    finally:
        _ids.reset(token)


def ids() -> Ids:
    """What the present work is about, in the order of `FIELDS`."""
    known = _ids.get()
    return {name: known[name] for name in FIELDS if name in known}


def ids_of(value: object) -> Ids:
    """The ids that an event, an input or an effect names itself."""
    found = {name: getattr(value, name, None) for name in FIELDS}
    return {name: id for name, id in found.items() if id and isinstance(id, int | str)}
