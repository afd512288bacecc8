"""Formatting both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from omniroute_telegram.formatting import to_html, with_marks
from omniroute_telegram.testing.markup import read


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** and _slanted_", "<b>bold</b> and <i>slanted</i>"),
        ("a_b_c and 2 * 3 ** 4", "a_b_c and 2 * 3 ** 4"),
        ("`x < y` & z", "<code>x &lt; y</code> &amp; z"),
        ("```\nrun **this**\n```", "<pre>\nrun **this**\n</pre>"),
        ("[here](https://x.org/?a=1&b=2)", '<a href="https://x.org/?a=1&amp;b=2">here</a>'),
        ("[no](javascript:alert)", "[no](javascript:alert)"),
        ("<b>not mine</b>", "&lt;b&gt;not mine&lt;/b&gt;"),
    ],
)
def test_marks_become_tags(text: str, html: str) -> None:
    assert to_html(text) == html


@given(st.text(alphabet="ab *_`<>&[]()\n", max_size=60))
def test_telegram_can_read_whatever_is_written(text: str) -> None:
    read(to_html(text), "HTML")  # raises what Telegram would refuse


def test_what_an_agent_formats_comes_as_marks() -> None:
    text = "🙂 pay today, see the page"
    entities = [
        MessageEntity(MessageEntity.BOLD, 3, 9),
        MessageEntity(MessageEntity.TEXT_LINK, 22, 4, url="https://x.org"),
    ]
    assert with_marks(text, entities) == "🙂 **pay today**, see the [page](https://x.org)"
