"""What happened to a thread, each event as a sentence for its timeline."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from omniroute.application import words
from omniroute.application.directory import Directory
from omniroute.core.model import Step


@dataclass(frozen=True, slots=True)
class Telling:
    """One event as it was kept: what it said, who caused it, and the names to tell it with."""

    said: Mapping[str, Any]
    actor: str  # the agent whose act it followed from, or ""
    at: int
    directory: Directory
    address: Callable[[str], str]  # of a handle

    def name(self, key: str = "agent") -> str:
        """The display name of the agent under *key*."""
        return self.directory.name(str(self.said.get(key, ""))) or "Somebody"

    @property
    def doer(self) -> str:
        """The display name of whoever did it."""
        return self.directory.name(self.actor) or "Somebody"


def sentence(event: str, telling: Telling) -> str:
    """*event* in words, or an empty string for one that says nothing to people."""
    tell = _SENTENCES.get(event)
    return "" if tell is None else tell(telling)


def of_row(row: sqlite3.Row, directory: Directory, address: Callable[[str], str]) -> str:
    """A row of ``happenings`` in words."""
    said = msgspec.json.decode(row["said"])
    return sentence(row["event"], Telling(said, row["agent"], row["at"], directory, address))


def _routed(t: Telling) -> str:
    said = t.said
    if said["rule"] == "transfer":
        return f"Waits in {said['queue']}"
    by = f" by rule {said['rule']}" if said["rule"] else ", as no rule matched"
    step = msgspec.convert(said["steps"][0], Step) if said["steps"] else Step()
    asked = f"; needs {words.needs(step.need, step.ask)}" if step.need or step.ask else ""
    return f"Queued in {said['queue']}{by}{asked}"


_SKIPPED = {
    "nobody_present": "nobody it asked for first is here",
    "nobody_free": "nobody it asked for first is free",
}


def _step(t: Telling) -> str:
    queue, skipped = t.said.get("queue"), t.said.get("skipped")
    number = t.said["step"] + 1
    moved = f", in {queue}" if queue else ""
    if skipped == "answered":
        return "The article was no answer: an agent is asked"
    if skipped:
        return f"Step {number} at once{moved}: {_SKIPPED.get(skipped, skipped)}"
    return f"Step {number}{moved}: asks for less from now on"


STRANDED = {
    "no_candidate": "nobody on the team can take it",
    "all_excluded": "everybody who could take it has passed or missed it",
    "nobody_present": "nobody who could take it is here",
    "no_queue": "the rules have no such queue any more",
    "loop": "rules send it round and round",
}


PROMISES = {
    "first_reply": "the first reply was due",
    "next_reply": "a reply was due",
    "resolution": "it should have been solved",
}


def _stranded(t: Telling) -> str:
    reason = t.said["reason"]
    return f"Stranded: {STRANDED.get(reason, reason)}"


_OFFER_ENDED = {
    "accepted": "",
    "declined": "{} passed",
    "expired": "{} did not answer in time",
    "rescinded": "The offer to {} was taken back",
    "cancelled": "The offer to {} was cancelled",
    "failed": "{} could not be reached",
}

_ASSIGNED = {
    "accept": "{} accepted",
    "claim": "{} took it",
    "reply": "{} took it by answering",
    "transfer": "{} has it now",
    "fold": "{} goes on with it",
    "split": "{} has it again",
    "auto": "Given to {}",
    "reopen": "{} goes on with it",
}

_RELEASED = {
    "wake": "The customer is back and {} did not answer: queued for others",
    "claim": "{} took it over",
    "transfer": "{} handed it over",
    "left": "{} left the team",
    "gone": "{} is offline; it waits for others",
    "split": "{} goes on with the other one",
}

_WOKEN = {
    "time": "The snooze is over",
    "customer": "Awake: the customer wrote",
    "agent": "Awake: an agent answered",
    "participant": "Awake: somebody in the conversation wrote",
}

_REOPENED = {
    "customer": "Reopened: the customer wrote again",
    "fold": "Reopened: another thread was joined to it",
    "split": "Reopened: it was joined to another one, where the customer wrote",
    "survey": "Reopened: the customer was not satisfied",
}


def _assigned(t: Telling) -> str:
    over = " beyond their capacity" if t.said.get("over") else ""
    return _ASSIGNED.get(t.said["how"], "{} has it").format(t.name()) + over


def _solved(t: Telling) -> str:
    if t.said.get("how") == "deflected":
        return "The article has solved it"
    return f"{t.name()} solved it"


def _released(t: Telling) -> str:
    form, by_act = _RELEASED.get(t.said["how"], ""), t.said["how"] in ("transfer", "claim")
    return form.format(t.doer if by_act and t.actor else t.name())


def _tags(t: Telling) -> str:
    return f"{t.doer} set the tags: {', '.join(t.said['tags']) or 'none'}"


AGAINST: Final = {
    "not_same": "a colleague said they are two people",
    "shared": "several people may write from one of them",
    "claimed": "another account has shown that number to be its own",
}
"""What may stand against a link, besides a kind of address of which a person has one."""


def _link(t: Telling) -> tuple[str, str]:
    link = t.said["link"]
    pair = words.listed([t.address(link["a"]), t.address(link["b"])])
    return pair, f"{link['evidence']} by {words.channel(link['source'])}"


def _joined(t: Telling) -> str:
    pair, evidence = _link(t)
    return f"{pair} belong to one person ({evidence})"


def _suggested(t: Telling) -> str:
    pair, evidence = _link(t)
    veto = t.said.get("veto")
    if veto in AGAINST:
        return f"{pair} were not joined ({evidence}): {AGAINST[veto]}"
    if veto:
        return f"{pair} were not joined ({evidence}): each has another {words.channel(veto)}"
    return f"{pair} may belong to one person ({evidence}); not joined"


def _retracted(t: Telling) -> str:
    pair = words.listed([t.address(t.said["a"]), t.address(t.said["b"])])
    return f"{t.name()} took back that {pair} belong to one person"


def _not_same(t: Telling) -> str:
    pair = words.listed([t.address(t.said["a"]), t.address(t.said["b"])])
    return f"{t.name()} said that {pair} are two people"


def _called(t: Telling) -> str:
    return f"{t.address(t.said['handle'])} is used under several names: do several people share it?"


def _shared(t: Telling) -> str:
    address = t.address(t.said["handle"])
    if t.said["shared"]:
        return f"{address} is several people's: nobody is joined over it"
    return f"{address} is one person's, whatever names they use"


def _answered(t: Telling) -> str:
    measure = words.MEASURES.get(t.said["measure"], t.said["measure"])
    return f"The customer answered {words.rated(t.said['measure'], t.said['score'])} ({measure})"


SURVEY_ENDED = {
    "expired": "The customer did not say how it was",
    "undelivered": "The question how it was did not arrive",
}


def _participants(t: Telling) -> str:
    if t.said.get("agent"):
        return f"{t.name()} changed who gets a copy"
    return "More people take part in the conversation"


def _divided(t: Telling) -> str:
    wrote = words.listed([t.address(handle) for handle in t.said["handles"]])
    return f"What {wrote} wrote in #{t.said['thread']} is #{t.said['into']} now"


_SENTENCES: Mapping[str, Callable[[Telling], str]] = {
    "ThreadRouted": _routed,
    "StepBegan": _step,
    "ThreadStranded": _stranded,
    "StrandedReminded": lambda t: "Stranded still: leads were told again",
    "CustomerTold": lambda t: "The customer was told that it may take a while",
    "Overflowed": lambda t: f"{words.listed(t.said['add'])} may help out",
    "OfferMade": lambda t: f"Offered to {t.directory.name(t.said['offer']['agent'])}",
    "OfferEnded": lambda t: _OFFER_ENDED.get(t.said["how"], "").format(t.name()),
    "ExclusionsEnded": lambda t: (
        f"{words.listed([t.directory.name(a) for a in t.said['agents']])} may be asked again"
    ),
    "HandedOff": lambda t: f"{t.name()} handed it to people",
    "HandedBack": lambda t: f"Given back to {t.name()}",
    "ThreadAssigned": _assigned,
    "ThreadReleased": _released,
    "ThreadSnoozed": lambda t: (
        f"{t.name()} snoozed it until {words.moment(t.said['until'], t.at, t.directory.zone)}"
    ),
    "ThreadWoken": lambda t: _WOKEN.get(t.said["how"], "Awake again"),
    "ArticleProposed": lambda t: (
        f"Proposed the article {t.said['article']} by rule {t.said['rule']}"
    ),
    "ThreadSolved": _solved,
    "ThreadReopened": lambda t: _REOPENED.get(t.said["how"], f"{t.doer} reopened it"),
    "ThreadAbandoned": lambda t: "The customer left before anybody took it",
    "ThreadClosed": lambda t: "Closed",
    "ThreadUnfolded": lambda t: f"#{t.said['thread']} is apart from #{t.said['out_of']} again",
    "ThreadDivided": _divided,
    "ParticipantsChanged": _participants,
    "TopicTurned": lambda t: (
        f"The customer turned to another matter: rule {t.said['turned']['rule']}"
        f" would send it to {t.said['turned']['queue']}"
    ),
    "MatterSplit": lambda t: f"{t.name()} made #{t.said['into']} of what the customer wrote last",
    "HandleCalled": _called,
    "HandleShared": _shared,
    "LinkRetracted": _retracted,
    "NotSame": _not_same,
    "ThreadFolded": lambda t: f"#{t.said['thread']} was joined to this thread",
    "TagsSet": _tags,
    "PrioritySet": lambda t: f"{t.name()} set the priority to {words.priority(t.said['priority'])}",
    "ThreadPromoted": lambda t: (
        f"Waited long: goes before others of the same priority ({t.said['priority']})"
    ),
    "CustomerAway": lambda t: (
        f"The customer left; their place is kept until"
        f" {words.moment(t.said['until'], t.at, t.directory.zone)}"
    ),
    "ThreadHeld": lambda t: (
        f"Held while the queue is closed, until"
        f" {words.moment(t.said['until'], t.at, t.directory.zone)}"
    ),
    "ThreadUnheld": lambda t: "The queue is open again",
    "ThreadDormant": lambda t: f"The customer is silent: {t.name()} keeps it, at no weight",
    "ThreadRoused": lambda t: (
        f"The customer is back: {t.name()} goes on"
        f"{' beyond their capacity' if t.said.get('over') else ''}"
    ),
    "WrapUpEnded": lambda t: f"{t.name()} is done with it",
    "Escalated": lambda t: f"Escalated by rule {t.said['rule']}",
    "TargetMissed": lambda t: f"Too late: {PROMISES.get(t.said['kind'], t.said['kind'])}",
    "AgeMoved": lambda t: (
        t.said["agent"]
        and (
            f"{t.name()} moved it in line, as if it waited since"
            f" {words.moment(t.said['routing_since'], t.at, t.directory.zone)}"
        )
    ),
    "SurveyAsked": lambda t: "Asked the customer how it was",
    "SurveyAnswered": _answered,
    "SurveyEnded": lambda t: SURVEY_ENDED.get(t.said["how"], ""),
    "LinkAdded": _joined,
    "LinkSuggested": _suggested,
}
