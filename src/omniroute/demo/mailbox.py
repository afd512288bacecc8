"""Everybody's mailbox in the demo: what the desk sent, on a page, and a way to answer it.

Customers read here what agents wrote to them, and an agent who works by mail reads the cards.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from typing import Final

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute.demo.bymail import mail_of_hers
from omniroute.testing.mail_sink import MailSink

HandIn = Callable[[EmailMessage], Awaitable[None]]
"""Gives a mail to the server, as a mail server would."""

_LINK: Final = re.compile(r"https?://[^\s<>\"']{1,2000}")

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Everybody’s mail · OmniRoute demo</title>
<link rel="stylesheet" href="mail.css">
<h1>What customers received by e-mail, and Dora, who works by it</h1>
<p>The demo’s mail goes no further than this page. Reload to see more.</p>
{% if answers %}<form method="post" action="mail/new">
<label>A new mail from Dora, who works by mail alone, to the desk: <input name="text"
value="#status online"></label> <button>Send</button></form>{% endif %}
{% for mail in mails %}<article>
<h2>{{ mail.subject }}</h2>
<p class="who">from {{ mail.sender }} to {{ mail.to }}</p>
<pre dir="auto">{{ mail.text|safe }}</pre>
{% if answers %}<details><summary>Answer</summary>
<form method="post" action="mail/{{ mail.number }}">
<textarea name="text" rows="4" aria-label="Your answer to {{ mail.subject }}"></textarea>
<button>Send</button></form></details>{% endif %}
<details><summary>Headers</summary><pre>{{ mail.headers }}</pre></details>
</article>{% else %}<p>Nothing yet: answer a customer who wrote by e-mail.</p>{% endfor %}
</html>""")

_STYLE = """:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid #8884; border-radius: .6rem; padding: .2rem 1rem 1rem; margin: 1rem 0 }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-bottom: 0 }
.who { margin-top: 0; opacity: .75 }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
textarea { width: 100%; box-sizing: border-box; font: inherit } button { font: inherit }
details pre { font: .8rem/1.4 ui-monospace, monospace }"""


def routes(sink: MailSink, hand_in: HandIn | None = None) -> list[BaseRoute]:
    """The page and its style; with *hand_in*, mails can be answered there."""

    async def page(request: Request) -> Response:
        mails = [_shown(at, mail) for at, mail in enumerate(sink.received)]
        shown = _PAGE.render(mails=list(reversed(mails)), answers=hand_in is not None)
        policy = "default-src 'none'; style-src 'self'; form-action 'self'"
        return HTMLResponse(shown, headers={"Content-Security-Policy": policy})

    async def answer(request: Request) -> Response:
        number = int(request.path_params["number"])
        if hand_in is None or number >= len(sink.received):
            return Response(status_code=404)
        given = (await request.form()).get("text", "")
        await hand_in(answer_to(sink.received[number], given if isinstance(given, str) else ""))
        return RedirectResponse("../mail", status_code=303)

    async def write(request: Request) -> Response:
        if hand_in is None:
            return Response(status_code=404)
        given = (await request.form()).get("text", "")
        await hand_in(mail_of_hers(given if isinstance(given, str) else ""))
        return RedirectResponse("../mail", status_code=303)

    async def style(request: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    return [
        Route("/mail", page),
        Route("/mail/new", write, methods=["POST"]),
        Route("/mail/{number:int}", answer, methods=["POST"]),
        Route("/mail.css", style),
    ]


def answer_to(mail: EmailMessage, text: str) -> EmailMessage:
    """An answer as a mail program makes it: to Reply-To, with the mail quoted below."""
    answer = EmailMessage()
    answer["From"], answer["To"] = str(mail["To"]), str(mail["Reply-To"] or mail["From"])
    subject = str(mail["Subject"] or "")
    answer["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    answer["Message-ID"] = make_msgid(domain="demo.example")
    answer["In-Reply-To"] = answer["References"] = str(mail["Message-ID"])
    quoted = "\n".join(f"> {line}" for line in _text(mail).split("\n"))
    words = text.replace("\r\n", "\n")
    name = parseaddr(str(mail["From"]))[0] or "They"
    answer.set_content(f"{words}\n\n{name} wrote:\n\n{quoted}\n")
    return answer


def _shown(number: int, mail: EmailMessage) -> dict[str, object]:
    return {
        "number": number,
        "subject": str(mail["Subject"] or ""),
        "sender": str(mail["From"] or ""),
        "to": str(mail["To"] or ""),
        "text": _linked(_text(mail)),
        "headers": "\n".join(f"{name}: {value}" for name, value in mail.items()),
    }


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""


def _linked(text: str) -> str:
    """*text* as HTML, with its links; nothing else in it is markup."""
    shown, position = [], 0
    for found in _LINK.finditer(text):
        link = found[0].rstrip(".,;:!?)")
        address = html.escape(link)
        shown += [html.escape(text[position : found.start()]), f'<a href="{address}">{address}</a>']
        position = found.start() + len(link)
    return "".join([*shown, html.escape(text[position:])])
