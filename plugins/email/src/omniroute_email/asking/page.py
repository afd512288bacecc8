"""The page behind the links of a question: a GET shows it, a POST answers, without any script.

Mail scanners follow every link; so to look is never to answer.  Whoever has answered may change
that for as long as the question is open, and say something in words, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import Busy, Catalogue, Intake
from omniroute_email.asking.answers import Answer, pack
from omniroute_email.asking.book import Asked, Book
from omniroute_email.asking.links import Links
from omniroute_email.linked import answered, filled_in

WORDS: Final = 2_000  # characters that are kept of what somebody says

_PAGE: Final = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #767676; --deep: #1a5fb4; --on: #fff }}
@media (prefers-color-scheme: dark) {{ :root {{ --line: #949494; --deep: #8ab8f5; --on: #10141a }} }}
body {{ max-width: 32rem; margin: 0 auto; padding: 1.5rem 1rem; font: 1rem/1.5 system-ui, sans-serif }}
h1 {{ font-size: 1.3rem; line-height: 1.35; overflow-wrap: anywhere }}
fieldset {{ border: 0; margin: 0; padding: 0 }}
legend {{ padding: 0; margin-bottom: .5rem }}
.row {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(3rem, 1fr)); gap: .5rem }}
.row label {{ position: relative; display: grid; place-items: center; min-height: 3rem;
  border: 2px solid var(--line); border-radius: .5rem; font-size: 1.2rem; cursor: pointer }}
.row input {{ position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer }}
.row label:has(:checked) {{ background: var(--deep); border-color: var(--deep); color: var(--on);
  font-weight: bold }}
.row label:has(:focus-visible), button:focus-visible, textarea:focus-visible, a:focus-visible {{
  outline: 3px solid var(--deep); outline-offset: 2px }}
.ends {{ display: flex; justify-content: space-between; gap: 1rem; margin: .4rem 0 0; font-size: .9rem }}
button {{ font: inherit; font-weight: bold; width: 100%; min-height: 3rem; margin-top: 1rem;
  border: 0; border-radius: .5rem; background: var(--deep); color: var(--on); cursor: pointer }}
textarea {{ display: block; font: inherit; width: 100%; min-height: 7rem; box-sizing: border-box;
  margin-top: .3rem; padding: .5rem; border: 2px solid var(--line); border-radius: .5rem }}
a {{ color: var(--deep) }}
.hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }}
</style></head>
<body><main>
{body}
</main></body></html>
"""  # noqa: E501 - a line of CSS


class Page:
    """Where the links of an account lead."""

    def __init__(
        self, links: Links, book: Book, clock: Callable[[], int] = lambda: int(time.time() * 1000)
    ) -> None:
        self.intake: Intake | None = None  # while the account listens
        self._links, self._book, self._clock = links, book, clock
        self._words = Catalogue.of("omniroute_email")

    def routes(self) -> Sequence[BaseRoute]:
        """Its one route, below the account's."""
        return [Route("/question/{key}/{mac}", self._page, methods=["GET", "POST"])]

    async def _page(self, request: Request) -> Response:
        key, mac = request.path_params["key"], request.path_params["mac"]
        wished = self._words[self._words.wished(request.headers.get("accept-language", ""))]
        if not self._links.known(key, mac):
            return _said(wished, "strange", 404)
        asked = self._book.get(key, self._clock())
        if asked is None:
            return _said(wished, "over", 410)
        words = self._words[asked.question.language]
        if request.method != "POST":
            chosen = request.query_params.get("answer", "") or asked.value
            return _shown(asked, _question(asked, words, chosen))
        form = await filled_in(request)
        value, said = form.get("answer", ""), form.get("words", "").strip()[:WORDS]
        if value in {choice.value for choice in asked.question.choices}:
            answer, now = Answer(key, self._clock(), value=value), replace(asked, value=value)
        elif said and asked.value and not asked.said:
            answer, now = Answer(key, self._clock(), words=said), replace(asked, said=True)
        else:
            return _shown(asked, _question(asked, words, asked.value), 422)
        if not await self._keep(answer):
            return _said(words, "later", 503)
        self._book.put(key, now, self._clock())
        return _shown(now, _thanks(now, words))

    async def _keep(self, answer: Answer) -> bool:
        """Hand the answer in; whether somebody took it."""
        try:
            if self.intake is not None:
                await self.intake.accept(pack(answer))
                return True
        except Busy:
            pass
        return False


replace = msgspec.structs.replace


def _question(asked: Asked, words: Mapping[str, str], chosen: str) -> str:
    """The question, its answers to choose among, and the button."""
    choices = asked.question.choices
    row = "\n".join(
        f'<label><input type="radio" name="answer" required value="{escape(choice.value)}"'
        f"{' checked' if choice.value == chosen else ''}>{escape(choice.value)}"
        f"{_aside(choice.means)}</label>"
        for choice in choices
    )
    ends = [choice for choice in choices if choice.means]
    legend = "".join(f"<span>{escape(f'{c.value} {c.means}')}</span>" for c in ends)
    return (
        f"<h1>{escape(asked.text)}</h1>\n<form method=post>\n<fieldset>"
        f"<legend>{escape(words['choose'])}</legend>\n<div class=row>{row}</div>\n"
        f'<p class=ends aria-hidden="true">{legend}</p></fieldset>\n'
        f"<button>{escape(words['send'])}</button></form>"
    )


def _aside(means: str) -> str:
    """What an answer means, for who hears the page."""
    return f"<span class=hidden> {escape(means)}</span>" if means else ""


def _thanks(asked: Asked, words: Mapping[str, str]) -> str:
    """Thanks, and a box for words where they are asked for and were not given."""
    given = words["given"].format(answer=asked.value)
    body = f'<h1>{escape(asked.question.thanks)}</h1>\n<p role="status">{escape(given)}</p>'
    if asked.question.more and not asked.said:
        body += (
            f"\n<form method=post><label>{escape(asked.question.more)}"
            f'<textarea name=words maxlength={WORDS} required placeholder="'
            f'{escape(words["words"])}"></textarea></label>'
            f"<button>{escape(words['say'])}</button></form>"
        )
    return f'{body}\n<p><a href="?answer={escape(asked.value)}">{escape(words["change"])}</a></p>'


def _shown(asked: Asked, body: str, status: int = 200) -> Response:
    title = escape(asked.text.splitlines()[0] if asked.text else "")
    language = escape(asked.question.language or "en")
    page = _PAGE.format(language=language, title=title, body=body)
    return answered(page, status)


def _said(words: Mapping[str, str], name: str, status: int) -> Response:
    title, more = escape(words[name]), escape(words[f"{name}_more"])
    body = f"<h1>{title}</h1>\n<p>{more}</p>"
    page = _PAGE.format(language="", title=title, body=body)
    return answered(page, status)
