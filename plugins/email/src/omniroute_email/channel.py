"""The channel: settings in, mail in by SMTP or IMAP, answers out by SMTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from starlette.routing import BaseRoute

from omniroute import (
    Cap,
    ConfigError,
    Health,
    Inbound,
    Intake,
    NotAuthorised,
    Outbound,
    Question,
    Receipt,
    Rejected,
    Site,
    Undelivered,
)
from omniroute_email import settings
from omniroute_email.answering import answered
from omniroute_email.asking import Asked, Book, Links, Page, given, with_links
from omniroute_email.certificate import Certificate
from omniroute_email.chatlink import with_link
from omniroute_email.checking import Checking, with_dns
from omniroute_email.compose import compose, message_id
from omniroute_email.desk import EmailDesk
from omniroute_email.desk.book import Book as DeskBook
from omniroute_email.desk.links import Seal
from omniroute_email.desk.posting import Postbag
from omniroute_email.envelope import unpack
from omniroute_email.fetching import Fetcher
from omniroute_email.others import others
from omniroute_email.reading import NOBODY
from omniroute_email.reading.addresses import normalised
from omniroute_email.reading.mail import examine
from omniroute_email.reading.message import inbound, passed_on
from omniroute_email.reception import Reception
from omniroute_email.report import FORMS, fields_of
from omniroute_email.returned import return_path, undelivered
from omniroute_email.sending import Courier, probe
from omniroute_email.server import serving

if TYPE_CHECKING:
    from omniroute_email.authentication.verifier import Verifier


class EmailChannel:
    """An account of e-mail: one or more mailboxes, answered under one address."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = "e-mail"
    icon: ClassVar[str] = "mail"
    caps: ClassVar[Cap] = (
        Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.START_CONVERSATION
        | Cap.THREADS
        | Cap.AGENT_DESK
        | Cap.COPIES
        | Cap.BUTTONS
    )
    max_text: ClassVar[int] = 1_000_000
    Config: ClassVar[type] = settings.Config
    forms: ClassVar[Mapping[str, str]] = FORMS

    def __init__(self, account: str, config: settings.Config, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        self.account = account
        self.port = config.listen_port  # the bound one once `ready` is set
        self.ready = asyncio.Event()
        self._listens = False  # or has listened
        self._config = config
        self._place = f"channels.{account}"
        self._mailboxes = settings.mailboxes(config, self._place, site.secret)
        self._name = config.from_name or site.organisation
        self._fetcher: Fetcher | None = None
        self._checking = Checking(config, self._place) if config.verify else None
        self._courier = Courier(config, self._place, self._mailboxes.domain)
        self._site = site
        self._links = Links(
            f"{site.public_url}/channels/{self.kind}/{account}/question", site.secret
        )
        self._asked = Book(site)
        self._page = Page(self._links, self._asked)
        self._desk = self._made_desk() if self._mailboxes.desk_address else None

    def _made_desk(self) -> EmailDesk:
        boxes, url = self._mailboxes, self._site.public_url
        bag = Postbag(
            self._courier,
            Seal(self._site.secret, boxes.desk),
            boxes.desk_address,
            self._name,
            f"{url}/channels/{self.kind}/{self.account}/desk",
            url,
            boxes.from_address,
            self._config.smtp_host,
            self._place,
            _now,
        )
        book = DeskBook(self._site.database("desk.sqlite"))
        most = self._config.desk_mails_per_hour
        return EmailDesk(book, bag, boxes, self._config.authserv_id, most=most)

    @property
    def anywhere(self) -> bool:
        """Several nodes may take mail in by SMTP; a mailbox is fetched by one."""
        return not self._config.imap_host

    def desk(self) -> EmailDesk | None:
        """The agents' side, if the settings name an address for it."""
        return self._desk

    def parse(self, raw: bytes) -> Sequence[Inbound | Undelivered]:
        """One message, or what a report says of one of ours.

        Raises `ValueError` when *raw* was not written by our own reception.
        """
        if (answer := given(raw)) is not None:
            return [answer]
        envelope, message = unpack(raw)
        if self._mailboxes.for_desk(envelope.rcpt_to):
            return []  # an agent's, which the desk attends to
        mail = examine(message, envelope.mail_from)
        if mail.report is not None:
            return undelivered(mail.report, envelope, self._mailboxes)
        ours = self._mailboxes.addresses
        authserv_id, forms = self._config.authserv_id, self._mailboxes.forms
        said = inbound(envelope, message, mail, ours, authserv_id, forms)
        if self._mailboxes.passes_on(said.sender.value):
            said = passed_on(said, mail, ours)
        answers = answered(said, mail, envelope, self._mailboxes)
        return [replace(said, answers=answers, others=others(said, mail, self._mailboxes))]

    @classmethod
    def read_file(cls, raw: bytes, form: str) -> Mapping[str, object]:
        """Everything that is read out of a message, as ``omniroute parse email`` prints it."""
        return fields_of(raw, form)

    def routes(self) -> Sequence[BaseRoute]:
        desks = self._desk.pages.routes() if self._desk is not None else ()
        return (*desks, *self._page.routes())

    async def listen(self, intake: Intake) -> None:
        """Take mail until cancelled.  Raises `ConfigError` if the port cannot be had."""
        self._listens, self._page.intake = True, intake
        try:
            await (self._fetch(intake) if self._config.imap_host else self._receive(intake))
        finally:
            self._page.intake = None

    async def _receive(self, intake: Intake) -> None:
        reception = Reception(
            self._config, self._mailboxes, intake, self._certificate(), self._verifier
        )
        self._courier.open()
        async with serving(reception, self._place) as port:
            self.port = port
            self.ready.set()
            intake.ready()
            try:
                await asyncio.get_running_loop().create_future()  # until cancelled
            finally:
                self.ready.clear()
                self._courier.close()

    async def _fetch(self, intake: Intake) -> None:
        fetcher = Fetcher(
            self._config, self._mailboxes, intake, self._site, self._place, self._verifier
        )
        fetcher.ready = self.ready
        self._fetcher = fetcher
        self._courier.open()
        intake.ready()  # a mailbox that cannot be reached now is tried again, and told of
        try:
            await fetcher.run()
        finally:
            self._courier.close()

    async def send(self, out: Outbound) -> Receipt:
        """Hand one message to the mail server.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        self._require_server()
        sender, recipient = self._mailboxes.from_address, self._recipient(out)
        now, html, key = datetime.now(UTC), self._config.html, out.idempotency_key
        at = int(now.timestamp() * 1000)
        reply_to = self._mailboxes.replies.address_for(key, at)
        markup = ""
        if out.question is not None:
            out, markup = self._asking(out, out.question, at)
        said = await with_link(
            out, self._config.chat_url, self._config.chat_words, self._site.proofs
        )
        markup = markup if html else ""
        message = compose(said, sender, self._name, now, reply_to, html=html, markup=markup)
        # An acknowledgement is nobody's and asks for no report; what a bot says has its name.
        nobodys = out.automatic and not out.sender_name
        back = "" if nobodys else return_path(key, self._mailboxes, at)
        copies = [address for copy in out.copies if (address := normalised(copy.value))]
        await self._courier.transmit(back, recipient, message, key, copies)
        return Receipt((message_id(out, sender),))

    def _asking(self, out: Outbound, question: Question, at: int) -> tuple[Outbound, str]:
        """A question with links to answer it by, or with how to answer in writing."""
        if not self._links.possible:
            return replace(out, text=f"{out.text.rstrip()}\n\n{question.instead}"), ""
        self._asked.put(out.idempotency_key, Asked(out.text, question), at)
        return with_links(out, question, self._links)

    async def check(self) -> Health:
        """Whether mail can come in and go out, as far as can be seen without sending any."""
        if self._fetcher is not None and self._fetcher.trouble is not None:
            return self._fetcher.trouble
        if self._listens and not self.ready.is_set():
            return Health(False, "no mail can come in: SMTP is not being served yet")
        try:
            self._require_server()
        except NotAuthorised as error:
            return Health(False, "mail comes in, but no answer can go out", error.fix)
        domain = self._mailboxes.domain
        health = await probe(self._config, self._place, domain)
        lacking = await self._checking.missing(domain) if self._checking and health.ok else ()
        return with_dns(health, domain, lacking)

    @property
    def _verifier(self) -> Verifier | None:
        return self._checking.verifier if self._checking else None

    def _certificate(self) -> Certificate | None:
        chain, key = self._config.tls_certificate, self._config.tls_key
        if self._config.tls_port and not chain:
            fix = "name the certificate that is shown there"
            raise ConfigError(f"{self._place}.tls_certificate", "is missing beside tls_port", fix)
        if key and not chain:
            fix = "name the certificate that the key belongs to"
            raise ConfigError(f"{self._place}.tls_certificate", "is missing beside tls_key", fix)
        return Certificate(Path(chain), Path(key or chain), self._place) if chain else None

    def _recipient(self, out: Outbound) -> str:
        address = normalised(out.to.value)
        if not address or address.endswith(f"@{NOBODY}"):
            raise Rejected("there is no e-mail address to answer to")
        return address

    def _require_server(self) -> None:
        if not self._config.smtp_host:
            raise NotAuthorised(f"set {self._place}.smtp_host to the server that sends your mail")


def _now() -> int:
    return int(time.time() * 1000)
