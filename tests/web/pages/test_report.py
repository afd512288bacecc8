"""The report: the figures of the API as a page, for whoever may read them."""

from __future__ import annotations

import pytest
from tests.web.site import MORNING, Site, text_of
from tests.web.test_html import check

from omniroute.application.stats import (
    DAY,
    ArticleStats,
    DayStats,
    FirstReply,
    QueueStats,
    Stats,
)

MINUTE = 60_000
BUSY = Stats(
    now=MORNING,
    since=MORNING - 7 * DAY,
    until=MORNING,
    queues=(
        QueueStats("billing", waiting=8, assigned=3, snoozed=2, oldest=45 * MINUTE, late=1),
        QueueStats("general", waiting=2, assigned=0, snoozed=0, oldest=MINUTE, late=0),
    ),
    agents={"online": 3, "away": 1},
    opened=12,
    resolved=9,
    received=31,
    replied=28,
    first_reply=FirstReply(threads=11, median=9 * MINUTE, p90=180 * MINUTE),
    articles=(ArticleStats("kb/<reset>", proposed=4, helped=3, came_back=1),),
    days=(DayStats(MORNING - 6 * DAY, 8, 2), DayStats(MORNING - DAY, 4, 7)),
)


@pytest.fixture
def busy(site: Site) -> Site:
    """The site of a desk with something to report, with Ana signed in."""
    site.village.figures = BUSY
    return site


def test_an_agent_reads_what_came_and_went(busy: Site) -> None:
    page = busy.get("/report").text
    check(page)
    said = text_of(page)
    assert "Threads opened 12" in said
    assert "Threads resolved 9" in said
    assert "Messages of customers 31" in said
    assert "Answers to them 28" in said
    assert "Of 11 that were answered" in said
    assert "one of two 9 min" in said
    assert "nine of ten 3 h" in said
    assert "kb/<reset> 4 3 1" in said
    assert "billing 8 45 min 3 2 1" in said
    assert "general 2 60 s 0 0 0" in said
    assert "1 away, 3 online" in said


def test_days_without_a_thread_are_bars_of_their_own(busy: Site) -> None:
    page = busy.get("/report").text
    assert 'aria-label="0, 8, 0, 0, 0, 0, 4 in 7 days, the latest last"' in page
    assert 'aria-label="0, 2, 0, 0, 0, 0, 7 in 7 days, the latest last"' in page
    assert "1 Mar 09:15 4 7 28 Feb 09:15 0 0" in text_of(page)


def test_lengths_are_drawn_to_scale(busy: Site) -> None:
    page = busy.get("/report").text
    for part in ("5.0", "75.0", "25.0"):  # 9 of 180 minutes, 3 of 4 articles, 2 of 8 threads
        assert f'<rect width="{part}" height="10"' in page


@pytest.mark.parametrize("days", [7, 30, 90])
def test_the_period_is_chosen_by_a_link(busy: Site, days: int) -> None:
    page = busy.get(f"/report?days={days}").text
    assert f'<a href="/report?days={days}" aria-current="page">{days} days</a>' in page
    assert page.count('href="/report?days=') == 3
    assert f"in {days} days, the latest last" in page


@pytest.mark.parametrize("days", ["8", "-7", "week", ""])
def test_another_period_is_refused(site: Site, days: str) -> None:
    answer = site.get(f"/report?days={days}")
    assert answer.status_code == 422
    assert "choose 7, 30 or 90 days" in text_of(answer.text)


def test_a_quiet_desk_says_so(site: Site) -> None:
    page = site.get("/report").text
    check(page)
    said = text_of(page)
    assert "None of them has been answered." in said
    assert "No article was proposed." in said
    assert "No thread is open." in said
    assert "The team now: nobody." in said


def test_it_stands_in_the_navigation_of_everybody(site: Site) -> None:
    assert 'href="/report"' in site.get("/").text
    assert 'href="/report" data-command="Go to the report" aria-current' in site.get("/report").text
