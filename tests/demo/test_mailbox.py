"""The demo's page of mails: what was sent, and answers as mail programs write them."""

from __future__ import annotations

from email.message import EmailMessage

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from omniroute.demo.mailbox import answer_to, routes
from omniroute.testing.mail_sink import MailSink


def card() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Demo Desk <desk@demo.example>", "dora@desk.example"
    mail["Reply-To"], mail["Message-ID"] = "Demo Desk <desk+1-1-a.b@demo.example>", "<c@x.example>"
    mail["Subject"] = "#1 <b>Joe"
    mail.set_content("Replying sends to Joe.\nAccept: http://127.0.0.1:8420/x?a=1&b=2\n<script>")
    return mail


def test_mails_are_shown_with_their_links_and_without_their_markup() -> None:
    sink = MailSink()
    sink.received.append(card())
    page = TestClient(Starlette(routes=routes(sink))).get("/mail").text
    assert '<a href="http://127.0.0.1:8420/x?a=1&amp;b=2">' in page
    assert "<script>" not in page
    assert "#1 &lt;b&gt;Joe" in page
    assert "<form" not in page


def test_a_mail_is_answered_where_it_asks_to_be() -> None:
    sink, sent = MailSink(), []
    sink.received.append(card())

    async def hand_in(mail: EmailMessage) -> None:
        sent.append(mail)

    client = TestClient(Starlette(routes=[Mount("/stage", routes=routes(sink, hand_in))]))
    form = {"text": "#accept\r\nHello"}
    answered = client.post("/stage/mail/0", data=form, follow_redirects=False)
    assert (answered.status_code, answered.headers["location"]) == (303, "../mail")
    assert client.post("/stage/mail/1", data=form).status_code == 404
    [mail] = sent
    assert (mail["From"], mail["To"]) == (card()["To"], card()["Reply-To"])
    assert mail["In-Reply-To"] == "<c@x.example>"
    assert mail["Subject"] == "Re: #1 <b>Joe"
    assert mail.get_content().startswith("#accept\nHello\n\nDemo Desk wrote:\n\n> Replying sends")


def test_an_answer_to_an_answer_is_no_re_re() -> None:
    mail = card()
    del mail["Subject"]
    mail["Subject"] = "Re: #1 Joe"
    assert answer_to(mail, "Yes")["Subject"] == "Re: #1 Joe"
