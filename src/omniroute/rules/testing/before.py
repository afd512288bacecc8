"""What was before the message: the customer's past, and what agents have on their hands.

A test gives facts such as ``thread.last_agent`` and ``thread.idle``; here they are made true by
deciding what led to them, under a rule set that is no admin's: threads are opened, taken, solved.
"""

from __future__ import annotations

from collections.abc import Sequence

from omniroute.core import inputs as i
from omniroute.core.conditions import Always
from omniroute.core.ladder import Stage
from omniroute.core.model import Status
from omniroute.core.rules import Defaults, Deflection, Queue, RouteRule, RuleSet
from omniroute.core.urgency import DAY
from omniroute.errors import ConfigError
from omniroute.rules.testing.cases import Case, Present
from omniroute.rules.testing.clockwork import Clockwork

CUSTOMER = "customer"
SOMEBODY = "somebody-before"  # who has left since
_APART = 10  # ms between two threads of the past
_SHORT = 1
_LONG = 400 * DAY


def _rules(window: int, article: bool = False) -> RuleSet:
    queue = Queue("before", reopen_window_ms=window, promote_after_ms=None)
    deflection = Deflection("before", "deflect/before")
    stages = (Stage(article="before", span=_LONG),)
    deflect = RouteRule("before", Always(), "", stages, True, deflect=deflection)
    return RuleSet(
        f"before/{window}/{article}",
        Defaults("before"),
        route=(deflect,) if article else (),
        queues={"before": queue},
    )


class Past:
    """How many threads a customer has had, who served them last, and how long ago that is.

    Raises `ConfigError` where the facts contradict each other.
    """

    def __init__(self, case: Case) -> None:
        given = case.given
        agent, idle = given.get("thread.last_agent"), given.get("thread.idle")
        history = given.get("thread.history")
        self.reopened = given.get("thread.reopened") is True
        self.agent = str(agent) if agent else ""
        self.tags = given.get("tags") or ()
        self.deflected = given.get("thread.deflected") is True
        known = bool(agent or idle or self.reopened)
        self.closed = int(history) if isinstance(history, int | float) else 0
        if history is None and known and not self.reopened:
            self.closed = 1
        self.idle = int(idle) if isinstance(idle, int) else DAY if known or self.closed else 0
        self._check(case, known)

    def _check(self, case: Case, known: bool) -> None:
        if known and not (self.closed or self.reopened):
            fault = "thread.history: 0, yet somebody has served this customer"
            raise ConfigError(case.place, fault, "leave out thread.history")
        if self.tags and not self.reopened:
            fault = "tags are given, and a new thread has none"
            raise ConfigError(case.place, fault, "say thread.reopened: true, or leave them out")
        if self.deflected and not self.reopened:
            fault = "thread.deflected is given, and a new thread has had no article"
            raise ConfigError(case.place, fault, "say thread.reopened: true, or leave it out")

    @property
    def length(self) -> int:
        """How long before the message it begins, in ms."""
        return self.idle + (self.closed + 2) * _APART


def make(work: Clockwork, case: Case, people: Sequence[Present], past: Past) -> None:
    """Let it all have happened, up to the moment before the message."""
    work.state.adopt(_rules(_SHORT))
    work.adopt(_rules(_SHORT))
    members = [present.member for present in people]
    work.put(i.TeamLoaded, members=(*members, i.Member(SOMEBODY)))
    for _ in range(past.closed):
        _served(work, case, past.agent or SOMEBODY)
        work.wait(work.now + _APART)
    if past.reopened:
        work.adopt(_rules(_LONG, past.deflected))
        thread = _served(work, case, past.agent or SOMEBODY)
        if past.tags:
            tags = past.tags if isinstance(past.tags, tuple) else (str(past.tags),)
            work.put(i.TagsChanged, agent=SOMEBODY, thread=thread, add=tags)
    for present in people:
        for number in range(present.load):
            sender = i.Seen(f"other:{present.member.id}/{number}", "other")
            thread = _writes(work, sender, "other")
            work.put(i.ThreadClaimed, agent=present.member.id, thread=thread)
    work.put(i.TeamLoaded, members=tuple(members))


def come(work: Clockwork, case: Case, people: Sequence[Present]) -> None:
    """Let the agents be there as the test says, whoever has been idle longest first."""
    for present in sorted(people, key=lambda present: -present.idle):
        work.wait(max(work.now, case.at - present.idle))
        status = Status.OFFLINE if present.member.id in case.without else present.status
        if status is not Status.OFFLINE:
            work.put(i.StatusDeclared, agent=present.member.id, status=status)


def sender_of(case: Case) -> i.Seen:
    """The handle that the message comes from."""
    verified = case.given.get("message.verified") is not False
    return i.Seen(CUSTOMER, str(case.given["channel"]), verified=verified)


def _served(work: Clockwork, case: Case, agent: str) -> int:
    """A thread that is opened, taken and solved."""
    thread = _writes(work, sender_of(case), str(case.given["channel"]))
    work.put(i.ThreadClaimed, agent=agent, thread=thread)
    work.put(i.ThreadResolved, agent=agent, thread=thread)
    return thread


def _writes(work: Clockwork, sender: i.Seen, channel: str) -> int:
    answer = work.put(
        i.MessageReceived,
        message=f"before/{work.now}/{sender.id}",
        channel=channel,
        account="test",
        sender=sender,
        live=True,
    ).answer
    return int(answer.values["thread"])
