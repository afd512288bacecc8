"""An explanation as text, in the form that `omniroute rules explain` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from omniroute.core.conditions import PRIVATE
from omniroute.core.model import Step
from omniroute.core.requirements import told
from omniroute.core.rules import LeafSeen, RuleSeen, RuleSet
from omniroute.core.spans import show_span
from omniroute.core.urgency import PRIORITIES
from omniroute.rules.explain import Explanation, Later, Verdict
from omniroute.rules.secrets import shown

_WORDS = {number: word for word, number in PRIORITIES.items()}


def tell(explanation: Explanation, rules: RuleSet, subject: str = "") -> str:
    """The whole explanation; *subject* names the thread, as in ``#4812``."""
    return "\n".join([_headline(explanation, rules, subject), *body(explanation)])


def body(explanation: Explanation, most: int | None = None) -> list[str]:
    """The lines below the headline; of more than *most* rules, only those that matched."""
    seen = explanation.rules
    if most is not None and len(seen) > most:
        seen = tuple(rule for rule in seen if rule.matched)
    width = max((len(rule.id) for rule in seen), default=0)
    lines = [_rule(rule, width) for rule in seen]
    if left := len(explanation.rules) - len(seen):
        lines.append(f"       · {left} more did not match; `omniroute rules explain` shows each")
    lines.append(f"result  {_result(explanation)}")
    if explanation.survey:
        lines.append(f"survey  {explanation.survey}, once it is solved")
    lines.append(f"needs   {_needs(explanation.routing.steps[explanation.step])}")
    lines += _team(explanation.team)
    if explanation.later:
        lines.append(f"later   {' · '.join(map(_later, explanation.later))}")
    return [line.rstrip() for line in lines]


def _headline(explanation: Explanation, rules: RuleSet, subject: str) -> str:
    channel = explanation.facts.get("channel")
    what = f"new message{f' on {channel}' if channel else ''}"
    who = f" from {explanation.emails[0]}" if explanation.emails else ""
    return f"thread  {subject or what + who}  at {_moment(explanation.at, _zone(rules))}"


def _zone(rules: RuleSet) -> tzinfo:
    """The zone of the default clock, else of the first calendar, else UTC."""
    calendar = rules.calendar(rules.defaults.sla.clock)
    calendar = calendar or next(iter(rules.calendars.values()), None)
    return UTC if calendar is None else calendar.tz


def _moment(at: int, tz: tzinfo) -> str:
    moment = datetime.fromtimestamp(at / 1000, tz)
    offset = moment.strftime("%z")
    return f"{moment:%a %Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:5]}"


def _rule(seen: RuleSeen, width: int) -> str:
    mark = "✔" if seen.matched else "·"
    leaves = "; ".join(map(_leaf, seen.leaves)) or "always"
    return f"{seen.stage:<6} {mark} {seen.id:<{width}} {seen.place}  {leaves}"


def _leaf(leaf: LeafSeen) -> str:
    fact = f"not {leaf.fact}" if leaf.negated else leaf.fact
    return f"{'✔' if leaf.ok else '✘'} {fact} = {_value(leaf)}"


def _value(leaf: LeafSeen) -> str:
    if leaf.shown is None:  # private, and not at hand
        return "found" if leaf.ok is not leaf.negated else "none"
    if leaf.fact in PRIVATE - {"customer.email"} and leaf.shown != "none":
        return f"“{shown(leaf.shown)}”"
    return leaf.shown


def _result(explanation: Explanation) -> str:
    routing = explanation.routing
    clock = f"{routing.sla.clock or 'always'} clock"
    said = [
        f"queue {routing.queue}" + ("" if routing.rule else " (by default, no rule matched)"),
        f"priority {_WORDS.get(routing.priority, routing.priority)}",
        f"first reply within {show_span(routing.sla.first_reply)} ({clock})",
    ]
    if routing.tags:
        said.append(f"tags {', '.join(routing.tags)}")
    if routing.reply:
        said.append(f"reply {routing.reply}")
    if routing.deflect:
        said.append(f"article {routing.steps[0].article}")
    return " · ".join(said)


def _needs(step: Step) -> str:
    if step.article:
        return f"nobody while the customer reads {step.article}, for {show_span(step.span or 0)}"
    named = f"only {', '.join(step.agents)}" if step.agents else ""
    for_how_long = f" for {show_span(step.span)}" if named and step.span else ""
    skills = ", ".join(told(step.need, step.ask))
    if not named:
        return skills or "no skill"
    return f"{named}{for_how_long}" + (f"; {skills}" if skills else "")


def _team(team: Sequence[Verdict]) -> Iterator[str]:
    """Who could, a line each; who could not, two to a line."""
    if not team:
        yield f"{'':8}nobody is in the team"
        return
    width = max(len(verdict.agent) for verdict in team)
    told = [(verdict, _verdict(verdict, width)) for verdict in team]
    yield from (f"{'':8}{text}" for verdict, text in told if verdict.able)
    others = [text for verdict, text in told if not verdict.able]
    column = max((len(text) for text in others), default=0) + 4
    for left, right in zip(others[::2], [*others[1::2], ""], strict=False):
        yield f"{'':8}{left:<{column}}{right.strip()}"


def _verdict(verdict: Verdict, width: int) -> str:
    mark = "→" if verdict.chosen else " "
    word = "yes" if verdict.able else "no"
    return f"{mark} {verdict.agent:<{width}} {word:<3} {', '.join(verdict.reasons)}"


def _later(later: Later) -> str:
    brings = ", ".join(later.brings) or "nobody new"
    return f"after {show_span(later.after)} {', '.join(later.changes)} → {brings}"
