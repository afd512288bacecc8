"""What machines ask a server: whether it is ready, and its figures, by whom they may be read."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.server.house import Running

from omniroute.core import events as e
from omniroute.core.inputs import OfferAccepted
from omniroute.core.model import Evidence, Handle, Link
from omniroute.runtime.record import Entry
from omniroute.runtime.writer import Committed
from omniroute.server.metrics import Metrics, node_figures
from omniroute.server.probes import probes
from omniroute.server.roster import ArchiveReport, NodeReport
from omniroute.settings import Secret

FIGURES = Path(__file__).parents[2] / "docs" / "how-to" / "watch-it.md"
TOKEN = "read-only-please"
CAUSE = OfferAccepted(key="k", at=0, agent="ana", thread=8, offer="o1")  # whatever it was


class Past:
    """Views with one thread that waits since before the start, and one handle."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(
            "CREATE TABLE threads (id, queue, priority, phase, queued_since, due, since, replies);"
            "CREATE TABLE agents (status, employed);"
            "CREATE TABLE handles (id, kind);"
            "INSERT INTO threads VALUES (7, 'billing', 20, 'queued', 60000, 300000, 30000, 0);"
            "INSERT INTO agents VALUES ('online', 1), ('online', 1), ('away', 1), ('away', 0);"
            "INSERT INTO handles VALUES ('h:old', 'email');"
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        yield self.db


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics(Past().reading, lambda: 120_000)
    metrics.remember()
    return metrics


def figures(metrics: Metrics) -> dict[str, float]:
    """Every sample, by its name and labels."""
    return {
        sample.name.removeprefix("omniroute_")
        + "".join(f" {name}={value}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def happens(metrics: Metrics, at: int, *events: e.AnyEvent) -> None:
    entry = Entry(1, at, CAUSE, events)
    metrics.committed(Committed((1, b""), (entry,), (), 0.002))


def test_how_things_stand_is_read_when_asked(metrics: Metrics) -> None:
    found = figures(metrics)
    assert found["queue_waiting priority=20 queue=billing"] == 1
    assert found["queue_oldest_seconds queue=billing"] == 60
    assert found["sla_remaining_seconds queue=billing"] == 180
    assert found["agents status=online"] == 2
    assert found["agents status=away"] == 1


def test_what_is_committed_is_counted(metrics: Metrics) -> None:
    handle = Handle("h:joe", "c1", "webchat", 100_000)
    happens(
        metrics, 100_000,
        e.HandleSeen(handle),
        e.ThreadOpened(8, "c1"),
        e.CustomerWrote(8, "m1", "h:joe", "webchat", "site"),
        e.ThreadRouted(8, "refunds", "abcdef0123456789", "billing", (), 20, 0, 100_000),
        e.OfferEnded(8, "o1", "ana", "declined"),
        e.ThreadMoved(8, "ana", "billing"),
    )  # fmt: skip
    happens(metrics, 160_000, e.ReplyReleased(8, "m2", "ana", "h:joe", "f1"))
    happens(metrics, 160_000, e.ReplySent(8, "m2", "f1"))
    happens(metrics, 160_000, e.ReplyReleased(8, "m3", "ana", "h:joe", "f2"))
    found = figures(metrics)
    assert found["messages_total channel=webchat direction=in result=ok"] == 1
    assert found["messages_total channel=webchat direction=out result=ok"] == 1
    assert found["route_decisions_total queue=billing rule=refunds version=abcdef012345"] == 1
    assert found["rules_unmatched_total"] == 0
    assert found["offer_total result=passed"] == 1
    assert found["transfers_total"] == 1
    assert (found["first_reply_seconds_count"], found["first_reply_seconds_sum"]) == (1, 60)
    assert found["route_decision_seconds_count"] == 4


def test_each_figure_that_is_told_is_described_and_no_other() -> None:
    metrics = Metrics(Past().reading, lambda: 120_000, lambda: ArchiveReport(at=7, behind=2))
    told = metrics.text() + node_figures(NodeReport("n", "follower", 0, ""), 0, 120_000)
    list(text_string_to_metric_families(told.decode()))  # Prometheus can read it
    names = re.findall(r"^# TYPE (\w+)", told.decode(), re.MULTILINE)
    described = re.findall(r"^\| `(omniroute_\w+)`", FIGURES.read_text(), re.MULTILINE)
    assert sorted(described) == sorted(names)


def test_what_was_waiting_before_the_start_is_known(metrics: Metrics) -> None:
    happens(metrics, 90_000, e.ReplyReleased(7, "m2", "ana", "h:old", "f1"))
    happens(metrics, 91_000, e.ReplyFailed(7, "m2", "f1", "rejected", "h:old"))
    found = figures(metrics)
    assert found["first_reply_seconds_sum"] == 60
    assert found["send_failures_total channel=email why=rejected"] == 1
    assert found["messages_total channel=email direction=out result=failed"] == 1


def test_only_two_who_become_one_are_counted_as_merged(metrics: Metrics) -> None:
    link = Link("h:a", "h:b", Evidence.VERIFIED, "webchat", 0)
    happens(metrics, 1, e.LinkAdded(link, "c1", gone="c2"), e.LinkAdded(link, "c1"))
    assert figures(metrics)["identity_merges_total how=verified"] == 1


def asked(metrics: Metrics, token: Secret | None, **wrong: str) -> TestClient:
    return TestClient(Starlette(routes=probes(lambda: wrong, metrics, token)))


@pytest.mark.parametrize("token", [Secret(TOKEN), Secret("")])
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Basic " + TOKEN])
def test_figures_are_for_who_has_the_token(metrics: Metrics, token: Secret, given: str) -> None:
    answer = asked(metrics, token).get("/metrics", headers={"Authorization": given})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "omniroute_" not in answer.text


def test_who_has_it_reads_them(metrics: Metrics) -> None:
    given = {"Authorization": f"Bearer {TOKEN}"}
    answer = asked(metrics, Secret(TOKEN)).get("/metrics", headers=given)
    assert answer.status_code == HTTPStatus.OK
    assert "omniroute_agents" in answer.text


def test_what_is_not_ready_is_said(metrics: Metrics) -> None:
    assert asked(metrics, None).get("/readyz").json() == {"ok": True, "wrong": {}, "role": "writer"}
    answer = asked(metrics, None, store="the disk is full").get("/readyz")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["wrong"] == {"store": "the disk is full"}


def test_a_stranger_is_told_what_is_not_ready_and_not_why(metrics: Metrics) -> None:
    answer = asked(metrics, Secret(TOKEN), store="/srv/desk.db: the disk is full").get("/readyz")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["wrong"] == {"store": "see the log"}


def test_a_running_server_is_ready_and_counts(running: Running) -> None:
    assert running.local.get("/readyz") == {"ok": True, "wrong": {}, "role": "writer"}
    running.mail("Vera Nowak <vera@mail.example>", "Bill", "I would like a refund")
    running.thread_of("Vera Nowak")
    text = running.agent("frieda").call("GET", "/metrics")
    assert text.status == HTTPStatus.UNAUTHORIZED
    said = running.local.text("/metrics")
    assert 'omniroute_messages_total{channel="email",direction="in",result="ok"}' in said
    assert "Vera" not in said


def test_what_came_of_articles_is_counted(metrics: Metrics) -> None:
    happens(metrics, 100_000, e.ArticleProposed(7, "reset", "kb/reset"))
    happens(metrics, 110_000, e.ThreadSolved(7, "", 200_000, how="deflected"))
    happens(metrics, 120_000, e.ThreadReopened(7, "customer"), e.ThreadSolved(7, "ana", 300_000))
    happens(metrics, 130_000, e.ThreadReopened(7, "customer"))
    found = figures(metrics)
    assert [found[f"articles_total outcome={o}"] for o in ("proposed", "helped", "came_back")] == [
        *(1, 1, 1)
    ]
