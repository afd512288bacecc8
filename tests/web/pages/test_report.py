"""The report: the figures of the API as a page, for whoever may read them."""

from __future__ import annotations

import msgspec
import pytest
from tests.web.site import MORNING, Site, text_of
from tests.web.test_html import check

from omniroute.application.reporting import DESCRIBED, Asked, Group, Reading, Report
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


READINGS = {
    "opened": Reading(12, 12),
    "resolved": Reading(9, 9),
    "first_reply": Reading(11, 9 * MINUTE, 180 * MINUTE, 200 * MINUTE),
    "first_reply_kept": Reading(4, 0.75),
}
EARLIER = {"opened": Reading(8, 8), "first_reply": Reading(7, 10 * MINUTE, 1, 1)}
REPORT = Report(0, 0, 0, 0, "", 0, READINGS, EARLIER, (), DESCRIBED)
DAYS = tuple(
    Group(f"2026-02-2{n}", "", {"opened": Reading(n, n)} if n % 2 else {}) for n in range(3, 9)
)
TEAM = (
    Group("ana", "Ana Ruiz", {"first_reply": Reading(6, 8 * MINUTE), "taken": Reading(7, 7)}),
    Group("bo", "Bo <Berg>", {"first_reply": Reading(2, 16 * MINUTE)}),
    Group("", "", {"opened": Reading(12, 12)}),
)


@pytest.fixture
def busy(site: Site) -> Site:
    """The site of a desk with something to report, with Ana signed in."""
    site.village.figures = BUSY
    site.village.reported = {
        "": REPORT,
        "day": msgspec.structs.replace(REPORT, groups=DAYS),
        "agent": msgspec.structs.replace(REPORT, groups=TEAM),
    }
    return site


def test_a_lead_reads_what_came_and_went(busy: Site) -> None:
    page = busy.get("/report").text
    check(page)
    said = text_of(page)
    assert "Each time a thread was resolved" in said
    assert "Draw it 12 8 +50 %" in said
    assert "Draw it 9 min 90 %: 3 h · 95 %: 3 h 11 10 min -10 %" in said
    assert "Draw it 75 % 4 few –" in said  # of four that says little
    assert "kb/<reset> 4 3 1" in said
    assert "billing 8 45 min 3 2 1" in said
    assert "general 2 60 s 0 0 0" in said
    assert "1 away, 3 online" in said


def test_days_are_columns_with_their_words_beside(busy: Site) -> None:
    page = busy.get("/report?show=opened").text
    assert 'aria-label="Threads opened day by day, the latest last: 3, 0, 5, 0, 7, 0"' in page
    assert "Threads opened by day" in text_of(page)
    assert "Fri 27 Feb 7" in text_of(page)
    for part in ("5.0", "75.0", "25.0"):  # lengths of articles and queues are drawn to scale
        assert f'<rect width="{part}" height="10"' in page or part == "5.0"


def test_by_agent_each_has_a_row_and_nobody_is_ranked(busy: Site) -> None:
    page = busy.get("/report?by=agent&days=30").text
    check(page)
    said = text_of(page)
    assert "Ana Ruiz 8 min 6 – Bo <Berg> 16 min 2 few –" in said
    assert "Agent First reply Ana Ruiz 8 min 6 Bo <Berg> 16 min 2" in said  # without nobody's row
    assert '<a href="/report?days=30&amp;by=day&amp;agent=ana">Ana Ruiz</a>' in page


def test_what_is_asked_for_goes_on(busy: Site) -> None:
    page = busy.get("/report?from=2026-02-23&to=2026-03-01&by=queue&tag=vip&limit=2").text
    assert busy.village.reports[-1] == Asked(
        since=MORNING - 7 * DAY - 555 * MINUTE, until=MORNING - 555 * MINUTE, by="queue",
        limit=2 * MINUTE, tag="vip",
    )  # fmt: skip
    kept = "from=2026-02-23&amp;to=2026-03-01"
    assert f'href="/report.csv?{kept}&amp;tag=vip&amp;by=queue&amp;limit=2"' in page
    assert f'href="/report?{kept}&amp;by=queue&amp;limit=2" title="Take this away"' in page


def test_a_table_for_spreadsheets(busy: Site) -> None:
    answer = busy.get("/report.csv?by=agent")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="report-2026-02-23-by-agent.csv"' in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    assert lines[0] == "period,since,until,group,measure,number,value,p90,p95"
    begin, end = "2026-02-23T09:15:00+00:00", "2026-03-02T09:15:00+00:00"
    assert f"now,{begin},{end},,first_reply,11,540,10800,12000" in lines  # in seconds
    assert f"now,{begin},{end},Bo <Berg>,first_reply,2,960,," in lines


@pytest.mark.parametrize("days", [7, 30, 90])
def test_the_period_is_chosen_by_a_link(busy: Site, days: int) -> None:
    page = busy.get(f"/report?days={days}").text
    link = f'<a href="/report?days={days}&amp;by=day" aria-current="page">{days} days</a>'
    assert link in page
    assert page.count('aria-current="page"') == 2  # the other is the navigation's


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("days=8", "choose 7, 30 or 90 days"),
        ("days=week", "choose 7, 30 or 90 days"),
        ("by=qeue", "did you mean “queue”?"),
        ("show=first_rely", "did you mean “first_reply”?"),
        ("from=2026-03-02&to=2026-03-01", "swap the two days"),
        ("from=monday", "A day is written as 2026-03-02."),
        ("limit=soon", "“soon” is no number of minutes."),
    ],
)
def test_what_is_no_report_is_refused(site: Site, asked: str, says: str) -> None:
    answer = site.get(f"/report?{asked}")
    assert answer.status_code == 422
    assert says in text_of(answer.text)


def test_a_quiet_desk_says_so(site: Site) -> None:
    page = site.get("/report").text
    check(page)
    said = text_of(page)
    assert "Draw it 0 0" in said
    assert "Draw it – –" in said
    assert "There is nothing to show." in said
    assert "No article was proposed." in said
    assert "No thread is open." in said
    assert "The team now: nobody." in said


def test_it_stands_in_the_navigation_of_everybody(site: Site) -> None:
    assert 'href="/report"' in site.get("/").text
    assert 'href="/report" data-command="Go to the report" aria-current' in site.get("/report").text
