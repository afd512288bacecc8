"""The figures: what came and went in the last days, and how the queues stand."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from omniroute.application.stats import DAY, DayStats, Stats
from omniroute.errors import Refused
from omniroute.web.answers import Values, console_of, page
from omniroute.web.visits import Visit

PERIODS: Final = (7, 30, 90)  # days


async def show(request: Request, visit: Visit) -> Response:
    """The report over the last ``?days=``, up to now."""
    asked = request.query_params.get("days", str(PERIODS[0]))
    if asked not in map(str, PERIODS):
        raise Refused(
            "invalid", f"There is no report over “{asked[:20]}” — choose 7, 30 or 90 days."
        )
    days, until = int(asked), visit.viewer.now
    found = await console_of(request).application.query.stats(
        visit.actor, until - days * DAY, until
    )
    by_day = _each_day(found, days)
    values: Values = {
        "periods": PERIODS,
        "days": days,
        "stats": found,
        "by_day": by_day,
        "most": max(max(day.opened, day.resolved) for day in by_day),
        "longest": max((queue.waiting for queue in found.queues), default=0),
    }
    return await page(request, visit, "report.html", values)


def _each_day(found: Stats, days: int) -> list[DayStats]:
    """Every day of the span, those without a thread too."""
    known = {day.since: day for day in found.days}
    begins = (found.since + n * DAY for n in range(days))
    return [known.get(begin, DayStats(begin, 0, 0)) for begin in begins]
