"""Sends to customers, each message at least once, and more often only where nobody can know.

Around each call of the platform stand two durable notes in the spool, the attempt and its outcome,
so that after a crash it is known whether a message was not sent, was sent, or may have been; only
in the last case it goes out again, marked.  An outcome once known is kept until the journal has it,
whatever fails in between.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from omniroute.channel import Address, Cap, Channel, File, Heeds, Outbound, Receipt
from omniroute.core.effects import Deliver, Recall
from omniroute.core.inputs import Delivered
from omniroute.errors import NotAuthorised, Rejected, Retry, StoreError
from omniroute.logged import concerning
from omniroute.runtime.clock import Clock
from omniroute.runtime.crashpoints import reach
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.outcome import Outcome
from omniroute.runtime.patience import Overdue, within
from omniroute.runtime.pauses import Pauses
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body, Failure, Reached, Sent, Writers
from omniroute.runtime.splitting import size, split, unit_of
from omniroute.runtime.spool import Spool
from omniroute.runtime.witnesses import Elsewhere
from omniroute.stores.api import Corrupt, Reader

log = logging.getLogger(__name__)

GIVE_UP: Final = 48 * 3600.0  # seconds of trying before the agent is told that it failed
FIRST, LONGEST = 1.0, 600.0  # seconds between tries
AWAY: Final = "is not on the machine that sends: attach it again"
AT_ONCE: Final = 16  # calls of one channel account at the same time
T = TypeVar("T")
External: TypeAlias = Callable[[str, str, str], str]  # kind, account, external id → row
Ask: TypeAlias = Callable[[str], Awaitable[Elsewhere]]
"""What other nodes have done with a part of a message, by its key.  May raise `StoreError`."""


class Halted(Exception):
    """No further attempt is made: the node is about to stop."""


class Delivery:
    """The way to customers."""

    def __init__(
        self,
        reader: Reader,
        spool: Spool,
        inbox: Inbox,
        channels: Mapping[tuple[str, str], Channel],
        files: Files,
        clock: Clock,
        *,
        names: Callable[[str], str],
        sleep: Callable[[float], Awaitable[None]],
        timeout: float,
        external: External | None = None,
        ask: Ask | None = None,
    ) -> None:
        self._external, self._ask = external, ask
        self._reader, self._spool, self._inbox = reader, spool, inbox
        self._channels, self._files, self._clock = channels, files, clock
        self._names, self._sleep, self._timeout = names, sleep, timeout
        self._turns = {account: asyncio.Semaphore(AT_ONCE) for account in channels}
        self._doubted: set[str] = set()  # what another node may have sent, by effect
        self._asked: set[str] = set()  # of what others are to be asked, by effect
        self._known: dict[str, Outcome] = {}  # what the journal does not have yet, by attempt key
        self.calling: set[asyncio.Task[object]] = set()  # who waits for a platform's answer
        self.halted = False  # no new attempt begins
        self._recalled: dict[str, str] = {}  # what is not to leave any more, and by which effect

    def recover(self, owed: Mapping[str, bool], lost: bool = False) -> None:
        """Take up what an earlier process noted of the effects that are still *owed*.

        By id; true where another node, whose notes we do not have, may have sent it.  Where part
        of the journal was *lost*, all that was noted counts: it may be owed again.
        """
        settled = []
        self._doubted = {id for id, doubtful in owed.items() if doubtful}
        for key, sends in self._spool.attempts(settled=lost).items():
            if key.partition(".")[0] not in owed and not lost:
                settled.append(key)  # the journal has it; the spool was not told in time
            elif sends.receipt is not None:
                outcome = msgspec.json.decode(sends.receipt, type=Outcome)
                if outcome.outcome != "later":
                    self._known[key] = outcome
        self._spool.settle(settled)

    def doubt(self, effects: Iterable[str]) -> None:
        """Another node may have sent these; it is asked before they are."""
        (self._doubted if self._ask is None else self._asked).update(effects)

    async def in_doubt(self) -> set[str]:
        """After a stop: what may have been sent, by effect, without the journal's having it."""
        tried = {
            key
            for key, sends in (await asyncio.to_thread(self._spool.attempts)).items()
            if sends.unanswered or sends.receipt is None or _left(sends.receipt)
        }
        effects = {key.partition(".")[0] for key in (*tried, *self._known)}
        return self._doubted | self._asked | effects

    def recall(self, effect: Recall) -> None:
        """Begin no further attempt of what another effect sends."""
        self._recalled[effect.effect] = effect.id

    async def deliver(self, effect: Deliver) -> None:
        """Send every part, each with its own notes in the spool, then settle the whole.

        Raises `StoreError`, after which it is to be called again, and `Halted`.
        """
        try:
            channel, parts = await self._composed(effect)
        except Rejected as error:
            rejected = Outcome("rejected", error.reason, by_content=error.by_content)
            return await self._settle(effect, [effect.id], rejected)
        outcome, repeat = Outcome("sent"), False
        ids: tuple[tuple[str, ...], ...] = ()
        for number, out in enumerate(parts, 1):
            outcome = await self._outcome(channel, out)
            ids += (outcome.external_ids,)
            repeat = repeat or outcome.repeat
            if outcome.outcome != "sent":
                where = f"part {number} of {len(parts)}: " if len(parts) > 1 else ""
                outcome = replace(outcome, reason=where + outcome.reason)
                break
        keys = [out.idempotency_key for out in parts]
        found = self._found_by(channel, effect, ids)
        apart = len(parts) > 1 and bool(parts[-1].files)
        to, answers = effect.handle, effect.answers
        sent = Sent(
            effect.thread, effect.message, to, answers, effect.begins, ids, apart, effect.copies
        )
        return await self._settle(effect, keys, replace(outcome, repeat=repeat), found, sent)

    def _found_by(
        self, channel: Channel, effect: Deliver, ids: tuple[tuple[str, ...], ...]
    ) -> dict[str, bytes | None]:
        """Rows by which a reaction or a sign that it was read finds the message."""
        if self._external is None or not channel.caps & (Cap.REACTIONS | Cap.READ_RECEIPTS):
            return {}
        external = [id for part in ids for id in part]
        rows = [self._external(channel.kind, channel.account, id) for id in external]
        found: dict[str, bytes | None] = {"e/" + row: effect.message.encode() for row in rows}
        home = encode(Writers((effect.handle,)))
        return found | {"w/" + row: home for row in rows}

    # --- what is sent ---

    async def _composed(self, effect: Deliver) -> tuple[Channel, list[Outbound]]:
        named = [f"p/{handle}" for handle in (effect.handle, *effect.copies)]
        rows = self._reader.get(["b/" + effect.message, "b/" + effect.answers, *named])
        body = _row(rows, "b/" + effect.message, Body)
        answers = _row(rows, "b/" + effect.answers, Body)
        reached = _row(rows, "p/" + effect.handle, Reached)
        copies = [_row(rows, "p/" + handle, Reached) for handle in effect.copies]
        if body is None or answers is None or reached is None:
            raise Rejected("the message or the address has been erased", by_content=True)
        kind, account = effect.begins or (answers.channel, answers.account)
        channel = self._channels.get((kind, account))
        if channel is None:
            raise Rejected(f"there is no {kind} channel “{account}” any more")
        begins, to = effect.begins is not None, _address(reached)
        by = getattr(channel, "answered_by", "")
        if effect.reply and isinstance(channel, Heeds) and channel.unwanted(to):
            raise Rejected("they have said that they want no messages there")
        if by and not begins:
            channel = self._carrier(by)
            to, begins = Address(by, answers.conversation, display=to.display), True
        first = Outbound(
            effect.id,
            to.value if begins else answers.conversation,
            to,
            "",
            subject=answers.subject,
            in_reply_to="" if begins else answers.external_id,
            references=() if begins else answers.references,
            sender_name=self._names(effect.agent) if effect.agent else "",
            files=await self._attached(body),
            quotes=self._quoted(body, answers),
            automatic=bool(effect.reply) or effect.bot,
            copies=tuple(_address(copy) for copy in copies if copy is not None),
            template=body.template,
            values=body.values,
        )
        text, question = body.text, body.question
        if question is not None and Cap.BUTTONS in channel.caps:
            first = dataclasses.replace(first, question=question)
        elif question is not None:
            text = f"{text}\n\n{question.instead}"
        return channel, _in_parts(first, text, channel)

    def _carrier(self, kind: str) -> Channel:
        """The account over which what came in elsewhere is answered.  Raises `Rejected`."""
        for (known, _), channel in self._channels.items():
            if known == kind and Cap.START_CONVERSATION in channel.caps:
                return channel
        raise Rejected(f"an answer goes out by {kind}, and no such channel is open that sends")

    def _quoted(self, body: Body, answers: Body) -> str:
        """The external id of what the agent quotes, if it was said in the same conversation."""
        if not body.quotes:
            return ""
        quoted = _row(self._reader.get(["b/" + body.quotes]), "b/" + body.quotes, Body)
        if quoted is None:
            return ""
        here = (answers.channel, answers.account, answers.conversation)
        same = (quoted.channel, quoted.account, quoted.conversation) == here
        return quoted.external_id if same else ""

    async def _attached(self, body: Body) -> tuple[File, ...]:
        """The files of a message, all of them: who sends half an answer does not know it."""
        found = []
        for file in body.files:
            try:
                data = await asyncio.to_thread(self._files.get, file.sha)
            except Corrupt as error:
                log.error("an attachment cannot be sent: %s", error)
                raise Rejected(
                    f"the attachment “{file.name}” is damaged", by_content=True
                ) from error
            if data is None:
                raise Rejected(f"the attachment “{file.name}” {AWAY}", by_content=True)
            found.append(File(file.name, file.media_type, data, file.inline))
        return tuple(found)

    # --- sending ---

    async def _outcome(self, channel: Channel, out: Outbound) -> Outcome:
        """How sending one part ended: what is known already, or what comes of trying."""
        known = self._known.get(out.idempotency_key) or await self._elsewhere(out.idempotency_key)
        if known is None:
            with concerning(channel=channel.kind, account=channel.account):
                known = await self._tried(channel, out)
            self._known[out.idempotency_key] = known
        return known

    async def _elsewhere(self, key: str) -> Outcome | None:
        """How another node's send ended; none where there was none, or nobody knows of one."""
        effect = key.partition(".")[0]
        if self._ask is None or effect not in self._asked:
            return None
        outcome, doubtful = await self._ask(key)
        if doubtful:
            self._doubted.add(effect)
        if outcome is not None:
            self._known[key] = outcome
        return outcome

    async def _tried(self, channel: Channel, out: Outbound) -> Outcome:
        """Try until there is an outcome."""
        began, pauses = self._clock.now(), Pauses(FIRST, LONGEST)
        while True:
            async with self._turns[channel.kind, channel.account]:
                if self.halted:
                    raise Halted
                if out.idempotency_key.partition(".")[0] in self._recalled:
                    return Outcome("withdrawn", "people answer now")
                with self._call():
                    outcome, after = await self._try(channel, out)
            if outcome.outcome != "later":
                return outcome
            if self.halted:
                raise Halted
            if self._clock.now() - began > GIVE_UP * 1000:
                return Outcome("gave_up", outcome.reason)
            await self._sleep(pauses.next(after))

    async def _try(self, channel: Channel, out: Outbound) -> tuple[Outcome, float | None]:
        """One attempt between its two notes; a doubtful end leaves the second one out."""
        key = out.idempotency_key
        reach("outbox.before_attempt")
        doubtful = await self._spool.attempt(key, self._clock.now()) > 0
        doubtful = doubtful or key.partition(".")[0] in self._doubted
        reach("outbox.before_send")
        after, known = None, True
        try:
            sent = await within(
                self._timeout, channel.send(dataclasses.replace(out, repeat=doubtful))
            )
            outcome = Outcome("sent", external_ids=_ids(channel, sent), repeat=doubtful)
        except Rejected as error:
            outcome = Outcome("rejected", error.reason, by_content=error.by_content)
        except NotAuthorised as error:
            log.error("%s “%s”: not authorised: %s", channel.kind, channel.account, error.fix)
            outcome = Outcome("not_authorised", error.fix)
        except Retry as error:
            outcome = Outcome("later", error.reason)
            after, known = error.after, not error.in_doubt
        except (Overdue, TimeoutError) as error:
            outcome, known = Outcome("later", str(error) or "no answer in time"), False
        except Exception as error:  # whatever a plugin raises ends here, by name
            log.exception("%s “%s”: send failed", channel.kind, channel.account)
            outcome = Outcome("rejected", f"{type(error).__name__}: {error}")
        reach("outbox.after_send")
        if known:
            await self._note(key, outcome)
        reach("outbox.after_receipt")
        return outcome, after

    async def _note(self, key: str, outcome: Outcome) -> None:
        """Write the receipt down.  Where that fails we know the outcome, for as long as we live."""
        try:
            await self._spool.receipt(key, encode(outcome))
        except StoreError as error:
            log.error("the receipt of %s is not on the disk: %s", key, error)

    @contextmanager
    def _call(self) -> Iterator[None]:
        """An attempt, which a stop waits for, so as not to leave it in doubt."""
        task = asyncio.current_task()
        assert task is not None
        self.calling.add(task)
        try:
            yield
        finally:
            self.calling.discard(task)

    # --- settling ---

    async def _settle(
        self,
        effect: Deliver,
        keys: list[str],
        outcome: Outcome,
        found: Mapping[str, bytes | None] | None = None,
        sent: Sent | None = None,
    ) -> None:
        """Put the outcome into the journal; then the spool may forget it."""
        puts: dict[str, bytes | None] = {"o/" + effect.id: None, **(found or {})}
        if (recall := self._recalled.pop(effect.id, "")) != "":
            puts["o/" + recall] = None
        if outcome.outcome == "sent" and sent is not None:
            puts["s/" + effect.id] = encode(sent)
        else:
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
                handle="" if outcome.by_content else effect.handle,
            ),
            puts,
        )
        self._doubted.discard(effect.id)
        self._asked.discard(effect.id)
        for key in keys:
            self._known.pop(key, None)
        self._spool.settle(keys)


def _left(receipt: bytes) -> bool:
    """Whether an attempt came to more than that it is to be tried again."""
    return msgspec.json.decode(receipt, type=Outcome).outcome != "later"


def _address(reached: Reached) -> Address:
    return Address(reached.kind, reached.value, reached.verified, reached.display)


def _in_parts(first: Outbound, text: str, channel: Channel) -> list[Outbound]:
    """One message or several; files go with the first words, or last where those are too many."""
    if first.template:  # it goes as it was approved
        return [dataclasses.replace(first, text=text)]
    unit = unit_of(channel)
    texts = split(text, channel.max_text, unit)
    caption = getattr(channel, "max_caption", channel.max_text)
    apart = bool(first.files) and bool(text) and size(texts[0], unit) > caption
    rest = dataclasses.replace(first, files=(), quotes="", question=None)
    parts = [
        dataclasses.replace(rest if number or apart else first, text=said)
        for number, said in enumerate(texts)
    ]
    if apart:
        parts[0] = dataclasses.replace(parts[0], quotes=first.quotes)
        parts.append(dataclasses.replace(first, text="", quotes=""))
    elif first.question is not None:  # below what was said last
        parts[0] = dataclasses.replace(parts[0], question=None)
        parts[-1] = dataclasses.replace(parts[-1], question=first.question)
    key = first.idempotency_key
    return [
        dataclasses.replace(part, idempotency_key=f"{key}.{number}" if number else key)
        for number, part in enumerate(parts)
    ]


def _ids(channel: Channel, receipt: object) -> tuple[str, ...]:
    """The platform's ids; whatever the answer, the message has been sent."""
    if isinstance(receipt, Receipt):
        return tuple(map(str, receipt.external_ids))
    log.error("%s “%s”: send answered %s, no Receipt", channel.kind, channel.account, receipt)
    return ()


def _row(rows: Mapping[str, bytes], key: str, kind: type[T]) -> T | None:
    return msgspec.json.decode(rows[key], type=kind) if key in rows else None
