"""Answers that are held, collide, come back or go elsewhere; and desks that nobody reads."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from tests.maildesk.scene import DESK, EDGE, HELP, Mailbox, scene, text_of
from tests.maildesk.test_safety import taken

from omniroute import Card, CardKind, ForgetsThreads, Template
from omniroute.application.ways import Means


def bounce_of(mail: EmailMessage, to: str, recipient: str) -> str:
    """What a mail server sends back (RFC 3464)."""
    return f"""\
From: MAILER-DAEMON@mx.mail.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Authentication-Results: {EDGE}; none
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mail.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {mail["Message-ID"]}
Subject: {mail["Subject"]}

--b--
"""


def card_of(box: Mailbox) -> EmailMessage:
    return next(mail for mail in box.mails() if "Yours, if" in text_of(mail))


async def test_templates_are_asked_for_and_sent_by_mail_too(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        news = Template("order_news", "Order {{number}}: {{news}}", ("number", "news"))
        desk.server.application.ways.means = {"email": Means(templates=lambda: (news,))}
        await ana.answers(card_of(ana), "#template")
        listed = await ana.gets("template order_news <number> <news>")
        assert joe.mails() == []
        await ana.answers(listed, '#template order_news 4711 "on its way"')
        assert "Order 4711: on its way" in text_of(await joe.gets("Order 4711"))


async def test_a_customer_who_wrote_meanwhile_is_read_before_the_answer_goes(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        await joe.writes(HELP, "Never mind, I found it")
        await ana.gets("Never mind, I found it")
        await ana.answers(card_of(ana), "#resolve\nYou get it back.")  # the older mail
        asked = await ana.gets("✋ Not sent.")
        assert "Never mind, I found it" in text_of(asked)
        assert "You wrote:\nYou get it back." in text_of(asked)
        assert joe.mails() == []
        assert (await desk.page()).row.phase == "assigned"
        await ana.presses(asked, "Send anyway")
        await joe.gets("You get it back.")
        assert (await desk.page()).row.phase == "resolved"
        status, page = await ana.opens(ana.link(asked, "Send anyway"), "POST")
        assert (status, "Done already" in page) == (200, True)
        assert len(joe.mails()) == 1


async def test_what_is_dropped_is_never_sent(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        await ana.answers(card_of(ana), "#hold\nYou get it back.", files=["terms.pdf"])
        asked = await ana.gets("This would go to joe@mail.example by e-mail")
        assert "You get it back." in text_of(asked)
        assert "📎 terms.pdf" in text_of(asked)
        assert "Not sent." in await ana.presses(asked, "Do not send")
        status, page = await ana.opens(ana.link(asked, "Send"), "POST")
        assert (status, "nothing of it went out" in page) == (409, True)

        await ana.answers(card_of(ana), "#hold\nYou get it back today.")
        asked = await ana.gets("You get it back today.")
        await ana.presses(asked, "Send")
        await joe.gets("You get it back today.")
        assert len(joe.mails()) == 1


async def test_an_answer_is_held_for_twenty_seconds_and_can_be_taken_back(tmp_path: Path) -> None:
    async with scene(tmp_path, undo=5.0) as desk:
        ana, joe = await taken(desk)
        await ana.answers(card_of(ana), "You idiot")
        await desk.settled()
        [held] = desk.server.node.state.threads[1].held
        assert held.release - (await desk.page()).items[-1].at >= 20_000
        await ana.answers(card_of(ana), "#undo")
        await ana.gets("Taken back; the customer never saw it.")
        assert desk.server.node.state.threads[1].held == ()
        assert joe.mails() == []


async def test_an_answer_that_comes_back_is_told_with_its_reason_and_sent_again(
    tmp_path: Path,
) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        await ana.answers(card_of(ana), "You get it back.")
        reply = await joe.gets("You get it back.")
        await desk.hand_in(bounce_of(reply, HELP, "joe@mail.example"), "", HELP)
        told = await ana.gets("❌ Not delivered: ")
        assert "550 5.1.1 no such user" in text_of(told)
        assert "You get it back." in text_of(told)
        await ana.presses(told, "Send it again")
        await joe.gets("You get it back.")
        assert [mail["Subject"] for mail in joe.mails()] == [reply["Subject"]] * 2


async def test_a_mailbox_that_returns_the_desks_mail_is_not_asked(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        card = await ana.gets("Yours, if you accept")
        back = str(card["Reply-To"]).rpartition("<")[2][:-1]
        forged = bounce_of(card, DESK, "ana@shop.example")  # without the token it is nobody's
        await desk.hand_in(forged, "", DESK)
        await desk.settled()
        assert desk.server.node.state.agents["ana"].lost == ()
        await desk.hand_in(bounce_of(card, back, "ana@shop.example"), "", back)
        await desk.until(lambda: desk.server.node.state.agents["ana"].lost == ("email",))
        await desk.until(lambda: not desk.server.node.state.threads[1].offers)
        await ana.writes(DESK, "#status online")
        await ana.gets("You are online now.")
        await ana.gets("Yours, if you accept")


async def test_a_transfer_between_mailboxes_loses_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        bo = await desk.agent("bo", "Bo Lindgren")
        await ana.answers(card_of(ana), "#transfer bo he knows the bank\n\nBo will help you.")
        await joe.gets("Bo will help you.")
        handed = await bo.gets("#1 is yours.")
        assert "he knows the bank" in text_of(handed)
        assert "I want a refund" in text_of(handed)
        assert "Ana Ruiz: Bo will help you." in text_of(handed)
        await bo.answers(handed, "I am on it.")
        reply = await joe.gets("I am on it.")
        assert str(reply["From"]).startswith("Bo Lindgren")
        await joe.answers(reply, "Great")
        await bo.gets("Great")
        await ana.answers(card_of(ana), "Me, too")
        await ana.gets("is with Bo Lindgren")
        await desk.settled()
        assert [text_of(mail).strip() for mail in joe.mails()] == [
            "Bo will help you.",
            "I am on it.",
        ]


async def test_after_a_restart_the_conversation_goes_on(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana, joe = await taken(desk)
        await desk.restart()
        await joe.writes(HELP, "Are you there?")
        asked = await ana.gets("Are you there?")
        assert text_of(asked).count("I want a refund") == 0
        assert str(card_of(ana)["Message-ID"]) in str(asked["References"])
        await ana.answers(asked, "Yes.")
        await joe.gets("Yes.")


async def test_a_mail_server_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        answers = iter(["451 4.3.0 come again"])
        desk.sink.answer = lambda: next(answers, "250 kept")
        await joe.writes(HELP, "I want a refund")
        await ana.gets("Yours, if you accept")
        assert len([mail for mail in ana.mails() if "Yours, if" in text_of(mail)]) == 1


async def test_who_is_told_that_they_are_away_comes_back_by_a_link(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        node = desk.server.node
        joe = desk.mailbox("joe@mail.example", "Joe Miller")
        await joe.writes(HELP, "I want a refund")
        await ana.gets("Yours, if you accept")
        card = Card("o1", "ana", CardKind.TOLD, 1, 1, "", 0, (), "unresponsive")
        await node.parts.desks["email"].present(card)
        await node.parts.desks["email"].present(card)  # an attempt that was thought lost
        mail = await ana.gets("You missed two offers")
        status, page = await ana.opens(ana.link(mail, "I'm back"))
        assert (status, "Are you back" in page) == (200, True)
        assert "You are online now." in await ana.presses(mail, "I'm back")
        assert len([one for one in ana.mails() if "You missed two" in text_of(one)]) == 1


async def test_an_answer_that_the_mailbox_does_not_take_is_no_dead_letter(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        ana = await desk.agent("ana", "Ana Ruiz")
        desk.sink.answer = lambda: "550 5.1.1 no such user"
        await ana.writes(DESK, "#mine")
        await desk.until(lambda: desk.server.node.state.agents["ana"].lost == ("email",))
        await desk.settled()
        assert await desk.server.node.parts.spool.dead() == []


async def test_of_who_is_erased_the_desk_keeps_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as desk:
        await taken(desk)
        workplace = desk.channel.desk()
        assert isinstance(workplace, ForgetsThreads)
        assert await workplace.forget_threads([1]) == (0, 1)  # what lies in her mailbox stays
        assert desk.channel.desk().book.conversations(1) == []
