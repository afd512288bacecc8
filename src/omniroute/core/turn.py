"""One input being decided: what follows is emitted here and folded into the state at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from omniroute.core import events as e
from omniroute.core.effects import AnyEffect, Change, Deliver, Present, Recall, effect_id
from omniroute.core.evolve import FOLDS
from omniroute.core.inputs import AnyInput
from omniroute.core.model import (
    AgentId,
    Candidate,
    HandleId,
    MessageId,
    Offer,
    Thread,
    ThreadId,
)
from omniroute.core.state import State


class Deciders(Protocol):
    """Plugins that may decide; a replay needs none, since events say what was picked."""

    def pick(self, thread: Thread, candidates: Sequence[Candidate]) -> tuple[AgentId, str] | None:
        """The picked agent and the plugin's name, or None to leave it to the policy."""

    def left_out(self) -> tuple[str, ...]:
        """The plugins whose answer to the last `pick` could not be used."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the asker is told: a stable code and the values its sentence needs."""

    ok: bool
    code: str
    values: dict[str, str | int] = {}


class Decision(msgspec.Struct, frozen=True):
    """What an input led to.  Without events nothing has happened."""

    events: tuple[e.AnyEvent, ...]
    effects: tuple[AnyEffect, ...]
    why: tuple[dict[str, object], ...]
    answer: Answer


class Turn:
    """Collects events, effects and the why of one input."""

    __slots__ = (
        "_ordinals", "answered", "at", "deciders", "effects", "events", "events_only", "input",
        "state", "touched", "why",
    )  # fmt: skip

    def __init__(
        self, state: State, input: AnyInput, deciders: Deciders | None, events_only: bool = False
    ) -> None:
        self.state, self.input, self.at, self.deciders = state, input, input.at, deciders
        self.events_only = events_only  # nothing is done outside, and nobody will ask why
        self.events: list[e.AnyEvent] = []
        self.effects: list[AnyEffect] = []
        self.why: list[dict[str, object]] = []
        self.touched: dict[ThreadId, None] = {}  # threads that something has happened to
        self.answered: set[ThreadId] = set()  # by a person: what a bot says keeps no promise
        self._ordinals: dict[tuple[str, str], int] = {}

    def emit(self, event: e.AnyEvent) -> None:
        """It is so from now on."""
        FOLDS[type(event)](self.state, event, self.at)  # as `evolve` does
        self.events.append(event)
        if isinstance(event, e.ThreadEvent):
            self.touched[event.thread] = None

    def explain(self, about: str, **values: object) -> None:
        """Record why."""
        if not self.events_only:
            self.why.append({"about": about, **values})

    def thread(self, id: ThreadId) -> Thread:
        """The thread as it is now."""
        return self.state.threads[id]

    def effect(self, kind: str, destination: str, cause: str = "") -> str:
        """The id of the next effect of this kind to this destination."""
        ordinal = self._ordinals.get((kind, destination), 0)
        self._ordinals[kind, destination] = ordinal + 1
        return effect_id(cause or self.input.key, kind, destination, ordinal)

    def deliver(
        self, thread: Thread, message: MessageId, handle: HandleId, id: str,
        agent: AgentId = "", reply: str = "", answers: MessageId = "",
        begins: tuple[str, str] | None = None, copies: tuple[HandleId, ...] = (),
        bot: bool = False, wait: tuple[int, int] | None = None, survey: str = "", until: int = 0,
    ) -> None:  # fmt: skip
        """Have a message sent to a handle of the thread, as an answer to what came from there;
        or to another of the customer's, by the channel and account that it *begins* with."""
        if self.events_only:
            return
        answers = answers or thread.message
        self.effects.append(
            Deliver(
                id,
                thread.id,
                message,
                handle,
                answers,
                agent=agent,
                reply=reply,
                begins=begins,
                bot=bot,
                copies=copies,
                wait=wait,
                survey=survey,
                until=until,
            )
        )

    def present(
        self, thread: ThreadId, agent: AgentId, kind: str, offer: Offer | None = None,
        reason: str = "",
    ) -> None:  # fmt: skip
        """Have an agent shown a card."""
        if self.events_only:
            return
        self.effects.append(
            Present(
                self.effect("present", f"{agent}/{thread}/{kind}"),
                thread,
                agent,
                kind,
                self.thread(thread).version,
                offer=offer.id if offer else "",
                until=offer.until if offer else 0,
                reason=reason,
            )
        )

    def recall(self, thread: Thread, message: MessageId, effect: str) -> None:
        """Have a message stopped that may not have left yet."""
        if self.events_only:
            return
        id = self.effect("recall", effect)
        self.effects.append(Recall(id, thread.id, message, thread.handle, effect))

    def change(
        self, thread: Thread, message: MessageId, handle: HandleId, id: str, *, of: str, how: str
    ) -> None:
        """Have what effect *of* sent to a handle changed or deleted there."""
        if self.events_only:
            return
        self.effects.append(Change(id, thread.id, message, handle, of, how))

    def decision(self, answer: Answer) -> Decision:
        """What it came to."""
        return Decision(tuple(self.events), tuple(self.effects), tuple(self.why), answer)
