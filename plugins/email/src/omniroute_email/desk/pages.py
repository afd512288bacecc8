"""The pages behind the links of a mail: a GET shows what would be done, a POST does it, once.

Mail scanners follow every link; so to look is never to act.  A link that is over, used or from
before something changed says what is so now.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import Refused, Sheet, standing_in_words
from omniroute_email.desk.acting import out_of_date
from omniroute_email.desk.links import Ask
from omniroute_email.linked import answered, filled_in

if TYPE_CHECKING:
    from omniroute_email.desk.desk import EmailDesk


_ASKED: Final = {
    "accept": ("Accept", "Do you take #{thread} {title}?"),
    "pass": ("Pass", "Do you leave #{thread} {title} to others?"),
    "resolve": ("Resolve", "Is #{thread} {title} solved?"),
    "snooze": ("Snooze", "Put #{thread} {title} aside for a day? What they write ends it."),
    "retry": ("Send it again", "Send the answer to {to} again?"),
    "send": ("Send", "Send your answer to {to}?"),
    "anyway": ("Send anyway", "Send your answer to {to}, although they wrote meanwhile?"),
    "drop": ("Do not send", "Drop your answer to {title}?"),
    "same": ("The same person", "One person? {who}"),
    "other": ("Not the same person", "Two people, after all? {who}"),
    "online": ("I'm back", "Are you back, and to be asked again?"),
}
"""By verb: the button, and the question above it."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 38rem; margin: 2rem auto; padding: 0 1rem }}
.card {{ border: 1px solid #888; border-radius: .4rem; padding: .5rem 1rem; white-space: pre-wrap }}
button {{ font: inherit; padding: .5rem 1.2rem; margin-top: 1rem }}
input {{ font: inherit; width: 100%; box-sizing: border-box }}
</style></head>
<body><main><h1>{title}</h1>
{body}
</main></body></html>
"""


class Pages:
    """The pages of a desk."""

    def __init__(self, desk: EmailDesk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[BaseRoute]:
        """Their routes, below where the links lead."""
        return [Route("/desk/{token}", self._page, methods=["GET", "POST"])]

    async def _page(self, request: Request) -> Response:
        token = request.path_params["token"]
        ask = self._desk.seal.read(token)
        if ask is None or ask.verb not in _ASKED:
            return _shown("This link is not ours", "It may be broken: open it from the mail.", 404)
        await self._desk.opened()
        address = await self._desk.acting.address(ask)
        if not address:
            said = "It was sent to an address that is no agent's any more."
            return _shown("This link is over", said, 403)
        if (was := self._desk.book.used(token)) is not None:
            return _shown("Done already", f"{was} {await self._now(ask)}".strip(), 200)
        if ask.until and ask.until < self._desk.clock():
            said = f"Its time has run out. {await self._now(ask)}".strip()
            return _shown("This link is over", said, 410)
        if request.method != "POST":
            return await self._ask(ask)
        return await self._act(ask, token, address, await _why(request))

    async def _ask(self, ask: Ask) -> Response:
        """What would be done, and the button."""
        button, question = _ASKED[ask.verb]
        card, title, to, who = "", "", "", ""
        if ask.thread:
            try:
                sheet = await self._desk.door.look(ask.agent, ask.thread)
            except Refused as refused:
                return _shown("That is not possible", refused.text, 409)
            if why_not := out_of_date(ask, sheet):
                return _shown("Out of date", f"{why_not} {_stands(sheet)}", 409)
            title, to = sheet.title, sheet.to or sheet.title
            who = next((pair.text for pair in sheet.people if pair.id == ask.word), "")
            card = f'<p class="card">{html.escape(chr(10).join(sheet.card))}</p>'
            card += f"<p>{html.escape(_stands(sheet))}</p>"
        asked = html.escape(question.format(thread=ask.thread, title=title, to=to, who=who))
        why = ""
        if ask.verb == "pass":
            why = '<label>Why, if you like <input name="why" maxlength="200"></label>'
        form = f'<form method="post">{why}<button>{html.escape(button)}</button></form>'
        return _html(asked, f"{card}\n{form}", 200)

    async def _act(self, ask: Ask, token: str, address: str, why: str) -> Response:
        try:
            said = await self._desk.acting.do(ask, token, address, why)
        except Refused as refused:
            if ask.verb == "send" and refused.code == "customer_wrote":
                return self._collided(ask, address, refused)
            now = await self._now(ask)
            return _shown("Nothing was done", f"{refused.text} {now}".strip(), 409)
        self._desk.book.use(token, said)
        return _shown("Done", said, 200)

    def _collided(self, ask: Ask, address: str, refused: Refused) -> Response:
        """The customer wrote after the agent had looked: they are asked once more."""
        link = self._desk.waiting_link("anyway", ask.agent, address, ask.thread, ask.word)
        said = f"<p>{html.escape(refused.text)}</p>"
        return _html("Nothing was sent", f'{said}<p><a href="{link}">Send anyway</a></p>', 409)

    async def _now(self, ask: Ask) -> str:
        """How the thread stands."""
        if not ask.thread:
            return ""
        try:
            return _stands(await self._desk.door.look("", ask.thread))
        except Refused as refused:
            return refused.text


def _stands(sheet: Sheet) -> str:
    return f"#{sheet.thread}: {standing_in_words(sheet)}"


async def _why(request: Request) -> str:
    given = (await filled_in(request)).get("why", "")
    return " ".join(given.split())[:200]


def _shown(title: str, said: str, status: int) -> Response:
    return _html(html.escape(title), f"<p>{html.escape(said)}</p>", status)


def _html(title: str, body: str, status: int) -> Response:
    return answered(_PAGE.format(title=title, body=body), status)
