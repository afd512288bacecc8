"""Figures for Prometheus: counted from what is committed, or read from the views when asked.

Counts begin at zero with the process, as Prometheus expects.  No label holds a name, an address or
a word of anybody's: channels, queues, rules and codes only.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from omniroute.core import events as e
from omniroute.runtime.record import Entry
from omniroute.runtime.writer import Committed
from omniroute.server.roster import ArchiveReport, NodeReport

# Else each count has a second figure, of when it began, which is no count of anything.
disable_created_metrics()  # type: ignore[no-untyped-call]

K = TypeVar("K")
V = TypeVar("V")

Reading = Callable[[], AbstractContextManager[sqlite3.Connection]]

UNKNOWN: Final = "unknown"
REMEMBERED: Final = 100_000  # threads without an answer yet, and kinds of handles
MINUTES: Final = tuple(60.0 * minutes for minutes in (1, 5, 15, 30, 60, 240, 480, 1440, 4320))
DECISIONS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25)
ENDED: Final = {"accepted": "accepted", "declined": "passed", "expired": "timeout"}

WAITING: Final = """
    SELECT queue, priority, COUNT(*) AS count, MIN(queued_since) AS since FROM threads
    WHERE phase IN ('new', 'queued', 'offered', 'stranded', 'held') GROUP BY queue, priority
"""
NEAREST: Final = """
    SELECT queue, MIN(due) AS due FROM threads WHERE due > 0
    AND phase IN ('new', 'queued', 'offered', 'stranded', 'held', 'assigned') GROUP BY queue
"""
AGENTS: Final = "SELECT status, COUNT(*) AS count FROM agents WHERE employed GROUP BY status"
UNANSWERED: Final = """
    SELECT id, since FROM threads WHERE replies = 0
    AND phase NOT IN ('resolved', 'closed', 'folded') ORDER BY id DESC LIMIT ?
"""


class Metrics:
    """One process's figures.  `committed` belongs to the event loop; `text` to any thread."""

    def __init__(
        self,
        reading: Reading,
        clock: Callable[[], int],
        archive: Callable[[], ArchiveReport | None] = lambda: None,
    ) -> None:
        self._reading, self._clock, self._archive = reading, clock, archive
        self.registry = CollectorRegistry()
        self._kinds: OrderedDict[str, str] = OrderedDict()
        self._under_way: OrderedDict[str, str] = OrderedDict()  # effects, to which handle
        self._unanswered: OrderedDict[int, int] = OrderedDict()
        self._spared: OrderedDict[int, int] = OrderedDict()  # threads that an article has solved
        self._messages = self._counter(
            "messages", "Messages in and out", "channel", "direction", "result"
        )
        self._decisions = self._counter(
            "route_decisions", "Threads given to a queue", "rule", "queue", "version"
        )
        self._offers = self._counter("offer", "Offers that came to an end", "result")
        self._transfers = self._counter("transfers", "Threads handed on")
        self._articles = self._counter(
            "articles", "Articles that were proposed instead of an agent", "outcome"
        )
        self._merges = self._counter("identity_merges", "Customers found to be one", "how")
        self._failures = self._counter("send_failures", "Answers that stay away", "channel", "why")
        self._unmatched = self._counter("rules_unmatched", "Threads that no rule named a queue for")
        self._first = Histogram(
            "omniroute_first_reply_seconds", "From a thread's first message to its first answer",
            buckets=MINUTES, registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "omniroute_route_decision_seconds", "One input, decided and committed; a batch's mean",
            buckets=DECISIONS, registry=self.registry,
        )  # fmt: skip
        self.registry.register(self)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"omniroute_{name}", about, labels, registry=self.registry)

    def text(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self.registry)

    # --- from the journal ------------------------------------------------------------------------

    def remember(self) -> None:
        """Know the threads that wait for their first answer since before this process."""
        with self._reading() as db:
            for thread, since in db.execute(UNANSWERED, (REMEMBERED,)).fetchall()[::-1]:
                self._unanswered[thread] = since

    def committed(self, committed: Committed) -> None:
        """Count what has been committed."""
        for entry in committed.entries:
            self._seconds.observe(committed.seconds / len(committed.entries))
            for event in entry.ev:
                self._count(event, entry)

    def _count(self, event: e.Event, entry: Entry) -> None:
        match event:
            case e.HandleSeen(handle=handle):
                _keep(self._kinds, handle.id, handle.kind)
            case e.ThreadOpened(thread=thread):
                _keep(self._unanswered, thread, entry.at)
            case e.CustomerWrote(channel=channel):
                self._messages.labels(channel, "in", "ok").inc()
            case e.AutomaticReplyReleased(effect=effect, handle=handle):
                _keep(self._under_way, effect, handle)
            case e.ReplyReleased(thread=thread, effect=effect, handle=handle):
                _keep(self._under_way, effect, handle)
                if (since := self._unanswered.pop(thread, None)) is not None:
                    self._first.observe((entry.at - since) / 1000)
            case e.ReplySent(effect=effect, repeat=repeat):
                kind = self._kind(self._under_way.pop(effect, event.handle))
                self._messages.labels(kind, "out", "repeated" if repeat else "ok").inc()
            case e.ReplyFailed(effect=effect, outcome=outcome):
                kind = self._kind(self._under_way.pop(effect, event.handle))
                self._messages.labels(kind, "out", "failed").inc()
                self._failures.labels(kind, outcome).inc()
            case e.ThreadRouted(rule=rule, queue=queue, rules=version):
                self._decisions.labels(rule, queue, version[:12]).inc()
                if not rule:
                    self._unmatched.inc()
            case e.OfferEnded(how=how):
                self._offers.labels(ENDED.get(how, how)).inc()
            case e.ArticleProposed():
                self._articles.labels("proposed").inc()
            case e.ThreadSolved(thread=thread, how="deflected"):
                self._articles.labels("helped").inc()
                _keep(self._spared, thread, entry.at)
            case e.ThreadReopened(thread=thread) if self._spared.pop(thread, None) is not None:
                self._articles.labels("came_back").inc()
            case e.ThreadMoved():
                self._transfers.inc()
            case e.LinkAdded(link=link, gone=gone) if gone:
                self._merges.labels(link.evidence).inc()

    def _kind(self, handle: str) -> str:
        if handle and handle not in self._kinds:
            with self._reading() as db:
                row = db.execute("SELECT kind FROM handles WHERE id = ?", (handle,)).fetchone()
            _keep(self._kinds, handle, row["kind"] if row else UNKNOWN)
        return self._kinds.get(handle, UNKNOWN)

    # --- at this moment --------------------------------------------------------------------------

    def collect(self) -> Iterable[Metric]:
        """How things stand, for whoever asks now."""
        now = self._clock()
        waiting = GaugeMetricFamily(
            "omniroute_queue_waiting", "Threads that nobody has yet", labels=["queue", "priority"]
        )
        oldest = GaugeMetricFamily(
            "omniroute_queue_oldest_seconds", "How long the first has waited", labels=["queue"]
        )
        remaining = GaugeMetricFamily(
            "omniroute_sla_remaining_seconds", "Until the nearest promise is due", labels=["queue"]
        )
        agents = GaugeMetricFamily("omniroute_agents", "People on the team", labels=["status"])
        with self._reading() as db:
            since: dict[str, int] = {}
            for row in db.execute(WAITING):
                waiting.add_metric([row["queue"], str(row["priority"])], row["count"])
                since[row["queue"]] = min(row["since"] or now, since.get(row["queue"], now))
            for row in db.execute(NEAREST):
                remaining.add_metric([row["queue"]], (row["due"] - now) / 1000)
            for row in db.execute(AGENTS):
                agents.add_metric([row["status"]], row["count"])
        for queue, first in since.items():
            oldest.add_metric([queue], (now - first) / 1000)
        return (waiting, oldest, remaining, agents, *self._archived())

    def _archived(self) -> Iterable[Metric]:
        if (archive := self._archive()) is None:
            return
        yield GaugeMetricFamily(
            "omniroute_archive_behind", "Records that the archive lacks", archive.behind
        )
        yield GaugeMetricFamily(
            "omniroute_archive_ok", "Whether it follows the journal", not archive.fault
        )


def _keep(known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    if len(known) > REMEMBERED:
        known.popitem(last=False)


def node_figures(node: NodeReport, waiting: int | None, now: int) -> bytes:
    """What a node that follows knows, in the text format of Prometheus.

    *waiting* is how many messages lie between the nodes.
    """
    role = GaugeMetricFamily("omniroute_node", "What this process is", labels=["node", "role"])
    role.add_metric([node.node, node.role], 1)
    lag = (now - node.oldest) / 1000 if node.oldest else 0.0
    found = [
        role,
        GaugeMetricFamily(
            "omniroute_spooled", "Messages taken in here and not decided", value=node.spooled
        ),
        GaugeMetricFamily(
            "omniroute_spooled_oldest_seconds", "How long the first of them has waited", value=lag
        ),
    ]
    if waiting is not None:
        about = "Messages handed over by all nodes and not decided"
        found.append(GaugeMetricFamily("omniroute_handed_over", about, value=waiting))
    registry = CollectorRegistry()
    registry.register(_Fixed(found))
    return generate_latest(registry)


class _Fixed(Collector):
    """What was measured a moment ago."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found
