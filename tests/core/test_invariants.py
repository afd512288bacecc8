"""Whatever happens, what must be so is so (routing.md 7).

Beside the engine runs a *shadow*, a state that is nothing but the fold of the events, and that is
asked the long way before each event whether it may be.

Run as a script, the file prints the digest of one long journal (`test_no_hash_seed_matters`).
"""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniroute.core import events as e
from omniroute.core import inputs as i
from omniroute.core.effects import Deliver, Present
from omniroute.core.engine import Decision, decide
from omniroute.core.evolve import evolve
from omniroute.core.matching import fits, order_key
from omniroute.core.model import Agent, Customer, Handle, Phase, Status, Thread
from omniroute.core.ranking import PARTS, askable, rank
from omniroute.core.requirements import Person
from omniroute.core.state import State
from omniroute.core.states import OPEN, WAITING
from omniroute.runtime.loading import differences, fold
from omniroute.runtime.record import VERSION, Entry, encode
from omniroute.stores.memory import MemoryStore
from omniroute.testing.histories import NAMES, RULES, WITH_MATTERS, Act, History, acts
from omniroute.testing.invariants import eligible, present_step, violations
from omniroute.testing.machine import Decided, Machine, loaded

DIGIT = st.integers(0, 9)
ACTS = st.lists(
    st.builds(Act, st.sampled_from(WITH_MATTERS), DIGIT, DIGIT, DIGIT), min_size=40, max_size=120
)
plays = functools.partial(settings, deadline=None)


class Shadow:
    """The fold of the events, asked before each whether it may be, and after each decision."""

    def __init__(self) -> None:
        self.state = State()
        self.ended: set[str] = set()  # offers
        self.asked: set[tuple[int, str]] = set()  # threads and agents ever brought together
        self.spared: set[object] = set()  # threads whose best agent is kept for others
        self.places: dict[int, set[str]] = {}  # thread → handles it was written from
        self.input: i.AnyInput | None = None
        self.buttons: set[str] = set()  # offers whose cards say “accept”

    def watch(self, state: State, done: Decided) -> None:
        self.spared = {why["thread"] for why in done.decision.why if "spared" in why}
        self.input = done.input
        for event in done.decision.events:
            self._may_be(event, done.input.at)
            self._make_so(event, done.input.at)
        self._told(done)
        self._shown(done)
        self._kept_in_place(done)
        self._barred_fairly(done)
        assert open_work(self.state) == open_work(state)
        due = state.due()
        if due is None or due[0] > done.input.at:  # while timers are behind, some is not yet so
            assert violations(self.state, done.input.at) == []

    def _make_so(self, event: e.AnyEvent, at: int) -> None:
        if isinstance(event, e.RulesActivated):
            self.state.adopt(next(rules for rules in RULES if rules.version == event.version))
        if isinstance(event, e.OfferEnded | e.StepBegan | e.ThreadStranded | e.OfferMade):
            before = order_key(self.state.threads[event.thread])
            if isinstance(event, e.StepBegan) and event.priority is not None:
                before = (-event.priority, *before[1:])
            evolve(self.state, event, at)
            assert order_key(self.state.threads[event.thread]) == before, "nobody's age may change"
        else:
            evolve(self.state, event, at)

    def _may_be(self, event: e.AnyEvent, at: int) -> None:
        match event:
            case e.OfferMade():
                self._may_be_offered(event, at)
            case e.OfferEnded():
                assert event.offer not in self.ended, f"offer {event.offer} ends twice"
                self.ended.add(event.offer)
            case e.ThreadAssigned():
                self.asked.add((event.thread, event.agent))
                agent, thread = self.state.agents[event.agent], self.state.threads[event.thread]
                assert event.over or fits(agent, thread.weight, thread.live)
            case e.ThreadRouted():
                self._keeps_its_age(event)
            case e.ReplyReleased() | e.ReplyHeld(held=_):
                writer = event.agent if isinstance(event, e.ReplyReleased) else event.held.agent
                silent = self.state.threads[event.thread].handed_off
                assert not silent or self.state.agents[writer].kind != "bot", "a bot goes on"
            case e.CustomerWrote():
                self.places.setdefault(event.thread, set()).add(event.handle)
            case e.MatterSplit():
                self.places[event.into] = set(self.places[event.thread])
            case e.ThreadFolded():
                self.places[event.into] |= self.places[event.thread]
                self.asked |= {(event.into, a) for t, a in self.asked if t == event.thread}
            case (
                e.ThreadUnfolded(thread=own, out_of=joint) | e.ThreadDivided(thread=joint, into=own)
            ):
                theirs = set(event.handles)
                self.places[own] = theirs & self.places.get(joint, theirs)
                self.places[joint] = self.places.get(joint, set()) - theirs
            case e.ThreadClosed() | e.ThreadAbandoned():
                assert self.state.threads[event.thread].held == (), "a reply is lost"

    def _may_be_offered(self, event: e.OfferMade, at: int) -> None:
        """The best agent who passes every test, and nothing that goes before that they could have.

        Ten thousand are never compared here, so the long way is short enough.
        """
        thread, agent = self.state.threads[event.thread], self.state.agents[event.offer.agent]
        self.asked.add((thread.id, agent.id))
        assert event.offer.until > at
        assert event.offer.id not in self.ended
        if thread.agent:  # a warm transfer is somebody's wish
            assert askable(agent, thread)
            return
        assert eligible(self.state, agent, thread)
        if thread.phase is Phase.OFFERED:  # a further one of a broadcast
            missed = any(x.reason != "gave" for x in thread.excluded)
            then = self.state.queue(thread.queue).then
            assert present_step(thread).broadcast or (missed and then == "broadcast")
            return
        key = self.state.index.key
        best = min(self._ranks(thread))
        if thread.id not in self.spared:
            assert self._rank(thread, agent) == best, f"{agent.id} is not the best for {thread.id}"
        for other in self.state.threads.values():
            if other.phase in WAITING and key(other) < key(thread):
                assert not eligible(self.state, agent, other), f"{other.id} goes before {thread.id}"

    def _ranks(self, thread: Thread) -> Iterator[tuple[float | str, ...]]:
        for agent in self.state.agents.values():
            if eligible(self.state, agent, thread):
                yield self._rank(thread, agent)

    def _rank(self, thread: Thread, agent: Agent) -> tuple[float | str, ...]:
        step, skills = present_step(thread), self.state.rules.skills
        policy = self.state.queue(thread.queue).pick
        levels = [skills.level(agent.skills, skill, step.cost) for skill in sorted(step.need)]
        known = map(self.state.agents.get, (*step.prefer, thread.last_agent))
        if step.ask is not None and not step.agents:
            fit = Person(agent.id, agent.skills, skills).fit(step.ask, step.cost)
            assert fit is not None
            levels.append((fit.strength, "", fit.cost))
        first = next((a for a in known if a and eligible(self.state, a, thread)), None)
        near = bool(step.agents) or agent is first
        cost = 0.0 if step.agents else sum(lost for _, _, lost in levels)
        strength = 0.0 if step.agents else sum(level for level, _, _ in levels)
        return rank(policy, near, cost, strength, PARTS[policy](agent))

    def _keeps_its_age(self, event: e.ThreadRouted) -> None:
        """Handing over gives nobody's place away; only the rules may set it anew."""
        thread = self.state.threads[event.thread]
        if event.rule == "transfer" and thread.phase is not Phase.NEW:
            assert (event.deadline, event.priority) == (thread.deadline, thread.priority)
            restarted = isinstance(self.input, i.TransferAsked) and self.input.restart
            assert restarted or event.routing_since == thread.routing_since

    def _told(self, done: Decided) -> None:
        """Every decision says why."""
        whys = done.decision.why
        about = {(why["about"], why.get("thread")) for why in whys}
        winners = {why["thread"]: why["winner"] for why in whys if "winner" in why}
        assert done.decision.answer.ok or any(why["about"] == "refused" for why in whys)
        first: dict[int, str] = {}
        for event in done.decision.events:
            match event:
                case e.OfferMade() if ("transfer", event.thread) not in about:
                    first.setdefault(event.thread, event.offer.agent)
                case e.ThreadAssigned() if event.how == "auto":
                    first.setdefault(event.thread, event.agent)
                case e.ThreadStranded():
                    assert ("match", event.thread) in about
                case e.ThreadRouted() if isinstance(done.input, i.MessageReceived):
                    folded = ("identity", None) in about and ("route", event.thread) not in about
                    assert folded or ("route", event.thread) in about
        for thread, agent in first.items():
            winner = winners[thread]
            assert isinstance(winner, list)
            assert winner[0] == agent

    def _shown(self, done: Decided) -> None:
        """No card says “accept” where nothing is offered any more, and every offer has one."""
        for effect in done.decision.effects:
            if isinstance(effect, Present) and effect.kind == "offer":
                self.buttons.add(effect.offer)
            elif isinstance(effect, Present) and effect.kind == "withdrawn":
                self.buttons.discard(effect.offer)
        for (
            event
        ) in done.decision.events:  # whoever answered sees it; whom no desk reached does not
            if isinstance(event, e.OfferEnded) and event.how in ("accepted", "declined", "failed"):
                self.buttons.discard(event.offer)
        offers = {o.id for thread in self.state.threads.values() for o in thread.offers}
        assert self.buttons == offers

    def _kept_in_place(self, done: Decided) -> None:
        """A reply goes to a handle of its thread, and no other customer's."""
        for effect in done.decision.effects:
            if isinstance(effect, Deliver):
                assert effect.handle in self.places[effect.thread]

    def _barred_fairly(self, done: Decided) -> None:
        """Nobody is barred from what they were never offered and never gave."""
        if isinstance(done.input, i.TransferAsked):
            self.asked.add((done.input.thread, done.input.agent))
        for thread in self.state.threads.values():
            barred = {x.agent for x in thread.excluded if x.reason != "handed_off"}
            assert {(thread.id, agent) for agent in barred} <= self.asked


def open_work(state: State) -> object:
    """What a state holds, less what is cold."""
    threads = {thread.id: thread for thread in state.threads.values() if thread.phase in OPEN}
    return threads, state.agents, state.counters


def journal(machine: Machine) -> list[bytes]:
    """The journal as the runtime writes it."""
    return [
        encode(
            Entry(
                VERSION,
                done.input.at,
                done.input,
                done.decision.events,
                done.decision.why,
                tuple(effect.id for effect in done.decision.effects),
                done.rules,
            )
        )
        for done in machine.journal
        if done.decision.events
    ]


# --- what holds for every history ---


@plays(max_examples=200)
@given(ACTS)
def test_what_must_be_so_is_so(acts: list[Act]) -> None:
    machine = Machine()
    machine.watchers.append(Shadow().watch)
    History(machine).play(acts)


@pytest.mark.parametrize("seed", range(8))
def test_what_must_be_so_is_so_for_long(seed: int) -> None:
    machine = Machine()
    machine.watchers.append(Shadow().watch)
    History(machine).play(acts(seed, 400))


@plays(max_examples=60)
@given(ACTS)
def test_the_journal_alone_makes_the_rows(acts: list[Act]) -> None:
    machine = History().play(acts)
    store = MemoryStore()
    puts: dict[str, bytes | None] = dict(machine.rows)
    store.commit(store.head(), journal(machine), puts)
    assert differences(store.reader(), fold(store.reader())) == []


@plays(max_examples=60)
@given(ACTS)
def test_customers_partition_the_handles_and_no_two_logins_meet_by_themselves(
    acts: list[Act],
) -> None:
    rows = History().play(acts).rows
    handles = [msgspec.json.decode(rows[key], type=Handle) for key in rows if key[0] == "h"]
    customers = [msgspec.json.decode(rows[key], type=Customer) for key in rows if key[0] == "c"]
    owners = {handle: customer.id for customer in customers for handle in customer.handles}
    assert sum(len(customer.handles) for customer in customers) == len(owners)
    assert {handle.id: handle.customer for handle in handles} == owners
    by_hand = {c.id for c in customers if any(x.evidence == "asserted" for x in c.links if x.live)}
    unique = Counter((handle.customer, handle.kind) for handle in handles if handle.unique)
    assert {n for (customer, _), n in unique.items() if customer not in by_hand} <= {1}


# --- the same under other circumstances ---


class Restarting(Machine):
    """The process ends before every input."""

    def _step(self, input: i.AnyInput) -> Decision:
        self.restart()
        return super()._step(input)


class Faltering(Machine):
    """The first commit of everything fails; it was decided for its events alone."""

    def _step(self, input: i.AnyInput) -> Decision:
        self.absorb(input)
        events_only = decide(self.state, input, events_only=True)
        self.state.rollback()
        fresh = loaded(self.rows)
        assert open_work(self.state) == open_work(fresh)
        assert self.state.due() == fresh.due()
        again = super()._step(input)
        assert msgspec.structs.replace(again, effects=(), why=()) == events_only
        return again


class Gathering(Machine):
    """Seven inputs are committed together, whichever they are."""

    def _commit(self) -> None:
        if len(self.journal) % 7 == 0:
            super()._commit()

    def flush(self) -> None:
        super()._commit()


@plays(max_examples=60)
@given(ACTS)
def test_a_restart_leaves_no_trace(acts: list[Act]) -> None:
    assert journal(History(Restarting()).play(acts)) == journal(History().play(acts))


@plays(max_examples=60)
@given(ACTS)
def test_a_failed_commit_leaves_no_trace(acts: list[Act]) -> None:
    assert journal(History(Faltering()).play(acts)) == journal(History().play(acts))


@plays(max_examples=60)
@given(ACTS)
def test_what_is_committed_together_does_not_matter(acts: list[Act]) -> None:
    gathering, plain = Gathering(), History().play(acts)
    History(gathering).play(acts)
    gathering.flush()
    assert journal(gathering) == journal(plain)
    assert gathering.rows == plain.rows


@pytest.mark.parametrize("kind", [Restarting, Faltering, Gathering])
def test_long_histories_come_to_the_same(kind: type[Machine]) -> None:
    assert journal(History(kind()).play(acts(1, 400))) == journal(History().play(acts(1, 400)))


def test_no_hash_seed_matters() -> None:
    digests = {
        subprocess.run(
            [sys.executable, str(Path(__file__))],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(digests) == 1
    assert digests != {""}


# --- everybody is served in the end ---


@plays(max_examples=60)
@given(ACTS)
def test_one_who_can_do_everything_is_offered_everything(acts: list[Act]) -> None:
    machine = History().play(acts)
    for name in NAMES:
        machine.put(i.StatusDeclared, agent=name, status=Status.OFFLINE)
    skills = {"refunds": 5.0, "tech": 5.0, "billing": 5.0}
    members = tuple(i.Member(name) for name in NAMES)
    zoe = i.Member("zoe", teams=("money", "help"), skills=skills, capacity=1000)
    machine.put(i.TeamLoaded, members=(*members, zoe))
    machine.put(i.StatusDeclared, agent="zoe", status=Status.ONLINE)
    for _ in range(12):
        for thread in list(machine.state.threads.values()):
            for offer in thread.offers:
                machine.put(i.OfferAccepted, agent="zoe", thread=thread.id, offer=offer.id)
        machine.wait(10_000)
    # What a queue has held until it opens may have been offered a moment ago; what waits in a queue
    # that the rules have no more is a lead's.
    state = machine.state
    waiting = [t for t in state.threads.values() if t.phase in WAITING]
    assert [t for t in waiting if state.knows_queue(t.queue)] == []


if __name__ == "__main__":
    done = journal(History().play(acts(3, 600)))
    sys.stdout.write(f"{len(done)} {hashlib.sha256(b''.join(done)).hexdigest()}\n")
