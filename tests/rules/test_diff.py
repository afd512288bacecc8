"""What two sets of rules say differently, told by id."""

from __future__ import annotations

from omniroute.rules.diff import diff, touched

OLD = """\
version: 1
queues: {general: {}, billing: {pick: least_loaded}}
defaults: {queue: general}
enrich:
  - {id: at-risk, when: {message.text: {any_of: [lawyer, Anwalt]}}, set: {priority: urgent}}
  - {id: vip, when: {customer.tier: vip}, set: {priority: high, tags: [vip]}}
route:
  - {id: refunds, when: {message.text: {any_of: [refund]}}, to: {queue: billing, for: 2m}}
  - {id: api, when: {message.text: {any_of: [API]}}, to: {queue: general}}
  - {id: rest, to: {queue: general}}
"""


def told(*changed: tuple[str, str], **more: str) -> list[str]:
    """The changes that come of replacing pieces of the file."""
    text = OLD
    for before, after in changed:
        assert before in text
        text = text.replace(before, after, 1)
    files = {"support.yaml": text.encode()} | {f"{n}.yaml": t.encode() for n, t in more.items()}
    return [str(change) for change in diff({"support.yaml": OLD.encode()}, files)]


def test_nothing_that_means_nothing_is_a_difference() -> None:
    assert told(("version: 1\n", "# a comment\nversion: 1\n")) == []
    assert told(("{pick: least_loaded}", '{"pick": "least_loaded"}')) == []
    assert told(("{customer.tier: vip}", "{customer.tier: [vip]}")) == []
    same = "when: {customer.tier: vip}, set: {priority: high, tags: [vip]}"
    assert told((same, "set: {tags: vip, priority: high}, when: {customer.tier: vip}")) == []


def test_a_new_rule_and_one_that_is_gone() -> None:
    invoices = "  - {id: invoices, when: {channel: a}, to: {queue: billing}}\n"
    api = "  - {id: api, when: {message.text: {any_of: [API]}}, to: {queue: general}}\n"
    assert told((api, invoices)) == ["+ route invoices (after refunds)", "- route api"]
    assert told(("route:\n", "route:\n" + invoices)) == ["+ route invoices (first)"]


def test_escalation_rules_are_rules() -> None:
    late = (
        "escalate:\n  - {id: late, when: {late_by: 30m, customer.tier: vip}, do: {tags: [late]}}\n"
    )
    files = {"support.yaml": (OLD + late).encode()}
    later = {"support.yaml": (OLD + late.replace("30m", "1h")).encode()}
    assert told(("route:\n", late + "route:\n")) == ["+ escalate late (first)"]
    assert [str(change) for change in diff(files, later)] == [
        "~ escalate late  when.late_by 30m → 1h"
    ]
    assert touched(diff(files, later)) == {"late"}


def test_what_a_rule_says_otherwise() -> None:
    assert told(("priority: urgent", "priority: high")) == [
        "~ enrich at-risk  set.priority urgent → high"
    ]
    assert told(("[lawyer, Anwalt]", "[lawyer, court]"), ("for: 2m", "for: 3m")) == [
        "~ enrich at-risk  when.message.text.any_of + court - Anwalt",
        "~ route refunds  to.for 2m → 3m",
    ]
    assert told((", tags: [vip]", "")) == ["~ enrich vip  set.tags [vip] → nothing"]


def test_a_rule_that_was_moved_and_none_of_the_others() -> None:
    refunds = OLD[OLD.index("  - {id: refunds") : OLD.index("  - {id: api")]
    assert told((refunds, ""), ("  - {id: rest", refunds + "  - {id: rest")) in (
        ["> route api (moved first)"],
        ["> route refunds (moved after api)"],
    )


def test_a_rule_in_another_file_is_the_same_rule() -> None:
    vip = "  - {id: vip, when: {customer.tier: vip}, set: {priority: high, tags: [vip]}}\n"
    assert told((vip, ""), z=f"version: 1\nenrich:\n{vip}") == []


def test_everything_else_by_its_name() -> None:
    assert told(("billing: {pick: least_loaded}", "billing: {pick: best_skill}, tech: {}")) == [
        "~ queue billing  pick least_loaded → best_skill",
        "+ queue tech",
    ]
    assert told(("{queue: general}\nenrich", "{queue: billing}\nenrich")) == [
        "~ default queue  is general → billing"
    ]


def test_which_rules_are_touched() -> None:
    after = OLD.replace("priority: urgent", "priority: high").replace("least_loaded", "best_skill")
    changes = diff({"a.yaml": OLD.encode()}, {"a.yaml": after.encode()})
    assert touched(changes) == {"at-risk"}


def test_what_is_included_counts() -> None:
    vip = "  - {id: vip, when: {customer.tier: vip}, set: {priority: high, tags: [vip]}}\n"
    text = OLD.replace(vip, "").replace("version: 1\n", "version: 1\ninclude: more/vip.yaml\n")
    files = {"a.yaml": text.encode(), "more/vip.yaml": f"version: 1\nenrich:\n{vip}".encode()}
    (change,) = diff({"a.yaml": OLD.encode()}, files)
    assert change.name in ("vip", "at-risk")
    assert change.how == ">"
