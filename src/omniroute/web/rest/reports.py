"""Reports: every measure over a period, in groups if wanted."""

from __future__ import annotations

from typing import Annotated

import msgspec

from omniroute.application.authorize import Action
from omniroute.application.reporting import DAY, LIMIT, Asked, By, Report
from omniroute.web.rest.calls import Call, Operation, Unreadable, operation
from omniroute.web.rest.team import Moment
from omniroute.web.rest.threads import Short

WEEK = 7 * DAY


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From when to before when, the last seven days unless given; in groups, and of what.

    *limit* is that of the service level, in ms; *zone* is where a day begins, the desk's unless
    given.  By agent a program needs the scope ``stats:agents``, too.
    """

    since: Moment | msgspec.UnsetType = msgspec.UNSET
    until: Moment | msgspec.UnsetType = msgspec.UNSET
    by: By = ""
    limit: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] = LIMIT
    queue: Short | None = None
    channel: Short | None = None
    agent: Short | None = None
    tag: Short | None = None
    topic: Short | None = None
    zone: Short = ""


async def get_report(call: Call, asked: Wanted) -> Report:
    """Every measure over a period, beside the period before, in groups if wanted."""
    until = call.console.clock() if asked.until is msgspec.UNSET else asked.until
    since = max(0, until - WEEK) if asked.since is msgspec.UNSET else asked.since
    if since >= until:
        raise Unreadable("query.since", "The span ends before it begins", "swap since and until")
    wanted = Asked(
        since=since,
        until=until,
        by=asked.by,
        limit=asked.limit,
        queue=asked.queue,
        channel=asked.channel,
        agent=asked.agent,
        tag=asked.tag,
        topic=asked.topic,
        zone=asked.zone,
    )
    return await call.console.application.query.report(call.actor, wanted)


def operations() -> list[Operation]:
    """All of this file."""
    return [operation("GET", "/reports", Action.STATS, get_report)]
