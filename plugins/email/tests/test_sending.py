"""Answers going out through a real SMTP server, and what its refusals become."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from omniroute import (
    Address,
    Choice,
    NotAuthorised,
    Outbound,
    Question,
    Rejected,
    Retry,
    Secret,
    Site,
)
from omniroute.testing.mail_sink import serving_smtp
from omniroute_email.channel import EmailChannel
from omniroute_email.settings import Config

CHAIN, KEY = (Path(__file__).parent / "tls" / name for name in ("certificate.pem", "key.pem"))
ANSWER = Outbound(
    idempotency_key="e-1",
    conversation="joe@x.example",
    to=Address("email", "joe@x.example"),
    text=".\nI have refunded it.\n..\n",
    subject="charged twice",
    in_reply_to="1@x.example",
    references=("1@x.example",),
)


class Sink:
    """A mail server's memory, and its moods: an answer, or how it fails."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.to_rcpt = self.to_data = ""
        self.refused: set[str] = set()
        self.hangs_up_after_data = self.hangs_up_at_quit = False
        self.logins: list[LoginPassword] = []

    async def handle_RCPT(  # noqa: N802  aiosmtpd finds it by this name
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return self.to_rcpt or "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd finds it by this name
        self, server: SMTP, session: Any, envelope: Any
    ) -> str:
        if not self.to_data:
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.hangs_up_after_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.to_data or "250 OK"

    async def handle_QUIT(  # noqa: N802  aiosmtpd finds it by this name
        self, server: SMTP, session: Any, envelope: Any
    ) -> str:
        if self.hangs_up_at_quit:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "221 Bye"

    def signs_in(self, *given: Any) -> AuthResult:
        self.logins.append(given[-1])
        return AuthResult(success=given[-1].password == b"hunter2", handled=False)


def served_securely() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CHAIN, KEY)
    return context


def server(
    sink: Sink, secure: ssl.SSLContext | None = None, /, **options: object
) -> AbstractAsyncContextManager[int]:
    return serving_smtp(sink, 0, secure, hostname="sink.example", **options)


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[int]:
    """A server that gives these answers, whatever it hears, and then hangs up."""
    done: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.append(asyncio.current_task())
        for answer in answers:
            writer.write(answer)
            await reader.readline()
        writer.close()

    serving = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        serving.close()
        await asyncio.gather(*filter(None, done))


@pytest.fixture
def account(tmp_path: Path) -> Callable[..., EmailChannel]:
    def made(port: int, **settings: object) -> EmailChannel:
        out = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": False}
        config = Config(addresses=["help@demo.example"], **{**out, **settings})  # type: ignore[arg-type]
        return EmailChannel("email", config, Site(tmp_path, "http://x", "Demo Desk", b"a secret"))

    return made


Account = Callable[..., EmailChannel]


async def test_an_answer_arrives_in_its_conversation(account: Account) -> None:
    sink = Sink()
    async with server(sink) as port:
        receipt = await account(port).send(replace(ANSWER, sender_name="Ana"))
    [(sender, recipients, content)] = sink.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (sender, recipients) == ("help@demo.example", ["joe@x.example"])
    assert mail["From"] == "Ana · Demo Desk <help@demo.example>"
    assert mail["In-Reply-To"] == "<1@x.example>"
    assert receipt.external_ids == (mail["Message-ID"].strip("<>"),) == ("e-1@demo.example",)
    assert mail.get_content().replace("\r\n", "\n") == ANSWER.text


async def test_it_goes_out_under_tls_from_the_start(account: Account) -> None:
    """As at port 465: nothing is said before the handshake."""
    sink = Sink()
    async with server(sink, served_securely()) as port:
        given = {"smtp_host": "localhost", "smtp_tls_from_start": True, "smtp_ca": str(CHAIN)}
        await account(port, **given, smtp_starttls=True).send(ANSWER)
        with pytest.raises(NotAuthorised, match="no secure connection to localhost"):
            await account(port, **{**given, "smtp_ca": ""}).send(ANSWER)
        with pytest.raises(NotAuthorised, match=r"nowhere.*channels\.email\.smtp_ca"):
            await account(port, **{**given, "smtp_ca": "/nowhere.pem"}).send(ANSWER)
    assert len(sink.mails) == 1


async def test_copies_go_with_it_or_nobody_gets_it(account: Account) -> None:
    copied = replace(ANSWER, copies=(Address("email", "ana@x.example"),))
    sink = Sink()
    async with server(sink) as port:
        channel = account(port)
        await channel.send(copied)
        sink.refused = {"ana@x.example"}
        with pytest.raises(
            Rejected, match=r"the copy to ana@x\.example is refused: 550"
        ) as refused:
            await channel.send(copied)
        assert refused.value.by_content  # the customer's own address is not to blame
        sink.refused = {"joe@x.example"}
        with pytest.raises(Rejected) as refused:
            await channel.send(copied)
        assert not refused.value.by_content
    assert [mail[1] for mail in sink.mails] == [["joe@x.example", "ana@x.example"]]


async def test_it_comes_back_to_an_address_of_its_own(account: Account) -> None:
    sink = Sink()
    async with server(sink) as port:
        await account(port, bounce_address="bounces@demo.example").send(ANSWER)
    [(sender, _, content)] = sink.mails
    assert sender.startswith("bounces+e-1.")
    assert b"From: Demo Desk <help@demo.example>" in content


async def test_what_no_person_wrote_says_so_and_comes_back_to_nobody(account: Account) -> None:
    """RFC 3834: another machine sees it and does not answer."""
    sink = Sink()
    async with server(sink) as port:
        await account(port, bounce_address="bounces@demo.example").send(
            replace(ANSWER, automatic=True)
        )
        await account(port).send(ANSWER)
    [(sender, _, content), (_, _, written)] = sink.mails
    assert sender in ("", "<>", None)
    mail = email.message_from_bytes(content)
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    assert b"Auto-Submitted" not in written


async def test_what_a_bot_says_is_marked_and_comes_back(account: Account) -> None:
    """A report tells that nobody has read it, and is never answered itself."""
    sink = Sink()
    async with server(sink) as port:
        channel = account(port, bounce_address="bounces@demo.example")
        await channel.send(replace(ANSWER, automatic=True, sender_name="Robby"))
    [(sender, _, content)] = sink.mails
    assert sender.startswith("bounces+e-1.")
    assert email.message_from_bytes(content)["Auto-Submitted"] == "auto-replied"


async def test_it_asks_to_be_answered_at_an_address_of_its_own(account: Account) -> None:
    sink = Sink()
    async with server(sink) as port:
        channel = account(port, reply_address="thread@demo.example")
        await channel.send(ANSWER)
        await account(port).send(ANSWER)
    asked, plain = (email.message_from_bytes(raw) for _, _, raw in sink.mails)
    assert asked["Reply-To"].startswith("Demo Desk <thread+e-1.")
    assert plain["Reply-To"] is None


async def test_an_international_address_needs_a_server_that_takes_it(account: Account) -> None:
    sink, out = Sink(), replace(ANSWER, to=Address("email", "jörg@x.example", display="Jörg"))
    async with server(sink, enable_SMTPUTF8=True) as port:
        await account(port).send(out)
    assert sink.mails[0][1] == ["jörg@x.example"]
    async with server(sink) as port:
        with pytest.raises(Rejected, match="SMTPUTF8"):
            await account(port).send(out)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_we_sign_in(account: Account) -> None:
    sink = Sink()
    async with server(sink, authenticator=sink.signs_in, **SIGN_IN) as port:
        login = {"smtp_username": "help", "smtp_password": Secret("hunter2")}
        await account(port, **login).send(ANSWER)
    assert sink.logins[0].login == b"help"
    assert len(sink.mails) == 1


SIGN_IN = {"auth_required": True, "auth_require_tls": False}


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(
    "login", [{}, {"smtp_username": "help", "smtp_password": Secret("wrong-secret")}]
)
async def test_a_refused_sign_in_names_the_settings(
    account: Account, login: dict[str, object]
) -> None:
    sink = Sink()
    async with server(sink, authenticator=sink.signs_in, **SIGN_IN) as port:
        with pytest.raises(NotAuthorised) as refused:
            await account(port, **login).send(ANSWER)
    assert "channels.email.smtp_username and channels.email.smtp_password" in refused.value.fix
    assert "wrong-secret" not in str(refused.value)
    assert sink.mails == []


async def test_without_a_server_the_setting_is_named(account: Account) -> None:
    with pytest.raises(NotAuthorised, match=r"set channels\.email\.smtp_host"):
        await account(1, smtp_host="").send(ANSWER)


async def test_a_server_without_tls_is_not_trusted_with_mail(account: Account) -> None:
    sink = Sink()
    async with server(sink) as port:
        with pytest.raises(NotAuthorised, match=r"STARTTLS.*channels\.email\.smtp_starttls"):
            await account(port, smtp_starttls=True).send(ANSWER)
    assert sink.mails == []


async def test_a_broken_tls_handshake_is_not_trusted_either(account: Account) -> None:
    answers = (b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"this is no TLS\r\n")
    async with scripted(*answers) as port:
        with pytest.raises(NotAuthorised, match="no secure connection"):
            await account(port, smtp_starttls=True).send(ANSWER)


async def test_a_server_of_the_old_kind_will_do(account: Account) -> None:
    answers = (b"220 x\r\n", b"502 what?\r\n", b"250 x\r\n", b"550 5.1.1 gone\r\n")
    async with scripted(*answers) as port:
        with pytest.raises(Rejected, match="gone"):
            await account(port).send(ANSWER)


async def test_a_message_larger_than_the_server_takes_is_not_offered(account: Account) -> None:
    sink = Sink()
    async with server(sink, data_size_limit=500) as port:
        with pytest.raises(Rejected, match="552"):
            await account(port).send(replace(ANSWER, text="x" * 1000))


# --- what the server's answers mean -----------------------------------------------------------


@pytest.mark.parametrize("moment", ["to_rcpt", "to_data"])
async def test_later_is_later_and_never_is_never(account: Account, moment: str) -> None:
    sink = Sink()
    async with server(sink) as port:
        setattr(sink, moment, "451 4.7.1 greylisted")
        with pytest.raises(Retry) as later:
            await account(port).send(ANSWER)
        setattr(sink, moment, "550 5.1.1 no such user")
        with pytest.raises(Rejected) as never:
            await account(port).send(ANSWER)
    assert (later.value.reason, later.value.in_doubt) == ("451 4.7.1 greylisted", False)
    assert never.value.reason == "550 5.1.1 no such user"


async def test_a_connection_that_breaks_after_the_message_leaves_a_doubt(account: Account) -> None:
    sink = Sink()
    sink.hangs_up_after_data = True
    async with server(sink) as port:
        with pytest.raises(Retry) as broken:
            await account(port).send(ANSWER)
    assert broken.value.in_doubt
    assert len(sink.mails) == 1


async def test_a_server_that_says_nonsense_after_the_message_leaves_a_doubt(
    account: Account,
) -> None:
    answers = (b"220 x\r\n", *[b"250 x\r\n"] * 3, b"354 go\r\n", b"what?\r\n")
    async with scripted(*answers) as port:
        with pytest.raises(Retry) as broken:
            await account(port).send(ANSWER)
    assert broken.value.in_doubt


async def test_a_connection_that_breaks_before_leaves_none(account: Account) -> None:
    async with scripted(b"220 x\r\n", b"250 x\r\n") as port:
        with pytest.raises(Retry) as broken:
            await account(port).send(ANSWER)
    assert not broken.value.in_doubt


@pytest.mark.parametrize("greeting", [b"", b"421 4.3.2 closing\r\n", b"554 no service\r\n"])
async def test_a_server_that_is_not_there_is_asked_again(account: Account, greeting: bytes) -> None:
    async with scripted(greeting) as port:
        with pytest.raises(Retry) as away:
            await account(port, smtp_timeout=0.2).send(ANSWER)
    assert not away.value.in_doubt
    with pytest.raises(Retry, match="cannot be reached"):
        await account(port).send(ANSWER)


async def test_a_lost_goodbye_does_not_undo_a_message(account: Account) -> None:
    sink = Sink()
    sink.hangs_up_at_quit = True
    async with server(sink) as port:
        receipt = await account(port).send(ANSWER)
    assert receipt.external_ids == ("e-1@demo.example",)
    assert len(sink.mails) == 1


@pytest.mark.parametrize("to", ["", "joe", "joe@x.example\r\nRCPT TO:<eve@x>", "x@unknown.invalid"])
async def test_an_address_that_is_none_is_refused_before_anyone_is_asked(
    account: Account, to: str
) -> None:
    with pytest.raises(Rejected, match="no e-mail address"):
        await account(1).send(replace(ANSWER, to=Address("email", to)))


async def test_a_question_has_a_link_for_each_answer_in_words_and_as_buttons(
    account: Account, tmp_path: Path
) -> None:
    sink, until = Sink(), datetime(2100, 1, 1, tzinfo=UTC)
    question = Question((Choice("1", "bad"), Choice("2", "good")), until, instead="Write 1 or 2.")
    asks = replace(ANSWER, text="How was it?", question=question, automatic=True)
    async with server(sink) as port:
        await account(port, html=True).send(asks)
        config = Config(addresses=["help@demo.example"], smtp_host="127.0.0.1", smtp_port=port,
                        smtp_starttls=False)  # fmt: skip
        nowhere = Site(tmp_path / "b", "", "Demo Desk", b"a secret")
        await EmailChannel("email", config, nowhere).send(asks)
    linked, written = (
        email.message_from_bytes(content, policy=email.policy.default)
        for _, _, content in sink.mails
    )
    plain, html = (part.get_content() for part in linked.iter_parts())
    assert "1 (bad): http://x/channels/email/email/question/e-1/" in plain
    assert html.count("?answer=") == 2
    assert written.get_content().split() == ["How", "was", "it?", "Write", "1", "or", "2."]
