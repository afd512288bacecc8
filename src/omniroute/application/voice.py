"""Speaking to whoever asked: codes become sentences, with names and times filled in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.directory import Directory
from omniroute.application.ports import Answered, Clock
from omniroute.application.present import Present
from omniroute.application.sentences import Told, sentence
from omniroute.application.views import Views
from omniroute.errors import Refused, StoreError, did_you_mean


class Voice:
    """Knows names, what time it is, and where to look for what a sentence needs."""

    def __init__(
        self, directory: Callable[[], Directory], clock: Clock, present: Present, views: Views
    ) -> None:
        self._directory, self._clock = directory, clock
        self._present, self._views = present, views

    def refused(self, code: str, thread: int = 0, **values: object) -> Refused:
        """The error that says *code* to a person."""
        told = Told(self._directory(), self._clock(), thread, values)
        return Refused(code, self._hinted(sentence(False, code, told), code, values))

    def done(self, code: str) -> str:
        """What is said of what was done, where no thread is concerned."""
        return sentence(True, code, Told(self._directory(), self._clock(), 0, {}))

    def answer(self, command: c.AnyCommand, answered: Answered) -> str:
        """What is said about the core's answer to *command*.  Blocks: call it in a thread."""
        values = dict(answered.values)
        thread = command.thread if isinstance(command, c.OnThread) else 0
        if isinstance(command, c.SetStatus) and command.agent:
            values["whose"] = command.agent
        told = Told(self._directory(), self._clock(), thread, values)
        if answered.code == "taken":
            told = self._since(told)
        elif answered.code == "customer_wrote":
            told = self._with_last_words(told)
        elif answered.ok and isinstance(command, c.Reply):
            told = self._with_receiver(told, command)
        return self._hinted(sentence(answered.ok, answered.code, told), answered.code, values)

    def _since(self, told: Told) -> Told:
        since, _ = self._moments(told.thread)
        return Told(told.directory, told.now, told.thread, told.values, since=since)

    def _with_receiver(self, told: Told, reply: c.Reply) -> Told:
        handle = str(told.values.get("way") or "")
        reached = self._present.reached(handle) if handle else None
        address = words.address(reached.kind, reached.value, reached.display) if reached else ""
        said = reply.text if reply.template else ""
        return replace(told, customer=address, words=said)

    def _with_last_words(self, told: Told) -> Told:
        thread = self._present.standing(told.thread).thread
        if thread is None:
            return told
        said = self._present.last_words(thread)
        return Told(
            told.directory, told.now, told.thread, told.values,
            customer=said.name, wrote=said.text, wrote_at=said.at,
        )  # fmt: skip

    def _moments(self, thread: int) -> tuple[int, int]:
        """Since when the present owner has the thread, and when the customer wrote last."""
        try:
            with self._views.reading() as db:
                row = db.execute(
                    "SELECT agent_since, wrote_at FROM threads WHERE id = ?", (thread,)
                ).fetchone()
        except StoreError:  # the answer stands all the same
            row = None
        return (0, 0) if row is None else (row["agent_since"], row["wrote_at"])

    def _hinted(self, text: str, code: str, values: Mapping[str, object]) -> str:
        """*text* with a suggestion where a name was not found."""
        hint = ""
        if code == "no_such_agent":
            hint = _suggested(values.get("agent"), self._directory().agents)
        elif code == "no_such_queue":
            hint = _suggested(values.get("queue"), self._directory().queues)
        return f"{text[:-1]} — {hint}" if hint else text


def _suggested(asked: object, known: Collection[str]) -> str:
    """Who has left is still known by name: that is no suggestion."""
    return "" if asked in known else did_you_mean(str(asked), known)
