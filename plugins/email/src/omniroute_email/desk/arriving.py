"""A mail to the desk: who wrote it, and whether anything of it counts.

It counts only if our own mail server vouches for its sender and that address is bound to an agent;
if it answers a mail of ours, by that mail's token.  What a machine wrote never goes out.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from omniroute import Refused, concerning
from omniroute_email.desk import words
from omniroute_email.desk.doing import Act, Doing
from omniroute_email.desk.links import About
from omniroute_email.desk.reading import read
from omniroute_email.envelope import Envelope, unpack
from omniroute_email.reading.addresses import Mailbox
from omniroute_email.reading.addresses import sender as author_of
from omniroute_email.reading.authenticity import vouched
from omniroute_email.reading.automatic import Kind, automatic
from omniroute_email.reading.charset import one_line
from omniroute_email.reading.mail import Mail, examine
from omniroute_email.session import delivery_key
from omniroute_email.settings import Mailboxes

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk

log = logging.getLogger("omniroute.email")

DAY: Final = 86_400_000  # ms; who is refused is told so once in this time


class Arriving:
    """Takes mails in for a desk."""

    def __init__(self, desk: EmailDesk, mailboxes: Mailboxes, authserv_id: str) -> None:
        self._desk, self._mailboxes, self._authserv_id = desk, mailboxes, authserv_id
        self._book, self._seal = desk.book, desk.seal
        self._doing = Doing(desk)

    async def attend(self, raw: bytes) -> None:
        """Do what a mail says, or say why not."""
        envelope, message = unpack(raw)
        mail = examine(message, envelope.mail_from)
        about = self._about(envelope)
        if mail.report is not None:
            return await self._returned(mail, about)
        author, wrong = author_of(mail.headers.all("from"))
        if author is None:
            return log.info("a mail to the desk names no sender")
        vouched_for = not wrong and self._vouched(mail, author, envelope)
        agent = await self._desk.door.who(self._desk.kind, author.address) if vouched_for else ""
        key = f"mail/{delivery_key(envelope, message)[:32]}"
        if (machine := self._machine(mail, envelope, author)) is not None:
            return await self._away(agent, mail, about, machine, key)
        line = self._seal.line(about) if about is not None else ""
        written = read(mail, line, self._desk.bag.ours)
        act = Act(agent, author.address, about, written, key, mail.message_id)
        if vouched_for and written.verbs()[:1] == ["join"]:
            return await self._join(act, author)
        if not agent:
            return await self._refuse(act, vouched_for)
        return await self._doing.do(act)

    def _about(self, envelope: Envelope) -> About | None:
        at = envelope.received_at
        found = (self._seal.about(address, at) for address in envelope.rcpt_to)
        return next((about for about in found if about is not None), None)

    def _vouched(self, mail: Mail, author: Mailbox, envelope: Envelope) -> bool:
        """As for customers, by the same rule."""
        domain = author.address.rpartition("@")[2]
        trusted, checked = envelope.trusted, envelope.checked
        return vouched(mail.headers, domain, self._authserv_id, trusted=trusted, checked=checked)

    def _machine(self, mail: Mail, envelope: Envelope, author: Mailbox) -> Kind | None:
        sign = automatic(
            mail.headers,
            subject=mail.subject,
            return_path=envelope.mail_from,
            sender=author.address,
            ours=self._mailboxes.addresses | {self._mailboxes.desk_address},
        )
        return sign.kind if sign is not None else None

    # --- what no person wrote ---

    async def _returned(self, mail: Mail, about: About | None) -> None:
        """A mail of the desk's came back: nobody reads the mailbox it went to."""
        assert mail.report is not None
        address = self._book.address(about.mark) if about is not None else ""
        if not address or not (mail.report.permanent and mail.report.failures):
            return
        if agent := await self._desk.door.who(self._desk.kind, address):
            with concerning(agent=agent):
                log.warning("agent %s is not reached by mail: it comes back", agent)
            await self._desk.door.unreachable(agent)

    async def _away(
        self, agent: str, mail: Mail, about: About | None, machine: Kind, key: str
    ) -> None:
        """Nothing a machine writes goes out; an absence is noted, and the agent is away."""
        if not agent or machine is not Kind.REPLY:
            return log.info("a mail to the desk was written by a machine (%s)", machine)
        async with self._desk.lock(0):  # of two at a time the second finds them away
            return await self._note_absence(agent, mail, about, key)

    async def _note_absence(self, agent: str, mail: Mail, about: About | None, key: str) -> None:
        door = self._desk.door
        here = {one.id: one.status for one in await door.receivers("")}
        if here.get(agent) != "online":
            return  # away, or gone: they need not be told of themselves
        said = words.AWAY.format(said=one_line(mail.visible.reply or mail.subject, 200))
        if about is not None and about.thread:
            try:
                asked = {"thread": about.thread, "text": said, "key": f"{key}/note"}
                await door.act(agent, "note", asked)
            except Refused:
                pass  # the thread is over
        await door.act(agent, "status", {"status": "away", "key": f"{key}/away"})
        return

    # --- who it is ---

    async def _join(self, act: Act, author: Mailbox) -> None:
        """Bind the address by its code."""
        code = act.written.commands[0].partition(" ")[2].strip()
        try:
            agent = await self._desk.door.bind(
                code, self._desk.kind, act.address, author.display
            )  # fmt: skip
        except Refused as refused:
            if act.agent or self._first_refusal(act.address):
                await self._doing.answer(act, f"⚠ {refused.text}")
            return
        await self._doing.answer(act, words.JOINED.format(agent=agent))

    async def _refuse(self, act: Act, vouched_for: bool) -> None:
        """Who is no agent does nothing.  They are told, unless somebody may have forged them."""
        if not vouched_for and act.about is None:
            return log.info("a mail to the desk from somebody whom nobody vouches for")
        if self._first_refusal(act.address):
            to = self._desk.bag.customers
            said = words.STRANGER.format(to=to) if vouched_for else words.UNVOUCHED
            await self._doing.answer(act, said)
        return None

    def _first_refusal(self, address: str) -> bool:
        return self._book.refuse(address, self._desk.clock(), DAY)
