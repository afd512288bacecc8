"""What the server writes to standard error: lines for people, or one JSON object a line.

No line holds what somebody wrote, their name or address, or a secret; what concerns a thread, a
customer, an agent or a channel's account names its id (`omniroute.logged`).
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

import msgspec

from omniroute.core.events import AgentJoined, AnyEvent, OfferMade
from omniroute.errors import ConfigError, StoreError
from omniroute.logged import concerning, ids, ids_of
from omniroute.runtime.writer import Committed

Form: TypeAlias = Literal["text", "json"]

journal = logging.getLogger("omniroute.journal")

_OF_THE_PROGRAM: Final = (ConfigError, StoreError, NameError, AttributeError, ImportError)
"""Errors whose text is about the program; any other may quote what somebody wrote."""

_ADDRESS: Final = re.compile(r"[^\s<>()\"'@:/,;]+@[\w.-]*\w|\+\d{7,15}\b")
"""A mailbox, a telephone number: platforms like to say whom they could not reach."""


class Lines(logging.Formatter):
    """A line for people, which ends with what it is about: ``[thread=7 agent=ana]``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a trace below it."""
        said = " ".join(f"{name}={id}" for name, id in ids().items())
        head = f"{self.formatTime(record)} {record.levelname} {record.name}: "
        line = head + record.getMessage() + (f" [{said}]" if said else "")
        if record.exc_info and record.exc_info[1] is not None:
            line += "\n" + trace(record.exc_info[1])
        return without_addresses(line)


class JsonLines(logging.Formatter):
    """``at`` (UTC), ``level``, ``logger``, ``text``; what it is about, and a ``trace``, if any."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": without_addresses(record.getMessage()),
            **ids(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["trace"] = without_addresses(trace(record.exc_info[1]))
        return msgspec.json.encode(said).decode()


def trace(error: BaseException) -> str:
    """Where *error* and what led to it happened, without what it quotes.

    ``ValueError: could not convert string to float: 'what a customer wrote'`` is no line of a log.
    """
    return "\n".join(_steps(error))


def without_addresses(said: str) -> str:
    """*said*, with a dot for each address in it."""
    return _ADDRESS.sub("·", said)


def set_up(form: Form) -> None:
    """Have everything of this process logged so, from INFO on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def tell(committed: Committed) -> None:
    """A line for each event that was committed: its kind, its record, and whom it is about.

    What the event does not say itself is said of what brought it: who did it, where it came in.
    """
    first = committed.head[0] - len(committed.entries) + 1
    for number, entry in enumerate(committed.entries, first):
        for event in entry.ev:
            with concerning({**ids_of(entry.input), **ids_of(event)}, agent=_asked(event)):
                journal.info("record %d: %s", number, type(event).__name__)


def _asked(event: AnyEvent) -> str:
    """The agent whom an event names inside of another value."""
    match event:
        case OfferMade(offer=offer):
            return offer.agent
        case AgentJoined(member=member):
            return member.id
    return ""


def _steps(error: BaseException) -> Iterator[str]:
    led_to_it = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if led_to_it is not None:
        yield from _steps(led_to_it)
        yield ""
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield type(error).__name__ + _told(error)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _steps(one)


def _told(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f": {error.strerror}"
    return f": {error}" if isinstance(error, _OF_THE_PROGRAM) else ""
