"""Faults are played in order, as often as they say."""

from __future__ import annotations

from omniroute.testing.fakes import Fault, Script


def test_a_fault_meets_the_next_calls_of_its_method() -> None:
    script = Script()
    script.add(Fault("send", "drop", times=2))
    met = [script.next(method) for method in ("read", "send", "send", "send")]
    assert [fault.how if fault else "" for fault in met] == ["", "drop", "drop", ""]


def test_a_star_meets_any_call_until_faults_are_cleared() -> None:
    script = Script()
    script.add(Fault("*", "error", times=9, code=503))
    met = script.next("read")
    assert met is not None
    assert met.code == 503
    script.clear()
    assert script.next("read") is None
