"""What we asked and promised is read out of what we said, the same for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute.application.continuity import MOST, Asked, Said, continuity, in_words
from omniroute.core.inputs import ReplyUndone

if TYPE_CHECKING:
    from tests.application.conftest import Desk


def we(text: str) -> Said:
    return Said(True, text)


def they(text: str) -> Said:
    return Said(False, text)


def test_a_question_and_its_answer() -> None:
    said = [
        we("Hello Joe. Which order was it? And which card?"),
        they("order 1182, card ending 42"),
        we("Thanks. When was it?"),
    ]
    assert continuity(said).asked == (
        Asked("Which order was it?", "order 1182, card ending 42"),
        Asked("And which card?", "order 1182, card ending 42"),
        Asked("When was it?"),
    )
    (line,) = in_words(continuity(said))
    assert line == (
        "Asked already  Which order was it? → order 1182, card ending 42"
        " · And which card? → order 1182, card ending 42 · When was it? (open)"
    )


def test_what_asks_for_nothing() -> None:
    said = [we("Hello! How are you? Really? How can I help you?"), they("What about my order?")]
    assert continuity(said).asked == ()


@pytest.mark.parametrize(
    "text",
    [
        "We will refund it.", "I'll call you.", "You will hear from us.", "It is there by Friday",
        "Done within 2 days.", "Wir werden es erstatten.", "Sie erhalten es bis morgen.",
        "Spätestens zum Monatsende.",
    ],
)  # fmt: skip
def test_a_promise(text: str) -> None:
    assert continuity([we(f"Hello. {text}")]).promised == (text,)
    assert continuity([they(text)]).promised == ()


def test_only_the_latest_of_many_count_and_each_once() -> None:
    many = [we(f"Is it number {n}? We will see about {n}.") for n in range(9)] * 2
    known = continuity(many)
    assert [one.question for one in known.asked] == [f"Is it number {n}?" for n in (6, 7, 8)]
    assert len(known.promised) == MOST


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=80)), max_size=10))
def test_it_is_bounded_and_depends_on_nothing_else(said: list[tuple[bool, str]]) -> None:
    messages = [Said(ours, text) for ours, text in said]
    known = continuity(messages)
    assert known == continuity(list(messages))
    assert len(known.asked) <= MOST
    assert len(known.promised) <= MOST
    assert all("\n" not in line for line in in_words(known))


async def test_whoever_takes_over_on_another_channel_reads_it_on_the_card(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("v-17", "charged twice", channel="webchat", name="Joe", also="joe@x.org")
    scene.replies("ana", thread, "Which order was it? We will look at it today.")
    scene.writes("v-17", "order 1182", channel="webchat", also="joe@x.org")
    assert scene.writes("joe@x.org", "here is the receipt") == thread
    scene.transfers("ana", thread, "you know his bank", to_agent="di")
    await desk.seen()
    lines = await desk.application.query.card(SYSTEM, thread, "di")
    assert "Asked already  Which order was it? → order 1182" in lines
    assert "Promised  We will look at it today." in lines


async def test_what_was_taken_back_was_neither_asked_nor_promised(desk: Desk) -> None:
    thread = desk.scene.writes("joe@x.org", "charged twice")
    desk.scene.replies("ana", thread, "Which order was it? We will see.", hold=9_000)
    held = desk.scene.state.threads[thread].held[0].message
    desk.scene.decide(lambda at: ReplyUndone("undo", at, "ana", thread, held))
    await desk.seen()
    lines = await desk.application.query.card(SYSTEM, thread, "ana")
    assert not any(line.startswith(("Asked", "Promised")) for line in lines)


async def test_who_else_it_may_be_stands_on_the_card_and_the_page(desk: Desk) -> None:
    scene = desk.scene
    first = scene.writes("joe.miller@x.org", "hello", name="Joe Miller")
    thread = scene.writes("joe.miller@work.org", "hello", name="Joe Miller")
    await desk.seen()
    lines = await desk.application.query.card(SYSTEM, thread, "ana")
    assert lines[2] == (
        "Maybe  Joe Miller: both are called Joe Miller; both write as joe.miller@… (0.70)"
        f" · merge #{first}"
    )
    page = await desk.application.query.thread(await desk.application.actor("ana"), thread)
    assert [(who.thread, who.mine, who.handle) for who in page.likely] == [
        (first, "h:joe.miller@work.org", "h:joe.miller@x.org")
    ]


async def test_why_somebody_joined_two_is_shown_until_they_are_erased(desk: Desk) -> None:
    scene = desk.scene
    scene.writes("joe@x.org", "hello")
    thread = scene.writes("j.miller@x.org", "hello")
    merge = c.Merge(a="h:joe@x.org", b="h:j.miller@x.org", why="the same order number")
    assert (await desk.does("ana", merge)).code == "merged"
    await desk.seen()
    page = await desk.application.query.thread(await desk.application.actor("ana"), thread)
    assert "Ana Ruiz said so (“the same order number”)" in page.links[0].text
