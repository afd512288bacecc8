"""The team, who asks, what happened, and figures."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from omniroute.application import commands as c
from omniroute.application.authorize import SCOPES, Action, Kind
from omniroute.application.feed import LONGEST_WAIT, Happenings
from omniroute.application.pages import AgentView
from omniroute.application.stats import Stats
from omniroute.errors import Refused, did_you_mean
from omniroute.web.rest.calls import Call, Operation, Page, Unreadable, operation
from omniroute.web.rest.threads import Limit, Short, done

DAY = 86_400_000  # ms
Moment = Annotated[int, msgspec.Meta(ge=0, lt=2**53, description="Ms since the epoch.")]


class Who(msgspec.Struct, frozen=True):
    """Who asks, and what they may; *agent* is in whose name, *scopes* are a token's."""

    kind: str
    agent: str
    role: str
    scopes: tuple[str, ...]


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whether somebody can be asked."""

    status: Literal["online", "away", "transfers", "draining", "offline"]


class After(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From where on; *wait* is how many seconds to wait where there is nothing new yet."""

    after: Short = ""
    limit: Limit = 100
    wait: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_WAIT)] = 0


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From when to before when; the last 24 hours unless given."""

    since: Moment | msgspec.UnsetType = msgspec.UNSET
    until: Moment | msgspec.UnsetType = msgspec.UNSET


async def who_am_i(call: Call) -> Who:
    """Who asks, and what they may."""
    actor = call.actor
    agent = "" if actor.kind is Kind.SYSTEM else actor.id
    named = tuple(scope for scope in SCOPES if scope in actor.scopes)
    return Who(actor.kind.value, agent, actor.role, named)


async def list_agents(call: Call) -> Page[AgentView]:
    """The team, by name."""
    return Page(tuple(await call.console.application.query.agents(call.actor)))


async def get_agent(call: Call) -> AgentView:
    """One of the team."""
    team = {agent.id: agent for agent in (await list_agents(call)).items}
    name = call.named("agent")
    if name not in team:
        hint = did_you_mean(name, team) or "GET /agents lists them"
        raise Refused("unknown_agent", f"Nobody on the team is called {name[:60]} — {hint}")
    return team[name]


async def set_status(call: Call, said: Declared) -> c.Outcome:
    """Say whether somebody can be asked: oneself, or as a lead a colleague."""
    named = call.named("agent")
    whose = "" if named == call.actor.id else named
    return await done(call, c.SetStatus(key=call.key, status=said.status, agent=whose))


async def list_events(call: Call, asked: After) -> Happenings:
    """What happened after a place in the record, the oldest first; ``after=latest`` for its end."""
    feed = call.console.application.feed
    return await feed.page(call.actor, asked.after, asked.limit, asked.wait)


async def get_stats(call: Call, asked: Span) -> Stats:
    """How it stands now, and what came and went in a span of time."""
    now = call.console.clock()
    until = now if asked.until is msgspec.UNSET else asked.until
    since = max(0, until - DAY) if asked.since is msgspec.UNSET else asked.since
    if since > until:
        raise Unreadable("query.since", "The span ends before it begins", "swap since and until")
    return await call.console.application.query.stats(call.actor, since, until)


def operations() -> list[Operation]:
    """All of this file."""
    return [
        operation("GET", "/me", None, who_am_i),
        operation("GET", "/agents", Action.COLLEAGUES, list_agents),
        operation("GET", "/agents/{agent}", Action.COLLEAGUES, get_agent),
        operation("POST", "/agents/{agent}/status", Action.STATUS, set_status, repeatable=True),
        operation("GET", "/events", Action.EVENTS, list_events),
        operation("GET", "/stats", Action.STATS, get_stats),
    ]
