"""The recorded why of a thread in words: each decision, who could have it, what happens next."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from omniroute.application import words
from omniroute.application.directory import Directory
from omniroute.application.pages import AgentView, Reason, ThreadRow
from omniroute.application.timeline import STRANDED
from omniroute.core.model import Needs, Pace, Step
from omniroute.core.requirements import Person, fit_told, qualifies
from omniroute.core.waits import Wait, expected

NO_PACE = Pace()
SCREEN = 14
"""Decisions shown under the sentence; the earlier ones are counted."""

SHORT = 7
"""The same where rules and agents are shown, too."""

RULES = 16
"""Rules shown one by one; of more, only those that matched."""


# --- one decision --------------------------------------------------------------------------------


def reason(row: sqlite3.Row, directory: Directory) -> Reason:
    """A row of ``decisions`` as a value."""
    why = msgspec.json.decode(row["why"])
    return Reason(row["seq"], row["at"], in_words(why, row["agent"], directory), why)


def in_words(why: Mapping[str, Any], actor: str, directory: Directory) -> str:
    """A recorded decision as a sentence; *actor* is whose act it was."""
    match why.get("about"):
        case "identity":
            return _identity(why, directory)
        case "route":
            return _route(why)
        case "match":
            return _match(why, directory)
        case "topic":
            return f"another matter: rule {why.get('rule')} → {why.get('queue')}"
        case "unsaid":
            return _unsaid(why)
        case "shadow":
            return _shadow(why)
        case "overflow":
            return _overflow(why)
        case "participant":
            return "it is from somebody else who takes part"
        case "survey":
            return _survey(why)
        case "escalate":
            return _escalated(why, directory)
        case "transfer":
            how = " if they accept" if why.get("warm") else ""
            return f"{directory.name(why['by'])} hands it to {directory.name(why['to'])}{how}"
        case "refused":
            by = f" ({directory.name(why['by'])} has it)" if why.get("by") else ""
            said = str(why.get("code", "")).replace("_", " ")
            return f"{directory.name(actor) or 'somebody'} was refused: {said}{by}"
    rest = ", ".join(f"{key} {value}" for key, value in why.items() if key != "about")
    return f"{why.get('about', 'decision')}: {rest}"


def _overflow(why: Mapping[str, Any]) -> str:
    teams = words.listed(why["add"])
    if not why.get("spared"):
        return f"{teams} may help out, as overflow rule {why['rule'] + 1} says"
    level = f"{why['in_time']:.0%} in time, below {why['below']:.0%}"
    return f"{teams} would help out, but {why['spared']} needs them: {level}"


_UNSAID = {
    "machine": "a machine wrote",
    "unverified": "nobody vouches for the sender's address",
    "told": "they had it within a day",
    "paused_sent": "there were too many within an hour",
    "paused_came_back": "too many messages came back from there",
}


def _unsaid(why: Mapping[str, Any]) -> str:
    return f"no automatic reply {why.get('reply')}: {_UNSAID.get(str(why.get('because')), '')}"


_NOT_ASKED = {
    **_UNSAID,
    "unanswered": "nobody had answered them",
    "asked_lately": "they were asked not long ago",
    "unreachable": "nothing leads to them",
    "no_rule": "the rules have no such survey any more",
}


def _survey(why: Mapping[str, Any]) -> str:
    if why.get("because"):
        because = _NOT_ASKED.get(str(why["because"]), str(why["because"]))
        return f"survey {why['survey']}: they are not asked how it was, as {because}"
    if why.get("low") is not None:
        return f"survey {why['survey']}: {why['low']} is a bad answer, and the rule acted"
    return f"survey {why['survey']}: they are asked how it was, unless they write before"


def _escalated(why: Mapping[str, Any], directory: Directory) -> str:
    when = datetime.fromtimestamp(why["due"] / 1_000, directory.zone)
    promise = str(why["promise"]).replace("_", " ")
    return f"escalation rule {why['rule']} acted: {promise} due {when:%d %b %H:%M}"


def _identity(why: Mapping[str, Any], directory: Directory) -> str:
    if why.get("how") == "merged":
        by = directory.name(why["by"]) if why.get("by") else "somebody"
        return f"{by} said that two addresses are one person's"
    return _IDENTITY.get(why.get("how", ""), f"the sender: {why.get('how')}")


_IDENTITY = {
    "new": "the sender is new",
    "known": "the sender is known",
    "unverified": "nobody vouches for the sender's address: kept apart",
    "linked": "the sender was joined with another address of the same person, vouched for",
    "suggested": "the sender may be somebody we know: suggested, not joined",
    "vetoed": "the sender was not joined: something they can have only once differs",
    "imported": "a record of theirs was taken in",
    "perhaps_shared": "several people may write from the sender's address",
}


def _route(why: Mapping[str, Any]) -> str:
    enriched = f" (after {', '.join(why['enriched'])})" if why.get("enriched") else ""
    rule = why.get("rule")
    said = f"rule {rule}" if rule else "no rule matched"
    return f"{said} → {why.get('queue')}{enriched}"


def _shadow(why: Mapping[str, Any]) -> str:
    said = f"rules {why.get('rules')}, on trial, "
    differs = [name for name in why.get("differs", ()) if name != "queue"]
    if not why.get("differs"):
        return f"{said}would do the same"
    into = f"send it to {why.get('queue')}" if "queue" in why["differs"] else ""
    rest = f"set other {', '.join(differs)}" if differs else ""
    return f"{said}would {' and '.join(filter(None, (into, rest)))}"


COUNTS = (
    ("team", "is in another team", "are in other teams"),
    ("permission", "may not reply there", "may not reply there"),
    ("exclusion", "has passed or missed it", "have passed or missed it"),
    ("availability", "is not here", "are not here"),
    ("desk", "has no desk to chat on", "have no desk to chat on"),
    ("requirement", "lacks a skill", "lack a skill"),
    ("capacity", "is full", "are full"),
)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{number} {one if number == 1 else many}"
        for key, one, many in COUNTS
        if (number := counts.get(key, 0))
    )


def _match(why: Mapping[str, Any], directory: Directory) -> str:
    counts = _counts(why.get("counts") or {})
    step = f" at step {why['step'] + 1}" if why.get("step") else ""
    if not why.get("winner"):
        return f"nobody to ask{step}" + (f": {counts}" if counts else "")
    best = directory.name(why["winner"][0])
    if why.get("picked_by"):
        said = f"{best} was picked{step} by {why['picked_by']}"
    else:
        said = f"{best} is the best choice{step}"
        if why.get("spared"):
            said += f", {directory.name(why['spared'])} being kept for those who have nobody else"
        if why.get("second"):
            said += f", before {directory.name(why['second'][0])}"
    if why.get("left_out"):
        plugins = why["left_out"]
        said += f" (the pick of {words.listed(plugins)} could not be used)"
    return said + (f"; {counts}" if counts else "")


# --- why this agent ------------------------------------------------------------------------------


def why_you(
    row: ThreadRow, rule: str, step: Step, agent: AgentView | None, directory: Directory
) -> str:
    """In one line: the rule and the queue, the agent's levels beside what is asked, their load."""
    parts = [f"rule {rule} → {row.queue}" if rule else row.queue]
    if agent is None:
        if step.need or step.ask:
            parts.append(f"needs {words.needs(step.need, step.ask)}")
    else:
        if step.need:
            parts.append(_levels(step.need, agent, directory))
        if step.ask is not None:
            parts += fit_told(Person(agent.id, agent.skills, directory.skills), step.ask, None)[1]
        parts.append(f"load {agent.load}/{agent.capacity}")
    return " · ".join(parts)


def _levels(need: Needs, agent: AgentView, directory: Directory) -> str:
    said = []
    for skill, asked in need.items():
        has, via, _ = directory.skills.level(agent.skills, skill)
        sign = "≥" if has >= asked else "<"
        way = f" (by {via})" if via and via != skill else ""
        said.append(f"{skill} {words.level(has)}{sign}{words.level(asked)}{way}")
    return ", ".join(said)


# --- the whole screen ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a thread's lot depends on.

    *left* is what remains of the present step in ms, ``None`` where its clock stands; *asked* are
    the agents with a pending offer, *until* when the first of these ends.
    """

    steps: Sequence[Step]
    step: int
    stranded: str
    left: int | None
    asked: Sequence[str]
    until: int
    team: Sequence[AgentView]
    pace: Pace = NO_PACE
    ahead: int = 0


def headline(row: ThreadRow, waiting: Waiting, directory: Directory, now: int) -> str:
    """How the thread stands and what happens next, in a sentence or two."""
    match row.phase:
        case "assigned":
            state = "waits for us" if row.waiting else "waits for the customer"
            return f"With {row.agent_name}; {state}."
        case "snoozed":
            until = words.moment(row.snoozed_until, now, directory.zone)
            return f"With {row.agent_name}, put aside until {until}."
        case "held":
            until = words.moment(row.opens_at, now, directory.zone)
            return f"{row.queue} is closed until {until}; nobody is asked before."
        case "resolved" | "closed":
            return f"Solved by {row.agent_name or 'nobody'}."
    steps, step = waiting.steps, waiting.step
    if step < len(steps) and steps[step].article:
        left = f"within {words.span(waiting.left)}" if waiting.left is not None else "in time"
        return f"The customer reads {steps[step].article}; without a yes {left} agents are asked."
    asked = steps[step] if step < len(steps) else Step()
    waited = words.span(now - row.queued_since) if row.queued_since else "0 s"
    able = _able(waiting.team, asked, row.queue, directory)
    said = (
        f"{row.queue or 'no queue'}, waiting {waited}: needs {words.needs(asked.need, asked.ask)}"
    )
    said += f"; {_who(able, bool(asked.need or asked.ask))}."
    if waiting.asked:
        until = words.moment(waiting.until, now, directory.zone)
        return f"{said} {words.listed(waiting.asked)} can accept until {until}."
    if row.phase == "stranded":
        why = STRANDED.get(waiting.stranded, waiting.stranded)
        return f"{said} Stranded: {why}; nothing will change by itself."
    if able:
        said += f" {wait_words(wait_of(able, waiting))}"
    if waiting.left is not None and step + 1 < len(steps):
        said += " " + _next(steps[step + 1], waiting.left, able, row.queue, waiting, directory)
    return said


def wait_of(able: Sequence[AgentView], waiting: Waiting) -> Wait | None:
    """What a thread can expect that these agents may serve; None if it is unknown."""
    here = [agent for agent in able if _here(agent)]
    free = any(agent.load < agent.capacity for agent in here)
    places = sum(agent.capacity for agent in here)
    return expected(waiting.pace.handled, waiting.pace.mean, waiting.ahead, places, free)


def expected_wait(row: ThreadRow, waiting: Waiting, directory: Directory) -> str:
    """How long a thread will probably wait, as a sentence; empty where it does not wait."""
    if row.phase != "queued" or waiting.step >= len(waiting.steps):
        return ""
    step = waiting.steps[waiting.step]
    able = [] if step.article else _able(waiting.team, step, row.queue, directory)
    return wait_words(wait_of(able, waiting)) if able else ""


def wait_band(row: ThreadRow, waiting: Waiting, directory: Directory) -> str:
    """How long a queued thread will probably wait, in a few words."""
    step = waiting.steps[waiting.step] if waiting.step < len(waiting.steps) else Step()
    able = [] if step.article else _able(waiting.team, step, row.queue, directory)
    wait = wait_of(able, waiting) if able else None
    return "unknown" if wait is None else words.band(wait.likely, wait.late)


def wait_words(wait: Wait | None) -> str:
    """An expected wait as a sentence."""
    if wait is None:
        return "How long it will wait is unknown."
    if not wait.late:
        return "Somebody is free."
    likely, late = words.span(wait.likely), words.span(wait.late)
    return f"It will probably wait {likely}, nine times in ten less than {late}."


def _able(
    team: Sequence[AgentView], step: Step, queue: str, directory: Directory
) -> list[AgentView]:
    return [
        agent
        for agent in team
        if (directory.serves(agent.teams, queue) or not set(step.add).isdisjoint(agent.teams))
        and qualifies(directory.skills, agent.id, agent.skills, step)
    ]


def _who(able: Sequence[AgentView], asked: bool) -> str:
    if not able:
        return "nobody on the team meets that" if asked else "nobody is on the team"
    if len(able) > 4:
        here = sum(_here(agent) for agent in able)
        return f"{len(able)} agents meet that, {here} of them here"
    if len(able) == 1:
        return f"only {able[0].name} meets that, {_state(able[0])}"
    return f"{words.listed([f'{agent.name} ({_state(agent)})' for agent in able])} meet that"


def _here(agent: AgentView) -> bool:
    return agent.status == "online" and not agent.unresponsive and not agent.unreachable


def _state(agent: AgentView) -> str:
    if agent.unresponsive:
        return "not answering"
    if agent.unreachable and agent.status != "offline":
        return "at no desk"
    if agent.status != "online":
        return agent.status
    return f"at {agent.load}/{agent.capacity}"


def _next(
    step: Step, left: int, able: Sequence[AgentView], queue: str, waiting: Waiting,
    directory: Directory,
) -> str:  # fmt: skip
    queue = step.queue or queue
    known = {agent.id for agent in able}
    more = [a for a in _able(waiting.team, step, queue, directory) if a.id not in known]
    here = [agent.name for agent in more if _here(agent)]
    said = f"In {words.span(max(left, 0))}"
    if step.queue:
        said += f" it moves to {step.queue}" + (" and" if more else "")
    if here and len(here) <= 4:
        return f"{said} {words.listed(here)} may take it."
    if here:
        return f"{said} {len(here)} more may take it."
    if len(more) == 1:
        return f"{said} {more[0].name} meets it too, {_state(more[0])}."
    if len(more) > 4:
        return f"{said} {len(more)} more meet it, none of them here."
    if more:
        listed = words.listed([f"{agent.name} ({_state(agent)})" for agent in more])
        return f"{said} {listed} meet it too."
    needs = words.needs(step.need, step.ask)
    return f"{said}." if step.queue else f"{said} {needs} is enough: nobody new."


def screen(
    head: str,
    reasons: Sequence[Reason],
    versions: Sequence[str],
    directory: Directory,
    explained: Sequence[str] = (),
) -> str:
    """The headline, how the rules came to it, then the decisions in their order, as lines."""
    lines = [head, "", *explained, *[""] * bool(explained)]
    shown = SHORT if explained else SCREEN
    if len(reasons) > shown:
        lines.append(f"          … {words.counted(len(reasons) - shown, 'earlier decision')}")
    for item in reasons[-shown:]:
        when = datetime.fromtimestamp(item.at / 1_000, directory.zone)
        lines.append(f"{when:%d %b %H:%M:%S}  {item.text}")
    if versions:
        lines.append(f"rules {', '.join(versions)}")
    return "\n".join(lines)
