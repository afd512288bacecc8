"""How it was for customers, as samples for reports (routing.md 1, "Measures").

Each source is a SELECT over the views with a sample a row: when, which measure, its value, and what
it is about.  A question counts on the day on which it was asked, whenever it is answered.
"""

from __future__ import annotations

import math
from typing import Final

_ABOUT: Final = "thread, agent, queue, channel, survey AS about FROM surveys"

SATISFIED: Final = f"""
    SELECT asked_at AS at, 'csat' AS measure, score >= 4 AS value, {_ABOUT}
    WHERE measure = 'csat' AND score IS NOT NULL
"""
"""CSAT: the share of 4 and 5 among answers from 1 to 5."""

PROMOTERS: Final = f"""
    SELECT asked_at AS at, 'nps' AS measure, 100 * ((score >= 9) - (score <= 6)) AS value, {_ABOUT}
    WHERE measure = 'nps' AND score IS NOT NULL
"""
"""NPS: the percentage of 9 and 10 less that of 0 to 6, from -100 to 100 (Reichheld, 2003)."""

EASE: Final = f"""
    SELECT asked_at AS at, 'ces' AS measure, score AS value, {_ABOUT}
    WHERE measure = 'ces' AND score IS NOT NULL
"""
"""CES: the mean of answers from 1, very hard, to 7, very easy (Dixon et al., 2010, version 2)."""

RESPONSES: Final = f"""
    SELECT asked_at AS at, 'responses' AS measure, score IS NOT NULL AS value, {_ABOUT}
    WHERE ended != 'undelivered'
"""
"""Whether a question that arrived was answered."""

QUIET: Final = 7 * 86_400_000  # ms for which nothing may follow

FIRST_CONTACT: Final = f"""
    SELECT solved.at AS at, 'fcr' AS measure, (
      (SELECT COUNT(DISTINCT json_extract(given.said, '$.agent')) FROM happenings AS given
        WHERE given.thread = solved.thread AND given.event = 'ThreadAssigned'
        AND given.at <= solved.at) <= 1
      AND NOT EXISTS (SELECT 1 FROM happenings AS again WHERE again.thread = solved.thread
        AND again.event = 'ThreadReopened' AND again.at >= solved.at
        AND again.at < solved.at + {QUIET})
      AND NOT EXISTS (SELECT 1 FROM threads AS next WHERE next.customer = threads.customer
        AND next.queue = threads.queue AND next.id != threads.id AND next.root = next.id
        AND next.since > solved.at AND next.since < solved.at + {QUIET})
    ) AS value, solved.thread, json_extract(solved.said, '$.agent') AS agent, threads.queue,
      threads.channel, '' AS about
    FROM happenings AS solved JOIN threads ON threads.id = solved.thread
    WHERE solved.event = 'ThreadSolved' AND json_extract(solved.said, '$.agent') != ''
      AND solved.at + {QUIET} <= :now
      AND NOT EXISTS (SELECT 1 FROM happenings AS before WHERE before.thread = solved.thread
        AND before.event = 'ThreadSolved' AND before.at < solved.at)
"""  # noqa: S608 — a number of our own
"""FCR: whether one agent alone resolved it for good: it was not handed on, not taken up again and
not followed by a thread of the customer in the same queue within seven days; unknown before."""


def wilson(yes: float, number: int, z: float = 1.96) -> tuple[float, float]:
    """Between what shares the true one lies, with a confidence of 95 percent (Wilson, 1927).

    Raises `ValueError` without a sample.

    >>> [round(end, 2) for end in wilson(9, 10)], [round(end, 2) for end in wilson(0, 3)]
    ([0.6, 0.98], [0.0, 0.56])
    """
    if number <= 0:
        raise ValueError("a share of nothing")
    share, spread = yes / number, z * z / number
    middle = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / number + spread / number / 4)
    low, high = ((middle + sign * half) / (1 + spread) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)
