"""The durable intake of one node: what was acknowledged is on this disk before anyone was told.

Callers live on one event loop and wait for `SpoolThread`, which commits for all of them together.
A crash may undo what nobody waits for, `done` and `settle`; the journal then knows better.

The spool also records attempts to send before a provider is called, and receipts after it has
answered, so that after a crash the difference between *not sent*, *sent* and *in doubt* is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from omniroute.runtime.spool_file import LARGE, Arrival, DeadLetter, Entry, Sends, SpoolFile
from omniroute.runtime.spool_kept import AT_ONCE, Gone, Known, Loss
from omniroute.runtime.spool_thread import ROOM, Answers, SpoolThread
from omniroute.runtime.suspects import Suspects
from omniroute.stores.api import Unavailable

__all__ = ["DeadLetter", "Entry", "Sends", "Spool"]

T = TypeVar("T")


class Spool:
    """One file, one thread, one event loop.  Methods are called on the loop."""

    def __init__(self, path: Path, *, min_free: int = 64 * 1024 * 1024, room: int = ROOM) -> None:
        """Open the spool at *path*, made if absent.

        Below *min_free* bytes of free disk new entries are refused; what is left is for the rest
        to be worked off.  So they are while *room* bytes wait to be written.

        Raises `Unavailable` or `Corrupt`, naming the path and what to do.
        """
        self._file = SpoolFile(path)
        self.suspects = self._note(path, "reading")
        self.others_suspects = self._note(path, "handed")  # of what other nodes took in
        self._new = self._file.new
        kept = self._file.kept
        self.known, self.losses, self.met = kept.known(), kept.losses(), kept.met()
        self._leaving: set[int] = set()  # said to be done, perhaps not yet so in the file
        self._subscribers: list[Callable[[Sequence[Entry]], None]] = []
        self.came = 0  # messages that were brought since it was opened, taken or not
        self._thread = self._threaded(self._file, min_free, self._answer)
        self._thread.room = room

    @property
    def name(self) -> str:
        """16 hexadecimal digits, given when the file was made: with an id, unique in the world."""
        return self._file.name

    @property
    def depth(self) -> int:
        """How many entries are new."""
        return max(0, self._new - len(self._leaving))

    @property
    def oldest(self) -> int:
        """When (ms) the first came of those that are new; 0 where none is."""
        return self._file.oldest() if self.depth else 0

    @property
    def commits(self) -> int:
        """How many transactions were committed since the spool was opened."""
        return self._thread.commits

    def full(self) -> str:
        """Why the disk has no room for anything new, or nothing."""
        try:
            self._thread.check_space(0)
        except Unavailable as error:
            return str(error)
        return ""

    # -- intake ------------------------------------------------------------------------------------

    async def append(
        self, channel: str, account: str, raw: bytes, *, at: int, key: str = ""
    ) -> int:
        """Keep *raw*, which arrived at *at* (ms), and return its id once it is on the disk.

        If *key* is not empty and *channel* and *account* have brought it before, nothing is added
        and the id is that of the first.  Raises `Unavailable` if the disk is full, nearly full,
        failing or too slow: then nothing was promised, and the sender should be told to come
        again.  A caller who is cancelled may find the entry kept all the same.
        """
        self.came += 1
        file = None
        if len(raw) >= LARGE:
            self._thread.check_space(len(raw))
            file = await asyncio.to_thread(self._file.write_large, raw)
        return await self._ask(int, Arrival(channel, account, _writable(key), at, raw, file))

    def subscribe(self, callback: Callable[[Sequence[Entry]], None]) -> None:
        """Have *callback* called on the loop with new entries, in order of id.

        Called once they are on the disk.  Entries that were there before the spool opened are not
        announced: ask `pending` for them.
        """
        self._subscribers.append(callback)

    def pending(self, after: int = 0, limit: int = 256) -> list[Entry]:
        """New entries with an id above *after*, in order: a page; an empty one is the last.

        A page has at most *limit* entries and about 8 MB of raw, so that a long queue is worked off
        in little memory.  Reads the file at once, which blocks for some ms.
        """
        while True:
            page = self._file.pending(after, limit)
            kept = [entry for entry in page if entry.id not in self._leaving]
            if kept or not page:
                return kept
            after = page[-1].id

    def done(self, ids: Iterable[int]) -> None:
        """These entries, new or dead, are decided: delete them, soon.  Their keys stay known."""
        ids = list(ids)
        self._leaving.update(ids)
        self._thread.done(ids)

    def sweep(self, before: int) -> None:
        """Forget, soon, the keys of done entries that arrived before *before* (ms)."""
        self._thread.sweep(before)

    # -- what the store may yet forget -------------------------------------------------------------

    def keep(self, now: Callable[[], int]) -> None:
        """From now on keep what is decided, and notes of sends, until `forget`.

        *now* tells the time (ms); from any thread.
        """
        self._file.keeps = now

    def note(self, known: Known) -> None:
        """Know, before anything decided there is said to be done, of the journal so far."""
        self.known = known
        self._thread.note(known)

    async def note_now(self, known: Known) -> None:
        """As `note`, and return when it is on the disk."""
        self.known = known
        await self._thread.ask(lambda: self._file.kept.note(known))

    async def meet(self, nodes: Collection[str], at: int) -> None:
        """Know, on the disk, that these *nodes* were there at *at* (ms)."""
        await self._thread.ask(lambda: self._file.kept.meet(nodes, at))
        self.met.update(dict.fromkeys(nodes, at))

    async def forget(self, before: int, through: int = 0) -> None:
        """Delete what is stable: decided before *before* (ms), or by record *through*."""
        while True:
            gone = await self._ask(Gone, lambda: self._file.kept.forget(before, through))
            await asyncio.to_thread(self._file.unlink, gone.files)
            if gone.entries < AT_ONCE:
                return

    async def kept(self) -> list[tuple[int, int]]:
        """The entries that are decided and not yet stable, and when (ms) each came.

        Their bytes are there by `raw`.  What was said to be done before is among them.
        """
        said = set(self._leaving)
        while said & self._leaving:
            await self._thread.ask(_nothing)  # with which goes what is to be written soon
        entries = await self._thread.ask(self._file.kept.entries)
        assert isinstance(entries, list)
        return entries

    async def drop(self, ids: Sequence[int]) -> None:
        """Delete entries that are kept, stable or not: somebody is to be erased."""
        gone = await self._ask(Gone, lambda: self._file.kept.drop(ids))
        await asyncio.to_thread(self._file.unlink, gone.files)

    async def feed_again(self, at: int, found: Known) -> Loss:
        """Make new what was kept, for the journal is another; from now on it is *found*."""
        self._leaving.difference_update(self._thread.take_back())
        loss = await self._ask(Loss, lambda: self._file.feed_again(at, found))
        self.known = found
        self.losses.append(loss)
        return loss

    # -- dead letters ------------------------------------------------------------------------------

    async def bury(self, id: int, why: str) -> None:
        """Make a new entry a dead letter; raises `Refused` if *id* is not a new entry."""
        await self._thread.ask(lambda: self._file.bury(id, _writable(why)))

    async def dead(self) -> list[DeadLetter]:
        """All dead letters, oldest first."""
        return await asyncio.to_thread(self._file.dead)

    async def raw(self, id: int) -> bytes | None:
        """The raw bytes of an entry, new or dead, or ``None`` if there is none."""
        return await asyncio.to_thread(self._file.raw, id)

    async def revive(self, id: int) -> Entry:
        """Make a dead letter new again and announce it; raises `Refused` if *id* is none."""
        return await self._ask(Entry, lambda: self._file.revive(id))

    # -- sending -----------------------------------------------------------------------------------

    async def attempt(self, eid: str, at: int) -> int:
        """Record, on the disk, that sending the effect *eid* begins at *at* (ms).

        Returns how many earlier attempts have no outcome: above zero, this one may be a repeat.
        """
        return await self._ask(int, lambda: self._file.attempt(eid, at))

    async def receipt(self, eid: str, body: bytes) -> None:
        """Record, on the disk, how the latest attempt of *eid* ended."""
        await self._thread.ask(lambda: self._file.receipt(eid, body))

    def attempts(self, settled: bool = False) -> dict[str, Sends]:
        """All effects with attempts or receipts that are not settled.

        Those that are *settled*, too, where the store has forgotten what they were settled by.
        """
        return self._file.sends(settled)

    def settle(self, eids: Iterable[str]) -> None:
        """The outcome of *eids* is in the journal: forget them, soon."""
        self._thread.settle(eids)

    def clear_log(self) -> None:
        """See `omniroute.stores.api.Logged`."""
        self._file.sqlite.clear_log()

    async def close(self) -> None:
        """Write what was asked, end the thread and close the file; closing twice is harmless."""
        await self._thread.close()
        self.suspects.close()
        self.others_suspects.close()

    def abandon(self) -> None:
        """Close it at once, where a start fails before anything was asked of it."""
        self._thread.abandon()
        self.suspects.close()
        self.others_suspects.close()

    # -- details -----------------------------------------------------------------------------------

    def _note(self, path: Path, of: str) -> Suspects:
        try:
            return Suspects(path.with_name(f"{path.name}.{of}"))
        except BaseException:
            self._file.close()
            raise

    def _threaded(
        self, file: SpoolFile, min_free: int, answer: Callable[[Answers], None]
    ) -> SpoolThread:
        """Who writes; a simulation has its own."""
        return SpoolThread(file, min_free, answer)

    async def _ask(self, kind: type[T], asked: Arrival | Callable[[], T]) -> T:
        answer = await self._thread.ask(asked)
        assert isinstance(answer, kind)
        return answer

    def _answer(self, answers: Answers) -> None:
        for future, outcome in answers.outcomes:
            if future.done():
                continue  # its caller was cancelled
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._new = answers.new
        self._leaving.difference_update(answers.done)
        if answers.entries:
            for subscriber in self._subscribers:
                subscriber(answers.entries)


def _nothing() -> None:
    """Nothing is to be written but what waits."""


def _writable(text: str) -> str:
    """*text* with lone surrogates, which no database takes, spelt out."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
