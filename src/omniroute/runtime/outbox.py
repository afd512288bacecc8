"""Performs effects: sends to customers' channels, shows cards on agents' desks.

Every effect belongs to a lane (a customer's handle, or an agent) and lanes keep order: what waits
for a retry holds up its own lane and no other.  Around each send stand two durable notes in the
spool, the attempt and its outcome, so that after a crash the outbox knows whether a message was
not sent, was sent, or may have been; only in the last case it goes out again, marked.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from omniroute.channel import Address, Channel, File, Outbound
from omniroute.core.effects import AnyEffect, Deliver, Present
from omniroute.core.inputs import Delivered
from omniroute.desk import Card, Desk
from omniroute.errors import NotAuthorised, Rejected, RemoteError, Retry, StoreError
from omniroute.runtime.clock import Clock
from omniroute.runtime.crashpoints import reach
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body, Failure, Reached
from omniroute.runtime.spool import Sends, Spool
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

GIVE_UP: Final = 48 * 3600.0  # seconds of trying before the agent is told that it failed
FIRST, LONGEST = 1.0, 600.0  # seconds between tries
TIMEOUT: Final = 120.0  # seconds that one platform call may take
T = TypeVar("T")
_effect = msgspec.json.Decoder(AnyEffect).decode


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a send ended; this is what the spool keeps as the receipt."""

    outcome: str  # sent | rejected | not_authorised | gave_up | later
    reason: str = ""
    external_ids: tuple[str, ...] = ()
    repeat: bool = False


class Outbox:
    """Lanes of effects and the way to channels and desks."""

    def __init__(
        self,
        reader: Reader,
        spool: Spool,
        inbox: Inbox,
        channels: Mapping[tuple[str, str], Channel],
        desks: Mapping[str, Desk],
        files: Files,
        clock: Clock,
        *,
        card: Callable[[Present], Awaitable[Card]],
        names: Callable[[str], str],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._reader, self._spool, self._inbox = reader, spool, inbox
        self._channels, self._desks, self._files = channels, desks, files
        self._clock, self._card, self._names, self._sleep = clock, card, names, sleep
        self._lanes: dict[str, deque[AnyEffect]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sends: dict[str, Sends] = {}

    def start(self) -> None:
        """Take up what an earlier process left."""
        self._sends = self._spool.attempts()
        after = ""
        while rows := self._reader.scan("o/", after):
            self.take(_effect(row) for _, row in rows)
            after = rows[-1][0]

    def take(self, effects: Iterable[AnyEffect]) -> None:
        """Perform these, each in its lane."""
        for effect in effects:
            lane = effect.handle if isinstance(effect, Deliver) else "@" + effect.agent
            self._lanes.setdefault(lane, deque()).append(effect)
            if lane not in self._tasks:
                self._tasks[lane] = asyncio.create_task(self._work_off(lane))

    @property
    def depth(self) -> int:
        """How many effects wait to be performed."""
        return sum(len(lane) for lane in self._lanes.values())

    async def stop(self) -> None:
        """Stop; whatever is not done is done after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work_off(self, lane: str) -> None:
        waiting = self._lanes[lane]
        try:
            while waiting:
                effect = waiting[0]
                try:
                    if isinstance(effect, Deliver):
                        await self._deliver(effect)
                    else:
                        await self._present(effect)
                except StoreError as error:
                    log.error("effect %s waits for the store: %s", effect.id, error)
                    await self._sleep(FIRST)
                    continue
                except Exception:
                    log.exception("effect %s could not be performed", effect.id)
                waiting.popleft()
        finally:
            del self._lanes[lane], self._tasks[lane]

    # --- to customers ---

    async def _deliver(self, effect: Deliver) -> None:
        """Send every part, each with its own notes in the spool, then settle the whole."""
        try:
            channel, parts = await self._composed(effect)
        except Rejected as error:
            return await self._settle(effect, [effect.id], Outcome("rejected", error.reason))
        outcome = Outcome("sent")
        for out in parts:
            earlier = self._sends.pop(out.idempotency_key, None)
            part = _kept(earlier) or await self._send(channel, out)
            outcome = replace(part, repeat=part.repeat or outcome.repeat)
            if part.outcome != "sent":
                break
        await self._settle(effect, [out.idempotency_key for out in parts], outcome)
        return None

    async def _composed(self, effect: Deliver) -> tuple[Channel, list[Outbound]]:
        rows = self._reader.get(
            ["b/" + effect.message, "b/" + effect.answers, "p/" + effect.handle]
        )
        body = _row(rows, "b/" + effect.message, Body)
        answers = _row(rows, "b/" + effect.answers, Body)
        reached = _row(rows, "p/" + effect.handle, Reached)
        if body is None or answers is None or reached is None:
            raise Rejected("the message or the address has been erased")
        channel = self._channels.get((answers.channel, answers.account))
        if channel is None:
            raise Rejected(f"there is no {answers.channel} channel “{answers.account}” any more")
        first = Outbound(
            effect.id,
            answers.conversation,
            Address(reached.kind, reached.value, reached.verified, reached.display),
            "",
            subject=answers.subject,
            in_reply_to=answers.external_id,
            references=answers.references,
            sender_name=self._names(effect.agent) if effect.agent else "",
            files=await self._attached(body),
        )
        rest = dataclasses.replace(first, files=())
        return channel, [
            dataclasses.replace(
                rest if number else first,
                idempotency_key=f"{effect.id}.{number}" if number else effect.id,
                text=text,
            )
            for number, text in enumerate(split(body.text, channel.max_text))
        ]

    async def _send(self, channel: Channel, out: Outbound) -> Outcome:
        """Try until there is an outcome."""
        began, pause = self._clock.now(), FIRST
        while True:
            outcome, after = await self._try(channel, out)
            if outcome.outcome != "later":
                return outcome
            if self._clock.now() - began > GIVE_UP * 1000:
                return Outcome("gave_up", outcome.reason)
            # Jitter spreads the retries of many lanes; it decides nothing.
            await self._sleep(after or pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(pause * 2, LONGEST)

    async def _try(self, channel: Channel, out: Outbound) -> tuple[Outcome, float | None]:
        """One attempt between its two notes; a doubtful end leaves the second one out."""
        key = out.idempotency_key
        reach("outbox.before_attempt")
        doubtful = await self._spool.attempt(key, self._clock.now()) > 0
        reach("outbox.before_send")
        after, known = None, True
        try:
            async with asyncio.timeout(TIMEOUT):
                sent = await channel.send(dataclasses.replace(out, repeat=doubtful))
            outcome = Outcome("sent", external_ids=sent.external_ids, repeat=doubtful)
        except Rejected as error:
            outcome = Outcome("rejected", error.reason)
        except NotAuthorised as error:
            log.error("%s “%s”: not authorised: %s", channel.kind, channel.account, error.fix)
            outcome = Outcome("not_authorised", error.fix)
        except Retry as error:
            outcome = Outcome("later", error.reason)
            after, known = error.after, not error.in_doubt
        except TimeoutError:
            outcome, known = Outcome("later", f"no answer within {TIMEOUT:.0f} s"), False
        except Exception as error:  # whatever a plugin raises ends here, by name
            log.exception("%s “%s”: send failed", channel.kind, channel.account)
            outcome = Outcome("rejected", f"{type(error).__name__}: {error}")
        reach("outbox.after_send")
        if known:
            await self._spool.receipt(key, encode(outcome))
        reach("outbox.after_receipt")
        return outcome, after

    async def _attached(self, body: Body) -> tuple[File, ...]:
        found = []
        for file in body.files:
            data = await asyncio.to_thread(self._files.get, file.sha)
            if data is not None:
                found.append(File(file.name, file.media_type, data, file.inline))
        return tuple(found)

    async def _settle(self, effect: Deliver, keys: list[str], outcome: Outcome) -> None:
        """Put the outcome into the journal; then the spool may forget it."""
        puts: dict[str, bytes | None] = {"o/" + effect.id: None}
        if outcome.outcome != "sent":
            puts["x/" + effect.id] = encode(Failure(outcome.reason))
        await self._inbox.submit(
            lambda at: Delivered(
                f"outcome/{effect.id}",
                at,
                effect.id,
                effect.thread,
                outcome.outcome,
                message=effect.message,
                repeat=outcome.repeat,
            ),
            puts,
        )
        self._spool.settle(keys)

    # --- to agents ---

    async def _present(self, effect: Present) -> None:
        """Show a card on the first desk of the agent's that takes it."""
        agent = self._inbox.state.agents.get(effect.agent)
        why = "has no desk"
        for kind in agent.desks if agent is not None else ():
            desk = self._desks.get(kind)
            if desk is None:
                continue
            try:
                async with asyncio.timeout(TIMEOUT):
                    await desk.present(await self._card(effect))
            except (RemoteError, TimeoutError) as error:
                why = str(error) or "did not answer"
                continue
            return self._inbox.forget("o/" + effect.id)
        log.warning("agent %s could not be shown thread %d: %s", effect.agent, effect.thread, why)
        if not effect.offer or effect.kind != "offer":
            return self._inbox.forget("o/" + effect.id)
        await self._inbox.submit(
            lambda at: Delivered(
                f"outcome/{effect.id}",
                at,
                effect.id,
                effect.thread,
                "rejected",
                offer=effect.offer,
            ),
            {"o/" + effect.id: None},
        )
        return None


def _kept(earlier: Sends | None) -> Outcome | None:
    """The outcome that an earlier process had and could not commit any more."""
    if earlier is None or earlier.receipt is None:
        return None
    outcome = msgspec.json.decode(earlier.receipt, type=Outcome)
    return None if outcome.outcome == "later" else outcome


def _row(rows: Mapping[str, bytes], key: str, kind: type[T]) -> T | None:
    return msgspec.json.decode(rows[key], type=kind) if key in rows else None


def split(text: str, limit: int) -> list[str]:
    """*text* in parts of at most *limit* characters, cut at a paragraph, line or word if it can be.

    Nothing but the white space at a cut is lost.
    """
    parts = []
    while len(text) > limit:
        cut = max((text.rfind(mark, 1, limit + 1) for mark in ("\n\n", "\n", " ")), default=-1)
        cut = cut if cut > limit // 2 else limit
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]
