from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.reading.quotes import cut


@pytest.mark.parametrize(
    "quoted",
    [
        "On Sun, 1 Mar 2026 at 13:00, Ana <help@demo.example> wrote:\n> Hello Joe\n> bye",
        "On Sun, 1 Mar 2026 at 13:00, Ana <help@demo.example>\nwrote:\n\n> Hello Joe",
        "On 1 Mar 2026, Ana wrote:\n\nHello Joe",
        "Am 01.03.2026 um 13:00 schrieb Ana:\n> Hallo",
        "Le 1 mars 2026 à 13:00, Ana <help@demo.example> a écrit :\n> Bonjour",
        "-----Original Message-----\nFrom: Ana\nSent: today\n\nHello Joe",
        "---- Original message ----\nHello",
        "> Hello Joe\n>> and before\n\n> bye",
    ],
)
def test_a_quotation_at_the_end_is_cut(quoted: str) -> None:
    assert cut(f"Thank you.\n\nJoe\n\n{quoted}") == ("Thank you.\n\nJoe", quoted)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you.",
        "",
        "> only a quotation\n> and no more",
        "On 1 Mar 2026, Ana wrote:\n> nothing new",
        "On 1 Mar 2026, Ana wrote:\n> Did you pay?\nYes.\n> When?\nYesterday.",
        "> Did you pay?\n\nYes, yesterday.",
        "On Monday I wrote to you.",
        "-- \nJoe",
        "----- Original Messages are kept here",
    ],
)
def test_what_may_be_an_answer_stays(text: str) -> None:
    assert cut(text) == (text, "")


def test_an_answer_below_a_quotation_stays_though_older_text_is_cut() -> None:
    text = "> Did you pay?\n\nYes.\n\nOn 1 Mar 2026, Ana wrote:\n> Did you?"
    assert cut(text) == ("> Did you pay?\n\nYes.", "On 1 Mar 2026, Ana wrote:\n> Did you?")


@given(
    st.lists(
        st.sampled_from(["", "On a wrote:", "> q", "text", "-----Original Message-----", "On x"])
        | st.text(st.characters(exclude_categories=["Cc", "Cs"]))
    ).map("\n".join)
)
def test_no_word_is_lost(text: str) -> None:
    new, quoted = cut(text)
    assert f"{new}\n{quoted}".split() == text.split()
    assert new.strip() or not text.strip()
