"""What is left of a body without quotations and signatures, and that nothing is lost."""

# ruff: noqa: RUF001 - letters of other alphabets are meant

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from omniroute_email.reading.visible import Visible, cut
from omniroute_email.reading.visible.cut import MAX_LINES

QUOTATIONS = [
    "On Sun, 1 Mar 2026 at 13:00, Ana <help@demo.example> wrote:\n> Hello Joe\n> bye",
    "On Sun, 1 Mar 2026 at 13:00, Ana <help@demo.example>\nwrote:\n\n> Hello Joe",
    "On Sun, 1 Mar 2026 at 13:00, Ana <\nhelp@demo.example>\nwrote:\n\nHello Joe",
    "On 1 Mar 2026, at 13:00, Ana wrote:\n\nHello Joe",
    "Am 01.03.2026 um 13:00 schrieb Ana:\n> Hallo",
    "Am So., 1. März 2026 um 13:00 Uhr schrieb Ana <help@demo.example>:\n\nHallo",
    "Le 1 mars 2026 à 13:00, Ana <help@demo.example> a écrit :\n> Bonjour",
    "El dom, 1 mar 2026 a las 13:00, Ana (<help@demo.example>) escribió:\n\nHola",
    "Il giorno dom 1 mar 2026 alle ore 13:00 Ana <help@demo.example> ha scritto:\n\nCiao",
    "Em dom., 1 de mar. de 2026 às 13:00, Ana <help@demo.example> escreveu:\n\nOlá",
    "Op zo 1 mrt 2026 om 13:00 schreef Ana <help@demo.example>:\n\nHallo",
    "Den sön 1 mars 2026 kl 13:00 skrev Ana <help@demo.example>:\n\nHej",
    "niedz., 1 mar 2026 o 13:00 Ana <help@demo.example> napisał(a):\n\nCześć",
    "ne 1. 3. 2026 v 13:00 odesílatel Ana <help@demo.example> napsal:\n\nDobrý den",
    "вс, 1 мар. 2026 г. в 13:00, Ana <help@demo.example>:\n\nПривет",
    "2026年3月1日(日) 13:00 Ana <help@demo.example>:\n\nこんにちは",
    "Ana <help@demo.example> 于2026年3月1日周日 13:00写道：\n\n你好",
    "2026-03-01 13:00 GMT+01:00 Ana <help@demo.example>:\n\n> Hello",
    "Ana <help@demo.example> wrote:\n> Hello\n> bye",
    "--- Ana wrote ---\nHello Joe",
    "-----Original Message-----\nFrom: Ana\nSent: today\n\nHello Joe",
    "---- Original message ----\nHello",
    "-----Ursprüngliche Nachricht-----\nHallo",
    "________________________\nFrom: Ana\nSent: today\nTo: Joe\nSubject: Order\n\nHello Joe",
    "Von: Ana [mailto:help@demo.example]\nGesendet: Sonntag, 1. März 2026 13:00\nAn: Joe\n\nHallo",
    "*De :* Ana <help@demo.example>\n*Envoyé :* dimanche\n*À :* Joe\n*Objet :* x\n\nBonjour",
    "发件人: Ana <help@demo.example>\n发送时间: 2026年3月1日\n收件人: Joe\n主题: x\n\n你好",
    "##- Please type your reply above this line -##\n\nHello Joe",
    "> Hello Joe\n>> and before\n\n> bye",
]


@pytest.mark.parametrize("quoted", QUOTATIONS)
def test_a_quotation_at_the_end_is_cut(quoted: str) -> None:
    found = cut(f"Thank you.\n\nJoe\n\n{quoted}")
    assert found == Visible("Thank you.\n\nJoe", quoted.strip("\n"), "", quoted.strip("\n"))


@pytest.mark.parametrize("quoted", [text for text in QUOTATIONS if text.count("\n>")])
def test_an_answer_below_a_quotation_is_the_reply(quoted: str) -> None:
    assert cut(f"{quoted}\n\nThank you.\n\nJoe").reply == "Thank you.\n\nJoe"


@pytest.mark.parametrize(
    "text",
    [
        "Thank you.",
        "",
        "> only a quotation\n> and no more",
        "On 1 Mar 2026, Ana wrote:\n> nothing new",
        "> Did you pay?\n\nYes, yesterday.",
        "On Monday I wrote to you.",
        "Hello,\n\nOn 3 May 2026 your colleague Ana wrote:\nYou get it back.\n\nNothing came.",
        "Hello,\n\non 1 Mar 2026 at 13:00 I wrote:\n\nI was charged twice.",
        "I have this from your site. On 3 May 2026 it said the following:\n\nall is well",
        "On your machine please run:\n\n    telnet help.example 25",
        "-- \nJoe",
        "----- Original Messages are kept here",
        "I want to go\n\nFrom: London\nTo: Paris\nDate: 3 May\n\nIs there a seat?",
        "From: joe@x.example\nSubject: Order\nDate: today\n\nThis is what the form sends.",
        "Prices today:\n\nA: 10\nAn: 12\nDo: 14",
        ">>> look here <<<\nand\n>>> there <<<",
        "This -- as you know -- is no signature.",
        "- one\n- two\n- Three",
        "Thanks, that has helped. But:\n\nThanks\n\nwhen does the rest arrive?",
        "Sent from Hamburg last week, it has still not come.",
        "Kind regards",
        "Can you confirm?\n\nThanks",
    ],
)
def test_what_may_be_an_answer_stays(text: str) -> None:
    assert cut(text) == Visible(text)


def test_answers_amid_a_quotation_are_the_reply_and_the_whole_is_kept() -> None:
    text = "On 1 Mar 2026, Ana wrote:\n> Did you pay?\nYes.\n> When?\nYesterday."
    found = cut(text)
    assert found.reply == "Yes.\n\nYesterday."
    assert found.quoted == "On 1 Mar 2026, Ana wrote:\n> Did you pay?\n\n> When?"
    assert found.cut == text


def test_one_empty_line_is_left_where_something_was_cut() -> None:
    text = "See below.\n\n> What?\n\nThe lid.\n\n> When?\n\nMonday."
    assert cut(text).reply == "See below.\n\nThe lid.\n\nMonday."


def test_a_link_that_a_program_has_taken_out_of_the_quotation_belongs_to_it() -> None:
    head = "Thanks!\n\nOn Sunday, Ana wrote:\n>\n> Click here\n>\n"
    assert cut(f"{head} (https://shop.example/o/1182) >\n> Ana\n>").reply == "Thanks!"
    assert "shop" in cut(f"{head}https://shop.example/o/1182\n> Ana\n>").reply  # an answer


def test_a_line_that_a_program_has_wrapped_belongs_to_the_quotation() -> None:
    text = (
        "Yes.\n\n> I would like to know whether the parcel with the number 1182 has arrived\n"
        "already\n> or not"
    )
    assert cut(text).reply == "Yes."
    link = "Yes.\n\n> see (https://help.example/tickets/\n1182)\n> and tell us"
    assert cut(link).reply == "Yes."


def test_an_address_of_the_attribution_may_take_lines_of_its_own() -> None:
    attribution = "On Tue, Mar 3, 2026, 10:07 PM Ana\n\n<\nmailto:Ana <a@demo.example>\n> wrote:"
    assert cut(f"Yes.\n\n{attribution}\nShall we?").reply == "Yes."


def test_an_answer_on_the_line_of_the_attribution() -> None:
    found = cut("Yes, please On Wed, Apr 4, 2026 at 3:59 PM, Ana wrote:\n> Shall we?")
    assert found.reply == "Yes, please"


def test_what_is_passed_on_stays() -> None:
    text = (
        "Please see below.\n\n---------- Forwarded message ---------\nFrom: Kim <k@x.example>\n\nHi"
    )
    assert cut(text) == Visible(text)
    outlook = "Please see below.\n\nFrom: Kim <k@x.example>\nSent: today\nTo: Joe\n\nHi"
    assert cut(outlook).reply == "Please see below."
    assert cut(outlook, passes_on=True) == Visible(outlook)


def test_a_signature_and_a_quotation_are_kept_in_their_order() -> None:
    text = "Yes.\n\n-- \nJoe\n\nOn 1 Mar 2026, Ana wrote:\n> Shall we?"
    found = cut(text)
    assert (found.reply, found.signature) == ("Yes.", "-- \nJoe")
    assert found.cut == "-- \nJoe\n\nOn 1 Mar 2026, Ana wrote:\n> Shall we?"


def test_the_signature_may_stand_below_the_quotation() -> None:
    found = cut("Yes.\n\nOn 1 Mar 2026, Ana wrote:\n> Shall we?\n\n--\nJoe Miller")
    assert (found.reply, found.signature) == ("Yes.", "--\nJoe Miller")


LINES = st.sampled_from(
    [
        "",
        "On a wrote:",
        "On 1 Mar 2026 at 13:00, Ana <help@demo.example> wrote:",
        "> quoted",
        ">> deeper (http://x",
        "text",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "From: Ana <help@demo.example>",
        "Sent: today",
        "Subject: x",
        "-- ",
        "--",
        "_____________",
        "Kind regards",
        "Joe Miller",
        "Sent from my telephone",
        "This e-mail is confidential",
        "-Joe",
        "yes On Wed, Apr 4, 2026, Ana wrote:",
        "\xa0\ufeff> x",
    ]
)


@given(
    st.lists(LINES | st.text(st.characters(exclude_categories=["Cc", "Cs"]))).map("\n".join),
    st.booleans(),
)
@example("x On 1 1a:\n> \n> ", False)
@settings(deadline=None, max_examples=300)
def test_no_word_is_lost(text: str, passes_on: bool) -> None:
    found = cut(text, author="Joe Miller", passes_on=passes_on)
    assert found.reply.strip() or not text.strip()
    words = Counter(text.replace("-", " ").split())
    taken = Counter(f"{found.reply}\n{found.cut}".replace("-", " ").split())
    assert not words - taken
    if found.cut != text.strip("\n"):
        assert taken == words
        apart = f"{found.reply}\n{found.quoted}\n{found.signature}"
        assert Counter(apart.replace("-", " ").split()) == words


@pytest.mark.parametrize(
    "line",
    ["On 1 Mar 2026, Ana <", "From: a@b", "> x", "-- ", "a\n", "_____", "On On On On", "(" * 300],
)
def test_a_body_of_very_many_lines_is_read_in_one_pass(line: str) -> None:
    text = f"yes\n{line}\n" + f"{line}\n" * (MAX_LINES + 10)
    found = cut(text)
    assert Counter(f"{found.reply}\n{found.cut}".split()) >= Counter(text.split())
