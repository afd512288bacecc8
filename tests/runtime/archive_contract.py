"""What every archive must hold to, whatever database it is in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.demo import played
from tests.docs.pages import DOCS

from omniroute.application.archived import search
from omniroute.application.views import Views
from omniroute.core import inputs as i
from omniroute.core.effects import Present
from omniroute.runtime.archiver import Archiver
from omniroute.runtime.loading import PAGE
from omniroute.runtime.record import VERSION, Entry, decode, encode
from omniroute.runtime.rows import Body, owed
from omniroute.runtime.sheets import OPENED
from omniroute.runtime.verify import verify
from omniroute.stores.api import (
    GENESIS,
    Head,
    InDoubt,
    Moved,
    Reader,
    Unavailable,
    verify_chain,
)
from omniroute.stores.archive import FORM, Archive, Asker, Change
from omniroute.stores.memory import MemoryStore
from omniroute.testing.histories import History, acts
from omniroute.testing.machine import Machine
from omniroute.testing.rig import Rig

VIEWS = {
    "threads": (
        """SELECT id, root AS shown_in, customer, phase, queue, rule, since AS opened_at,
             solved_at AS resolved_at FROM threads ORDER BY id""",
        """SELECT id, shown_in, customer, phase, queue, rule, opened_at, resolved_at
           FROM threads ORDER BY id""",
    ),
    "handles": (
        """SELECT id, customer, kind, verified, value AS address, display AS name
           FROM handles ORDER BY id""",
        """SELECT id, customer, handles.kind, verified, COALESCE(address, '') AS address,
             COALESCE(name, '') AS name
           FROM handles LEFT JOIN addresses ON handle = id ORDER BY id""",
    ),
    "messages": (
        """SELECT id, thread, kind, handle FROM messages
           WHERE state NOT IN ('held', 'withdrawn') AND id <> 'n' ORDER BY id""",
        "SELECT id, thread, kind, handle FROM messages WHERE id <> 'n' ORDER BY id",
    ),
}
"""What the pages' tables say, and what the archive's must say of the same."""


def past() -> played.Past:
    """A few days of a desk, with all that was said."""
    return played.past(count=15)


def store_of(machine: Machine) -> MemoryStore:
    """The store of a desk that worked in a machine, which knows no texts."""
    records = [
        encode(Entry(VERSION, done.input.at, done.input, done.decision.events))
        for done in machine.journal
        if done.decision.events
    ]
    store = MemoryStore()
    store.commit(GENESIS, records, machine.rows)
    return store


@lru_cache(maxsize=1)
def parted() -> MemoryStore:
    """A desk where people are joined and parted all the time."""
    return store_of(History().play(acts(11, 160)))


def rows_of(reader: Reader) -> dict[str, bytes]:
    """Every row."""
    found: dict[str, bytes] = {}
    after = ""
    while page := reader.scan("", after, PAGE):
        found.update(page)
        after = page[-1][0]
    return found


def kept(rows: Mapping[str, bytes]) -> dict[str, bytes]:
    """What an archive takes: not the answers to inputs, which follow from records, nor cards."""
    return {
        key: row
        for key, row in rows.items()
        if not key.startswith(("d/", "u/"))
        and not (key.startswith("o/") and isinstance(owed(row).effect, Present))
    }


class ArchiveContract:
    """The suite; a subclass says how an archive is opened."""

    def open(self, folder: Path) -> Archive:
        raise NotImplementedError

    @contextmanager
    def filled(self, folder: Path, store: MemoryStore, step: int = 500) -> Iterator[Asker]:
        """An archive with all that *store* has."""
        archive = self.open(folder)
        archiver = Archiver(archive, store.reader())
        try:
            while archiver.step(step):
                pass
            with asking(archive) as asker:
                yield asker
        finally:
            archiver.close()
            archive.close()

    def test_it_is_the_store_again_and_holds_together(self, tmp_path: Path) -> None:
        with self.filled(tmp_path, past().store) as archive:
            assert archive.head() == past().store.head()
            assert archive.tail(0, 10_000) == past().store.tail(0, 10_000)
            assert kept(rows_of(archive)) == kept(rows_of(past().store.reader()))
            assert verify(archive).ok

    def test_it_may_begin_in_the_middle_of_a_journal(self, tmp_path: Path) -> None:
        records = past().store.tail(100, 10_000)
        row = next(iter(past().store.scan("h/", "", 1)))
        archive = self.open(tmp_path)
        with asking(archive) as asker:
            change = Change(OPENED, [(7, "c", 1)])
            head = archive.begin(records, dict([row]), [change])
            assert head == asker.head() == past().store.head()
            assert asker.tail(0, 10_000) == records
            assert asker.scan("") == [row]
            assert asker.ask("SELECT id FROM threads") == [{"id": 7}]
            with pytest.raises(Moved):
                archive.begin(records, {}, [change])
            archive.append(head, [b"next"], {}, [])
            assert verify_chain(asker, begins=101) is None
        archive.close()

    @pytest.mark.parametrize(("desk", "step"), [(past, 500), (parted, 500), (parted, 7)])
    def test_its_tables_say_what_the_pages_say(
        self, tmp_path: Path, desk: Callable[[], Any], step: int
    ) -> None:
        made = desk()
        store = made if isinstance(made, MemoryStore) else made.store
        views = Views(tmp_path / "views", store.reader())
        views.catch_up()
        with self.filled(tmp_path, store, step) as archive, views.reading() as db:
            for name, (theirs, ours) in VIEWS.items():
                expected = [dict(row) for row in db.execute(theirs)]
                assert archive.ask(ours) == expected, name
        views.close()

    def test_a_transaction_that_is_cut_off_leaves_nothing(self, tmp_path: Path) -> None:
        archive = CutOff(self.open(tmp_path))
        archiver = Archiver(archive, parted().reader())
        archive.failures = [
            Unavailable("the archive", "is away"),
            InDoubt("the archive", "is gone"),
        ]
        for kind in (Unavailable, InDoubt):
            with pytest.raises(kind):
                archiver.step(30)
        assert archiver.step(30), "it had happened after all, so it goes on from there"
        while archiver.step(30):
            pass
        with asking(archive) as asker:
            assert kept(rows_of(asker)) == kept(rows_of(parted().reader()))
            count = asker.ask("SELECT COUNT(*) AS n FROM messages")
        archiver.close()
        archive.close()
        (tmp_path / "whole").mkdir()
        with self.filled(tmp_path / "whole", parted()) as whole:
            assert whole.ask("SELECT COUNT(*) AS n FROM messages") == count

    def test_words_and_names_are_found_and_an_erased_person_is_not(self, tmp_path: Path) -> None:
        store = Desk()
        first = store.says("joe", "The zanzibar parcel is broken", subject="Zanzibar again")
        store.says("kim", "where is my parcel")
        archive = self.open(tmp_path)
        archiver = Archiver(archive, store.reader())
        assert archiver.step()
        with asking(archive) as asker:
            assert [hit["id"] for hit in asker.found(["ZANZIBAR", "parc"], 5)] == [first]
            assert "‹" in asker.found(["zanzibar"], 5)[0]["passage"]
            assert asker.found([], 5) == asker.found(["nowhere"], 5) == []
            assert asker.found(["it's", "\\", "&", "|", '!"('], 5) == []
            assert asker.ask("SELECT address FROM addresses WHERE name = $1", "Joe") == [
                {"address": "joe@mail.example"}
            ]
            store.erases("joe")
            late = store.says("joe", "zanzibar, once more, and erased before it is copied")
            store.erases("joe")
            while archiver.step():
                pass
            assert asker.found(["zanzibar"], 5) == []
            assert asker.ask("SELECT * FROM addresses WHERE name = $1", "Joe") == []
            assert not asker.get([f"b/{first}", f"b/{late}"])
            assert len(asker.found(["parcel"], 5)) == 1
        archiver.close()
        archive.close()
        self.is_nowhere(tmp_path, b"zanzibar")

    def is_nowhere(self, folder: Path, word: bytes) -> None:
        """No file that the archive keeps in *folder* has *word*, which was erased."""

    def test_records_that_name_no_rows_are_copied_with_theirs(self, tmp_path: Path) -> None:
        store = MemoryStore()
        bare = [encode(replace(decode(body), rows=())) for body in past().records()]
        store.commit(GENESIS, bare, rows_of(past().store.reader()))
        with self.filled(tmp_path, store) as archive:
            found, expected = rows_of(archive), kept(rows_of(store.reader()))
        lost = {key for key in expected if found.get(key) != expected[key]}
        assert {key.partition("/")[0] for key in lost} <= {"e", "w"}

    def test_what_its_page_asks_is_answered_and_every_column_is_told(self, tmp_path: Path) -> None:
        with self.filled(tmp_path, past().store) as archive:
            by_day, first, ways, articles, parcels, surveys = map(archive.ask, QUESTIONS)
            assert sum(day["opened"] for day in by_day) == len(past().state.threads)
            assert min(row["minutes"] for row in first) > 0
            assert ways[0]["kinds"] > 1
            assert (articles, surveys) == ([], [])
            every = archive.ask("SELECT * FROM messages JOIN texts ON texts.id = messages.id")
            of_parcels = {
                row["thread"]
                for row in every
                if row["kind"] == "customer" and "parcel" in row["said"].casefold()
            }
            answered = {row["thread"] for row in every if row["kind"] == "reply"}
            assert {row["thread"] for row in parcels} == of_parcels & answered
            told = set(re.findall(r"\w+", REFERENCE))
            for table in ("threads", "messages", "texts", "handles", "addresses"):
                (row,) = archive.ask(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608
                assert {table, *row} <= told

    def test_threads_are_found_by_number_name_address_and_words(self, tmp_path: Path) -> None:
        with self.filled(tmp_path, past().store) as archive:
            (one,) = archive.ask("SELECT id, customer FROM threads WHERE id = shown_in AND id = 1")
            (by_number,) = search(archive, "#1", 1)
            assert (by_number.id, by_number.passage) == (1, "")
            people = archive.ask(
                "SELECT name, address FROM handles JOIN addresses ON handle = id"
                " WHERE customer = $1 AND name <> ''",
                one["customer"],
            )
            for who in {people[0]["name"].upper(), people[0]["address"]}:
                assert 1 in {found.id for found in search(archive, who, 100)}, who
            (said,) = archive.ask(
                "SELECT said FROM messages JOIN texts ON texts.id = messages.id"
                " WHERE thread = 1 ORDER BY seq LIMIT 1"
            )
            found = {each.id: each for each in search(archive, said["said"][:60], 100)}
            assert "‹" in found[1].passage
            assert search(archive, "100%!_", 5) == search(archive, " ", 5) == []

    def test_one_that_is_put_aside_makes_room_for_another(self, tmp_path: Path) -> None:
        with self.filled(tmp_path, parted()):
            pass
        names = set()
        for _ in range(2):
            archive = self.open(tmp_path)
            if archive.head() == GENESIS:
                archive.append(GENESIS, [b"{}"] * parted().head()[0], {}, [])
            names.add(archive.set_aside())
        assert len(names) == 2
        fresh = self.open(tmp_path)
        assert fresh.head() == GENESIS
        fresh.close()

    def test_an_article_has_helped_until_the_customer_comes_back(self, tmp_path: Path) -> None:
        rig = Rig(DEFLECTING)
        for name, answer in (("joe", "Yes, thanks!"), ("kim", "yes"), ("lee", "no")):
            chat = rig.customer(name, webchat=name).on("webchat")
            chat.says("I forgot my password")
            chat.says(answer)
            if name == "kim":
                rig.wait(minutes=1)
                chat.says("It is broken again")
        with self.filled(tmp_path, store_of(rig.machine)) as archive:
            (article,) = archive.ask(QUESTIONS[3])
        assert article == {"article": "kb/reset", "proposed": 3, "helped": 2, "came_back": 1}

    def test_how_it_was_can_be_asked_of_every_agent(self, tmp_path: Path) -> None:
        rig = Rig(ASKING)
        ana = rig.agent("ana")
        for name, score in (("joe", "5"), ("kim", "2"), ("lee", "")):
            chat = rig.customer(name, webchat=name).on("webchat")
            chat.says("Where is my parcel?")
            ana.accepts()
            ana.replies("On its way.")
            ana.resolves()
            rig.wait(minutes=11)
            if score:
                chat.says(score)
            rig.wait(minutes=9 * 24 * 60)
        with self.filled(tmp_path, store_of(rig.machine)) as archive:
            (of_ana,) = archive.ask(QUESTIONS[5])
            rows = archive.ask("SELECT score, how, ended FROM surveys ORDER BY asked_at")
            said = archive.ask(
                "SELECT surveys.score FROM messages JOIN surveys USING (thread, handle)"
                " WHERE kind = 'remark' ORDER BY score"
            )
        assert of_ana == {"agent": "ana", "asked": 3, "answered": 2, "satisfied": 50}
        assert [tuple(row.values()) for row in rows] == [
            *((5, "number", "done"), (2, "number", "done"), (None, "", "expired")),
        ]
        assert [row["score"] for row in said] == [2, 5]

    def test_tables_of_an_earlier_form_are_brought_forward(self, tmp_path: Path) -> None:
        archive = self.open(tmp_path)
        earlier = ["DROP TABLE surveys", "UPDATE archive SET form = 1"]
        archive.append(GENESIS, [b"{}"], {}, [Change(sql, [()]) for sql in earlier])
        archive.close()
        with closing(self.open(tmp_path)) as archive, closing(archive.asker()) as asker:
            assert asker.ask("SELECT form FROM archive") == [{"form": FORM}]
            assert asker.ask("SELECT * FROM surveys") == []


REFERENCE = (DOCS / "reference/archive.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"```sql\n(.*?)```", REFERENCE, re.DOTALL)
DEFLECTING = """
version: 1
queues: {general: {}}
defaults: {queue: general, articles: "https://help.example/"}
route:
  - id: reset-password
    when: {message.text: {any_of: [password]}}
    deflect: {article: kb/reset, ask: "Did that solve it?", if_no: fall_through, for: 5m}
  - {id: rest, to: {queue: general}}
"""
ASKING = """
version: 1
queues: {general: {}}
defaults: {queue: general}
surveys: [{id: after-help, when: always}]
route: [{id: rest, to: {queue: general}}]
"""


class CutOff:
    """An archive whose next appends fail: before they are made, or in doubt after that."""

    def __init__(self, inner: Archive) -> None:
        self._inner, self.failures = inner, list[Exception]()

    def append(
        self,
        at: Head,
        records: Sequence[bytes],
        puts: Mapping[str, bytes | None],
        changes: Sequence[Change],
    ) -> Head:
        if not self.failures:
            return self._inner.append(at, records, puts, changes)
        failure = self.failures.pop(0)
        if isinstance(failure, InDoubt):
            self._inner.append(at, records, puts, changes)
        raise failure

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Desk(MemoryStore):
    """A store into which a few things are written as the runtime writes them."""

    def __init__(self) -> None:
        super().__init__()
        self._machine = Machine()
        self._machine.put(i.TeamLoaded, members=(i.Member("ana", role="admin"),))
        self._seen: dict[str, list[str]] = {}
        self._flush({})

    def says(self, who: str, text: str, *, subject: str = "") -> str:
        message = f"m{len(self._machine.journal)}"
        self._seen.setdefault(who, []).append(message)
        sender = i.Seen(f"h-{who}", "email")
        self._machine.put(
            i.MessageReceived, message=message, channel="email", account="help", sender=sender
        )
        address = {"kind": "email", "value": f"{who}@mail.example", "display": who.title()}
        self._flush(
            {
                f"b/{message}": encode(Body(text=text, subject=subject)),
                f"p/h-{who}": encode(address),
            }
        )
        return message

    def erases(self, who: str) -> None:
        gone = tuple(self._seen.pop(who))
        for thread in [t.id for t in self._machine.state.open_threads() if t.handle == f"h-{who}"]:
            self._machine.put(i.ThreadClaimed, agent="ana", thread=thread)
            self._machine.put(i.ThreadResolved, agent="ana", thread=thread)
        self._machine.wait(10 * 86_400_000)
        erased = self._machine.put(i.EraseAsked, handles=(f"h-{who}",), messages=gone)
        assert erased.answer.ok, erased.answer
        self._flush(dict.fromkeys([*(f"b/{message}" for message in gone), f"p/h-{who}"]))

    def _flush(self, puts: Mapping[str, bytes | None]) -> None:
        """Commit what the machine has decided since, with *puts* beside the last of it."""
        fresh = [done for done in self._machine.journal if done.decision.events][self.head()[0] :]
        entries = [Entry(VERSION, d.input.at, d.input, d.decision.events) for d in fresh]
        if entries:
            entries[-1] = replace(entries[-1], rows=tuple(puts))
            rows: dict[str, bytes | None] = dict.fromkeys(
                key for key in rows_of(self.reader()) if key.startswith(("t/", "tc/", "a/"))
            )
            self.commit(
                self.head(), list(map(encode, entries)), {**rows, **self._machine.rows, **puts}
            )


@contextmanager
def asking(archive: Archive | CutOff) -> Iterator[Asker]:
    """Somebody who asks, beside the one who fills it."""
    asker: Asker = archive.asker()
    try:
        yield asker
    finally:
        asker.close()
