"""The sections of a file of rules that are not rules: skills, queues, defaults, replies."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from omniroute.core.rules import (
    AFTER_OFFER,
    EXPECTED_WAIT,
    PICKS,
    REQUEUE,
    Alert,
    Automatic,
    Defaults,
    Overflow,
    Presence,
    Queue,
    Sla,
    Transfers,
)
from omniroute.core.skills import Edges, Skills, SkillsError, compile_skills
from omniroute.core.urgency import ORDER, PRIORITIES
from omniroute.rules.actions import sla, sla_change
from omniroute.rules.grammar import BESIDES_LEVELS, NEVER
from omniroute.rules.needs import Names
from omniroute.rules.reading import Reader
from omniroute.rules.secrets import shown
from omniroute.rules.yaml12 import Fields, Node, Scalar

_HOLE = re.compile(r"\{([^{}]*)\}")
_NEXT_OPEN = re.compile(r"calendar\.([\w.-]+)\.next_open")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def edges(reader: Reader, nodes: Mapping[str, Node]) -> Edges:
    """The skills graph as it is written, less what cannot be read."""
    found: dict[str, dict[str, float]] = {name: {} for name in nodes}
    for name, node in nodes.items():
        if name in BESIDES_LEVELS:
            fix = "call the skill something else"
            reader.fault(node, f"“{name}” is a word of requirements and no name of a skill", fix)
        if isinstance(node, Scalar) and node.value is None:
            continue  # `refunds:` alone declares a skill as `refunds: {}` does
        covers = reader.about(name).shape(node, "skill").get("covers")
        if covers is not None:
            found[name] = _covers(reader.about(name), name, covers, nodes)
    return found


def _covers(reader: Reader, name: str, node: Node, known: Collection[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    if not isinstance(node, Fields):
        reader.wrong(node, "levels lost by skill", "covers: {refunds: 1}")
        return found
    for other, (key, value) in node.entries.items():
        cost = reader.number(value, 0, 1e6, "the levels lost, a number from 0 up")
        if other == name:
            reader.fault(key, "a skill cannot cover itself", "remove it: it always counts")
        elif other not in known:
            reader.unknown(key, "skill", other, known)
        elif cost is not None:
            found[other] = cost
    return found


def skills(reader: Reader, graph: Edges, nodes: Mapping[str, Node]) -> Skills:
    """The compiled graph; what makes that impossible is noted at the skill at fault."""
    try:
        return compile_skills(graph)
    except SkillsError as error:
        node = nodes.get(error.skill) or next(iter(nodes.values()))
        reader.fault(node, str(error), "leave out what no rule needs")
        return Skills(frozenset(graph))


def queue(
    reader: Reader, name: str, node: Node, teams: Collection[str] | None, names: Names
) -> Queue:
    """One queue; what cannot be read keeps its default."""
    given = reader.shape(node, "queue")
    said: dict[str, Any] = {}
    if "pick" in given:
        said["pick"] = reader.choice(given["pick"], PICKS)
    if "hours" in given:
        said["hours"] = reader.reference(given["hours"], "calendar", names.calendars)
    if "closed_reply" in given:
        said["closed_reply"] = reader.reference(given["closed_reply"], "reply", names.replies)
    if "order" in given:
        said["order"] = _order(reader, given["order"])
    if "offer" in given:
        said |= _offer(reader, given["offer"])
    if "teams" in given:
        said["teams"] = _teams(reader, given["teams"], teams)
    if "ranks" in given:
        said["ranks"] = _ranks(reader, given["ranks"], teams)
    if "auto_assign" in given:
        said["auto_assign"] = reader.flag(given["auto_assign"])
    if "overflow" in given:
        rules = reader.several(given["overflow"])
        said["overflow"] = tuple(_overflow(reader, rule, teams) for rule in rules)
    if "answer_within" in given:
        said["aim_ms"] = reader.span(given["answer_within"])
    if "stranded" in given:
        said |= _stranded(reader, given["stranded"])
    if "alert" in given:
        said["alert"] = _alert(reader, given["alert"], teams, names)
    if "reassign_on_reply" in given:
        said["reassign_on_reply"] = reader.flag(given["reassign_on_reply"])
    for key in ("resume_window", "wrap_up", "wake_deadline", "deadline"):
        if key in given:
            said[key + "_ms"] = reader.span(given[key])
    if "reopen_window" in given:
        said["reopen_window_ms"] = reader.span(given["reopen_window"])
    read = {key: value for key, value in said.items() if value is not None}
    for key in ("promote_after", "dormant_after"):
        if key in given:
            node = given[key]
            never = isinstance(node, Scalar) and node.text == NEVER
            read[key + "_ms"] = None if never else reader.span(node)
    return Queue(name, **read)


def _alert(reader: Reader, node: Node, teams: Collection[str] | None, names: Names) -> Alert | None:
    """When a queue is deep, and who is told: agents and teams, whose leads are."""
    given = reader.shape(node, "alert")
    depth = reader.integer(given["depth"], 1, 1_000_000) if "depth" in given else None
    to: list[str] = []
    for item in reader.several(given["to"]) if "to" in given else ():
        text = item.text if isinstance(item, Scalar) else ""
        if ":" in text:
            fault = f"“{shown(text)}”: an alert cannot go to a channel"
            fix = "name agents or teams, whose leads are told at their desks, or leave “to” out"
            reader.fault(item, fault, fix)
        elif teams is None or names.agents is None:
            to += filter(None, (reader.name(item, "an agent or a team"),))
        else:
            known = (*teams, *names.agents)
            to += filter(None, (reader.reference(item, "agent or team", known),))
    again = reader.span(given["remind"]) if "remind" in given else None
    return Alert(depth, tuple(to), again) if depth is not None else None


def _order(reader: Reader, node: Node) -> tuple[str, ...]:
    words = [reader.choice(item, ORDER) for item in reader.items(node, "what goes first")]
    order = tuple(word for word in words if word is not None)
    if len(set(order)) < len(order):
        reader.fault(node, "the same part of an order twice")
    return order or ORDER


def _ranks(reader: Reader, node: Node, known: Collection[str] | None) -> dict[str, int]:
    found: dict[str, int] = {}
    if not isinstance(node, Fields):
        reader.wrong(node, "a rank by team", "ranks: {tier1: 2}")
        return found
    for team, (key, value) in node.entries.items():
        place = reader.integer(value, 1, 100)
        if known is not None and team not in known:
            reader.unknown(key, "team", team, known)
        elif place is not None:
            found[team] = place
    return found


def _overflow(reader: Reader, node: Node, teams: Collection[str] | None) -> Overflow:
    given = reader.shape(node, "overflow")
    said: dict[str, Any] = {"add": _teams(reader, given["add"], teams) if "add" in given else ()}
    for key in ("waited", "expected_wait"):
        if key in given:
            said[key + "_ms"] = reader.span(given[key])
    if "queue_length" in given:
        said["length"] = reader.integer(given["queue_length"], 1, 1_000_000)
    if "nobody_present" in given:
        said["nobody_present"] = reader.flag(given["nobody_present"])
    if "unless" in given:
        guard = reader.shape(given["unless"], "guard")
        if "queue" in guard:
            said["lender"] = reader.name(guard["queue"], "a queue")
        if "service_level_below" in guard:
            said["below"] = reader.number(guard["service_level_below"], 0, 1, "a share from 0 to 1")
    if not given.keys() & {"waited", "expected_wait", "queue_length", "nobody_present"}:
        fix = "add waited, expected_wait, queue_length or nobody_present"
        reader.fault(node, "an overflow that does not say when", fix)
    return Overflow(**{key: value for key, value in said.items() if value is not None})


def _stranded(reader: Reader, node: Node) -> dict[str, Any]:
    given = reader.shape(node, "stranded")
    said: dict[str, Any] = {}
    if "remind" in given:
        said["remind_ms"] = reader.span(given["remind"])
    if "reply" in given:
        said["stranded_reply"] = reader.name(given["reply"], "a reply")
    return said


def _offer(reader: Reader, node: Node) -> dict[str, Any]:
    given = reader.shape(node, "offer")
    said: dict[str, Any] = {}
    if "timeout" in given:
        said["offer_timeout_ms"] = reader.span(given["timeout"])
    if "then" in given:
        said["then"] = reader.choice(given["then"], AFTER_OFFER)
    if "parallel" in given:
        said["parallel"] = reader.integer(given["parallel"], 1, 20)
    if "exclude_for" in given:
        said["exclude_for_ms"] = reader.span(given["exclude_for"])
    return said


def _teams(reader: Reader, node: Node, known: Collection[str] | None) -> tuple[str, ...]:
    items = reader.several(node)
    if known is None:
        found = [reader.name(item, "a team") for item in items]
    else:
        found = [reader.reference(item, "team", known) for item in items]
    return tuple(team for team in found if team is not None)


def defaults(reader: Reader, node: Node | None, names: Names, root: Node) -> Defaults:
    """What holds where no rule says otherwise; the only queue there is needs no naming."""
    given = reader.shape(node, "defaults") if node is not None else {}
    queue = ""
    if "queue" in given:
        queue = reader.reference(given["queue"], "queue", names.queues) or ""
    elif len(names.queues) == 1:
        queue = next(iter(names.queues))
    elif names.queues:
        fix = f"add `defaults: {{queue: {next(iter(names.queues))}}}`, or another of your queues"
        reader.fault(node or root, "no default queue", fix)
    else:
        reader.fault(root, "no queue at all", "add `queues: {general: {}}`")
    priority = reader.priority(given["priority"]) if "priority" in given else None
    change = sla_change(reader, given["sla"], names) if "sla" in given else None
    return Defaults(
        queue=queue,
        priority=PRIORITIES["normal"] if priority is None else priority,
        sla=Sla() if change is None else sla(change),
        weights=_weights(reader, given["weights"]) if "weights" in given else {},
        presence=_presence(reader, given["presence"]) if "presence" in given else Presence(),
        transfers=_transfers(reader, given["transfers"]) if "transfers" in given else Transfers(),
        automatic=_automatic(reader, given["automatic"]) if "automatic" in given else Automatic(),
    )


def _transfers(reader: Reader, node: Node) -> Transfers:
    given = reader.shape(node, "transfers")
    said: dict[str, Any] = {}
    if "no_return" in given:
        said["no_return_ms"] = reader.span(given["no_return"])
    if "alert_after" in given:
        said["alert_after"] = reader.integer(given["alert_after"], 1, 10)
    if "within" in given:
        said["within_ms"] = reader.span(given["within"])
    return Transfers(**{key: value for key, value in said.items() if value is not None})


def _automatic(reader: Reader, node: Node) -> Automatic:
    given = reader.shape(node, "automatic")
    said: dict[str, Any] = {}
    for key in ("per_hour", "returned", "returned_all"):
        if key in given:
            said[key] = reader.integer(given[key], 1, 1_000_000)
    if "pause" in given:
        said["pause_ms"] = reader.span(given["pause"])
    if "answers" in given:
        said["answers"] = reader.integer(given["answers"], 1, 60)
    return Automatic(**{key: value for key, value in said.items() if value is not None})


def _weights(reader: Reader, node: Node) -> dict[str, int]:
    if not isinstance(node, Fields) or not node.entries:
        reader.wrong(node, "units by kind of channel", "weights: {webchat: 2}")
        return {}
    read = {kind: reader.integer(value, 1, 100) for kind, (_, value) in node.entries.items()}
    return {kind: weight for kind, weight in read.items() if weight is not None}


def _presence(reader: Reader, node: Node) -> Presence:
    given = reader.shape(node, "presence")
    said: dict[str, Any] = {}
    if "misses" in given:
        said["misses"] = reader.integer(given["misses"], 1, 100)
    if "requeue" in given:
        said["requeue"] = reader.choice(given["requeue"], REQUEUE)
    for key in ("offline_grace", "heartbeat", "owner_unreachable"):
        if key in given:
            said[key + "_ms"] = reader.span(given[key])
    return Presence(**{key: value for key, value in said.items() if value is not None})


def articles(reader: Reader, node: Node | None) -> str:
    """What ``articles`` of the defaults says; other faults of theirs are told by `defaults`."""
    entry = node.entries.get("articles") if isinstance(node, Fields) else None
    return "" if entry is None else reader.text(entry[1], "the beginning of a link") or ""


def reply(reader: Reader, node: Node, names: Names) -> Mapping[str, str]:
    """One automatic reply: its text by language."""
    texts: dict[str, str] = {}
    if not isinstance(node, Fields) or not node.entries:
        reader.wrong(node, "a text by language", 'after_hours: {en: "We are back soon."}')
        return texts
    for language, (key, value) in node.entries.items():
        if not _LANGUAGE.fullmatch(language):
            reader.fault(key, f"“{shown(language)}” is no language", "such as en, de or pt-BR")
        text = reader.text(value)
        if text is not None:
            _check_holes(reader, value, text, names)
            texts[language] = text
    return texts


def _check_holes(reader: Reader, node: Node, text: str, names: Names) -> None:
    for hole in _HOLE.findall(text):
        if f"{{{hole}}}" == EXPECTED_WAIT:
            continue
        match = _NEXT_OPEN.fullmatch(hole)
        if match is None:
            fix = "a reply can hold {calendar.<name>.next_open} and {expected_wait}"
            reader.fault(node, f"nothing can be put in for {{{shown(hole)}}}", fix)
        elif match[1] not in names.calendars:
            reader.unknown(node, "calendar", match[1], names.calendars)
