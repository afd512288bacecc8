"""Mutants of the outbox, of its notes, and of the clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from omniroute.channel import Address, Outbound, Receipt
from omniroute.core.effects import AnyEffect, Deliver
from omniroute.errors import Rejected, Retry
from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.platform import Line
from omniroute.faults.stepping import SteppedInbox, SteppedSpool
from omniroute.runtime.node import Node
from omniroute.runtime.record import encode

SENT: Final = {"outcome": "sent"}


class _NoMark(Line):
    async def send(self, out: Outbound) -> Receipt:
        return await super().send(dataclasses.replace(out, repeat=False))


class _DoubtIsNo(Line):
    async def send(self, out: Outbound) -> Receipt:
        try:
            return await super().send(out)
        except Retry as error:
            raise Retry(error.reason, error.after) from None


class _DoubtIsYes(Line):
    async def send(self, out: Outbound) -> Receipt:
        try:
            return await super().send(out)
        except Retry as error:
            if error.in_doubt:
                return Receipt(("perhaps",))
            raise


class _GivesUp(Line):
    async def send(self, out: Outbound) -> Receipt:
        try:
            return await super().send(out)
        except Retry as error:
            raise Rejected(error.reason) from None


class _ToTheLast(Line):
    """Answers go to whoever was answered before."""

    _last: Address | None = None

    async def send(self, out: Outbound) -> Receipt:
        to, self._last = self._last or out.to, out.to
        return await super().send(dataclasses.replace(out, to=to))


class _TwiceToBeSure(Line):
    async def send(self, out: Outbound) -> Receipt:
        await super().send(out)
        return await super().send(out)


class _ReceiptFirst(SteppedSpool):
    async def attempt(self, eid: str, at: int) -> int:
        earlier = await super().attempt(eid, at)
        await self.receipt(eid, encode(SENT))
        return earlier


class _AttemptLater(SteppedSpool):
    """An attempt is noted with its receipt only."""

    async def attempt(self, eid: str, at: int) -> int:
        return 0


class _SettlesAll(SteppedSpool):
    """With one outcome all notes are forgotten."""

    def settle(self, eids: Iterable[str]) -> None:
        super().settle({*eids, *self._file.sends()})


def _no_lanes(node: Node) -> None:
    """Every answer goes its own way."""
    outbox = node.outbox
    take = outbox.take

    def taking(effects: Iterable[AnyEffect]) -> None:
        for effect in effects:
            take([effect])
            if isinstance(effect, Deliver) and effect.handle in outbox._lanes:
                lane, task = (
                    outbox._lanes.pop(effect.handle),
                    outbox._tasks.pop(effect.handle, None),
                )
                outbox._lanes[effect.id] = lane
                if task is not None:
                    outbox._tasks[effect.id] = task

    outbox.take = taking  # type: ignore[method-assign]


def _backwards(node: Node) -> None:
    """What is owed at a start is taken up the last first."""
    outbox = node.outbox
    take = outbox.take
    outbox.take = lambda effects: take(list(effects)[::-1])  # type: ignore[method-assign]


def _takes_twice(node: Node) -> None:
    outbox = node.outbox
    take = outbox.take

    def taking(effects: Iterable[AnyEffect]) -> None:
        effects = list(effects)
        take([*effects, *effects])

    outbox.take = taking  # type: ignore[method-assign]


def _settles_first(node: Node) -> None:
    """Notes are forgotten before the journal has the outcome."""
    delivery, spool = node.outbox._delivery, node.parts.spool
    settle = delivery._settle

    async def settling(effect: Deliver, keys: list[str], *more: Any) -> None:
        spool.settle(keys)
        for key in keys:
            delivery._known.pop(key, None)
        await settle(effect, keys, *more)

    delivery._settle = settling  # type: ignore[method-assign, assignment]


def _forgets_known(node: Node) -> None:
    """An outcome that the journal has not taken yet is not remembered."""
    delivery = node.outbox._delivery
    outcome = delivery._outcome

    async def trying(*asked: Any) -> Any:
        found = await outcome(*asked)
        delivery._known.clear()
        return found

    delivery._outcome = trying  # type: ignore[method-assign, assignment]


def _drops_refused(node: Node) -> None:
    """What the store would not settle is dropped."""
    delivery = node.outbox._delivery
    settle = delivery._settle

    async def settling(*given: Any) -> None:
        try:
            await settle(*given)
        except Exception as error:
            raise RuntimeError("dropped") from error

    delivery._settle = settling  # type: ignore[method-assign, assignment]


# --- time ---


class _Early(SteppedInbox):
    """Timers are taken an hour before they are due, and then believed to be broken."""

    def _catch_up(self) -> None:
        due = self.state.due()
        if due is not None and due[0] <= self._clock.now() + 3_600_000:
            self.state.ignore_timer(*due)
        super()._catch_up()


def _alarms_forgotten(node: Node) -> None:
    """What was due before a start is not known after it."""
    node.state._alarms.unseen.clear()
    node.state._alarms._dues.clear()


class _Wavering:
    """A clock that goes back each third time it is read."""

    def __init__(self, clock: Any) -> None:
        self._clock, self._reads = clock, 0

    def now(self) -> int:
        self._reads += 1
        back = 0 if self._reads % 3 else 7_000
        return int(self._clock.now()) - back


def _clock_back(node: Node) -> None:
    writer = node.inbox._writer
    writer.now = _Wavering(writer._clock).now  # type: ignore[method-assign]


SENDS: Final[Mapping[str, Mutant]] = {
    "nomark": Mutant("a repeat is not marked", Ways(line=_NoMark)),
    "sendtwice": Mutant("a message is sent twice, to be sure", Ways(line=_TwiceToBeSure)),
    "doubtisyes": Mutant("a send in doubt counts as sent", Ways(line=_DoubtIsYes)),
    "sendisno": Mutant("a send in doubt counts as not sent", Ways(line=_DoubtIsNo)),
    "givesup": Mutant("“later” is taken for “never”", Ways(line=_GivesUp)),
    "tothelast": Mutant("an answer goes to somebody else", Ways(line=_ToTheLast)),
    "receiptfirst": Mutant("a receipt is noted before the call", Ways(spool=_ReceiptFirst)),
    "attemptlater": Mutant("an attempt is not noted before the call", Ways(spool=_AttemptLater)),
    "settlesall": Mutant("with one outcome all notes go", Ways(spool=_SettlesAll)),
    "nolanes": Mutant("answers overtake each other", Ways(changed=_no_lanes)),
    "backwards": Mutant("what is owed is taken up the last first", Ways(changed=_backwards)),
    "takestwice": Mutant("effects are taken up twice", Ways(changed=_takes_twice)),
    "settlesfirst": Mutant("notes go before the journal has it", Ways(changed=_settles_first)),
    "forgetsknown": Mutant("an outcome is not kept in memory", Ways(changed=_forgets_known)),
    "dropsrefused": Mutant("what cannot be settled is dropped", Ways(changed=_drops_refused)),
    "early": Mutant("timers are taken before they are due", Ways(inbox=_Early)),
    "alarmsgone": Mutant("timers are not known after a start", Ways(changed=_alarms_forgotten)),
    "clockback": Mutant("the journal's time follows the machine's", Ways(changed=_clock_back)),
}
