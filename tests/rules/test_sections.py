"""Skills, queues, defaults, replies, calendars: what they mean, and what cannot be read."""

from collections.abc import Callable

import pytest

from omniroute.core.rules import Defaults, Queue, RuleSet, Sla
from omniroute.core.urgency import DAY, HOUR


def test_queues(rules: Callable[..., RuleSet], ground: str) -> None:
    found = rules(
        "",
        ground.replace(
            "queues: {general: {}, billing: {}}",
            "queues: {general: {}, billing: {pick: least_loaded, order: [deadline, priority],"
            " offer: {timeout: 45s, then: broadcast}, teams: [money], auto_assign: true,"
            " promote_after: never, reopen_window: 3d}}",
        ),
    )
    assert found.queues == {
        "general": Queue("general"),
        "billing": Queue(
            "billing",
            pick="least_loaded",
            order=("deadline", "priority"),
            offer_timeout_ms=45_000,
            then="broadcast",
            teams=("money",),
            auto_assign=True,
            promote_after_ms=None,
            reopen_window_ms=3 * DAY,
        ),
    }


def test_defaults(rules: Callable[..., RuleSet], ground: str) -> None:
    assert rules("").defaults == Defaults("general", 20, Sla(DAY, ""))
    text = "defaults: {queue: general, priority: low, sla: {first_reply: 4h, clock: office}}"
    assert rules("", ground.replace("defaults: {queue: general}", text)).defaults == Defaults(
        "general", 10, Sla(4 * HOUR, "office")
    )


def test_the_only_queue_is_the_default_one(
    rules: Callable[..., RuleSet], faults: Callable[..., str]
) -> None:
    assert rules("", "version: 1\nqueues: {all: {}}").defaults.queue == "all"
    assert faults("", "version: 1\nqueues: {a: {}, b: {}}") == (
        "support.yaml:1: no default queue — add `defaults: {queue: a}`, or another of your queues"
    )
    assert "no queue at all" in faults("", "version: 1")


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ("queues: {a: {pick: best}}", "a: “best” stands where one of least_loaded, most_spare,"),
        ("queues: {a: {order: [age]}}", "a: “age” stands where one of priority, deadline,"),
        ("queues: {a: {order: [deadline, deadline]}}", "a: the same part of an order twice"),
        ("queues: {a: {alerts: {depth: 3}}}", "a: unknown key “alerts” — did you mean “alert”"),
        ("queues: {a: {alert: {to: ana}}}", "a: “depth” is missing"),
        (
            "queues: {a: {alert: {depth: 3, to: 'slack:#support-leads'}}}",
            "a: “slack:#support-leads”: an alert cannot go to a channel — name agents or teams",
        ),
        ("queues: {a: {offer: {timeout: 45}}}", "a: “45” stands where a span such as"),
        ("queues: {'a b': {}}", "“a b” is no name of queues — names are letters, digits,"),
        ("queues: [a]", "a list stands where a mapping by name of queues is due"),
        ("skills: {a: {covers: {a: 1}}}", "a: a skill cannot cover itself"),
        ("skills: {a: {covers: {b: 1}}}", "a: unknown skill “b”"),
        ("skills: {a: {covers: {a: -1}}}", "a: “-1” stands where the levels lost, a number"),
        ("skills: {a: {covers: {a: .nan}}}", "a: “.nan” stands where the levels lost"),
        ("calendars: {a: {open: {mon: 9:00-17:00}}}", "a: “tz” is missing"),
        ("calendars: {a: {tz: Mars/Olympus, open: {mon: 9:00-17:00}}}", "a: unknown time zone “Ma"),
        ("calendars: {a: {tz: ../../etc/passwd, open: {mon: 9:00-17:00}}}", "a: unknown time zone"),
        (
            "calendars: {a: {tz: Europe/Berlyn, open: {mon: 9:00-17:00}}}",
            "a: unknown time zone “Eu",
        ),
        ("calendars: {a: {tz: UTC, open: {}}}", "a: a mapping stands where hours by day is due"),
        ("calendars: {a: {tz: UTC, open: {mo: 9:00-17:00}}}", "a: “mo” is no day"),
        ("calendars: {a: {tz: UTC, open: {mon: 9-17}}}", "a: “9-17” stands where hours such as"),
        (
            "calendars: {a: {tz: UTC, open: {mon: 25:00-26:00}}}",
            "a: there is no time such as “25:0",
        ),
        ("calendars: {a: {tz: UTC, open: {mon: 9:00-9:00}}}", "a: “9:00-9:00” is no time at all"),
        (
            "calendars: {a: {tz: UTC, open: {mon: [9:00-12:00, 11:00-13:00]}}}",
            "a: these hours over",
        ),
        (
            "calendars: {a: {tz: UTC, open: {mon: 22:00-6:00, tue: 5:00-9:00}}}",
            "a: these hours over",
        ),
        (
            "calendars: {a: {tz: UTC, open: {mon: 9:00-17:00}, closed: [02-30]}}",
            "a: “02-30” stands",
        ),
        ("replies: {a: {en: '{customer.name}'}}", "a: nothing can be put in for {customer.name}"),
        ("replies: {a: {en: '{calendar.x.next_open}'}}", "a: unknown calendar “x”"),
        ("replies: {a: {English: x}}", "a: “English” is no language — such as en, de or pt-BR"),
        ("replies: {a: {}}", "a: a mapping stands where a text by language is due"),
        ("facts: [{}]", "a mapping stands where the name of a fact is due"),
        ("version: 2", "form 2 is not known — this is version 1"),
        ("route: {}", "a mapping stands where a list of rules is due"),
        (
            "route: [x]",
            "“x” stands where a mapping with id, when, to, relax, then, reply, deflect is due",
        ),
        ("route: [{to: {}}]", "“id” is missing"),
        ("rout: []", "unknown key “rout” — did you mean “route”?"),
    ],
)
def test_sections_that_cannot_be_read(faults: Callable[..., str], section: str, fault: str) -> None:
    said = faults("", ("" if section.startswith("version") else "version: 1\n") + section)
    assert f": {fault}" in said


def test_night_shifts_run_into_the_next_day_and_ranges_over_the_weekend(
    rules: Callable[..., RuleSet],
) -> None:
    calendars = "calendars: {a: {tz: UTC, open: {sat-mon: 22:00-06:00, 'wed, fri': 9:00-10:00}}}"
    office = rules("", f"version: 1\nqueues: {{q: {{}}}}\n{calendars}").calendars["a"]
    week = [office.worked(day * DAY, (day + 1) * DAY) // HOUR for day in range(4, 11)]
    assert week == [8, 6, 1, 0, 1, 2, 8]  # Monday to Sunday


def test_closed_days_of_every_year_and_of_one(rules: Callable[..., RuleSet]) -> None:
    calendars = (
        "calendars: {a: {tz: UTC, open: {mon-sun: 0:00-24:00}, closed: [12-25, 1970-01-02]}}"
    )
    office = rules("", f"version: 1\nqueues: {{q: {{}}}}\n{calendars}").calendars["a"]
    assert office.is_open(0)
    assert not office.is_open(DAY)
    assert office.is_open(366 * DAY)
    assert not office.is_open(358 * DAY)
    assert not office.is_open((358 + 365) * DAY)


def test_a_promise_that_would_never_fall_due_is_refused(faults: Callable[..., str]) -> None:
    said = faults(
        "",
        "version: 1\nqueues: {q: {}}\n"
        "calendars: {a: {tz: UTC, open: {mon: 00:00-00:01}}}\n"
        "defaults: {sla: {first_reply: 30d, clock: a}}",
    )
    assert "on the clock “a” this promise takes over 20 years" in said
