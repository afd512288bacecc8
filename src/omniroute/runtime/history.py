"""From the journal and its rows to the past of a desk: what was asked, who was there.

Records are skimmed: of most, only the names of their events matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from omniroute.core.inputs import AnyInput, Member, MessageReceived
from omniroute.core.model import AgentId, Status, ThreadId
from omniroute.rules.backtest import Case, History
from omniroute.rules.prediction import Presence
from omniroute.runtime import recall
from omniroute.stores.api import Reader

PAGE = 2_000

Progress = Callable[[int, int], None]


class _Event(msgspec.Struct):
    ev: str
    thread: int = 0
    agent: str = ""
    status: str = ""
    member: Member | None = None


class _Line(msgspec.Struct):
    at: int
    asked: msgspec.Raw = msgspec.field(name="in")
    ev: tuple[_Event, ...] = ()
    why: msgspec.Raw = msgspec.Raw(b"[]")


_line = msgspec.json.Decoder(_Line).decode
_input = msgspec.json.Decoder(AnyInput).decode
_whys = msgspec.json.Decoder(list[dict[str, Any]]).decode


class _Had:
    """Since when somebody has a thread, and which case it is."""

    __slots__ = ("answered", "case", "since")

    def __init__(self, case: int) -> None:
        self.case, self.since, self.answered = case, 0, False


def history(reader: Reader, since: int, progress: Progress = lambda done, total: None) -> History:
    """What was routed at or after *since* (ms), and who was there from then on."""
    return _Skim(reader, since).read(progress)


class _Skim:
    def __init__(self, reader: Reader, since: int) -> None:
        self._reader, self._since = reader, since
        self._cases: list[Case] = []
        self._had: dict[ThreadId, _Had] = {}
        self._members: dict[AgentId, Member] = {}
        self._status: dict[AgentId, Status] = {}  # when it began
        self._changes: list[tuple[int, AgentId, Status]] = []

    def read(self, progress: Progress) -> History:
        """All of it."""
        after, last = 0, self._reader.head()[0]
        while records := self._reader.tail(after, PAGE):
            fresh: list[tuple[int, MessageReceived]] = []
            for record in records:
                line = _line(record.body)
                self._people(line)
                if line.at >= self._since:
                    self._threads(line, fresh)
            self._recall(fresh)
            after = records[-1].seq
            progress(after, last)
        begun = [(self._since, agent, status) for agent, status in self._status.items()]
        presence = Presence(tuple(self._members.values()), (*begun, *self._changes))
        return History(tuple(self._cases), presence)

    def _people(self, line: _Line) -> None:
        for event in line.ev:
            if event.member is not None:
                self._members[event.member.id] = event.member
            elif event.ev == "AgentLeft":
                self._says(line.at, event.agent, Status.OFFLINE)
            elif event.ev == "StatusChanged":
                self._says(line.at, event.agent, Status(event.status))

    def _says(self, at: int, agent: AgentId, status: Status) -> None:
        if at < self._since:
            self._status[agent] = status
        else:
            self._changes.append((at, agent, status))

    def _threads(self, line: _Line, fresh: list[tuple[int, MessageReceived]]) -> None:
        for event in line.ev:
            match event.ev:
                case "ThreadRouted":
                    self._routed(line, event.thread, fresh)
                case "ThreadAssigned":
                    if (had := self._had.get(event.thread)) is not None and not had.since:
                        had.since = line.at
                case "ReplyReleased":
                    self._answered(line.at, event.thread)
                case "ThreadSolved":
                    self._solved(line.at, event.thread)

    def _routed(
        self, line: _Line, thread: ThreadId, fresh: list[tuple[int, MessageReceived]]
    ) -> None:
        asked = _input(line.asked)
        if not isinstance(asked, MessageReceived):
            return  # handed over by hand, or evaluated again
        facts = next((f for why in _whys(line.why) if (f := _facts(why, thread)) is not None), None)
        if facts is None:
            return
        self._had[thread] = _Had(len(self._cases))
        fresh.append((len(self._cases), asked))
        self._cases.append(
            Case(
                thread, asked.sender.id, line.at, asked.channel, asked.live, facts, None,
                rules=asked.rules, observed=asked.observed,
            )
        )  # fmt: skip

    def _answered(self, at: int, thread: ThreadId) -> None:
        had = self._had.get(thread)
        if had is not None and had.since and not had.answered:
            had.answered = True
            self._cases[had.case] = replace(self._cases[had.case], answering=at - had.since)

    def _solved(self, at: int, thread: ThreadId) -> None:
        had = self._had.pop(thread, None)
        if had is not None and had.since:
            self._cases[had.case] = replace(self._cases[had.case], handling=at - had.since)

    def _recall(self, fresh: list[tuple[int, MessageReceived]]) -> None:
        """Read again what was written."""
        keys = sorted({key for _, message in fresh for key in recall.rows_for(message)})
        rows = self._reader.get(keys) if keys else {}
        for number, message in fresh:
            said = recall.texts(message, rows)
            self._cases[number] = replace(self._cases[number], texts=said)


def _facts(why: dict[str, Any], thread: ThreadId) -> dict[str, Any] | None:
    if why.get("about") != "route" or why.get("thread") != thread:
        return None
    facts = why.get("facts", {})
    return {**facts, "tags": tuple(facts.get("tags", ()))}
