"""Customers' HTML made harmless, in good time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.web.formatted import MOST_OCTETS, MOST_TAGS, clean, is_simple, sanitised


@pytest.mark.parametrize(
    ("html", "harmless"),
    [
        ("<p>a <b>b</b></p>", "<p>a <b>b</b></p>"),
        ("<script>alert(1)</script>x", "x"),
        ("<img src=http://t.example/pixel.gif>", ""),
        ("<svg onload=alert(1)><a>x</a></svg>y", "y"),
        ("<math><mtext><style><img src=x onerror=alert(1)>", ""),
        ("<p onclick=alert(1)>x</p>", "<p>x</p>"),
        ("<style>body{background:url(//t.example)}</style>x", "x"),
        ("<link rel=stylesheet href=//t.example>x", "x"),
        ("<base href=//t.example><meta http-equiv=refresh content='0;//t.example'>x", "x"),
        ("<iframe src=//t.example></iframe><object data=x></object><embed src=x>x", "x"),
        ("<form action=//t.example><input name=password><button>go</button></form>", "go"),
        ("<p style='color:red;background:url(//t.example);position:fixed'>x</p>",
         '<p style="color:red">x</p>'),
        ("<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>", "'&gt;"),
    ],
)  # fmt: skip
def test_what_acts_or_loads_is_taken_away(html: str, harmless: str) -> None:
    assert clean(html) == harmless


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
     "vbscript:x", "/sign-out", "//t.example", "?x"],
)  # fmt: skip
def test_a_link_that_leads_nowhere_good_leads_nowhere(address: str) -> None:
    assert "href" not in clean(f'<a href="{address}">x</a>')


def test_a_good_link_opens_elsewhere_and_takes_nothing_along() -> None:
    link = clean('<a href="https://shop.example/1" target=_top>x</a>')
    assert 'href="https://shop.example/1"' in link
    assert 'target="_blank"' in link
    assert 'rel="noopener noreferrer nofollow"' in link


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<div></b>" * 50_000,  # stray ends do not hide the depth
        "<x-a></x-b>" * 40_000,
        "<x\u00a01></x\u00a02>" * 30_000,  # no blank in HTML
        "".join(f"<b title={n}>" for n in range(60)) + "<p>x" * 9_000,  # opened in every paragraph
        "<br>" * (MOST_TAGS + 1),
    ],
)
def test_what_would_take_long_is_not_begun(html: str) -> None:
    assert not is_simple(html)


async def test_what_is_not_simple_or_too_large_gives_nothing() -> None:
    assert await sanitised("<div>" * 1000) == ""
    assert await sanitised("x" * (MOST_OCTETS + 1)) == ""
    assert await sanitised("ü" * (MOST_OCTETS // 2 + 1)) == ""
    assert await sanitised("") == ""
    assert await sanitised("<p>x</p>") == "<p>x</p>"


def test_an_ordinary_mail_is_simple() -> None:
    cell = "<td><p>a<p>b<br><li>c<font color=red><b>d</b></font>"
    assert is_simple("<table>" + f"<tr>{cell * 4}" * 400 + "</table>")


@given(st.text(alphabet='<>/abpi"=! \n&;', max_size=200))
def test_whatever_is_written_nothing_that_acts_is_left(html: str) -> None:
    harmless = clean(html).lower()
    assert "<script" not in harmless
    assert "<i on" not in harmless
