"""What a page says of a thread is what the core knows of it, whoever was joined or parted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from omniroute.application.views import Views
from omniroute.core.engine import Decision
from omniroute.core.inputs import AnyInput
from omniroute.core.model import Thread
from omniroute.core.states import OPEN
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.stores.memory import MemoryStore
from omniroute.testing.histories import KINDS, WITH_MATTERS, History, acts
from omniroute.testing.machine import Machine

SAME = (
    "customer", "phase", "priority", "deadline", "routing_since", "handle", "message", "channel",
    "agent", "turns", "replies",
)  # fmt: skip


class Ticking(Machine):
    """A machine on which no two things happen at one moment."""

    def put(self, kind: Callable[..., AnyInput], **values: object) -> Decision:
        self.wait(1)
        return super().put(kind, **values)


def stored(machine: Machine) -> MemoryStore:
    """The journal of a machine, as a store has it."""
    store = MemoryStore()
    entries = [
        encode(
            Entry(
                VERSION, done.input.at, done.input, done.decision.events, done.decision.why,
                tuple(effect.id for effect in done.decision.effects), done.rules,
            )
        )
        for done in machine.journal
        if done.decision.events
    ]  # fmt: skip
    store.commit(store.head(), entries, dict(machine.rows))
    return store


@pytest.mark.parametrize("seed", range(20))
def test_the_rows_of_open_threads_are_those_of_the_core(seed: int, tmp_path: Path) -> None:
    kinds = WITH_MATTERS if seed % 2 else KINDS
    machine = History(Ticking()).play(acts(seed, 200, kinds))
    views = Views(tmp_path / "desk.views", stored(machine).reader())
    views.catch_up()
    with views.reading() as db:
        rows = {row["id"]: row for row in db.execute("SELECT * FROM threads")}
        owners = dict(db.execute("SELECT id, customer FROM handles").fetchall())
    views.close()
    for thread in machine.state.threads.values():
        if thread.phase in OPEN:
            row = rows[thread.id]
            shown = {name: row[name] for name in SAME}
            assert shown == {name: getattr(thread, name) for name in SAME}, f"#{thread.id}"
            assert msgspec.json.decode(row["tags"], type=tuple[str, ...]) == thread.tags
            assert row["root"] == thread.id
    known = {key[2:] for key in machine.rows if key.startswith("h/")}
    assert set(owners) == known
    for key, row in machine.rows.items():
        if key.startswith("h/"):
            assert owners[key[2:]] == msgspec.json.decode(row)["customer"]


@pytest.mark.parametrize(("kinds", "seed"), [(KINDS, 29), (KINDS, 31), (WITH_MATTERS, 1)])
def test_what_was_folded_is_shown_where_the_core_says(
    kinds: tuple[str, ...], seed: int, tmp_path: Path
) -> None:
    """Histories in which a thread was folded twice and the one between was parted again."""
    machine = History(Ticking()).play(acts(seed, 300, kinds))
    views = Views(tmp_path / "desk.views", stored(machine).reader())
    views.catch_up()
    with views.reading() as db:
        shown = dict(db.execute("SELECT id, root FROM threads").fetchall())
    views.close()
    into = {
        thread.id: thread.folded_into
        for key, row in machine.rows.items()
        if key.startswith(("t/", "tc/"))
        for thread in (msgspec.json.decode(row, type=Thread),)
    }

    def root(thread: int) -> int:
        return thread if (next := into[thread]) is None else root(next)

    # Of a closed thread that was divided the core keeps no row; the rest is told alike.
    assert {thread: shown[thread] for thread in into} == {thread: root(thread) for thread in into}
