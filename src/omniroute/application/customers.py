"""People as customers: who they are taken for, all that is kept of one, and how it is erased.

Everybody who works here may look somebody up.  What takes a person's data out of the house, or
out of the world, is for admins.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from omniroute.application import listing, words
from omniroute.application.authorize import Action, Actor, authorize
from omniroute.application.directory import Directory
from omniroute.application.likeness import Likely, likely, name_key
from omniroute.application.pages import HandleView, LinkView, Rating, ThreadRow
from omniroute.application.ports import Inbox
from omniroute.application.projections.people import NOBODY
from omniroute.application.views import Views
from omniroute.application.voice import Voice
from omniroute.core import inputs as i
from omniroute.core.model import Thread
from omniroute.runtime.rows import Body, Failure
from omniroute.stores.api import Reader

_body = msgspec.json.Decoder(Body)
_failure = msgspec.json.Decoder(Failure)
_thread = msgspec.json.Decoder(Thread)

AT_ONCE = 500  # rows read together

SEARCH = """
    SELECT customers.id, customers.name FROM customers JOIN handles
      ON handles.customer = customers.id
    WHERE INSTR(LOWER(handles.value), :text) OR INSTR(LOWER(handles.display), :text)
      OR (:name != '' AND INSTR(handles.called, :name))
    GROUP BY customers.id
    ORDER BY MAX(INSTR(LOWER(handles.value), :text) = 1 OR INSTR(LOWER(handles.display), :text) = 1)
      DESC, customers.name, customers.id LIMIT :limit
"""


_RATINGS = (
    "SELECT measure, score, answered_at, thread, surveys.agent, ''"
    " FROM surveys JOIN threads ON threads.id = surveys.thread"
    " WHERE threads.customer = ? AND score IS NOT NULL ORDER BY answered_at"
)


class CustomerPage(msgspec.Struct, frozen=True):
    """Who somebody is taken for, and their threads, the latest first."""

    id: str
    name: str
    handles: tuple[HandleView, ...]
    links: tuple[LinkView, ...]
    threads: tuple[ThreadRow, ...]


class CustomerRow(msgspec.Struct, frozen=True):
    """Somebody in a list, and how they are reached."""

    id: str
    name: str
    handles: tuple[HandleView, ...]


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message, as it is given to the person it is about."""

    at: int  # ms since the epoch
    kind: str
    channel: str
    address: str
    text: str
    subject: str = ""
    files: tuple[dict[str, str | int], ...] = ()
    former: tuple[str, ...] = ()


class Everything(msgspec.Struct, frozen=True):
    """All that is kept of one person."""

    customer: CustomerPage
    messages: tuple[Said, ...]
    ratings: tuple[Rating, ...] = ()  # how it was, as they said


class Erased(msgspec.Struct, frozen=True):
    """What an erasure took away."""

    handles: int
    messages: int
    files: int
    letters: int  # dead letters that named them
    seq: int
    copies: int = 0  # posts about them that desks have taken away
    kept: int = 0  # and that a desk's platform does not let us take away


class Remains(Protocol):
    """Where else a person's words may lie: files, and what could not be read."""

    async def forget(self, values: Sequence[str], files: Sequence[str]) -> int:
        """Delete *files*, and dead letters and channels' own copies that name one of *values*.

        How many letters went.
        """


class Customers:
    """Questions about people, and the two things only admins may do to their data."""

    def __init__(
        self, views: Views, reader: Reader, inbox: Inbox, directory: Callable[[], Directory],
        voice: Voice, shown: Callable[[int], Awaitable[None]],
    ) -> None:  # fmt: skip
        """*shown* waits until the views are as new as a record; it gives up after a while."""
        self._views, self._reader, self._inbox = views, reader, inbox
        self._directory, self._voice = directory, voice
        self.remains: Remains | None = None
        """Who else keeps something; set by whoever puts the server together."""
        self.on_shared: Callable[[str, bool], None] = lambda handle, shared: None
        """Who tells the writers of an address apart, likewise."""
        self.at_desks: Callable[[Sequence[int]], Awaitable[tuple[int, int]]] = _nothing
        """Who has desks take away what they show of threads, likewise."""
        self._shown = shown

    # --- looking ---------------------------------------------------------------------------------

    async def show(self, actor: Actor, who: str) -> CustomerPage:
        """The customer *who*: a thread (``#4812``), an address, or a customer's id.

        Raises `Refused` (``unknown_customer``, ``ambiguous``).
        """
        authorize(actor, Action.PEOPLE)
        return await asyncio.to_thread(self._show, who)

    async def search(self, actor: Actor, text: str, limit: int = 20) -> tuple[CustomerRow, ...]:
        """At most *limit* people whose name or address begins with *text*, or has it within."""
        authorize(actor, Action.PEOPLE)
        return await asyncio.to_thread(self._search, text, limit)

    def _search(self, text: str, limit: int) -> tuple[CustomerRow, ...]:
        with self._views.reading() as db:
            asked = {"text": text.casefold(), "name": name_key(text), "limit": limit}
            rows = db.execute(SEARCH, asked).fetchall()
            return tuple(
                CustomerRow(row["id"], row["name"], listing.handles(db, row["id"])) for row in rows
            )

    async def suggested(self, actor: Actor) -> tuple[LinkView, ...]:
        """Every pair of addresses that may be one person's, and waits for somebody to say so."""
        authorize(actor, Action.PEOPLE)
        return await asyncio.to_thread(self._suggested)

    def _show(self, who: str) -> CustomerPage:
        directory = self._directory()
        with self._views.reading() as db:
            customer = self._find(db, who)
            row = db.execute("SELECT name FROM customers WHERE id = ?", (customer,)).fetchone()
            rows = db.execute(
                "SELECT * FROM thread_rows WHERE customer = ? AND root = id ORDER BY id DESC",
                (customer,),
            ).fetchall()
            return CustomerPage(
                customer,
                row["name"] if row is not None else NOBODY,
                listing.handles(db, customer),
                listing.links(db, customer, directory, lambda handle: _address(db, handle)),
                listing.thread_rows(rows, directory),
            )

    def _suggested(self) -> tuple[LinkView, ...]:
        with self._views.reading() as db:
            return listing.suggested(db, self._directory(), lambda handle: _address(db, handle))

    def _find(self, db: sqlite3.Connection, who: str) -> str:
        number = who.removeprefix("#")
        if who.startswith("#") and number.isascii() and number.isdigit() and len(number) < 16:
            found = db.execute(
                "SELECT customer AS id FROM threads WHERE id ="
                " (SELECT root FROM threads WHERE id = ?)",
                (int(number),),
            ).fetchall()
        else:
            found = db.execute(
                "SELECT DISTINCT customer AS id FROM handles"
                " WHERE customer = :who OR id = :who OR (value = :who COLLATE NOCASE AND verified)",
                {"who": who},
            ).fetchall() or db.execute(
                "SELECT DISTINCT customer AS id FROM handles WHERE value = ? COLLATE NOCASE",
                (who,),
            ).fetchall()  # fmt: skip
        if len(found) == 1:
            return str(found[0]["id"])
        if not found:
            raise self._voice.refused("unknown_customer", who=who)
        raise self._voice.refused("ambiguous", who=who, ids=[row["id"] for row in found])

    async def likely(self, actor: Actor, who: str) -> tuple[Likely, ...]:
        """Who may be the same person as *who*, by name and address, the likeliest first."""
        authorize(actor, Action.PEOPLE)
        return await asyncio.to_thread(self._likely, who)

    def _likely(self, who: str) -> tuple[Likely, ...]:
        with self._views.reading() as db:
            return likely(db, self._find(db, who))

    async def shared(self, actor: Actor) -> tuple[HandleView, ...]:
        """Addresses that several people write from, or may."""
        authorize(actor, Action.PEOPLE)
        return await asyncio.to_thread(self._shared)

    def _shared(self) -> tuple[HandleView, ...]:
        with self._views.reading() as db:
            return listing.shared(db)

    async def share(self, actor: Actor, address: str, shared: bool) -> str:
        """Say whether *address* is several people's; the sentence that follows.

        Raises `Refused`, also where several have that address (``ambiguous``).
        """
        authorize(actor, Action.TEAM)
        handle = await asyncio.to_thread(self._handle, address)
        key = f"share/{secrets.token_hex(12)}"
        row: dict[str, bytes | None] = {f"y/{handle}": b"{}" if shared else None}
        answer = await self._inbox.submit(
            lambda at: i.ShareDeclared(key, at, handle, shared, actor.id), row
        )
        if not answer.ok:
            raise self._voice.refused(answer.code)
        await self._shown(answer.seq)
        self.on_shared(handle, shared)
        return self._voice.done(answer.code)

    def _handle(self, address: str) -> str:
        with self._views.reading() as db:
            rows = db.execute(
                "SELECT id FROM handles WHERE verified AND value = ? COLLATE NOCASE"
                " ORDER BY since, id",
                (address,),
            ).fetchall()
        if not rows:
            raise self._voice.refused("unknown_customer", who=address)
        return str(rows[0]["id"])  # the oldest: those of its writers came after it

    # --- giving out ------------------------------------------------------------------------------

    async def export(self, actor: Actor, who: str) -> Everything:
        """All that is kept of *who*: addresses, links, threads, every message, names of files."""
        authorize(actor, Action.PERSONAL)
        await self._shown((await asyncio.to_thread(self._reader.head))[0])
        return await asyncio.to_thread(self._export, who)

    def _export(self, who: str) -> Everything:
        page = self._show(who)
        with self._views.reading() as db:
            rows = self._messages(db, [handle.id for handle in page.handles])
            addresses = {row["handle"]: _address(db, row["handle"]) for row in rows}
            ratings = tuple(Rating(*row) for row in db.execute(_RATINGS, (page.id,)))
        bodies = self._bodies(row["id"] for row in rows)
        said = []
        for row in rows:
            body = bodies.get(row["id"], Body(""))
            files: tuple[dict[str, str | int], ...] = tuple(
                {"name": f.name, "type": f.media_type, "size": f.size, "sha256": f.sha}
                for f in body.files
            )
            via = row["channel"] or row["via"].partition(":")[0]
            said.append(
                Said(
                    row["at"], row["kind"], via, addresses[row["handle"]], body.text,
                    body.subject, files, body.former,
                )
            )  # fmt: skip
        return Everything(page, tuple(said), ratings)

    # --- erasing ---------------------------------------------------------------------------------

    async def erase(self, actor: Actor, who: str) -> Erased:
        """Erase what *who* said, was sent and is called, everywhere; decisions stay, without words.

        Raises `Refused`, also while somebody still works for them (``still_open``).
        """
        authorize(actor, Action.PERSONAL)
        await self._shown((await asyncio.to_thread(self._reader.head))[0])
        plan = await asyncio.to_thread(self._plan, who)
        key = f"erase/{secrets.token_hex(12)}"
        answer = await self._inbox.submit(
            lambda at: i.EraseAsked(key, at, plan.handles, plan.messages, actor.id), plan.puts
        )
        if not answer.ok:
            thread = answer.values.get("thread")
            raise self._voice.refused(answer.code, thread if isinstance(thread, int) else 0)
        await self._shown(answer.seq)
        letters = 0
        if self.remains is not None:
            letters = await self.remains.forget(plan.values, plan.files)
        copies, kept = await self.at_desks(plan.threads)
        counts = (len(plan.handles), len(plan.messages), len(plan.files), letters)
        return Erased(*counts, answer.seq, copies, kept)

    def _plan(self, who: str) -> _Plan:
        page = self._show(who)
        handles = tuple(handle.id for handle in page.handles)
        with self._views.reading() as db:
            said = [row["id"] for row in self._messages(db, handles, notes=True)]
            threads = _threads(db, page.id)
            reasons = _reasons(db, handles)
            shared = _files_of_others(db, said)
        bodies = self._bodies(said)
        files = {f.sha for body in bodies.values() for f in body.files} - shared
        files |= {body.raw for body in bodies.values() if body.raw}
        values = [handle.value for handle in page.handles if handle.value]
        gone = [f"b/{message}" for message in said] + [f"p/{handle}" for handle in handles]
        gone += [f"b/{note}" for note in reasons]
        gone += self._failures(values)
        gone += [f"p/{handle}" for handle in self._named(threads)]
        return _Plan(handles, dict.fromkeys(gone), values, sorted(files), tuple(said), threads)

    def _messages(
        self, db: sqlite3.Connection, handles: Sequence[str], *, notes: bool = False
    ) -> list[sqlite3.Row]:
        """What these handles said and were sent; and notes in threads where nobody else wrote."""
        return db.execute(
            "SELECT messages.*, COALESCE(handles.kind, '') AS via FROM messages"
            " LEFT JOIN handles ON handles.id = messages.handle"
            " WHERE messages.handle IN (SELECT value FROM json_each(:handles))"
            " OR (:notes AND messages.kind = 'note' AND NOT EXISTS ("
            "  SELECT 1 FROM messages AS said WHERE said.thread = messages.thread"
            "  AND said.kind = 'customer'"
            "  AND said.handle NOT IN (SELECT value FROM json_each(:handles)))"
            "  AND EXISTS (SELECT 1 FROM messages AS said WHERE said.thread = messages.thread"
            "  AND said.handle IN (SELECT value FROM json_each(:handles))))"
            " ORDER BY messages.seq, messages.n",
            {"handles": msgspec.json.encode(list(handles)).decode(), "notes": notes},
        ).fetchall()

    def _bodies(self, messages: Iterable[str]) -> dict[str, Body]:
        keys = [f"b/{message}" for message in messages]
        found: dict[str, Body] = {}
        for start in range(0, len(keys), AT_ONCE):
            rows = self._reader.get(keys[start : start + AT_ONCE])
            found |= {key[2:]: _body.decode(row) for key, row in rows.items()}
        return found

    def _named(self, threads: Sequence[int]) -> list[str]:
        """Whom only these threads name: people in copy who have never written themselves."""
        rows = self._reader.get([f"{kind}/{id}" for id in threads for kind in ("t", "tc")])
        named = {p.handle for row in rows.values() for p in _thread.decode(row).participants}
        with self._views.reading() as db:
            known = db.execute(
                "SELECT id FROM handles WHERE id IN (SELECT value FROM json_each(?))",
                (msgspec.json.encode(sorted(named)).decode(),),
            ).fetchall()
        return sorted(named - {row["id"] for row in known})

    def _failures(self, values: Sequence[str]) -> list[str]:
        """Reports of failed deliveries that name one of their addresses."""
        found, after = [], ""
        while rows := self._reader.scan("x/", after):
            for key, row in rows:
                reason = _failure.decode(row).reason.casefold()
                if any(value.casefold() in reason for value in values):
                    found.append(key)
            after = rows[-1][0]
        return found


async def _nothing(threads: Sequence[int]) -> tuple[int, int]:
    return 0, 0


def _threads(db: sqlite3.Connection, customer: str) -> tuple[int, ...]:
    """Every thread of a customer's, those that were folded into another, too."""
    rows = db.execute("SELECT id FROM threads WHERE customer = ? ORDER BY id", (customer,))
    return tuple(row["id"] for row in rows)


class _Plan(msgspec.Struct, frozen=True):
    """What an erasure will take away."""

    handles: tuple[str, ...]
    puts: dict[str, bytes | None]
    values: list[str]
    files: list[str]
    messages: tuple[str, ...]
    threads: tuple[int, ...]


def _reasons(db: sqlite3.Connection, handles: Sequence[str]) -> list[str]:
    """Messages in which somebody said why one of these handles is somebody's."""
    rows = db.execute(
        "SELECT DISTINCT note FROM links WHERE note != '' AND EXISTS"
        " (SELECT 1 FROM json_each(?) WHERE value IN (links.a, links.b))",
        (msgspec.json.encode(list(handles)).decode(),),
    )
    return [row["note"] for row in rows]


def _files_of_others(db: sqlite3.Connection, messages: Sequence[str]) -> set[str]:
    """Files that other messages carry as well."""
    rows = db.execute(
        "SELECT DISTINCT sha FROM files WHERE message NOT IN (SELECT value FROM json_each(?))",
        (msgspec.json.encode(list(messages)).decode(),),
    )
    return {row["sha"] for row in rows}


def _address(db: sqlite3.Connection, handle: str) -> str:
    row = db.execute("SELECT value, display, kind FROM handles WHERE id = ?", (handle,)).fetchone()
    if row is None:
        return NOBODY
    return words.address(row["kind"], row["value"], row["display"])
