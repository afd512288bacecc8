"""From what a channel read to one input for the writer, with the rows that belong to it.

What the core must not see, the words and the addresses, goes into rows of their own; conditions on
them are answered here, and plugins are asked here, so that the input carries their answers.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from omniroute.channel import Address, Cap, Channel, File, Inbound
from omniroute.core.conditions import LANGUAGE
from omniroute.core.inputs import (
    Claimed,
    CustomerLeft,
    MessageAmended,
    MessageReceived,
    Seen,
    SurveyRemarked,
    SurveyScored,
)
from omniroute.core.model import Evidence, Fact
from omniroute.core.observations import Reading, Texts
from omniroute.core.participants import ANSWERS, MOST
from omniroute.core.rules import RuleSet
from omniroute.core.surveys import BUTTON, PAGE
from omniroute.hookspecs import Claim
from omniroute.runtime.early import Early
from omniroute.runtime.equivalence import other_trust, perhaps
from omniroute.runtime.files import Files
from omniroute.runtime.inbounds import PRESSED
from omniroute.runtime.inbox import Work
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.names import Names
from omniroute.runtime.places import Places
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Attachment, Body, Reached, Sent
from omniroute.runtime.sharing import Shared
from omniroute.runtime.spool import Entry
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

CHANGING: Final = Cap.EDIT_IN | Cap.REACTIONS  # of a platform where messages may be changed
ARRIVALS: Final = ("delivered", "read")
REWRITES: Final = ("edit", "delete")
DELETED: Final = "(deleted by its sender)"
RECENT: Final = 1000  # messages that are found without the store
REFERENCES: Final = 20  # of a message's references that are kept: the first, and the latest


class Enricher(Protocol):
    """The plugins' enriching hooks."""

    def claims(self, inbound: Inbound, channel: str) -> Sequence[Claim]:
        """Who the sender is besides."""

    def facts(self, inbound: Inbound, channel: str) -> Mapping[str, Fact]:
        """What the message is about."""


class Messages:
    """Makes inputs of messages."""

    def __init__(
        self,
        enricher: Enricher,
        keyed: Keyed,
        names: Names,
        files: Files,
        rules: Callable[[], RuleSet],
        tried: Callable[[int], RuleSet | None] = lambda at: None,
        *,
        reader: Reader,
        shared: Shared,
    ) -> None:
        """*rules* gives the active rule set, *tried* the one on trial at a time; both are called
        on the writer's thread."""
        self._enricher, self._keyed, self._names = enricher, keyed, names
        self._files, self._rules, self._tried = files, rules, tried
        self._reader, self._shared = reader, shared
        self._places = Places(keyed, reader)
        self._recent: dict[str, tuple[str, Body]] = {}  # by external id
        self._early = Early()

    async def works(
        self, channel: Channel, entry: Entry, inbounds: Sequence[Inbound]
    ) -> list[Work]:
        """What to decide for the messages of an entry.  Raises `StoreError`."""
        works = []
        for inbound in inbounds:
            if inbound.kind == "left":
                works.append(self._left(channel, entry, inbound))
            elif inbound.kind in PRESSED:
                works += self._pressed(channel, entry, inbound)
            elif inbound.kind != "message":
                works += self._amended(channel, _unique(entry), inbound)
            else:
                works.append(await self._work(channel, entry, inbound))
                works += self._changed_before(channel, inbound)
        return works

    async def _work(self, channel: Channel, entry: Entry, inbound: Inbound) -> Work:
        kind = channel.kind
        unique = _unique(entry)
        message = self._keyed.message(kind, channel.account, inbound.external_id, unique)
        facts = dict(self._enricher.facts(inbound, kind))
        claims = self._claims(channel, inbound)
        body = await self._body(channel, entry, inbound)
        puts: dict[str, bytes | None] = {"b/" + message: encode(body)}
        if channel.caps & CHANGING:
            external = self._keyed.external(kind, channel.account, inbound.external_id)
            puts["e/" + external] = message.encode()
            self._remember(external, message, body)
        for claim in claims:
            handle = self._keyed.handle(claim.address)
            puts["p/" + handle] = self._names.row(handle, claim.address, wrote=False)
        sender, called = inbound.sender, self._shared.name(inbound)
        handle = self._shared.handle(channel, inbound, claims)
        puts["p/" + handle] = self._names.row(handle, sender)
        within = self._places.within(channel, inbound, handle)
        puts.update(self._places.rows(channel, inbound, handle))
        named = self._named(inbound, handle, puts)
        realm = self._keyed.realm(sender.kind, sender.value)
        seen = Seen(handle, sender.kind, sender.unique, sender.verified, realm)
        claimed = tuple(
            Claimed(self._seen(claim.address), claim.evidence, kind)
            for claim in (*claims, *self._perhaps(sender, claims))
        ) + self._answering(inbound.answers, seen)
        # Only these: a closure over the whole message would keep its files until the commit.
        text, automatic = inbound.text, inbound.automatic
        emails, name = _vouched_emails(inbound, claims), inbound.sender.display
        account, live, sent_at = channel.account, Cap.LIVE in channel.caps, body.sent_at
        words = self._keyed.words(text) if live else ""
        language = str(facts.get(LANGUAGE) or "")

        read = Reading(Texts(text, inbound.subject, emails, name, language))

        def make(at: int) -> MessageReceived:
            rules, tried = self._rules(), self._tried(at)
            return MessageReceived(
                message,
                at,
                message,
                kind,
                account,
                seen,
                claimed,
                facts,
                rules.observer.observe(read),
                rules.version,
                live=live,
                automatic=automatic,
                sent_at=sent_at,
                trial=tried.version if tried else "",
                trial_observed=tried.observer.observe(read) if tried else (),
                name=called,
                named=named,
                within=within,
                shared=bool(inbound.place),
                words=words,
            )

        return Work(make, puts)

    def _named(
        self, inbound: Inbound, sender: str, puts: dict[str, bytes | None]
    ) -> tuple[str, ...]:
        """The handles of whom a message names besides; nobody vouches for who reads there."""
        found = {}
        for address in inbound.others[:MOST]:
            if _says_something(address) and not self._shared.has(address):
                handle = self._keyed.handle(dataclasses.replace(address, verified=True))
                found[handle] = dataclasses.replace(address, verified=True)
        found.pop(sender, None)
        for handle, address in found.items():
            if "p/" + handle not in puts:
                puts["p/" + handle] = self._names.row(handle, address, wrote=False)
        return tuple(found)

    def _left(self, channel: Channel, entry: Entry, inbound: Inbound) -> Work:
        """That a sender went away before they were answered."""
        unique = _unique(entry)
        key = self._keyed.message(channel.kind, channel.account, inbound.external_id, unique)
        handle = self._shared.handle(channel, inbound, self._claims(channel, inbound))
        since = int(inbound.sent_at.timestamp() * 1000)
        return Work(lambda at: CustomerLeft(key, at, handle=handle, since=since))

    def _pressed(self, channel: Channel, entry: Entry, inbound: Inbound) -> list[Work]:
        """What somebody pressed below a message of ours, or said about it; nothing where nobody
        knows that message, or it was sent to somebody else."""
        sent = self._sent(inbound.answers)
        if sent is None:
            return []
        named = bool(inbound.sender.value)
        if named:
            sender = self._shared.handle(channel, inbound, self._claims(channel, inbound))
            if sender != sent.handle:
                return []
        unique = _unique(entry)
        key = self._keyed.message(channel.kind, channel.account, inbound.external_id, unique)
        question, handle = sent.message, sent.handle
        if inbound.kind == "remark":
            body = Body(text=inbound.text, sent_at=int(inbound.sent_at.timestamp() * 1000))
            puts: dict[str, bytes | None] = {"b/" + key: encode(body)}
            return [Work(lambda at: SurveyRemarked(key, at, question, handle, key), puts)]
        if not (inbound.text.isascii() and inbound.text.isdigit() and len(inbound.text) < 3):
            return []
        score, how = int(inbound.text), BUTTON if named else PAGE
        return [Work(lambda at: SurveyScored(key, at, question, handle, score, how))]

    def _sent(self, key: str) -> Sent | None:
        """Where a message of ours with that key belongs."""
        effect = key.partition(".")[0]  # a long answer goes out in parts
        row = self._reader.get(["s/" + effect]).get("s/" + effect) if effect else None
        return None if row is None else msgspec.json.decode(row, type=Sent)

    # --- what became of a message ---

    def _amended(self, channel: Channel, unique: str, inbound: Inbound) -> list[Work]:
        """What a sender changed, deleted, reacted to or has read; nothing of what is so already or
        was changed again since.  What is of a message that nobody knows waits for it."""
        kind, account = channel.kind, channel.account
        external = self._keyed.external(kind, account, inbound.external_id)
        known = self._latest(external)
        if known is None:
            self._early.keep(external, unique, inbound)
            return []
        message, body = known
        handle = self._shared.handle(channel, inbound, self._claims(channel, inbound))
        at = int(inbound.sent_at.timestamp() * 1000)
        if inbound.kind in REWRITES and at < body.edited:
            return []
        how, new = _new(body, inbound, handle, at)
        if new == body and inbound.kind in ARRIVALS:
            return []
        self._remember(external, message, new)
        key = self._keyed.message(kind, account, inbound.external_id, unique)
        return [
            Work(
                lambda at: MessageAmended(key, at, message, handle, how),
                {"b/" + message: encode(new)},
            )
        ]

    def _changed_before(self, channel: Channel, inbound: Inbound) -> list[Work]:
        """What a sender changed of a message before it came."""
        if not self._early:
            return []
        external = self._keyed.external(channel.kind, channel.account, inbound.external_id)
        early = self._early.take(external)
        return [w for unique, change in early for w in self._amended(channel, unique, change)]

    def _latest(self, external: str) -> tuple[str, Body] | None:
        """A message as it was handed in last, unless an agent has changed what is ours since."""
        recent, kept = self._recent.get(external), self._known(external)
        if recent is None or kept is None:
            return recent or kept
        return kept if kept[1].edited > recent[1].edited else recent

    def _known(self, external: str) -> tuple[str, Body] | None:
        found = self._reader.get(["e/" + external]).get("e/" + external)
        if found is None:
            return None
        message = found.decode()
        row = self._reader.get(["b/" + message]).get("b/" + message)
        return None if row is None else (message, msgspec.json.decode(row, type=Body))

    def _remember(self, external: str, message: str, body: Body) -> None:
        """The latest as they were handed in: a change may come before its message is committed."""
        self._recent.pop(external, None)
        self._recent[external] = message, body
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]

    # --- who ---

    def _claims(self, channel: Channel, inbound: Inbound) -> list[Claim]:
        """What the channel and plugins say of the sender; what has no value is nobody's address."""
        said = [
            Claim(address, Evidence.VERIFIED if address.verified else Evidence.ASSERTED)
            for address in inbound.also_known_as
        ]
        found = [*said, *self._enricher.claims(inbound, channel.kind)]
        kept = [_vouched(claim) for claim in found if _says_something(claim.address)]
        if len(kept) < len(found):
            log.error("%s “%s”: an address of a sender is empty", channel.kind, channel.account)
        return kept

    def _answering(self, key: str, sender: Seen) -> tuple[Claimed, ...]:
        """Whom the message of ours was sent to that this one answers, unless it was the sender.

        It may have been passed on, so it joins nobody: a person decides whether the two are one.
        """
        sent = self._sent(key)
        handle = sent.handle if sent is not None else ""
        found = self._reader.get(["p/" + handle]).get("p/" + handle) if handle else None
        if found is None or handle == sender.id:
            return ()
        reached = msgspec.json.decode(found, type=Reached)
        realm = self._keyed.realm(reached.kind, reached.value)
        seen = Seen(handle, reached.kind, verified=reached.verified, realm=realm)
        return (Claimed(seen, Evidence.INFERRED, ANSWERS),)

    def _perhaps(self, sender: Address, claims: Sequence[Claim]) -> list[Claim]:
        """Addresses that may be the sender's by form alone; only who is known is suggested."""
        if self._shared.has(sender):
            return []
        sure = [claim.address for claim in claims if claim.evidence is Evidence.VERIFIED]
        others = [other for address in (sender, *sure) for other in perhaps(address)]
        others += [other for address in (sender, *sure) for other in other_trust(address)]
        return [Claim(other, Evidence.INFERRED) for other in dict.fromkeys(others)]

    def _seen(self, address: Address) -> Seen:
        handle = self._keyed.handle(address)
        realm = self._keyed.realm(address.kind, address.value)
        return Seen(handle, address.kind, address.unique, address.verified, realm)

    # --- what ---

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
            references=(*_earlier(inbound), inbound.external_id),
            unread=inbound.unread,
            sent_at=int(inbound.sent_at.timestamp() * 1000),
            raw=raw,
        )

    async def _keep(self, file: File) -> Attachment:
        sha = await asyncio.to_thread(self._files.put, file.data)
        return Attachment(file.name, file.media_type, len(file.data), sha, file.inline)


def _new(body: Body, inbound: Inbound, handle: str, at: int) -> tuple[str, Body]:
    """What is so now, in a word, and the message as it is now; what it was is kept."""
    replace = msgspec.structs.replace
    if inbound.kind == "reaction":
        others = {who: said for who, said in body.reactions.items() if who != handle}
        mine = {handle: inbound.text} if inbound.text else {}
        return "reacted", replace(body, reactions={**others, **mine})
    if inbound.kind == "read":
        return "read", replace(body, read=body.read or at, delivered=body.delivered or at)
    if inbound.kind == "delivered":
        return "delivered", replace(body, delivered=body.delivered or at)
    former = (*body.former, body.text)
    if inbound.kind == "delete":
        return "deleted", replace(body, text=DELETED, html="", former=former, edited=at)
    return "edited", replace(body, text=inbound.text, html=inbound.html, former=former, edited=at)


def _unique(entry: Entry) -> str:
    """What tells an entry from any other, however often it is brought."""
    return entry.key or hashlib.sha256(entry.raw).hexdigest()


def _earlier(inbound: Inbound) -> tuple[str, ...]:
    """The messages before this one; the first is what some mail programs sort threads by."""
    known = inbound.references or (inbound.in_reply_to,) * bool(inbound.in_reply_to)
    return known if len(known) <= REFERENCES else (known[0], *known[1 - REFERENCES :])


def _says_something(address: Address) -> bool:
    return bool(address.kind and address.value.strip())


def _vouched(claim: Claim) -> Claim:
    """Whoever gives verified evidence of an address vouches for that address, too."""
    if claim.evidence is not Evidence.VERIFIED or claim.address.verified:
        return claim
    return Claim(dataclasses.replace(claim.address, verified=True), claim.evidence)


def _vouched_emails(inbound: Inbound, claims: Sequence[Claim]) -> tuple[str, ...]:
    """E-mail addresses that somebody vouches for; a forged sender has no rank."""
    sure = [c.address for c in claims if c.evidence is Evidence.VERIFIED]
    known = [inbound.sender, *sure] if inbound.sender.verified else []
    return tuple(a.value for a in known if a.kind == "email")
