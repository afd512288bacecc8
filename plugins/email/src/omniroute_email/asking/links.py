"""The links below a question: each names the question and an answer, signed.

A link can be made up by nobody, and shows the message to be its bearer's; it answers nothing by
itself, since mail scanners follow links.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from html import escape

from omniroute import Outbound, Question
from omniroute_email.markup import as_html

_MAC = 16  # bytes


@dataclass(frozen=True, slots=True)
class Links:
    """Links to the page of an account, which is at *page*, without a slash at its end."""

    page: str
    secret: bytes = field(repr=False)

    @property
    def possible(self) -> bool:
        """Whether anybody could follow them, and we would know them again."""
        return bool(self.secret) and self.page.startswith(("http://", "https://"))

    def to(self, key: str, value: str = "") -> str:
        """The link to the question in the message *key*, with that answer chosen."""
        return f"{self.page}/{key}/{self._sign(key)}" + (f"?answer={value}" if value else "")

    def known(self, key: str, mac: str) -> bool:
        """Whether we have signed that."""
        return bool(self.secret) and hmac.compare_digest(mac.encode(), self._sign(key).encode())

    def _sign(self, key: str) -> str:
        mac = hmac.digest(self.secret or b"-", f"1\0question\0{key}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac[:_MAC]).decode().rstrip("=")


def with_links(out: Outbound, question: Question, links: Links) -> tuple[Outbound, str]:
    """*out* with a link for each answer below it, and the same as HTML."""
    key = out.idempotency_key
    told = [(choice, links.to(key, choice.value)) for choice in question.choices]
    lines = [f"{_named(choice.value, choice.means)}: {link}" for choice, link in told]
    buttons = " ".join(
        f'<a href="{escape(link)}" style="{_BUTTON}" aria-label='
        f'"{escape(_named(choice.value, choice.means))}">{escape(choice.value)}</a>'
        for choice, link in told
    )
    means = [choice for choice, _ in told if choice.means]
    legend = " · ".join(escape(_named(choice.value, choice.means)) for choice in means)
    markup = f'{as_html(out.text)}<p>{buttons}</p><p style="font-size:small">{legend}</p>'
    return replace(out, text="\n".join([out.text.rstrip(), "", *lines])), markup


def _named(value: str, means: str) -> str:
    return f"{value} ({means})" if means else value


_BUTTON = (
    "display:inline-block;min-width:1.6em;margin:.2em;padding:.5em .7em;border:1px solid #767676;"
    "border-radius:.4em;text-align:center;text-decoration:none;font-size:1.1em;color:inherit"
)
