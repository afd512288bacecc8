"""Does what an agent's mail says.  No way leads to a customer but a known agent's own words.

A mail counts only if our own mail server vouches for its sender and that address is bound to an
agent; if it answers a mail of ours, by that mail's token.  One command that is not understood
stops the whole mail.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from omniroute import Kept, Refused, Rejected, Sheet
from omniroute_email.desk import words
from omniroute_email.desk.acting import Waiting
from omniroute_email.desk.letters import Letter
from omniroute_email.desk.lines import short
from omniroute_email.desk.links import LINKS_LAST, About
from omniroute_email.desk.reading import Written, read
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
ANSWERS: Final = ("reply", "via")
UNDER_WAY: Final = ("held", "sending", "sent")
HOUR: Final = 3_600_000  # ms
MOST_FAULTS: Final = 2  # answers to the same fault in an hour
FIRST: Final = ("accept", "take", "reopen")
LAST: Final = ("transfer", "warm", "snooze", "resolve", "done", "new", "merge", "split", "pass")
TOLD: Final = ("accept", "take", "reopen", "pass", "undo", "why", "who", "help", "status")
"""Verbs whose answer is sent; of the others no news is good news."""


@dataclass(frozen=True, slots=True)
class Act:
    """A mail of an agent's."""

    agent: str
    address: str
    about: About | None  # which mail of ours it answers
    written: Written
    key: str
    message_id: str


class Doing:
    """Reads mails for a desk."""

    def __init__(self, desk: EmailDesk, mailboxes: Mailboxes, authserv_id: str) -> None:
        self._desk, self._mailboxes, self._authserv_id = desk, mailboxes, authserv_id
        self._book, self._seal = desk.book, desk.seal

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
        return await self._do(act)

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
                await self._answer(act, f"⚠ {refused.text}")
            return
        await self._answer(act, words.JOINED.format(agent=agent))

    async def _refuse(self, act: Act, vouched_for: bool) -> None:
        """Who is no agent does nothing.  They are told, unless somebody may have forged them."""
        if not vouched_for and act.about is None:
            return log.info("a mail to the desk from somebody whom nobody vouches for")
        if self._first_refusal(act.address):
            to = self._desk.bag.customers
            said = words.STRANGER.format(to=to) if vouched_for else words.UNVOUCHED
            await self._answer(act, said)
        return None

    def _first_refusal(self, address: str) -> bool:
        return self._book.refuse(address, self._desk.clock(), DAY)

    # --- what they wrote ---

    async def _do(self, act: Act) -> None:
        try:
            said = await self._done(act)
        except Refused as refused:
            said = f"⚠ {refused.text}"
        if said and not self._is_endless(act, said):
            await self._answer(act, said)
        if act.about is not None and act.about.thread:
            await self._desk.following.follow(act.about.thread)

    def _is_endless(self, act: Act, said: str) -> bool:
        """Whether the same fault comes again and again, as from a machine that does not say so."""
        if not said.startswith("⚠"):
            return False
        whole = "\n".join([*act.written.commands, act.written.text, act.written.fault])
        times = self._book.fault(act.address, short(whole), self._desk.clock(), HOUR)
        return times > MOST_FAULTS

    async def _done(self, act: Act) -> str:
        """Do all of it; what the agent is to be told.  Raises `Refused` with nothing done."""
        written = act.written
        if written.fault:
            return f"⚠ {written.fault}"
        lines = [line for line in written.commands if _verb(line) not in words.OURS]
        for line in lines:
            if line != "reply" or not written.files:
                self._desk.door.understood(line)
        verbs = written.verbs()
        said = [words.HELP] if "help" in verbs else []
        if "mine" in verbs:
            said.append(await self._mine(act.agent))
        lines = [line for line in lines if line != "help"]
        files = written.files and not any(_verb(line) == "note" for line in lines)
        if written.text or (files and set(ANSWERS).isdisjoint(verbs)):
            lines.append(f"reply {written.text}".strip())
        if not lines:
            return "\n\n".join(said) or f"⚠ {words.NOTHING}"
        elsewhere = [line for line in lines if _verb(line) == "status"]
        lines = [line for line in lines if _verb(line) != "status"]
        for line in elsewhere:
            status = line.partition(" ")[2].strip().lower()
            asked = {"status": status, "key": f"{act.key}/status"}
            said.append(await self._desk.door.act(act.agent, "status", asked))
        if not lines:
            return "\n\n".join(said)
        if act.about is None or not act.about.thread:
            return "\n\n".join([*said, f"⚠ {words.NO_THREAD}"])
        async with self._desk.lock(act.about.thread):
            said += await self._on_thread(act, act.about, _in_order(lines), hold="hold" in verbs)
        return "\n\n".join(said)

    async def _on_thread(
        self, act: Act, about: About, lines: list[str], *, hold: bool
    ) -> list[str]:
        """One line after the other; after one that is refused, none."""
        files = await self._kept(act, lines)
        said: list[str] = []
        for number, line in enumerate(lines):
            verb = _verb(line)
            rest = lines[number + 1 :]
            try:
                if verb in ANSWERS:
                    await self._check_answer(act, about.thread, line, f"{act.key}/{number}")
                    if hold:
                        await self._hold(act, about, Waiting(
                            line, about.turns, f"{act.key}/{number}", tuple(rest), files,
                        ))  # fmt: skip
                        return said
                told = await self._desk.door.say(
                    act.agent, about.thread, line, about.turns,
                    files=files if verb in ANSWERS else (), key=f"{act.key}/{number}",
                )  # fmt: skip
            except Refused as refused:
                if refused.code == "customer_wrote" and verb in ANSWERS:
                    waiting = Waiting(line, about.turns, f"{act.key}/{number}", tuple(rest), files)
                    await self._collided(act, about, refused, waiting)
                    return said
                left = f" Not done either: {', '.join(f'#{x[:60]}' for x in rest)}" if rest else ""
                return [*said, f"⚠ {refused.text}{left}"]
            self._desk.acting.mine(about.thread, act.address, told)
            if verb in TOLD or told.code == "asked":
                said.append(str(told))
            if verb == "note" and act.written.files:
                said.append("The words are noted; a file is not kept with a note.")
        return said

    async def _check_answer(self, act: Act, thread: int, line: str, key: str) -> None:
        """Plain text never answers a colleague's customer, even where one might.

        Nor does it go out twice: what is said again without being asked is a machine's.
        """
        if self._book.was_sent(key) or not set(ANSWERS).isdisjoint(act.written.verbs()):
            return  # given again after a crash, or said in so many words
        sheet = await self._desk.door.look(act.agent, thread)
        if sheet.owner and sheet.owner != act.agent:
            fix = "nothing was sent; #note … tells colleagues."
            raise Refused("not_yours", f"#{thread} is with {sheet.owner_name}: {fix}")
        mine = [x for x in sheet.lines if x.kind == "reply" and x.agent == act.agent]
        said = line.partition(" ")[2].strip()
        if said and mine and mine[-1].text == said and mine[-1].state in UNDER_WAY:
            raise Refused("said_before", words.AGAIN.format(clock=mine[-1].clock))
        self._book.sent(key)

    async def _kept(self, act: Act, lines: list[str]) -> tuple[Kept, ...]:
        if not any(_verb(line) in ANSWERS for line in lines):
            return ()
        door = self._desk.door
        return tuple([await door.keep(act.agent, file) for file in act.written.files])

    # --- answers that wait ---

    async def _hold(self, act: Act, about: About, waiting: Waiting) -> None:
        sheet = await self._desk.door.look(act.agent, about.thread)
        files = "".join(f"\n📎 {file.name}" for file in waiting.files)
        said = f"Not sent yet. This would go to {sheet.to or sheet.title}:"
        await self._wait(act, about, sheet, f"{said}\n\n{said_in(waiting)}{files}", "send", waiting)

    async def _collided(self, act: Act, about: About, refused: Refused, waiting: Waiting) -> None:
        """The customer wrote what the agent had not been sent: send it, and ask."""
        await self._desk.following.bring_up(about.thread)
        sheet = await self._desk.door.look(act.agent, about.thread)
        said = f"✋ Not sent. {refused.text}\n\nYou wrote:\n{said_in(waiting)}"
        await self._wait(act, about, sheet, said, "anyway", waiting)

    async def _wait(
        self, act: Act, about: About, sheet: Sheet, said: str, verb: str, waiting: Waiting
    ) -> None:
        id = waiting.key
        what = msgspec.json.encode(waiting).decode()
        self._book.put(id, what, self._desk.clock(), LINKS_LAST)
        ask = self._desk.waiting_link
        label = {"send": "Send", "anyway": "Send anyway"}[verb]
        links = [
            (label, ask(verb, act.agent, act.address, about.thread, id)),
            ("Do not send", ask("drop", act.agent, act.address, about.thread, id)),
        ]
        await self._post(act.agent,
            self._desk.letter(
                f"waits/{id}", act.address, act.agent, sheet, said,
                links=links, automatic="replied", answers=act.message_id,
            )
        )  # fmt: skip

    # --- words back ---

    async def _post(self, agent: str, letter: Letter) -> None:
        """Send an answer; that its mailbox takes none undoes nothing of what was done."""
        try:
            await self._desk.bag.post(letter)
        except Rejected as error:
            log.info("an answer of the desk's was not taken: %s", error)
            if agent:
                await self._desk.door.unreachable(agent)

    async def _mine(self, agent: str) -> str:
        sheets = await self._desk.door.mine(agent)
        rows = [f"#{one.thread} {one.title} · {_waits(one)}" for one in sheets]
        return "\n".join(rows) or "Nothing is yours at the moment."

    async def _answer(self, act: Act, said: str) -> None:
        sheet, turns = None, 0
        if act.agent and act.about is not None and act.about.thread:
            sheet = await self._desk.door.look(act.agent, act.about.thread)
            sheet = sheet if sheet.thread == act.about.thread else None
            turns = act.about.turns  # the answer shows no line of the customer's
        await self._post(act.agent,
            self._desk.letter(
                f"answer/{act.key}", act.address, act.agent, sheet, said,
                turns=turns, automatic="replied", answers=act.message_id,
            )
        )  # fmt: skip


def _verb(line: str) -> str:
    return line.partition(" ")[0]


def said_in(waiting: Waiting) -> str:
    """The words for the customer."""
    verb, _, text = waiting.line.partition(" ")
    return text.partition(" ")[2] if verb == "via" else text


def _in_order(lines: list[str]) -> list[str]:
    """What must come before an answer, the answer, and what ends the work."""

    def place(line: str) -> int:
        verb = _verb(line)
        if verb in FIRST:
            return 0
        return 2 if verb in ANSWERS else 3 if verb in LAST else 1

    return sorted(lines, key=place)


def _waits(sheet: Sheet) -> str:
    return sheet.phase if sheet.phase != "assigned" else (sheet.card or ("",))[0].lstrip("● ")
