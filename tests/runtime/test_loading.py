"""From rows to a state, and from the journal to the same rows."""

from __future__ import annotations

import msgspec
import pytest

from omniroute.core.model import Agent
from omniroute.runtime.loading import PAGE, differences, fold, load
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.stores.api import Corrupt
from omniroute.stores.memory import MemoryStore
from omniroute.testing.histories import History, acts
from omniroute.testing.machine import Machine


def stored(machine: Machine, **rows: bytes) -> MemoryStore:
    """A store that holds what a machine has decided, and some rows besides."""
    store = MemoryStore()
    records = [
        encode(Entry(VERSION, done.input.at, done.input, done.decision.events))
        for done in machine.journal
        if done.decision.events
    ]
    store.commit(store.head(), records, {**machine.rows, **rows})
    return store


@pytest.fixture(scope="module")
def machine() -> Machine:
    return History().play(acts(11, 300))


# --- rows → state ---


def test_all_open_work_and_all_agents_are_loaded_and_the_rest_stays_cold(machine: Machine) -> None:
    state = load(stored(machine))
    assert state.threads == machine.state.threads
    assert state.agents == machine.state.agents
    assert state.counters == machine.state.counters
    assert state.due() == machine.state.due()
    assert (state.customers, state.handles) == ({}, {})
    assert any(key.startswith("tc/") for key in machine.rows), "nothing was closed"


def test_an_empty_store_is_an_empty_desk() -> None:
    state = load(MemoryStore())
    assert (state.threads, state.agents, state.counters.next_thread) == ({}, {}, 1)


def test_more_than_a_page_is_loaded() -> None:
    agents = [Agent(f"agent{n:05}") for n in range(2 * PAGE + 1)]
    store = MemoryStore()
    store.commit(store.head(), [b"{}"], {f"a/{a.id}": msgspec.json.encode(a) for a in agents})
    assert list(load(store).agents.values()) == agents


def test_a_row_that_cannot_be_read_is_named(machine: Machine) -> None:
    with pytest.raises(Corrupt, match=r"^row a/ana: cannot be read: .* — .*verify"):
        load(stored(machine, **{"a/ana": b'{"id":7}'}))


# --- journal → rows ---


def test_the_journal_makes_the_rows(machine: Machine) -> None:
    reader = stored(machine).reader()
    assert differences(reader, fold(reader)) == []


def test_folding_says_how_far_it_is(machine: Machine) -> None:
    reader = stored(machine).reader()
    said: list[tuple[int, int]] = []
    fold(reader, lambda done, of: said.append((done, of)))
    assert said == [(reader.head()[0], reader.head()[0])]


def test_an_empty_journal_makes_nothing() -> None:
    reader = MemoryStore().reader()
    assert differences(reader, fold(reader)) == []


def test_a_row_that_differs_is_named(machine: Machine) -> None:
    other = msgspec.json.encode(msgspec.structs.replace(machine.state.agents["ana"], misses=9))
    reader = stored(machine, **{"a/ana": other}).reader()
    (fault,) = differences(reader, fold(reader))
    assert str(fault) == "row a/ana: differs from what the journal makes of it"


def test_a_row_that_is_missing_is_named(machine: Machine) -> None:
    store = stored(machine)
    store.commit(store.head(), [encode(Entry(VERSION, 0, machine.journal[0].input, ()))],
                 {"n/": None, "a/bo": None})  # fmt: skip
    faults = differences(store.reader(), fold(store.reader()))
    assert sorted(map(str, faults)) == ["row a/bo: is missing", "row n/: is missing"]


def test_a_row_that_nothing_made_is_named(machine: Machine) -> None:
    reader = stored(machine, **{"t/99999": b"{}", "tc/0": b"{}"}).reader()
    assert sorted(map(str, differences(reader, fold(reader)))) == [
        "row t/99999: is there, and the journal knows it not",
        "row tc/0: is there, and the journal knows it not",
    ]


def test_private_rows_are_nobody_s_business(machine: Machine) -> None:
    rows = {"b/m": b"text", "p/h": b"address", "o/e": b"owed", "d/k": b"answer", "x/e": b"why"}
    reader = stored(machine, **rows).reader()
    assert differences(reader, fold(reader)) == []


def test_no_more_than_the_limit_is_named(machine: Machine) -> None:
    reader = stored(machine, **{f"t/{n}": b"{}" for n in range(90_000, 90_050)}).reader()
    assert len(differences(reader, fold(reader), limit=7)) == 7
    empty = MemoryStore().reader()
    assert len(differences(empty, fold(reader), limit=3)) == 3
