"""Random histories of a small desk, played on a `Machine`.

A history is a list of acts, each a few small numbers that are read against the state as it stands:
so it can be shrunk by a property test, and played again under other circumstances (restarted,
rolled back, committed in other batches), where it must come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC
from random import Random
from typing import NamedTuple

from omniroute.core import inputs as i
from omniroute.core.answers import FIRST_SCORE, SOLVED
from omniroute.core.conditions import Always, Is, Leaf
from omniroute.core.ladder import Stage
from omniroute.core.model import Ask, Caps, Evidence, Phase, Status, Thread
from omniroute.core.rules import (
    Defaults,
    Deflection,
    EnrichRule,
    EscalateRule,
    Low,
    Overflow,
    Queue,
    RouteRule,
    RuleSet,
    Sla,
    SurveyRule,
)
from omniroute.core.skills import compile_skills
from omniroute.core.states import OPEN
from omniroute.core.urgency import DAY, MINUTE, Calendar
from omniroute.testing.machine import Machine

SECOND = 1_000
NAMES = ("ana", "bo", "cy", "dan", "eva")
TOPICS = ("refund", "tech", "owner", "all", "picky", "plain")


HOURS = Calendar(
    UTC,
    {
        day: [(start, start + 7 * MINUTE) for start in range(0, DAY, 10 * MINUTE)]
        for day in range(7)
    },
)
"""Open for seven minutes of every ten."""

# --- the desk ---


def _spare(timeout: int) -> dict[str, Queue]:
    """A queue for what anybody may take."""
    return {
        "spare": Queue(
            "spare",
            pick="most_spare",
            order=("routing_since",),
            then="broadcast",
            hours="busy",
            offer_timeout_ms=timeout,
        )
    }


CHOSEN = Ask(
    any=((Ask((("refunds", 2.0),)), Ask((("tech", 3.0),), agents=("ana", "eva"))),),
    none=(Ask((("billing", 4.0),)), Ask(agents=("eva",))),
)
"""Whoever knows refunds, or one of two who know another thing; but not whom it bars."""


def desk(version: str, timeout: int, *teams: str) -> RuleSet:
    """Ladders, named agents, skipped steps, a broadcast, weights, and every selection policy.

    Only the first has a queue of its own for what anybody may take.
    """
    spare = "spare" if teams else "general"

    def topic(number: int, name: str) -> Leaf:
        return Leaf(number, "topic", Is((name,)))

    def rule(name: str, number: int, queue: str, *stages: Stage) -> RouteRule:
        return RouteRule(name, topic(number, name), queue, stages)

    return RuleSet(
        version,
        Defaults("general", sla=Sla(first_reply=60 * MINUTE)),
        enrich=(
            EnrichRule("heavy", Leaf(1, "channel", Is(("crm",))), weight=2, priority=30),
            EnrichRule("tech", topic(2, "tech"), need={"tech": 2}, tags=("tech",)),
        ),
        route=(
            RouteRule(
                "mine",
                topic(3, "owner"),
                stages=(
                    Stage(
                        agents=("{thread.last_agent}",), span=20 * SECOND, skip_if="nobody_present"
                    ),
                ),
                falls_through=True,
            ),
            rule(
                "refund",
                4,
                "billing",
                Stage(need={"refunds": 3}, span=30 * SECOND, cost=0.0),
                Stage(need={"refunds": 1}, span=30 * SECOND, skip_if="nobody_free", cost=1.0),
                Stage(add=("night",), span=10 * SECOND, cost=2.0, priority=25, notify=("ana",)),
                Stage(drop_all=True, queue="general"),
            ),
            rule(
                "tech",
                5,
                "tech",
                Stage(need={"tech": 4}, span=10 * SECOND, skip_if="nobody_present"),
                Stage(need={"tech": 2}, span=15 * SECOND),
            ),
            rule(
                "all",
                6,
                spare,
                Stage(ask=CHOSEN, span=15 * SECOND, skip_if="nobody_free"),
                Stage(drop_all=True, broadcast=True),
            ),
            rule(
                "picky",
                7,
                "turns",
                Stage(agents=("ana", "bo"), skip_if="nobody_present"),
                Stage(need={"tech": 1}),
            ),
            RouteRule(
                "article",
                topic(8, "plain"),
                stages=(Stage(article="kb/plain", span=25 * SECOND),),
                falls_through=True,
                deflect=Deflection("kb/plain", "deflect/article"),
            ),
            RouteRule("rest", Always(), "general", reply="hello"),
        ),
        escalate=(
            EscalateRule("soon", "first_reply", 59 * MINUTE, priority=35, add_teams=("help",)),
            EscalateRule("moved", "", 58 * MINUTE, queues=("billing",), queue="tech"),
            EscalateRule("late", "", -MINUTE, add_tags=("late",), notify=("owner", "ana")),
        ),
        surveys=(
            SurveyRule(
                "after",
                after_ms=20 * SECOND,
                every_ms=MINUTE,
                open_ms=2 * MINUTE,
                ask="hello",
                thanks="hello",
                low=Low(2, ("sad",), priority=30, notify=("owner",), reopen=True),
            ),
        ),
        queues={
            "general": Queue(
                "general",
                offer_timeout_ms=timeout,
                promote_after_ms=MINUTE,
                resume_window_ms=10 * SECOND,
                wrap_up_ms=15 * SECOND,
                dormant_after_ms=30 * SECOND,
                wake_deadline_ms=20 * SECOND,
                reopen_window_ms=5 * MINUTE,
            ),
            "billing": Queue(
                "billing",
                pick="least_loaded",
                teams=teams,
                offer_timeout_ms=timeout,
                exclude_for_ms=MINUTE,
                aim_ms=20 * SECOND,
                remind_ms=2 * MINUTE,
                overflow=(
                    Overflow(("help",), nobody_present=True, lender="tech", below=0.5),
                    Overflow(("help",), waited_ms=MINUTE),
                ),
            ),
            "tech": Queue(
                "tech",
                pick="best_skill",
                order=("deadline", "priority", "routing_since"),
                offer_timeout_ms=timeout,
                promote_after_ms=None,
            ),
            "turns": Queue("turns", pick="round_robin", auto_assign=True, reopen_window_ms=MINUTE),
            **(_spare(timeout) if teams else {}),
        },
        calendars={"busy": HOURS},
        skills=compile_skills({"billing": {"refunds": 1}, "refunds": {}, "tech": {"refunds": 2}}),
    )


RULES = (desk("rules-1", 20 * SECOND, "money"), desk("rules-2", 35 * SECOND))


class Act(NamedTuple):
    """One thing that happens; the numbers choose who, what and to whom."""

    kind: str
    a: int
    b: int
    c: int


class History:
    """A desk of three agents under `RULES`, and acts that happen to it."""

    def __init__(self, machine: Machine | None = None) -> None:
        self.machine = machine or Machine()
        self.machine.adopt(RULES[0])
        self.machine.put(i.TeamLoaded, members=tuple(member(name, 0) for name in NAMES[:3]))

    def play(self, acts: Sequence[Act]) -> Machine:
        """Let everything happen, in order."""
        for act in acts:
            getattr(self, act.kind)(act.a, act.b, act.c)
        return self.machine

    # --- acts ---

    def message(self, a: int, b: int, c: int) -> None:
        """One of five customers writes, on one of three channels, with some evidence or none."""
        kind = ("mail", "chat", "crm")[b % 3]
        claims: tuple[i.Claimed, ...] = ()
        if c % 4 == 1:  # another address of their own
            claims = (
                i.Claimed(
                    seen(a % 5, ("mail", "chat", "crm")[(b + 1) % 3]), Evidence.VERIFIED, kind
                ),
            )
        elif c % 4 == 2:  # somebody else's
            evidence = (Evidence.VERIFIED, Evidence.INFERRED, Evidence.ASSERTED)[(b + c) % 3]
            claims = (i.Claimed(seen((a + 1) % 5, "mail"), evidence, kind),)
        self.machine.put(
            i.MessageReceived,
            message=f"m{len(self.machine.journal)}",
            channel=kind,
            account="main",
            sender=seen(a % 5, kind, forged=c == 7),
            claims=claims,
            facts={"topic": TOPICS[(a + b + c) % len(TOPICS)]},
            # A plain yes, now and then, or a plain number.
            observed=(SOLVED.number,) if b % 2 else (FIRST_SCORE - a % 6,) if c == 5 else (),
            live=kind == "chat",
            automatic=c == 8,
        )

    def status(self, a: int, b: int, c: int) -> None:
        self._agent(a, i.StatusDeclared, status=list(Status)[b % 5] if c % 3 else Status.ONLINE)

    def desk(self, a: int, b: int, c: int) -> None:
        """A desk says that its agent is there, or is not."""
        self.machine.put(i.DeskSignal, agent=NAMES[a % 5], desk="web", up=b % 2 == 0)

    def accept(self, a: int, b: int, c: int) -> None:
        if offer := self._offer(a):
            self._agent(offer[1], i.OfferAccepted, thread=offer[0], offer=offer[2])

    def decline(self, a: int, b: int, c: int) -> None:
        if offer := self._offer(a):
            self._agent(offer[1], i.OfferDeclined, thread=offer[0], offer=offer[2])

    def late_accept(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(a, i.OfferAccepted, thread=thread, offer=f"{thread}.{c}")

    def claim(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(a, i.ThreadClaimed, thread=thread)

    def reply(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            now = self.machine.state.threads[thread]
            self._agent(
                self._owner(thread, a), i.ReplyWritten, thread=thread,
                message=f"r{len(self.machine.journal)}", seen=now.turns + now.asides - (c == 0),
                hold=(0, 5 * SECOND, 20 * SECOND)[c % 3],
            )  # fmt: skip

    def undo(self, a: int, b: int, c: int) -> None:
        for thread in self._open():
            if thread.held:
                self._agent(
                    thread.held[0].agent,
                    i.ReplyUndone,
                    thread=thread.id,
                    message=thread.held[0].message,
                )
                return

    def note(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(a, i.NoteWritten, thread=thread, message=f"n{len(self.machine.journal)}")

    def transfer(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            to = {"to_agent": NAMES[c % 5]} if c % 2 else {"to_queue": list(RULES[0].queues)[c % 5]}
            how = {"warm": b % 3 == 0, "restart": a == 9}
            self._agent(
                self._owner(thread, a), i.TransferAsked, thread=thread, note="n", **to, **how
            )

    def snooze(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            until = self.machine.now + c * 20 * SECOND if c else 0
            self._agent(self._owner(thread, a), i.SnoozeAsked, thread=thread, until=until)

    def resolve(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(self._owner(thread, a), i.ThreadResolved, thread=thread)

    def rate(self, a: int, b: int, c: int) -> None:
        """Somebody presses a number below a question, or says something about it."""
        asked = [thread.survey for thread in self._open() if thread.survey is not None]
        for survey in asked[b % len(asked) :] if asked else ():
            about = {"question": survey.message, "handle": survey.handle}
            if c == 9:
                self.machine.put(i.SurveyRemarked, message=f"w{len(self.machine.journal)}", **about)
            else:
                self.machine.put(i.SurveyScored, score=a % 7, **about)
            return

    def leave(self, a: int, b: int, c: int) -> None:
        held = [thread.id for thread in self._open() if thread.phase is Phase.HELD]
        if thread := held[0] if held and c % 2 else self._thread(b):
            self.machine.put(i.CustomerLeft, thread=thread)

    def reopen(self, a: int, b: int, c: int) -> None:
        for thread in self._open():
            if thread.phase is Phase.RESOLVED:
                self._agent(a, i.ReopenAsked, thread=thread.id)
                return

    def new_matter(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(self._owner(thread, a), i.NewMatter, thread=thread)

    def tag(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(a, i.TagsChanged, thread=thread, add=(f"t{c}",), remove=("tech",))

    def priority(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent(a, i.PriorityChanged, thread=thread, priority=10 * (1 + c % 4))

    def boost(self, a: int, b: int, c: int) -> None:
        if thread := self._thread(b):
            self._agent("eva" if a % 2 else a, i.BoostAsked, thread=thread, by=(c - 3) * MINUTE)

    def merge(self, a: int, b: int, c: int) -> None:
        """Somebody says that two addresses are one person's, now and then with a reason."""
        one, other = pair(a, b, c)
        self._agent(a, i.MergeAsked, a=one, b=other, note="why" if c % 3 else "")

    def deny(self, a: int, b: int, c: int) -> None:
        """Somebody says that two addresses are two people's."""
        one, other = pair(a, b, c)
        self._agent(b, i.LinkDenied, a=one, b=other)

    def part(self, a: int, b: int, c: int) -> None:
        """Somebody parts an address, or two, from the rest."""
        one, other = pair(a, b, c)
        self._agent(c, i.SplitAsked, handles=(one, other) if c % 4 == 3 else (one,))

    def done(self, a: int, b: int, c: int) -> None:
        for thread in self._open():
            if thread.wrap_until:
                self._agent(thread.agent if c else a, i.WrapUpDone, thread=thread.id)
                return

    def team(self, a: int, b: int, c: int) -> None:
        """Somebody joins, changes, or leaves."""
        staying = [name for n, name in enumerate(NAMES) if n != a % 5 or c % 3]
        self.machine.put(i.TeamLoaded, members=tuple(member(name, b + c) for name in staying))

    def rules(self, a: int, b: int, c: int) -> None:
        self.machine.adopt(RULES[a % 2])

    def failure(self, a: int, b: int, c: int) -> None:
        """A delivery failed: an answer's, or an offer's."""
        if b % 2 and (offer := self._offer(a)):
            self.machine.put(
                i.Delivered, effect="x", thread=offer[0], offer=offer[2], outcome="gave_up"
            )
        elif deliveries := self.machine.deliveries:
            sent = deliveries[a % len(deliveries)]
            self.machine.put(
                i.Delivered,
                effect=sent.id,
                thread=sent.thread,
                message=sent.message,
                outcome=("sent", "rejected", "bounced")[c % 3],
                handle=sent.handle if c % 2 else "",
            )
            if c % 5 == 0:
                self.machine.put(i.ResumeAsked, realm="", by="di")

    def again(self, a: int, b: int, c: int) -> None:
        """A timer comes once more: everything it could do is done."""
        if thread := self._thread(b):
            decision = self.machine.put(i.TimerDue, thread=thread, due=self.machine.now)
            assert decision.events == (), f"a timer acts twice: {decision.events}"

    def wait(self, a: int, b: int, c: int) -> None:
        self.machine.wait((1, 5, 20, 60, 400)[a % 5] * SECOND + b)

    def sleep(self, a: int, b: int, c: int) -> None:
        self.machine.sleep((1, 10, 30, 90, 400)[a % 5] * SECOND)
        self.machine.run_timers()

    # --- who and what ---

    def _agent(self, who: int | str, kind: Callable[..., i.AnyInput], **values: object) -> None:
        name = NAMES[who % 5] if isinstance(who, int) else who
        self.machine.put(kind, agent=name, **values)

    def _open(self) -> list[Thread]:
        threads = self.machine.state.threads.values()
        return sorted((t for t in threads if t.phase in OPEN), key=lambda t: t.id)

    def _thread(self, n: int) -> int | None:
        threads = self._open()
        return threads[n % len(threads)].id if threads else None

    def _owner(self, thread: int, a: int) -> str:
        """Mostly whoever has the thread, now and then somebody else."""
        owner = self.machine.state.threads[thread].agent
        return owner if owner and a % 5 else NAMES[a % 5]

    def _offer(self, n: int) -> tuple[int, str, str] | None:
        offers = [(t.id, o.agent, o.id) for t in self._open() for o in t.offers]
        return offers[n % len(offers)] if offers else None


def member(name: str, n: int) -> i.Member:
    """A member of the team, one of several as *n* has it."""
    n += NAMES.index(name)
    skills: tuple[dict[str, float], ...] = (
        {"refunds": 3},
        {"tech": 4},
        {"billing": 4, "tech": 1},
        {},
        {"refunds": 1, "tech": 3},
    )
    return i.Member(
        name,
        teams=(("money",), ("help",), ("money", "help"))[n % 3],
        skills=dict(skills[n % 5]),
        capacity=(1, 2, 3, 5)[n % 4],
        caps=(None, None, Caps(chat=2, queues={"general": 1}), Caps(later=1))[n // 2 % 4],
        role="lead" if name == "eva" else "agent",
        kind="bot" if name == "dan" else "human",
    )


def seen(n: int, kind: str, forged: bool = False) -> i.Seen:
    """A customer's handle."""
    return i.Seen(f"{kind}{n}{'?' * forged}", kind, unique=kind == "crm", verified=not forged)


def pair(a: int, b: int, c: int) -> tuple[str, str]:
    """Two addresses: of one person, or of two of whom one now and then claims to be the other."""
    kinds = ("mail", "chat", "crm")
    one = seen(a % 5, kinds[b % 3])
    other = seen(a % 5, kinds[(b + 1) % 3]) if c % 2 else seen((a + 1) % 5, "mail")
    return one.id, other.id


KINDS = tuple(
    name
    for name, share in {
        "message": 8, "status": 4, "desk": 1, "accept": 6, "decline": 3, "late_accept": 1,
        "claim": 1,
        "reply": 3, "undo": 1, "note": 1, "transfer": 2, "snooze": 2, "resolve": 4, "reopen": 1,
        "leave": 1, "tag": 1, "priority": 1, "boost": 1, "done": 1, "merge": 2, "deny": 2,
        "part": 1, "team": 1, "rules": 1, "failure": 1, "again": 1, "wait": 5, "sleep": 1,
    }.items()
    for _ in range(share)
)  # fmt: skip


WITH_MATTERS = (*KINDS, "new_matter", "new_matter")
"""Besides, agents make threads of their own of what customers wrote last."""

WITH_SURVEYS = (*WITH_MATTERS, "rate", "rate", "rate", "resolve", "reply")
"""Besides, customers say how it was."""


def acts(seed: int, count: int, kinds: Sequence[str] = KINDS) -> list[Act]:
    """A history for those who have no property test to think of one."""
    random = Random(seed)  # noqa: S311 - the same acts for the same seed, which guards nothing
    digits = range(10)
    return [Act(random.choice(kinds), *random.choices(digits, k=3)) for _ in range(count)]
