"""The rig: a whole desk in a test, told as a transcript.

    rig = Rig()
    ana = rig.agent("ana", billing=3)
    joe = rig.customer("joe", webchat="visitor-1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("I was charged twice")
    ana.accepts()
    rig.wait(minutes=5)
    joe.on("email").says("here is the receipt")
    ana.sees("I was charged twice", "here is the receipt")
    rig.asked_nobody_else()

It drives the core itself on a virtual clock (`omniroute.testing.machine`): no server, no thread, no
sleep.  After every decision it checks what must always be so (`omniroute.testing.invariants`).
What the core never sees, the words, is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from omniroute.core.effects import Deliver, Present
from omniroute.core.engine import Answer, Deciders, Decision
from omniroute.core.events import Event
from omniroute.core.inputs import Delivered, Member, ResumeAsked, TeamLoaded
from omniroute.core.model import Thread
from omniroute.core.rules import RuleSet
from omniroute.core.state import BARE, State
from omniroute.core.trials import CANARY, SHADOW
from omniroute.rules.load import parse_rules
from omniroute.testing.invariants import violations
from omniroute.testing.machine import Decided, Machine
from omniroute.testing.people import Agent, Customer, Stage

E = TypeVar("E", bound=Event)
NOT_LIVE: Final = frozenset({"email"})
ONE_PER_PERSON: Final = frozenset({"crm", "login"})


class Rig:
    """A desk with agents and customers.

    *rules* is a `RuleSet`, or the YAML of a rules file, skills and queues included; without it
    there is one queue for everybody.  *not_live* are channels on which nobody waits on the other
    side; *one_per_person* are name spaces in which a person has one value.
    """

    def __init__(
        self,
        rules: RuleSet | str = BARE,
        *,
        deciders: Deciders | None = None,
        not_live: frozenset[str] = NOT_LIVE,
        one_per_person: frozenset[str] = ONE_PER_PERSON,
    ) -> None:
        rule_set = _rules(rules)
        self.machine = Machine(rule_set, deciders)
        self.machine.watchers.append(_check)
        self.stage = Stage(self.machine, not_live, one_per_person)
        self._team: dict[str, Member] = {}

    # --- who is there ---

    def agent(
        self,
        name: str,
        *,
        capacity: int = 5,
        status: str = "online",
        teams: tuple[str, ...] = (),
        role: str = "agent",
        skills: Mapping[str, float] | None = None,
        **levels: float,
    ) -> Agent:
        """Somebody joins the team: online, unless said otherwise.  Skills by name, or in *skills*
        where a name has a dot."""
        has = {**(skills or {}), **levels}
        self.team(Member(name, teams, has, capacity, role))
        agent = Agent(self.stage, name)
        if status != "offline":
            agent.goes(status)
        return agent

    def lead(self, name: str, *, teams: tuple[str, ...] = ()) -> Agent:
        """Somebody joins who may act for others, and is not asked themselves."""
        return self.agent(name, role="lead", status="transfers", teams=teams)

    def bot(self, name: str, *, capacity: int = 100) -> Agent:
        """A bot joins, and is online."""
        self.team(Member(name, capacity=capacity, kind="bot"))
        bot = Agent(self.stage, name)
        bot.goes("online")
        return bot

    def customer(
        self, name: str, *, verified: bool = False, forged: bool = False, **addresses: str
    ) -> Customer:
        """Somebody who may write from these addresses, by kind of channel.

        With *verified* each channel vouches for all of them; without, each stands for itself;
        *forged* are those that nobody vouches for at all.
        """
        return Customer(self.stage, name, addresses, verified, forged)

    def team(self, *members: Member) -> Answer:
        """The team file changes: these members are new or different, the others stay."""
        self._team |= {member.id: member for member in members}
        return self._load_team()

    def change(self, *agents: Agent, **about: object) -> Answer:
        """The team file says something else of these: capacity, teams, skills, role."""
        return self.team(*(replace(self._team[agent.name], **about) for agent in agents))

    def without(self, *names: str) -> Answer:
        """These people leave the team."""
        for name in names:
            del self._team[name]
        return self._load_team()

    def _load_team(self) -> Answer:
        members = tuple(self._team.values())
        return self.machine.put(TeamLoaded, members=members).answer

    # --- time ---

    @property
    def now(self) -> int:
        """The present moment, in ms since the epoch."""
        return self.machine.now

    def wait(self, *, minutes: float = 0, seconds: float = 0, hours: float = 0) -> None:
        """Let time pass; what becomes due acts at its moment."""
        self.machine.wait(_ms(minutes, seconds, hours))

    def sleep(self, *, minutes: float = 0, seconds: float = 0, hours: float = 0) -> None:
        """Let time pass with the process down; what became due acts late."""
        self.machine.sleep(_ms(minutes, seconds, hours))

    # --- rules ---

    def adopt(self, rules: RuleSet | str) -> None:
        """Another rule set becomes the active one."""
        self.machine.adopt(_rules(rules))

    def shadows(self, rules: RuleSet | str, *, hours: float = 0) -> None:
        """A rule set is asked besides, without effect; for so long, where *hours* are given."""
        until = self.now + _ms(0, 0, hours) if hours else 0
        self.machine.tries(_rules(rules), SHADOW, until=until)

    def canaries(self, rules: RuleSet | str, share: float) -> None:
        """A rule set decides for a share of the customers, from 0 to 1."""
        self.machine.tries(_rules(rules), CANARY, share=share)

    # --- deliveries ---

    def fails(
        self, effect: Deliver | Present, outcome: str = "gave_up", desks: tuple[str, ...] = ()
    ) -> Decision:
        """What should have been sent or shown was not; or on these *desks* not, but on another."""
        about: dict[str, object]
        if isinstance(effect, Deliver):
            about = {"message": effect.message, "handle": effect.handle}
        else:
            about = {"offer": effect.offer, "desks": desks}
            outcome = "sent" if desks else outcome
        return self.machine.put(
            Delivered, effect=effect.id, thread=effect.thread, outcome=outcome, **about
        )

    def resumes(self, realm: str = "", *, refused: str = "") -> None:
        """An admin ends a pause of automatic replies, in a realm or everywhere."""
        answer = self.machine.put(ResumeAsked, realm=realm, by="admin").answer
        assert answer.ok != bool(refused), f"an admin ends a pause: {answer}"

    # --- what came of it ---

    @property
    def state(self) -> State:
        """The core's state."""
        return self.machine.state

    @property
    def threads(self) -> list[Thread]:
        """Every open thread, oldest first."""
        return sorted(self.state.threads.values(), key=lambda thread: thread.id)

    @property
    def cards(self) -> list[Present]:
        """What agents were shown, in order."""
        return self.machine.cards

    @property
    def deliveries(self) -> list[Deliver]:
        """What customers were sent, in order."""
        return self.machine.deliveries

    def happened(self, kind: type[E]) -> list[E]:
        """Every event of a kind so far, in order."""
        events = (event for done in self.machine.journal for event in done.decision.events)
        return [event for event in events if isinstance(event, kind)]

    def why(self, thread: Thread | Customer, about: str = "") -> list[dict[str, Any]]:
        """Every why about a thread, oldest first; of one kind, when named."""
        number = thread.id if isinstance(thread, Thread) else self.stage.known_thread(thread).id
        whys = [why for done in self.machine.journal for why in done.decision.why]
        return [
            why
            for why in whys
            if why.get("thread") == number and (not about or why["about"] == about)
        ]

    def asked_nobody_else(self) -> None:
        """Nobody was offered anything but those whom the transcript speaks of."""
        asked = {card.agent for card in self.machine.cards if card.kind == "offer"}
        others = asked - self.stage.spoken_of
        assert not others, f"asked besides: {', '.join(sorted(others))}"

    # --- the journal ---

    def restart(self) -> None:
        """The process ends and begins again from the stored rows."""
        self.machine.restart()
        _sound(self.state, self.now)

    def fold(self) -> None:
        """Fold every event from nothing; the rows must come out, byte for byte."""
        folded, rows = self.machine.fold(), self.machine.rows
        wrong = sorted(key for key in {*folded, *rows} if folded.get(key) != rows.get(key))
        said = [f"{key}: rows {rows.get(key)!r}, journal {folded.get(key)!r}" for key in wrong]
        assert not wrong, "\n".join(said)


def _rules(rules: RuleSet | str) -> RuleSet:
    if isinstance(rules, RuleSet):
        return rules
    return parse_rules({"rules.yaml": rules.encode()})


def _ms(minutes: float, seconds: float, hours: float) -> int:
    return round(minutes * 60_000 + seconds * 1_000 + hours * 3_600_000)


def _check(state: State, done: Decided) -> None:
    due = state.due()
    if due is None or due[0] > done.input.at:  # while timers are behind, some things are not yet so
        _sound(state, done.input.at)


def _sound(state: State, at: int) -> None:
    wrong = violations(state, at)
    assert not wrong, "\n".join(wrong)
