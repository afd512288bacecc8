"""Answers are kept for as long as an input can come again, and no longer."""

from omniroute.core.inputs import Member, TeamLoaded
from omniroute.core.state import State
from omniroute.runtime.sweeping import last_record, past
from omniroute.runtime.writer import Writer
from omniroute.stores.memory import MemoryStore

DAY = 86_400_000


class Calendar:
    """A clock that stands on a day."""

    def __init__(self) -> None:
        self.day = 0

    def now(self) -> int:
        return self.day * DAY


def test_what_is_older_goes_and_what_is_younger_stays() -> None:
    store, clock = MemoryStore(), Calendar()
    writer = Writer(store, State(), clock)
    for day in (1, 2, 40, 41):
        clock.day = day
        team = (Member(f"agent-{day}"),)
        writer.round([(lambda at, d=day, t=team: TeamLoaded(f"team/{d}", at, t), {})])  # type: ignore[misc]
    reader = store.reader()

    assert past(reader, 40 * DAY) == ["d/team/1", "d/team/2"]
    assert past(reader, 40 * DAY, limit=1) == ["d/team/1"]
    assert past(reader, 1 * DAY) == []

    for row in past(reader, 40 * DAY):
        writer.forget(row)
    clock.day = 42
    writer.round([(lambda at: TeamLoaded("team/42", at, ()), {})])
    assert past(reader, 40 * DAY) == []
    assert [key for key, _ in reader.scan("d/")] == ["d/team/40", "d/team/41", "d/team/42"]


def test_the_record_is_found_by_halving() -> None:
    store, clock = MemoryStore(), Calendar()
    assert last_record(store.reader(), DAY) == 0
    writer = Writer(store, State(), clock)
    for day in range(1, 8):
        clock.day = day
        team = (Member(f"agent-{day}"),)
        writer.round([(lambda at, d=day, t=team: TeamLoaded(f"team/{d}", at, t), {})])  # type: ignore[misc]
    for day in range(1, 9):
        assert last_record(store.reader(), day * DAY) == day - 1
