"""The customers' side of e-mail in the demo: what the desk sent, on a page."""

from __future__ import annotations

from email.message import EmailMessage

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from omniroute.testing.mail_sink import MailSink

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Customers’ mail · OmniRoute demo</title>
<link rel="stylesheet" href="mail.css">
<h1>What customers received by e-mail</h1>
<p>The demo’s mail goes no further than this page. Reload to see more.</p>
{% for mail in mails %}<article>
<h2>{{ mail.subject }}</h2>
<p class="who">from {{ mail.sender }} to {{ mail.to }}</p>
<pre dir="auto">{{ mail.text }}</pre>
<details><summary>Headers</summary><pre>{{ mail.headers }}</pre></details>
</article>{% else %}<p>Nothing yet: answer a customer who wrote by e-mail.</p>{% endfor %}
</html>""")

_STYLE = """:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid #8884; border-radius: .6rem; padding: .2rem 1rem 1rem; margin: 1rem 0 }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-bottom: 0 }
.who { margin-top: 0; opacity: .75 } pre { white-space: pre-wrap; font: inherit }
details pre { font: .8rem/1.4 ui-monospace, monospace }"""


def routes(sink: MailSink) -> list[BaseRoute]:
    """The page and its style."""

    async def page(request: Request) -> Response:
        mails = [_shown(mail) for mail in reversed(sink.received)]
        policy = "default-src 'none'; style-src 'self'"
        return HTMLResponse(_PAGE.render(mails=mails), headers={"Content-Security-Policy": policy})

    async def style(request: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    return [Route("/mail", page), Route("/mail.css", style)]


def _shown(mail: EmailMessage) -> dict[str, str]:
    body = mail.get_body(("plain",))
    return {
        "subject": str(mail["Subject"] or ""),
        "sender": str(mail["From"] or ""),
        "to": str(mail["To"] or ""),
        "text": str(body.get_content()) if body is not None else "",
        "headers": "\n".join(f"{name}: {value}" for name, value in mail.items()),
    }
