"""Who writes: each change of the writer begins a term, a restart of the same one does not."""

from __future__ import annotations

from omniroute.core import inputs as i
from omniroute.core.engine import decide
from omniroute.core.events import WriterChanged, WriterLeft
from omniroute.core.state import State
from omniroute.core.tenure import NOBODY, Tenure
from omniroute.testing.rig import Rig


def take(rig: Rig, node: str) -> list[WriterChanged]:
    """A node begins to write; what came of it."""
    events = rig.machine.put(i.WritingTaken, node=node).events
    return [event for event in events if isinstance(event, WriterChanged)]


def test_nobody_writes_at_first() -> None:
    assert Rig().state.tenure == NOBODY


def test_each_change_of_the_writer_is_a_term() -> None:
    rig = Rig()
    assert take(rig, "n1") == [WriterChanged("n1", 1)]
    assert take(rig, "n2") == [WriterChanged("n2", 2)]
    assert take(rig, "n1") == [WriterChanged("n1", 3)]
    assert rig.state.tenure == Tenure("n1", 3)


def test_who_starts_again_stays_in_its_term() -> None:
    rig = Rig()
    take(rig, "n1")
    assert take(rig, "n1") == []
    assert rig.state.tenure == Tenure("n1", 1)


def leave(rig: Rig, node: str) -> None:
    """A node stops in order."""
    rig.machine.put(i.WritingEnded, node=node)


def test_who_left_in_order_leaves_nothing_in_doubt_but_what_it_names() -> None:
    rig = Rig()
    take(rig, "n1")
    leave(rig, "n1")
    assert not rig.state.tenure.leaves_in_doubt("n2", 1)
    take(rig, "n2")
    assert not rig.state.tenure.leaves_in_doubt("n2", 1)
    leave(rig, "n2")
    assert take(rig, "n2") == [WriterChanged("n2", 3)]  # a term that it leaves again
    assert rig.state.tenure == Tenure("n2", 3, since=1)
    assert not rig.state.tenure.leaves_in_doubt("n2", 1)


def test_who_fell_leaves_everything_in_doubt() -> None:
    rig = Rig()
    take(rig, "n1")
    leave(rig, "n1")
    take(rig, "n2")
    assert rig.state.tenure.leaves_in_doubt("n3", 1)  # the second may have sent it
    take(rig, "n3")
    assert rig.state.tenure == Tenure("n3", 3)
    assert rig.state.tenure.leaves_in_doubt("n3", 1)
    assert rig.state.tenure.leaves_in_doubt("n3", 2)
    assert not rig.state.tenure.leaves_in_doubt("n3", 3)


def test_only_the_writer_can_leave_and_once() -> None:
    rig = Rig()
    take(rig, "n1")
    assert not rig.machine.put(i.WritingEnded, node="n2").events
    assert rig.machine.put(i.WritingEnded, node="n1").events == (WriterLeft("n1", 1),)
    assert not rig.machine.put(i.WritingEnded, node="n1").events


def test_it_is_kept_with_the_rest_and_read_again() -> None:
    rig = Rig()
    assert "n/writer" not in rig.machine.rows
    take(rig, "n1")
    later = State()
    later.absorb("n/writer", rig.machine.rows["n/writer"])
    assert later.tenure == Tenure("n1", 1)


def test_what_was_not_committed_has_not_been() -> None:
    rig = Rig()
    take(rig, "n1")
    decide(rig.state, i.WritingTaken("k", rig.now, "n2"))
    assert rig.state.tenure.node == "n2"
    rig.state.rollback()
    assert rig.state.tenure == Tenure("n1", 1)
