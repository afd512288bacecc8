"""The ways to a customer as they stand, and the one that an answer takes unless told otherwise.

The choice is the core's own function (`core.paths`); here it learns what the channels can do, and
what it chose becomes words, so that every desk says where an answer goes before it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.bounds import Invalid
from omniroute.application.copies import Conversations, ParticipantView
from omniroute.channel import Cap, Channel
from omniroute.core.model import Customer, Handle, HandleId, Thread
from omniroute.core.paths import FILES, WINDOW, Path, Plan, plan, surely, trouble, written_from
from omniroute.core.sharing import is_shared
from omniroute.stores.api import Reader

_customer = msgspec.json.Decoder(Customer)
_handle = msgspec.json.Decoder(Handle)
_thread = msgspec.json.Decoder(Thread)


class Means(msgspec.Struct, frozen=True):
    """What a kind of channel can do for an answer; of one that is not installed, all is hoped."""

    files: bool = True
    copies: bool = False
    window: int = 0  # ms for which answers are taken after a customer's message; 0: always
    opens: str = ""  # the account over which we may write first


class Way(msgspec.Struct, frozen=True):
    """A way to the customer, in words: *text* is as ``joe@x.org by e-mail``.

    *doubt* says what stands against it, if anything does.
    """

    handle: str
    channel: str
    text: str
    doubt: str = ""


class Addressed(msgspec.Struct, frozen=True):
    """Where an answer goes: no handle where it goes to whoever wrote last, and what to begin."""

    to: HandleId = ""
    channel: str = ""
    account: str = ""
    copies: tuple[HandleId, ...] = ()


def means_of(channels: Mapping[tuple[str, str], Channel]) -> dict[str, Means]:
    """What the channels that run can do, by their kinds."""
    found: dict[str, Means] = {}
    for (kind, account), channel in channels.items():
        opens = account if Cap.START_CONVERSATION in channel.caps else ""
        before = found.get(kind, Means())
        found[kind] = Means(
            files=Cap.FILES_OUT in channel.caps,
            copies=Cap.COPIES in channel.caps,
            window=int(getattr(channel, "answer_window", 0) * 1000),
            opens=before.opens or opens,
        )
    return found


class Ways:
    """Blocking reads of committed rows; call them in a thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.conversations = Conversations(reader)
        self.means: Mapping[str, Means] = {}
        """By kind of channel; set by whoever puts the server together."""

    def open(self, thread: int) -> Thread | None:
        """The thread's own row, while it is open."""
        row = self._reader.get([f"t/{thread}"]).get(f"t/{thread}")
        return None if row is None else _thread.decode(row)

    def paths(self, thread: Thread) -> Sequence[Path]:
        """Every way to the thread's customer, the best first."""
        found = [
            self._path(Path(v.handle, v.channel, v.message, failed=v.failed), v.at)
            for v in written_from(thread)
        ]
        return [*found, *self._others(thread, {path.handle for path in found})]

    def _path(self, path: Path, at: int) -> Path:
        means = self.means.get(path.channel, Means())
        until = at + means.window if means.window else 0
        return msgspec.structs.replace(path, until=until, files=means.files)

    def _others(self, thread: Thread, known: set[HandleId]) -> Sequence[Path]:
        """Proved addresses that have not written here, on channels where we may write first."""
        row = self._reader.get([f"c/{thread.customer}"]).get(f"c/{thread.customer}")
        if row is None:
            return []
        new = [id for id in surely(_customer.decode(row), thread) if id not in known]
        rows = self._reader.get([f"h/{id}" for id in new])
        handles = [_handle.decode(rows[f"h/{id}"]) for id in new if f"h/{id}" in rows]
        return [
            Path(handle.id, handle.kind, files=means.files, account=means.opens)
            for handle in handles
            if handle.verified and not is_shared(handle)
            if (means := self.means.get(handle.kind, Means())).opens
        ]

    def addressed(self, reply: c.Reply, now: int) -> Addressed:
        """Where *reply* goes.  Raises `Invalid` where nothing would get there."""
        thread = self.open(reply.thread)
        if thread is None:
            return Addressed()  # whatever became of it is said elsewhere
        files = bool(reply.files)
        made = plan(self.paths(thread), now, files=files, chosen=reply.to)
        if made is None:
            if reply.to:
                raise Invalid("no_way")
            return Addressed()
        path = made.path
        if made.doubt in (FILES, WINDOW):
            code = "no_files" if made.doubt == FILES else "window_closed"
            raise Invalid(code, channel=words.channel(path.channel))
        copies = tuple(p.handle for p in self.in_copy(thread, path, everybody=reply.everybody))
        if path.handle == thread.handle:
            return Addressed(copies=copies)
        channel = path.channel if path.account else ""
        return Addressed(path.handle, channel, path.account, copies)

    def in_copy(
        self, thread: Thread, path: Path, *, everybody: bool = False
    ) -> Sequence[ParticipantView]:
        """Who gets a copy of an answer by *path*.

        Raises `Invalid` where *everybody* is wanted and the channel sends no copies.
        """
        means = self.means.get(path.channel, Means())
        if not means.copies:
            if everybody:
                raise Invalid("no_copies", channel=words.channel(path.channel))
            return ()
        row = self._reader.get([f"c/{thread.customer}"]).get(f"c/{thread.customer}")
        theirs = () if row is None else _customer.decode(row).handles
        here = self.conversations.of(thread, theirs)
        return [p for p in here if p.kind == path.channel and p.address and (everybody or p.copied)]


def shown(
    paths: Sequence[Path], now: int, name: Callable[[Path], str], failure: Callable[[Path], str]
) -> tuple[tuple[Way, ...], str]:
    """The ways in words, the one that is taken first; and why it is not the usual one, if so."""
    made = plan(paths, now)
    if made is None:
        return (), ""
    rest = [path for path in paths if path.handle != made.path.handle]
    ways = tuple(
        Way(path.handle, path.channel, name(path), doubt(path, trouble(path, now), failure(path)))
        for path in (made.path, *rest)
    )
    return ways, _instead(made, failure)


def _instead(made: Plan, failure: Callable[[Path], str]) -> str:
    if made.instead is None:
        return doubt(made.path, made.doubt, failure(made.path))
    return doubt(made.instead, made.why, failure(made.instead))


def doubt(path: Path, why: str, failure: str) -> str:
    """What stands against a way, in words; *failure* as the platform put it.

    >>> doubt(Path("h", "telegram"), "rejected", "the bot was blocked by the customer")
    'Telegram: the bot was blocked by the customer'
    """
    if not why:
        return ""
    channel = words.channel(path.channel)
    if why == WINDOW:
        return f"{channel} takes no answer until the customer writes there again"
    if why == FILES:
        return f"{channel} carries no files"
    said = failure.partition("; ")[0]  # what follows is a hint
    return f"{channel}: {said or 'the last answer did not arrive'}"
