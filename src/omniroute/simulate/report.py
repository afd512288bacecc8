"""The result of a simulation, as JSON and as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from omniroute.core.spans import show_span
from omniroute.simulate.replications import Result
from omniroute.simulate.tally import ClassTally, half_width

DIGITS = 6
FEWEST = 4  # runs from which an interval is worth showing


def as_json(result: Result) -> dict[str, Any]:
    """The result in the documented form.  Times are minutes; None where nobody is counted."""
    scenario, tally = result.scenario, result.tally
    labels = [label for label, _ in scenario.within]
    return {
        "classes": {
            one.name: _class(of, labels)
            for one, of in zip(scenario.classes, tally.classes, strict=True)
        },
        "all": _class(tally.all, labels),
        "groups": {
            group.name: {"occupancy": _rounded(of.occupancy)}
            for group, of in zip(scenario.groups, tally.groups, strict=True)
        },
        "decisions": tally.decisions,
        "elapsed_s": round(result.elapsed, 3),
    }


def _class(of: ClassTally, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "offered": of.offered,
        "served": of.served,
        "abandoned": of.abandoned,
        "blocked": of.blocked,
        "p_wait": _rounded(of.p_wait),
        "wait_mean": _rounded(of.wait_mean),
        "wait_mean_all": _rounded(of.wait_mean_all),
        "wait_p50": _rounded(of.waits.quantile(0.5)),
        "wait_p95": _rounded(of.waits.quantile(0.95)),
        "service_level": {label: _rounded(of.level(n)) for n, label in enumerate(labels)},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


# --- for people ---


def rows(result: Result) -> list[dict[str, object]]:
    """A row for each class, and one for all of several."""
    scenario, tally = result.scenario, result.tally
    found = [
        _row(result, one.name, of, number)
        for number, (one, of) in enumerate(zip(scenario.classes, tally.classes, strict=True))
        if of.offered or len(scenario.classes) == 1
    ]
    if len(found) > 1:
        found.append(_row(result, "all", tally.all, None))
    return found


def _row(result: Result, name: str, of: ClassTally, number: int | None) -> dict[str, object]:
    def over_runs(measure: Callable[[ClassTally], float | None]) -> float | None:
        each = [measure(run.all if number is None else run.classes[number]) for run in result.runs]
        known = [value for value in each if value is not None]
        return half_width(known) if len(known) == len(each) >= FEWEST else None

    labels = [label for label, _ in result.scenario.within]
    left = of.offered - of.served - of.abandoned - of.blocked
    return {
        "class": name,
        "offered": of.offered,
        "served": of.served,
        "left": of.abandoned,
        "blocked": of.blocked,
        "unserved": left,
        "waited": _share(of.p_wait, over_runs(lambda one: one.p_wait)),
        "mean wait": _span(of.wait_mean, over_runs(lambda one: one.wait_mean)),
        "50 %": _span(of.waits.quantile(0.5)),
        "95 %": _span(of.waits.quantile(0.95)),
        **{f"in {label}": _share(of.level(n)) for n, label in enumerate(labels)},
    }


def columns(rows: Sequence[dict[str, object]]) -> list[str]:
    """The columns worth showing: counts that are 0 everywhere are left out."""
    quiet = ("left", "blocked", "unserved")
    return [key for key in rows[0] if key not in quiet or any(row[key] for row in rows)]


def groups(result: Result) -> str:
    """How busy each group was, on one line each."""
    pairs = zip(result.scenario.groups, result.tally.groups, strict=True)
    return "\n".join(
        f"{group.name}: {f'{group.agents} agents, ' if group.agents > 1 else ''}busy"
        f" {_share(of.occupancy)}"
        for group, of in pairs
    )


def in_short(result: Result) -> str:
    """The whole in a few words, to be held beside another."""
    of = result.tally.all
    label = result.scenario.within[0][0]
    return (
        f"mean wait {_span(of.wait_mean)}, 95 % within {_span(of.waits.quantile(0.95))},"
        f" {_share(of.level(0))} in {label}"
    )


def closing(result: Result) -> str:
    """How large the run was and how fast it went."""
    tally = result.tally
    pace = tally.arrivals / result.elapsed if result.elapsed else 0.0
    runs = len(result.runs)
    times = f" in {runs} runs" if runs > 1 else ""
    return (
        f"{tally.arrivals} arrivals{times}, {tally.decisions} decisions"
        f" in {result.elapsed:.1f} s ({pace:,.0f} arrivals/s)"
    )


def _share(value: float | None, plus_minus: float | None = None) -> str:
    if value is None:
        return "–"
    spread = "" if plus_minus is None else f" ±{100 * plus_minus:.1f}"
    return f"{100 * value:.1f}{spread} %"


def _span(value: float | None, plus_minus: float | None = None) -> str:
    if value is None:
        return "–"
    return _shown(value) + ("" if plus_minus is None else f" ±{_shown(plus_minus)}")


def _shown(value: float) -> str:
    """Minutes as a span, as exact as it is of use: tenths of a second below a minute."""
    if value >= 60:
        return show_span(round(value) * 60_000)
    return show_span(round(value * 60) * 1_000) if value >= 1 else f"{value * 60:.1f}s"
