"""How a thread stood at a moment of the past, from the journal's events up to then.

Nothing but the journal is asked: events are folded from the first to the last before the moment.
That takes about as long as ``omniroute verify``, and a running server is not troubled by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from omniroute.application import reasons
from omniroute.application.directory import Directory
from omniroute.application.pages import AgentView, Reason, ThreadRow
from omniroute.application.past import explain_routing
from omniroute.core.events import ThreadFolded, ThreadStranded
from omniroute.core.model import Agent, Phase, Thread, ThreadId
from omniroute.core.rules import RuleSet
from omniroute.core.state import State
from omniroute.core.states import WAITING
from omniroute.core.timers import step_end
from omniroute.errors import Refused
from omniroute.rules.tell import body, tell
from omniroute.runtime.loading import fold
from omniroute.runtime.record import Entry
from omniroute.runtime.sweeping import last_record
from omniroute.stores.api import Reader

Progress = Callable[[int, int], None]


class Moment:
    """The desk as it was at *at* (ms), as far as one thread is concerned.

    Raises `Refused` where there was no such thread then, `Corrupt` where the journal cannot be
    folded.
    """

    def __init__(
        self,
        reader: Reader,
        thread: ThreadId,
        at: int,
        directory: Directory,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self._reader, self._at, self._directory = reader, at, directory
        self._told: list[tuple[ThreadId, Reason, str]] = []
        self._routed: list[tuple[ThreadId, int]] = []
        self._stranded: dict[ThreadId, str] = {}
        self._into: dict[ThreadId, ThreadId] = {}
        self.records = last = last_record(reader, at + 1)
        state = fold(reader, progress, last=last, on_entry=self._note)
        while thread in self._into:
            thread = self._into[thread]
        self._thread = _known(state, thread, last)
        self._agents = [agent for agent in state.agents.values() if agent.employed]

    def _note(self, seq: int, entry: Entry) -> None:
        home = _home(entry)
        for why in entry.why:
            thread = why.get("thread", home)
            if not isinstance(thread, int) or not thread:
                continue
            by = str(getattr(entry.input, "agent", ""))
            text = reasons.in_words(why, by, self._directory)
            rules = str(why.get("rules") or entry.rules)
            self._told.append((thread, Reason(seq, entry.at, text, why), rules))
            if why.get("about") == "route":
                self._routed.append((thread, seq))
        for event in entry.ev:
            if isinstance(event, ThreadStranded):
                self._stranded[event.thread] = event.reason
            elif isinstance(event, ThreadFolded):
                self._into[event.thread] = event.into

    # --- what is told ---

    def why(self) -> str:
        """One screen: how it stood, rule by rule, agent by agent, then every decision."""
        explained: list[str] = []
        directory = self._directory
        try:
            explanation, rules = self._explanation()
        except Refused:
            pass  # never routed by rules, or by rules that are not kept
        else:
            explained = body(explanation, reasons.RULES)
            directory = _of(rules, directory)
        head = reasons.headline(self._row(), self._waiting(), directory, self._at)
        told = [(reason, rules) for thread, reason, rules in self._told if thread == self.number]
        versions = dict.fromkeys(rules for _, rules in told if rules)
        return reasons.screen(
            head, [reason for reason, _ in told], list(versions), directory, explained
        )

    def explained(self) -> Mapping[str, object]:
        """Why it went where it went, as `rules explain` tells it.  Raises `Refused`."""
        explanation, rules = self._explanation()
        return {"text": tell(explanation, rules, f"#{self.number}"), "explanation": explanation}

    @property
    def number(self) -> ThreadId:
        """The thread's number; of one that was folded into another, the other's."""
        return self._thread.id

    def as_json(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "text": self.why(),
            "at": self._at,
            "thread": self._thread,
            "reasons": [reason for thread, reason, _ in self._told if thread == self.number],
        }

    def _explanation(self) -> tuple[Any, RuleSet]:
        records = [seq for thread, seq in reversed(self._routed) if thread == self.number]
        thread = self._thread
        waits = thread.phase in WAITING or thread.phase is Phase.OFFERED
        return explain_routing(
            self._reader,
            self.number,
            records,
            self._agents,
            at=self._at,
            thread=thread if waits else None,
            now=self._at,
        )

    def _row(self) -> ThreadRow:
        """What a headline needs; what the customer wrote is not asked for."""
        thread = self._thread
        return ThreadRow(
            id=thread.id,
            version=thread.version,
            phase=thread.phase.value,
            customer=thread.customer,
            name="",
            verified=True,
            channel=thread.channel,
            excerpt="",
            queue=thread.queue,
            priority=thread.priority,
            deadline=thread.deadline,
            since=thread.since,
            routing_since=thread.routing_since,
            last_at=0,
            waiting=thread.waiting,
            agent=thread.agent,
            agent_name=self._directory.name(thread.agent),
            snoozed_until=thread.snoozed_until,
            queued_since=thread.queued_since,
        )

    def _waiting(self) -> reasons.Waiting:
        thread = self._thread
        end = step_end(thread)
        return reasons.Waiting(
            steps=thread.steps,
            step=thread.step,
            stranded=self._stranded.get(thread.id, ""),
            left=None if end is None else end - self._at,
            asked=[self._directory.name(offer.agent) for offer in thread.offers],
            until=min((offer.until for offer in thread.offers), default=0),
            team=[self._view(agent) for agent in self._agents],
        )

    def _view(self, agent: Agent) -> AgentView:
        return AgentView(
            agent.id,
            self._directory.name(agent.id),
            agent.role,
            agent.status.value,
            agent.unresponsive,
            agent.load,
            agent.capacity,
            agent.teams,
            agent.skills,
        )


def _known(state: State, thread: ThreadId, last: int) -> Thread:
    if (found := state.threads.get(thread)) is None:
        when = f"by then ({last} records)" if last else "by then"
        raise Refused("unknown_thread", f"There was no thread #{thread} {when}.")
    return found


def _home(entry: Entry) -> ThreadId:
    """The thread that a record is about, or 0."""
    asked = getattr(entry.input, "thread", 0)
    if asked:
        return int(asked)
    found = (getattr(event, "thread", 0) for event in entry.ev)
    return next((int(thread) for thread in found if thread), 0)


def _of(rules: RuleSet, directory: Directory) -> Directory:
    """The queues and skills of that time."""
    queues = {name: queue.teams for name, queue in rules.queues.items()}
    return Directory(directory.agents, queues, rules.skills, directory.zone)
