"""Who may do what to what: one table, asked by every door.

*Whose* the object is, seen from the actor: their ``own``, ``free`` (nobody's) or an ``other``
agent's.  Pages, programs, buttons and mails all ask `authorize`; nothing else grants anything.
A program comes with a token: it may what the token's scopes name, and where it acts in the name of
somebody on the team, no more than they.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from omniroute.errors import Refused


class Kind(enum.StrEnum):
    """What an actor is.  ``system`` is the program itself and whoever runs it on its machine;
    an ``integrator`` is a program of somebody else's, with a token."""

    AGENT = "agent"
    INTEGRATOR = "integrator"
    SYSTEM = "system"
    NOBODY = "nobody"


class Action(enum.StrEnum):
    """What one may want to do: the agents' verbs, reading, and what admins do."""

    READ = "read"
    PEOPLE = "people"
    COLLEAGUES = "colleagues"
    EVENTS = "events"
    STATS = "stats"
    AGENT_STATS = "agent-stats"
    ACCEPT = "accept"
    PASS = "pass"  # noqa: S105 — a verb
    TAKE = "take"
    REPLY = "reply"
    UNDO = "undo"
    CHANGE = "change"
    NOTE = "note"
    TRANSFER = "transfer"
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    TAG = "tag"
    COPY = "copy"
    PRIORITISE = "prioritise"
    DONE = "done"
    BOOST = "boost"
    NEW_MATTER = "new-matter"
    STATUS = "status"
    MERGE = "merge"
    SPLIT = "split"
    PERSONAL = "personal"
    RULES = "rules"
    TEAM = "team"
    VERIFY = "verify"
    CHANNELS = "channels"
    TOKENS = "tokens"
    WEBHOOKS = "webhooks"


class Whose(enum.StrEnum):
    """To whom an object belongs, as the actor sees it."""

    OWN = "own"
    FREE = "free"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks.  *role* is agent, lead or admin; of no meaning for system and nobody.

    An integrator's *id* and *role* are those of whom it acts for, empty where it is nobody.
    """

    kind: Kind
    id: str = ""
    role: str = ""
    scopes: frozenset[str] = frozenset()  # of an integrator


SYSTEM = Actor(Kind.SYSTEM, "system")
NOBODY = Actor(Kind.NOBODY)


@dataclass(frozen=True, slots=True)
class Object:
    """What is acted on: the *owner* is who has the thread, was asked, wrote or is meant."""

    name: str = ""  # as a sentence says it: "#4812"
    owner: str = ""
    owner_name: str = ""


_NONE: frozenset[Whose] = frozenset()
_OWN = frozenset({Whose.OWN})
_OPEN = frozenset({Whose.OWN, Whose.FREE})
_ALL = frozenset(Whose)

MATRIX: Mapping[Action, tuple[frozenset[Whose], frozenset[Whose], frozenset[Whose]]] = {
    #                    agent  lead   admin
    Action.READ:        (_ALL,  _ALL,  _ALL),
    Action.PEOPLE:      (_ALL,  _ALL,  _ALL),
    Action.COLLEAGUES:  (_ALL,  _ALL,  _ALL),
    Action.EVENTS:      (_NONE, _ALL,  _ALL),
    Action.STATS:       (_ALL,  _ALL,  _ALL),
    Action.AGENT_STATS: (_OWN,  _ALL,  _ALL),   # what one person did, and how fast
    Action.ACCEPT:      (_OWN,  _OWN,  _OWN),
    Action.PASS:        (_OWN,  _OWN,  _OWN),
    Action.TAKE:        (_ALL,  _ALL,  _ALL),   # the core says who was first
    Action.REPLY:       (_OPEN, _ALL,  _ALL),
    Action.UNDO:        (_OWN,  _ALL,  _ALL),
    Action.CHANGE:      (_OWN,  _ALL,  _ALL),   # what somebody wrote
    Action.NOTE:        (_ALL,  _ALL,  _ALL),
    Action.TRANSFER:    (_OPEN, _ALL,  _ALL),
    Action.SNOOZE:      (_OPEN, _ALL,  _ALL),
    Action.RESOLVE:     (_OPEN, _ALL,  _ALL),
    Action.REOPEN:      (_ALL,  _ALL,  _ALL),
    Action.TAG:         (_ALL,  _ALL,  _ALL),
    Action.COPY:        (_OPEN, _ALL,  _ALL),
    Action.PRIORITISE:  (_OPEN, _ALL,  _ALL),
    Action.DONE:        (_OPEN, _ALL,  _ALL),
    Action.BOOST:       (_NONE, _ALL,  _ALL),
    Action.NEW_MATTER:  (_OPEN, _ALL,  _ALL),
    Action.STATUS:      (_OWN,  _ALL,  _ALL),
    Action.MERGE:       (_ALL,  _ALL,  _ALL),
    Action.SPLIT:       (_ALL,  _ALL,  _ALL),
    Action.PERSONAL:    (_NONE, _NONE, _ALL),   # to give out or to erase what is kept of a person
    Action.RULES:       (_NONE, _NONE, _ALL),
    Action.TEAM:        (_NONE, _NONE, _ALL),
    Action.VERIFY:      (_NONE, _NONE, _ALL),
    Action.CHANNELS:    (_NONE, _NONE, _ALL),
    Action.TOKENS:      (_NONE, _NONE, _ALL),
    Action.WEBHOOKS:    (_NONE, _NONE, _ALL),
}  # fmt: skip
"""What an agent may do to whose objects, by role; the system may everything, nobody nothing."""

ROLES = ("agent", "lead", "admin")

SCOPES: Mapping[str, frozenset[Action]] = {
    "threads:read": frozenset({Action.READ}),
    "threads:write": frozenset({
        Action.ACCEPT, Action.PASS, Action.TAKE, Action.REPLY, Action.UNDO, Action.CHANGE,
        Action.NOTE, Action.TRANSFER, Action.SNOOZE, Action.RESOLVE, Action.REOPEN, Action.TAG,
        Action.COPY, Action.PRIORITISE, Action.DONE, Action.BOOST, Action.NEW_MATTER,
    }),
    "customers:read": frozenset({Action.PEOPLE}),
    "customers:write": frozenset({Action.MERGE, Action.SPLIT}),
    "customers:personal": frozenset({Action.PERSONAL}),
    "agents:read": frozenset({Action.COLLEAGUES}),
    "agents:write": frozenset({Action.STATUS}),
    "events:read": frozenset({Action.EVENTS}),
    "stats:read": frozenset({Action.STATS}),
    "stats:agents": frozenset({Action.AGENT_STATS}),
    "webhooks": frozenset({Action.WEBHOOKS}),
}  # fmt: skip
"""What a token's scopes name.  Rules, team, channels, tokens and the journal's check are in none:
a program that was given a token cannot give itself, or anybody, more."""


def whose(actor: Actor, thing: Object) -> Whose:
    """To whom *thing* belongs, as *actor* sees it."""
    if not thing.owner:
        return Whose.FREE
    return Whose.OWN if thing.owner == actor.id else Whose.OTHER


def permitted(actor: Actor, action: Action, thing: Object) -> bool:
    """Whether *actor* may do *action* to *thing*."""
    if actor.kind is Kind.SYSTEM:
        return True
    if actor.kind is Kind.INTEGRATOR:
        named = any(action in SCOPES.get(scope, ()) for scope in actor.scopes)
        return named and (not actor.id or _by_role(actor, action, thing))
    return _is_agent(actor) and _by_role(actor, action, thing)


def _by_role(actor: Actor, action: Action, thing: Object) -> bool:
    return actor.role in ROLES and whose(actor, thing) in MATRIX[action][ROLES.index(actor.role)]


def authorize(actor: Actor, action: Action, thing: Object = Object()) -> None:
    """Return if it is permitted; raises `Refused` (``forbidden``) with a sentence if not."""
    if not permitted(actor, action, thing):
        raise Refused("forbidden", _sentence(actor, action, thing))


_FOREIGN = {
    Action.ACCEPT: "This offer is for {owner}.",
    Action.PASS: "This offer is for {owner}.",
    Action.UNDO: "{owner} wrote that; only they or a lead may take it back.",
    Action.CHANGE: "{owner} wrote that; only they or a lead may change it.",
    Action.REPLY: "{name} is with {owner}; only they or a lead may answer there.",
    Action.COPY: "{name} is with {owner}; only they or a lead may say who gets a copy.",
    Action.TRANSFER: "{name} is with {owner}; only they or a lead may hand it over.",
    Action.SNOOZE: "{name} is with {owner}; only they or a lead may snooze it.",
    Action.RESOLVE: "{name} is with {owner}; only they or a lead may resolve it.",
    Action.PRIORITISE: "{name} is with {owner}; only they or a lead may set its priority.",
    Action.STATUS: "Only {owner} or a lead may set this status.",
    Action.AGENT_STATS: "Only {owner} or a lead may see what {owner} did.",
}


def _is_agent(actor: Actor) -> bool:
    return actor.kind is Kind.AGENT and bool(actor.id) and actor.role in ROLES


def _sentence(actor: Actor, action: Action, thing: Object) -> str:
    if actor.kind is Kind.INTEGRATOR:
        wanted = next((scope for scope, named in SCOPES.items() if action in named), "")
        if not wanted:
            return "No token may do this."
        if wanted not in actor.scopes:
            return f"This token may not do this — make one with the scope {wanted}."
    elif not _is_agent(actor):
        return "Sign in first."
    if not any(MATRIX[action][:2]):
        return "Only an admin may do this."
    if not MATRIX[action][0]:
        return "Only a lead or an admin may do this."
    owner = thing.owner_name or thing.owner
    if owner and action in _FOREIGN:
        return _FOREIGN[action].format(owner=owner, name=thing.name or "It")
    return "You may not do this."
