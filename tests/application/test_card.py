"""The context card: nine lines at most, always in the same order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from omniroute.application.card import MOST, Facts, card
from omniroute.application.directory import Directory
from omniroute.application.pages import HandleView, ThreadRow
from omniroute.core import inputs as i
from omniroute.core.model import Step

if TYPE_CHECKING:
    from tests.application.conftest import Desk

NOW = 1_772_442_900_000  # Mon 2026-03-02 09:15 UTC
MINUTE, DAY = 60_000, 86_400_000

ROW = ThreadRow(
    id=4812, version=3, phase="offered", customer="c", name="Joe Miller", verified=True,
    channel="telegram", excerpt="I was charged twice for order 1182", queue="billing",
    priority=30, deadline=NOW + 9 * MINUTE, since=NOW, routing_since=NOW, last_at=NOW,
    waiting=True, agent="", agent_name="", tags=("vip", "acme.com"),
)  # fmt: skip
OLD = msgspec.structs.replace(
    ROW, id=4700, phase="closed", channel="webchat", excerpt="Invoice 1182?", agent="ana",
    agent_name="Ana Ruiz", since=NOW - 28 * DAY,
)  # fmt: skip
HANDLES = (
    HandleView("1", "email", "joe@example.org", "Joe Miller", verified=True),
    HandleView("2", "telegram", "77123", "@joe_m", verified=True),
)
FACTS = Facts(
    row=ROW, topic="refund", replies=0, wrote_at=NOW, handles=HANDLES, before=(OLD,),
    note=("Bo Berg", "bank confirmed the double charge"), step=Step(),
    why_you="rule refunds → billing · refunds 4≥3 · load 2/5",
)  # fmt: skip


def shown(**changes: Any) -> list[str]:
    row = {name: changes.pop(name) for name in list(changes) if hasattr(ROW, name)}
    facts = replace(FACTS, row=msgspec.structs.replace(ROW, **row), **changes)
    return list(card(facts, Directory(), NOW))


def test_the_whole_card() -> None:
    assert shown() == [
        "● HIGH  refund  first reply due in 9 min  #4812",
        "Joe Miller · joe@example.org ✓ · @joe_m (Telegram) ✓ · vip · acme.com",
        "“I was charged twice for order 1182”  Telegram 09:15",
        "Before  web chat 2 Feb “Invoice 1182?”, solved by Ana Ruiz",
        "Note from Bo Berg  “bank confirmed the double charge”",
        "Why you  rule refunds → billing · refunds 4≥3 · load 2/5",
    ]


def test_a_bare_card() -> None:
    lines = shown(topic="", deadline=0, handles=(), tags=(), excerpt="", before=(), note=None)
    assert lines == ["● HIGH  #4812", "Joe Miller", f"Why you  {FACTS.why_you}"]


def test_a_card_never_has_more_than_nine_lines() -> None:
    facts = {"before": [OLD] * 5, "step": Step(tell="customer writes German")}
    lines = shown(**facts)
    assert len(lines) <= MOST
    assert "Mind  customer writes German" in lines
    assert lines[-1].startswith("Why you")


def test_a_deadline_that_has_passed() -> None:
    assert "first reply late by 3 min" in shown(deadline=NOW - 3 * MINUTE)[0]
    assert "next reply due in 9 min" in shown(replies=2)[0]


def test_how_long_it_will_probably_wait() -> None:
    assert shown(expected="about 4-7 min")[0].endswith("in 9 min  wait about 4-7 min  #4812")
    assert "wait unknown" in shown(expected="unknown")[0]


def test_the_mark_stands_only_on_what_is_vouched_for() -> None:
    forged = HandleView("3", "email", "joe@example.org", "Joe Miller", verified=False)
    assert shown(handles=(forged,), tags=())[1] == "Joe Miller · joe@example.org unverified"


def test_a_name_cannot_vouch_for_itself() -> None:
    """The mark of a name that a stranger chose is taken away before it comes here."""
    from omniroute.application.words import person

    assert "✓" not in person("Ana ✓ (Support) ✔")
    assert person("Joe\n\u202eMiller\x00") == "Joe Miller"


def test_an_address_that_is_the_name_is_said_once() -> None:
    plain = HandleView("1", "email", "joe@x.org", "", verified=True)
    visitor = HandleView("2", "webchat", "v-17", "", verified=True)
    named = HandleView("2", "webchat", "v-17", "Joe Miller", verified=True)
    assert shown(name="joe@x.org", handles=(plain,), tags=())[1] == "joe@x.org ✓"
    assert shown(name="v-17", handles=(visitor,), tags=())[1] == "v-17 (web chat) ✓"
    assert shown(handles=(named,), tags=())[1] == "Joe Miller · web chat ✓"


def test_text_stays_on_its_line() -> None:
    lines = shown(excerpt="a\nb\u2028c " + "x" * 500, note=("Bo", "one\ntwo" + "y" * 500))
    assert len(lines) == 6
    assert all("\n" not in line and len(line) < 260 for line in lines)


async def test_a_transfers_reason_is_on_the_receivers_card(desk: Desk) -> None:
    scene = desk.scene
    scene.online("ana", "bo")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    scene.accepts("ana", thread)
    scene.transfers("ana", thread, "you know his bank", to_agent="bo")
    await desk.seen()
    from omniroute.application.authorize import SYSTEM

    lines = await desk.application.query.card(SYSTEM, thread, "bo")

    assert "Note from Ana Ruiz  “you know his bank”" in lines
    assert lines[-1] == "Why you  rule refunds → billing · refunds 2<3 · load 1/2"


async def test_what_a_relaxed_step_has_to_say_is_on_the_card(desk: Desk) -> None:
    scene = desk.scene
    scene.online("bo")
    thread = scene.writes("joe@x.org", "My refund?", topic="refund")
    scene.wait(minutes=2)
    await desk.seen()
    from omniroute.application.authorize import SYSTEM

    lines = await desk.application.query.card(SYSTEM, thread, "bo")

    assert lines[-2:] == (
        "Mind  offer a refund of half at most",
        "Why you  rule refunds → billing · refunds 2≥2 · load 1/2",
    )


async def test_the_subject_or_the_rule_stands_for_the_topic(desk: Desk) -> None:
    scene = desk.scene
    mail = scene.writes("joe@x.org", "hello", subject="Re: Order\n1182")
    chat = scene.writes("v-17", "hello", channel="webchat")
    scene.decide(lambda at: i.PriorityChanged("p", at, "cy", chat, 40))
    await desk.seen()
    from omniroute.application.authorize import SYSTEM

    first = [(await desk.application.query.card(SYSTEM, t, ""))[0] for t in (mail, chat)]
    assert first == [
        "● NORMAL  Re: Order 1182  first reply due in 60 min  #1",
        "● URGENT  the-rest  first reply due in 60 min  #2",
    ]
