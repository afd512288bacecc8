from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.html import MAX_TREE, visible_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "<p>Hello <b>Joe</b>,</p>\r\n<p>it is&nbsp;5&lt;6 &amp; so</p>",
            "Hello Joe,\n\nit is\xa05<6 & so",
        ),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<div>one</div><div>two</div>", "one\n\ntwo"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("<head><title>t</title><style>x{}</style></head><script>evil()</script>seen", "seen"),
        ("<p>one<p>two<!-- hidden --><img src=x alt=y>", "one\n\ntwo"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<blockquote>indented</blockquote>", "indented"),
        ('seen<span style="display:none">hidden</span><p hidden>so</p>', "seen"),
        ("a&#27;b&#2;<br>&#3;<br>c", "ab\nc"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("", ""),
        ("<", "<"),
    ],
)
def test_what_a_reader_sees(source: str, text: str) -> None:
    assert visible_text(source) == text


def test_what_mail_programs_quote_is_marked() -> None:
    source = (
        "<p>yes</p><div>On 1 May, Ana wrote:</div>"
        '<blockquote type="cite">shall we?<br><br><blockquote class="gmail_quote">hi'
        "</blockquote></blockquote>thanks"
    )
    seen = "yes\n\nOn 1 May, Ana wrote:\n\n> shall we?\n>\n>> hi\n\nthanks"
    assert visible_text(source) == seen


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 100_000 + "seen",
        "".join(f"<b a={n}>" for n in range(5000)) + "<p>" * 60_000 + "seen",
        "<table>" * 30_000 + "seen",
        "<a href='" * 50_000 + "'>seen",
        "<!--" * 100_000 + ">seen",
        "<script>evil()</script>" + "<i>" * 200_000 + "seen",
        "x" * MAX_TREE + "<p>seen",
    ],
    ids=["deep", "copied", "tables", "attributes", "comments", "script", "large"],
)
def test_what_would_keep_a_parser_busy_is_still_read(source: str) -> None:
    text = visible_text(source)
    assert text.endswith("seen")
    assert "evil" not in text
    assert len(text) <= len(source)


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b a=1>",
                "<table>",
                "<td>",
                "<!--",
                "<",
                "&",
                "x",
                "<pre>",
                "<script>",
                "<svg>",
                "<select>",
                "<template>",
            ]
        )
    ).map("".join)
)
def test_nothing_raises(source: str) -> None:
    assert "<p>" not in visible_text(source.replace("&", ""))
