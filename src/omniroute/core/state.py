"""The core's memory: all open work, all agents, and the few cold rows an input needs.

Tables of frozen values, replaced and never changed in place.  What can be derived from them
(loads, who holds what, waiting lines, pools of agents, due times) is kept in step by the `put_*`
methods and by nothing else, so taking values back takes all of that back too.

A round of inputs ends in `settle` (the commit stands: forget how to go back, let go of what is
cold) or in `rollback` (it does not: as if the round had never been).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec
from msgspec.structs import force_setattr, replace

from omniroute.core.matching import Index
from omniroute.core.model import (
    IDLE,
    NO_PACE,
    USUAL_SLA,
    Agent,
    AgentId,
    Automation,
    Customer,
    CustomerId,
    Handle,
    HandleId,
    Pace,
    Sla,
    Status,
    Step,
    Thread,
    ThreadId,
)
from omniroute.core.owners import Owner, queue_named, queue_owner
from omniroute.core.rules import Defaults, Queue, RuleSet
from omniroute.core.skills import joined
from omniroute.core.states import ASSIGNED, OPEN, RESOLVED, SNOOZED
from omniroute.core.tenure import NOBODY, Tenure
from omniroute.core.timers import Alarms, Due, agent_due, next_due
from omniroute.core.trials import CANARY, NONE, SHADOW, Trial

_encode = msgspec.json.Encoder().encode
_handle = msgspec.json.Decoder(Handle).decode
_customer = msgspec.json.Decoder(Customer).decode
_thread = msgspec.json.Decoder(Thread).decode
_steps = msgspec.json.Decoder(tuple[Step, ...]).decode
_agent = msgspec.json.Decoder(Agent).decode


Burden: TypeAlias = tuple[AgentId, int, bool, str]  # of whom; weight, live, queue


GIVEN = 1_024  # ladders that are known again without a look into them


class Counters(msgspec.Struct, frozen=True):
    """The row ``n``: the next thread's number and the active rule set."""

    next_thread: int = 1
    rules: str = ""


BARE = RuleSet("", Defaults("general"), queues={"general": Queue("general")})
"""What decides before an admin's rules are there: one queue, everybody, no promise."""


class State:
    """Tables, what follows from them, and the way back."""

    PREFIXES = ("a/", "t/", "n/")  # loaded at start; the rest on demand

    def __init__(self) -> None:
        self.handles: dict[HandleId, Handle] = {}
        self.customers: dict[CustomerId, Customer] = {}
        self.threads: dict[ThreadId, Thread] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.counters = Counters()
        self.trial = NONE
        self.tenure = NOBODY
        self.paces: dict[str, Pace] = {}  # by queue
        self.automation = IDLE
        self.rules = BARE
        self.alerting = False  # whether somebody is told where a queue is deep
        self._sets: dict[str, RuleSet] = {}  # known rule sets, by version
        self._queues: Mapping[str, Queue] = BARE.queues  # of the active rules and of a canary
        self.folded: dict[ThreadId, Thread] = {}  # cold: taken in to be unfolded
        self.index = Index(self.agents, self.threads)
        self.draining: dict[AgentId, None] = {}
        self._leads: dict[AgentId, None] = {}
        self.absent: set[str] = set()
        self._undo: dict[str | ThreadId, object] = {}  # by a row's key, or a thread's id
        self._warm: set[CustomerId] = set()  # to be looked at when the round settles
        self._alarms = Alarms(self._due_of)
        self._ladders: dict[bytes, tuple[Step, ...]] = {}
        self._given: dict[int, tuple[tuple[Step, ...], tuple[Step, ...]]] = {}  # by identity
        self._usual_steps: dict[tuple[str, str], tuple[Step, ...]] = {}  # the last that was read
        self._promises: dict[Sla, Sla] = {USUAL_SLA: USUAL_SLA}

    # --- changing ---

    def put_handle(self, handle: Handle) -> None:
        """Enter or replace a handle."""
        key = "h/" + handle.id
        self._undo.setdefault(key, self.handles.get(handle.id))
        self.handles[handle.id] = handle
        self.absent.discard(key)
        self._warm.add(handle.customer)

    def put_customer(self, customer: Customer) -> None:
        """Enter or replace a customer."""
        id = customer.id
        key = "c/" + id
        if key not in self._undo:
            self._undo[key] = self.customers.get(id)
            self._warm.add(id)
        if self.absent:
            self.absent.discard(key)
        self.customers[id] = customer

    def drop_customer(self, customer: CustomerId) -> None:
        """Two customers became one; this one is no more."""
        self._undo.setdefault("c/" + customer, self.customers.pop(customer))
        self.absent.add("c/" + customer)  # the store still has the row until the commit

    def put_thread(self, thread: Thread) -> None:
        """Enter or replace a thread; agents' loads follow."""
        id = thread.id
        old = self.threads.get(id)
        self._undo.setdefault(id, old)
        self.threads[id] = thread
        self._alarms.unseen[id] = None
        self.index.unseen_threads.setdefault(id, old)
        # Whom a thread costs nothing has neither an agent nor offers: most need not be asked.
        before = _burdens(old) if old is not None and (old.agent or old.offers) else ()
        now = _burdens(thread) if thread.agent or thread.offers else ()
        if before != now:
            for burden in before:
                if burden not in now:
                    self._load(id, burden, -1)
            for burden in now:
                if burden not in before:
                    self._load(id, burden, 1)

    def known_thread(self, id: ThreadId) -> Thread:
        """A thread that is open, or was folded and has been taken in."""
        return self.threads.get(id) or self.folded[id]

    def put_agent(self, agent: Agent) -> None:
        """Enter or replace an agent."""
        old = self.agents.get(agent.id)
        self._undo.setdefault("a/" + agent.id, old)
        if agent.caps is not None and (old is None or old.caps != agent.caps):
            agent = self._counted(agent)
        self._set_agent(old, agent)

    def put_load(self, agent: Agent) -> None:
        """Replace somebody who is who and where they were: other is what they have, or since when.

        That happens with each offer, and needs nothing else looked at that hangs on an agent.
        """
        name = agent.id
        old = self.agents[name]
        self._undo.setdefault("a/" + name, old)
        self.agents[name] = agent
        index = self.index
        if name not in index.unseen_agents:
            index.unseen_loads.setdefault(name, old)

    def put_counters(self, counters: Counters) -> None:
        """Replace the counters."""
        self._undo.setdefault("n/", self.counters)
        if counters.rules == self.counters.rules:
            self.counters = counters
        else:
            self._count(counters)

    def put_pace(self, queue: str, pace: Pace) -> None:
        """Replace what is known of the time that threads of a queue take."""
        old = self.paces.get(queue, NO_PACE)
        self._undo.setdefault("n/pace/" + queue, self.paces.get(queue))
        self.paces[queue] = pace
        if pace.remind_at != old.remind_at:
            self._alarms.changed(queue_owner(queue))

    def put_automation(self, automation: Automation) -> None:
        """Replace what is known of our automatic replies."""
        self._undo.setdefault("n/automation", self.automation)
        self.automation = automation

    def put_trial(self, trial: Trial) -> None:
        """Replace what is on trial."""
        self._undo.setdefault("n/trial", self.trial)
        self._try(trial)

    def put_tenure(self, tenure: Tenure) -> None:
        """Replace who writes."""
        self._undo.setdefault("n/writer", self.tenure)
        self.tenure = tenure

    def adopt(self, rules: RuleSet) -> None:
        """Make a rule set known; it decides from the moment that an event makes it the active one.

        At once, where it is the active one already (after a restart), or where there is nothing
        but `BARE` to decide by.
        """
        self._sets[rules.version] = rules
        active = rules.version == self.counters.rules
        if self.rules is BARE or (active and rules.version != self.rules.version):
            self._activate(rules)
            if active:
                self.index.forget()  # whatever these rules could do is done
        elif self._canary() is rules:
            self._arrange()
            self.index.forget()

    def _activate(self, rules: RuleSet) -> None:
        self.rules = rules
        self._arrange()

    def _arrange(self) -> None:
        """Sort who waits by the queues of the active rules, and by those that only a canary has."""
        skills, queues = self.rules.skills, self.rules.queues
        if (canary := self._canary()) is not None:
            skills, queues = joined(skills, canary.skills), {**canary.queues, **queues}
        self._queues = queues
        self.alerting = any(queue.alert is not None for queue in queues.values())
        self.index.adopt(skills, queues, self.rules.defaults.priority)

    def _try(self, trial: Trial) -> None:
        before = self._canary()
        self.trial = trial
        if self._canary() is not before:
            self._arrange()

    def _canary(self) -> RuleSet | None:
        return self._sets.get(self.trial.version) if self.trial.mode == CANARY else None

    def _count(self, counters: Counters) -> None:
        changed = counters.rules != self.counters.rules
        self.counters = counters
        rules = self._sets.get(counters.rules)
        if changed and rules is not None:
            self._activate(rules)

    def queue(self, name: str) -> Queue:
        """A queue of the active rules or of a canary; one that none has is as plain as can be."""
        return self._queues.get(name) or Queue(name)

    def knows_queue(self, name: str) -> bool:
        """Whether the active rules, or a canary's, have a queue of this name."""
        return name in self._queues

    def rules_for(self, customer: CustomerId, at: int) -> RuleSet:
        """The rules that decide for a customer: a canary's, or the active ones."""
        if self.trial.decides(customer, at):
            return self._sets.get(self.trial.version, self.rules)
        return self.rules

    def shadow(self, at: int) -> RuleSet | None:
        """The rules that are asked besides, without effect."""
        running = self.trial.mode == SHADOW and self.trial.running(at)
        return self._sets.get(self.trial.version) if running else None

    def tried(self, at: int) -> RuleSet | None:
        """The rules on trial, whatever the mode."""
        return self._sets.get(self.trial.version) if self.trial.running(at) else None

    def known_rules(self, version: str) -> RuleSet | None:
        """The active rules or those on trial, by their version."""
        return self.rules if version == self.rules.version else self._sets.get(version)

    def shared(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """One copy of equal ladders, however many threads wait on them, as a row gives it back."""
        given = self._given.get(id(steps))  # by rules mostly, which give the very same again
        if given is not None and given[0] is steps:
            return given[1]
        written = _encode(steps)
        if (known := self._ladders.get(written)) is None:
            known = self._ladders[written] = _steps(written)
        if len(self._given) >= GIVEN:
            self._given.clear()
        self._given[id(steps)] = steps, known
        return known

    def shared_sla(self, sla: Sla) -> Sla:
        """One copy of equal promises."""
        return self._promises.setdefault(sla, sla)

    def _set_agent(self, old: Agent | None, new: Agent) -> None:
        self.agents[new.id] = new
        if (
            old is None
            or old.status is not new.status
            or old.employed is not new.employed
            or old.role != new.role
        ):
            _sort(self.draining, new, new.employed and new.status is Status.DRAINING)
            _sort(self._leads, new, new.employed and new.role != "agent")
        if new.shift_end or new.give_back_at or new.flag_at or new.id in self._alarms:
            self._alarms.changed(new.id)
        self.index.agent_changed(new.id, old)

    def _load(self, thread: ThreadId, burden: Burden, by: int) -> None:
        """An agent has a thread more (*by* 1), or one less (-1)."""
        name, weight, live, _ = burden
        old = self.agents.get(name)
        if old is None:
            return
        had = old.threads
        threads = (*had, thread) if by > 0 else tuple([t for t in had if t != thread])
        units = by * weight
        if live:
            new = replace(old, live_load=old.live_load + units, threads=threads)
        else:
            new = replace(old, mail_load=old.mail_load + units, threads=threads)
        if new.caps is not None:
            new = self._counted(new)
        self.put_load(new)

    def _counted(self, agent: Agent) -> Agent:
        """The agent with what they carry of the queues that their caps name."""
        capped = agent.caps.queues if agent.caps is not None else {}
        loads: dict[str, int] = {}
        for id in agent.threads if capped else ():
            held = self.threads.get(id)
            for name, weight, _, queue in _burdens(held) if held is not None else ():
                if name == agent.id and queue in capped:
                    loads[queue] = loads.get(queue, 0) + weight
        return replace(agent, queue_loads=loads)

    # --- the round ---

    def changed(self) -> dict[str, bytes | None]:
        """The rows this round has changed, ready to be written; None deletes."""
        rows: dict[str, bytes | None] = {}
        for key in self._undo:
            if isinstance(key, int):
                thread = self.threads.get(key)
                is_open = thread is not None and thread.phase in OPEN
                rows[f"t/{key}"] = _encode(thread) if is_open else None
                if is_open and key in self.folded:
                    rows[f"tc/{key}"] = None
                if thread is not None and not is_open:
                    rows[f"tc/{key}"] = _encode(thread)
                continue
            kind, name = key[0], key[2:]
            value: object = {
                "h": self.handles.get(name),
                "c": self.customers.get(name),
                "a": self.agents.get(name),
                "n": self._numbers(name),
            }[kind]
            rows[key] = None if value is None else _encode(value)
        return rows

    def _numbers(self, name: str) -> object:
        """The row ``n/`` and what stands below it."""
        if name.startswith("pace/"):
            return self.paces.get(name[5:])
        if name == "writer":
            return self.tenure if self.tenure.term else None
        if name == "automation":
            return self.automation
        if name:
            return self.trial if self.trial.version else None
        return self.counters

    def settle(self) -> None:
        """The round is committed."""
        for key in self._undo:
            if isinstance(key, int):
                thread = self.threads.get(key)
                if thread is not None and thread.phase not in OPEN:
                    # Nothing else to see to: nobody has it, it waits nowhere, and nothing is due.
                    del self.threads[key]
        if "n/" in self._undo or "n/trial" in self._undo:
            kept = {self.rules.version, self.trial.version}
            self._sets = {v: rules for v, rules in self._sets.items() if v in kept}
        for name in self._warm:
            customer = self.customers.get(name)
            if customer is not None and customer.open is None:
                for handle in customer.handles:
                    self.handles.pop(handle, None)
                del self.customers[name]
        self._undo.clear()
        self._warm.clear()
        self.absent.clear()
        self.folded.clear()
        self._alarms.take_in()

    def rollback(self) -> None:
        """The round is not committed: every value as it was before it."""
        undo, self._undo = self._undo, {}
        for key, old in undo.items():
            if isinstance(key, int) and (current := self.threads.get(key)) is not None:
                self._put_back_thread(current, old)
        for key, old in undo.items():
            if isinstance(key, str):
                self._put_back(key, old)
        self._undo.clear()
        self.absent.clear()
        self.folded.clear()
        self.index.forget()

    def _put_back_thread(self, current: Thread, old: object) -> None:
        if isinstance(old, Thread):
            self.threads[old.id] = old
        else:
            del self.threads[current.id]
        self._alarms.changed(current.id)
        self.index.thread_changed(current.id, current)

    def _put_back(self, key: str, old: object) -> None:
        name = key[2:]
        match key[0], old:
            case "a", Agent():
                self._set_agent(self.agents.get(name), old)
            case "a", None:
                gone = self.agents.pop(name)
                self._alarms.changed(name)
                _sort(self.draining, gone, False)
                _sort(self._leads, gone, False)
                self.index.agent_changed(name, gone)
            case "h", Handle():
                self.handles[name] = old
            case "h", None:
                self.handles.pop(name, None)
            case "c", Customer():
                self.customers[name] = old
            case "c", None:
                self.customers.pop(name, None)
            case "n", Counters():
                self._count(old)
            case "n", Trial():
                self._try(old)
            case "n", Tenure():
                self.tenure = old
            case "n", Automation():
                self.automation = old
            case "n", Pace():
                self.paces[name[5:]] = old
                self._alarms.changed(queue_owner(name[5:]))
            case "n", None:
                self.paces.pop(name[5:], None)
                self._alarms.changed(queue_owner(name[5:]))

    # --- cold rows ---

    def knows(self, key: str) -> bool:
        """Whether a row (handle, customer, folded thread) is here, or known not to exist."""
        if key.startswith("tc/"):
            thread = int(key[3:])
            return thread in self.threads or thread in self.folded or key in self.absent
        table: dict[str, object] = (
            self.handles if key[0] == "h" else self.customers  # type: ignore[assignment]
        )
        return key[2:] in table or key in self.absent

    def absorb(self, key: str, row: bytes | None) -> None:
        """Take a row in as the store has it; None says that there is none.

        What is stored is seen to: taking it in gives nobody anything to do.
        """
        if row is None:
            self.absent.add(key)
        elif key.startswith("h/"):
            self.handles[key[2:]] = _handle(row)
            self._warm.add(self.handles[key[2:]].customer)
        elif key.startswith("c/"):
            self.customers[key[2:]] = _customer(row)
            self._warm.add(key[2:])
        elif key.startswith("a/"):
            agent = _agent(row)
            self._set_agent(None, agent)
            self.index.forget()
        elif key.startswith("t/"):
            thread = self._common(_thread(row))
            self.threads[thread.id] = thread
            self._alarms.changed(thread.id)
            if self.rules is BARE:  # a start, which brings rules: everybody is placed by those
                self.index.thread_changed(thread.id, thread)
            else:
                self.index.thread_changed(thread.id, None)
                self.index.forget()
        elif key.startswith("tc/"):
            thread = _thread(row)
            self.folded[thread.id] = replace(thread, steps=self.shared(thread.steps))
        elif key == "n/":
            self.counters = msgspec.json.decode(row, type=Counters)
        elif key.startswith("n/pace/"):
            self.paces[key[7:]] = msgspec.json.decode(row, type=Pace)
            self._alarms.changed(queue_owner(key[7:]))
        elif key == "n/automation":
            self.automation = msgspec.json.decode(row, type=Automation)
        elif key == "n/trial":
            self.trial = msgspec.json.decode(row, type=Trial)
        elif key == "n/writer":
            self.tenure = msgspec.json.decode(row, type=Tenure)

    def _common(self, thread: Thread) -> Thread:
        """A thread that was just read, with the one copy of its ladder and its promises."""
        rule = thread.queue, thread.rule
        if thread.steps == (known := self._usual_steps.get(rule)):
            steps = known
        else:
            steps = self._usual_steps[rule] = self.shared(thread.steps)
        force_setattr(thread, "steps", steps)  # nobody has seen it yet
        force_setattr(thread, "sla", self.shared_sla(thread.sla))
        return thread

    # --- time ---

    def due(self) -> Due | None:
        """The next moment at which a thread or an agent asks for attention, and which."""
        return self._alarms.next()

    def ignore_timer(self, due: int, owner: Owner) -> None:
        """Let this timer be, until a restart: deciding it has failed."""
        self._alarms.ignore(due, owner)

    def _due_of(self, owner: Owner) -> int | None:
        if isinstance(owner, int):
            thread = self.threads.get(owner)
            return next_due(thread) if thread is not None else None
        if queue := queue_named(owner):
            return self.paces.get(queue, NO_PACE).remind_at or None
        agent = self.agents.get(owner)
        return agent_due(agent) if agent is not None else None

    def leads(self) -> list[Agent]:
        """Agents who may act for others."""
        return [self.agents[name] for name in sorted(self._leads)]

    def open_threads(self) -> Iterator[Thread]:
        """Every open thread."""
        return iter(self.threads.values())


def _sort(into: dict[AgentId, None], agent: Agent, belongs: bool) -> None:
    if belongs:
        into[agent.id] = None
    else:
        into.pop(agent.id, None)


def _burdens(thread: Thread) -> tuple[Burden, ...]:
    """What a thread costs whom: its weight for who has it or is asked; nothing while put aside."""
    if thread.offers:
        full = thread.weight, thread.live, thread.queue
        asked = tuple([(offer.agent, *full) for offer in thread.offers])
        return (_kept(thread), *asked) if thread.agent else asked
    phase = thread.phase
    if phase is ASSIGNED:
        return (_kept(thread),)
    if phase is RESOLVED and thread.wrap_until:
        return ((thread.agent, thread.weight, thread.live, thread.queue),)
    if phase is SNOOZED:
        return ((thread.agent, 0, thread.live, thread.queue),)
    return ()


def _kept(thread: Thread) -> Burden:
    """What it costs its owner."""
    return thread.agent, 0 if thread.dormant else thread.weight, thread.live, thread.queue
