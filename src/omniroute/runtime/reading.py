"""From raw bytes in the spool to inputs for the writer, in the order they came.

A channel's `parse` and the plugins' enriching hooks run here, before the decision; what they say
is put into the input.  What cannot be read becomes a dead letter with its reason.  An entry leaves
the spool only when everything read from it is committed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from omniroute.channel import Address, Cap, Channel, File, Inbound
from omniroute.core.inputs import Claimed, MessageReceived, Seen
from omniroute.core.model import Evidence, Fact
from omniroute.core.rules import observe
from omniroute.errors import Busy, StoreError
from omniroute.hookspecs import Claim
from omniroute.runtime.clock import Clock
from omniroute.runtime.files import Files
from omniroute.runtime.inbox import Inbox, Work
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.names import Names
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Attachment, Body
from omniroute.runtime.spool import Entry, Spool
from omniroute.runtime.writer import Answered

log = logging.getLogger(__name__)

READY: Final = 512  # entries kept in memory beside the spool
OUTSTANDING: Final = 1000  # messages handed in and not yet committed
SMALL: Final = 256 * 1024  # bytes that are parsed on the loop; larger ones in a thread
AGAIN: Final = 2.0  # seconds until an entry is handed in again after the store failed


class Enricher(Protocol):
    """The plugins' enriching hooks."""

    def claims(self, inbound: Inbound, channel: str) -> Sequence[Claim]:
        """Who the sender is besides."""

    def facts(self, inbound: Inbound, channel: str) -> Mapping[str, Fact]:
        """What the message is about."""


class ChannelIntake:
    """The engine's ear for one channel account."""

    def __init__(self, spool: Spool, channel: Channel, clock: Clock) -> None:
        self._spool, self._channel, self._clock = spool, channel, clock
        self.listening = asyncio.Event()

    def ready(self) -> None:
        """Listening has begun."""
        self.listening.set()

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        """Keep *raw*; see `omniroute.Intake`."""
        channel = self._channel
        try:
            await self._spool.append(
                channel.kind, channel.account, raw, at=self._clock.now(), key=key
            )
        except StoreError as error:
            log.error("%s “%s” cannot take mail in: %s", channel.kind, channel.account, error)
            raise Busy("the disk cannot keep it now") from None


class Reading:
    """Works off the spool."""

    def __init__(
        self,
        spool: Spool,
        inbox: Inbox,
        channels: Mapping[tuple[str, str], Channel],
        enricher: Enricher,
        keyed: Keyed,
        names: Names,
        files: Files,
        clock: Clock,
    ) -> None:
        self._spool, self._inbox, self._channels = spool, inbox, channels
        self._enricher, self._keyed, self._names = enricher, keyed, names
        self._files, self._clock = files, clock
        self._ready: deque[Entry] = deque()
        self._behind = True  # more lies in the spool than is ready
        self._seen = 0  # the last entry made ready
        self._wake = asyncio.Event()
        self._room = asyncio.Semaphore(OUTSTANDING)
        spool.subscribe(self._announced)

    def _announced(self, entries: Sequence[Entry]) -> None:
        if not self._behind and len(self._ready) + len(entries) <= READY:
            self._ready.extend(entry for entry in entries if entry.id > self._seen)
            self._seen = max(self._seen, entries[-1].id)
        else:
            self._behind = True
        self._wake.set()

    def again(self, entry: Entry) -> None:
        """Read an entry once more, as after a dead letter was revived."""
        self._ready.append(entry)
        self._wake.set()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            if not self._ready and self._behind:
                page = self._spool.pending(self._seen)
                self._behind = bool(page)
                self._ready.extend(page)
                self._seen = page[-1].id if page else self._seen
            if not self._ready:
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._read(self._ready.popleft())

    async def _read(self, entry: Entry) -> None:
        channel = self._channels.get((entry.channel, entry.account))
        if channel is None:
            why = f"there is no {entry.channel} channel “{entry.account}” any more"
            return await self._bury(entry, why)
        try:
            inbounds = await self._parse(channel, entry.raw)
            works = [await self._work(channel, entry, inbound) for inbound in inbounds]
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything: quarantine, go on
            log.warning("%s “%s”: entry %d cannot be read: %r", *entry[1:3], entry.id, error)
            return await self._bury(entry, f"{type(error).__name__}: {error}")
        if not works:
            return self._spool.done([entry.id])
        remaining = len(works)

        def decided() -> None:
            nonlocal remaining
            remaining -= 1
            if remaining == 0:
                self._spool.done([entry.id])

        for work in works:
            await self._room.acquire()
            work.done = self._done(entry, work, decided)
            self._inbox.put(work)
        return None

    async def _parse(self, channel: Channel, raw: bytes) -> Sequence[Inbound]:
        if len(raw) < SMALL:
            return channel.parse(raw)
        return await asyncio.to_thread(channel.parse, raw)

    def _done(
        self, entry: Entry, work: Work, decided: Callable[[], None]
    ) -> Callable[[Answered | Exception], None]:
        loop, settled = asyncio.get_running_loop(), False

        def done(answer: Answered | Exception) -> None:
            nonlocal settled
            if settled:
                return
            if isinstance(answer, StoreError):
                loop.call_later(AGAIN, self._inbox.put, work)
                return
            settled = True
            self._room.release()
            if isinstance(answer, Exception):
                why = f"could not be decided: {type(answer).__name__}: {answer}"
                burial = loop.create_task(self._bury(entry, why))
                burial.add_done_callback(lambda task: task.exception())
            else:
                decided()

        return done

    async def _bury(self, entry: Entry, why: str) -> None:
        await self._spool.bury(entry.id, why)

    # --- one message ---

    async def _work(self, channel: Channel, entry: Entry, inbound: Inbound) -> Work:
        unique = entry.key or hashlib.sha256(entry.raw).hexdigest()
        message = self._keyed.message(channel.kind, channel.account, inbound.external_id, unique)
        facts = dict(self._enricher.facts(inbound, channel.kind))
        claims = self._claims(inbound, channel.kind)
        body = await self._body(channel, entry, inbound)
        puts: dict[str, bytes | None] = {"b/" + message: encode(body)}
        for address in (inbound.sender, *(claim.address for claim in claims)):
            handle = self._keyed.handle(address)
            puts["p/" + handle] = self._names.row(handle, address)
        sender = self._seen_as(inbound.sender)
        claimed = tuple(
            Claimed(self._seen_as(claim.address), claim.evidence, channel.kind) for claim in claims
        )
        emails = _vouched_emails(inbound, claims)
        name = inbound.sender.display
        live = Cap.LIVE in channel.caps

        def make(at: int) -> MessageReceived:
            rules = self._inbox.state.rules
            observed = observe(
                rules, text=body.text, subject=body.subject, emails=emails, name=name
            )
            return MessageReceived(
                message,
                at,
                message,
                channel.kind,
                channel.account,
                sender,
                claimed,
                facts,
                observed,
                rules.version,
                live=live,
                automatic=inbound.automatic,
                sent_at=body.sent_at,
            )

        return Work(make, puts)

    def _seen_as(self, address: Address) -> Seen:
        return Seen(self._keyed.handle(address), address.kind, address.unique, address.verified)

    def _claims(self, inbound: Inbound, kind: str) -> list[Claim]:
        said = [
            Claim(address, Evidence.VERIFIED if address.verified else Evidence.ASSERTED)
            for address in inbound.also_known_as
        ]
        return [*said, *self._enricher.claims(inbound, kind)]

    async def _body(self, channel: Channel, entry: Entry, inbound: Inbound) -> Body:
        files = tuple([await self._keep(file) for file in inbound.files])
        raw = await asyncio.to_thread(self._files.put, entry.raw) if inbound.unread else ""
        return Body(
            text=inbound.text,
            html=inbound.html,
            subject=inbound.subject,
            quoted=inbound.quoted,
            files=files,
            external_id=inbound.external_id,
            conversation=inbound.conversation,
            channel=channel.kind,
            account=channel.account,
            references=(*inbound.references[-20:], inbound.external_id),
            unread=inbound.unread,
            sent_at=int(inbound.sent_at.timestamp() * 1000),
            raw=raw,
        )

    async def _keep(self, file: File) -> Attachment:
        sha = await asyncio.to_thread(self._files.put, file.data)
        return Attachment(file.name, file.media_type, len(file.data), sha, file.inline)


def _vouched_emails(inbound: Inbound, claims: Sequence[Claim]) -> tuple[str, ...]:
    """E-mail addresses that somebody vouches for; a forged sender has no rank."""
    sure = [c.address for c in claims if c.evidence is Evidence.VERIFIED]
    known = [inbound.sender, *sure] if inbound.sender.verified else []
    return tuple(a.value for a in known if a.kind == "email" and a.verified)
