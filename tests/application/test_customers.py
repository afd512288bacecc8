"""Who is who, all that is kept of one, and how it is erased."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pytest

from omniroute.application.authorize import SYSTEM, Actor, Kind
from omniroute.application.importing import People, Person, Reach
from omniroute.core import inputs as i
from omniroute.core.model import Evidence
from omniroute.errors import Refused
from omniroute.runtime.loading import differences, fold
from omniroute.runtime.rows import Attachment

if TYPE_CHECKING:
    from tests.application.conftest import Desk

ANA, FRIEDA = Actor(Kind.AGENT, "ana", "agent"), Actor(Kind.AGENT, "di", "admin")
BILL = Attachment("bill.pdf", "application/pdf", 3, "a" * 64)
LOGO = Attachment("logo.png", "image/png", 3, "b" * 64)


class Elsewhere:
    """Where else something is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], list[str]]] = []

    async def forget(self, values: Sequence[str], files: Sequence[str]) -> int:
        self.asked.append((list(values), list(files)))
        return 1


async def refused(desk: Desk, who: str) -> str:
    with pytest.raises(Refused) as error:
        await desk.application.customers.show(ANA, who)
    return error.value.text


async def test_somebody_is_found_by_thread_by_address_and_by_id(desk: Desk) -> None:
    thread = desk.scene.writes("joe@x.org", "My refund?", name="Joe Miller")
    await desk.seen()
    people = desk.application.customers
    page = await people.show(ANA, f"#{thread}")
    assert (page.name, [handle.value for handle in page.handles]) == ("Joe Miller", ["joe@x.org"])
    assert await people.show(ANA, "JOE@x.org") == page
    assert await people.show(ANA, page.id) == page
    assert [row.id for row in page.threads] == [thread]
    assert await refused(desk, "kim@x.org") == (
        "Nobody is known as “kim@x.org”; name a thread (#4812) or an address."
    )
    assert (await refused(desk, "#99")).startswith("Nobody is known as “#99”")


async def test_an_address_nobody_vouches_for_hides_nobody(desk: Desk) -> None:
    desk.scene.writes("joe@x.org", "it is me", name="Joe")
    desk.scene.writes("joe@x.org", "it is me, too", verified=False)
    await desk.seen()
    page = await desk.application.customers.show(ANA, "joe@x.org")
    assert page.handles[0].verified


async def test_whoever_may_be_somebody_is_listed(desk: Desk) -> None:
    desk.scene.writes("joe@x.org", "hello", name="Joe")
    desk.scene.writes("v1", "hi", channel="webchat", also="joe@x.org", evidence=Evidence.INFERRED)
    await desk.seen()
    (link,) = await desk.application.customers.suggested(ANA)
    assert link.state == "suggested"
    assert link.text.endswith("may be one person: inferred by web chat")
    desk.scene.decide(lambda at: i.LinkDenied("deny", at, "ana", link.a, link.b))
    await desk.seen()
    assert await desk.application.customers.suggested(ANA) == ()


async def test_who_may_be_somebody_by_name_and_address(desk: Desk) -> None:
    people, scene = desk.application.customers, desk.scene
    scene.writes("joe.miller@x.org", "hello", name="Joe Miller")
    scene.writes("joe.miller@work.example", "hello", name="Miller, Joe")
    scene.writes("jm@y.org", "hello", name="Joé Miller")
    scene.writes("kim@x.org", "hello", name="Kim Miller")
    scene.writes("info@x.org", "hello", name="Joe")
    await desk.seen()
    found = await people.likely(ANA, "joe.miller@x.org")
    assert [(who.name, who.score) for who in found] == [("Miller, Joe", 0.7), ("Joé Miller", 0.5)]
    assert found[0].reasons == ("both are called Joe Miller", "both write as joe.miller@…")
    mine = (await people.show(ANA, "joe.miller@x.org")).handles[0].id
    other = (await people.show(ANA, "jm@y.org")).handles[0].id
    scene.decide(lambda at: i.LinkDenied("deny", at, "ana", mine, other))
    await desk.seen()
    assert [who.score for who in await people.likely(ANA, "joe.miller@x.org")] == [0.7]
    assert await people.likely(ANA, "kim@x.org") == ()


async def test_an_address_under_several_names_is_asked_about_and_declared(desk: Desk) -> None:
    people, told = desk.application.customers, list[tuple[str, bool]]()
    people.on_shared = lambda handle, shared: told.append((handle, shared))
    thread = desk.scene.writes("info@x.org", "it is Bob", name="Bob", called="bob")
    for name in ("Eve", "Kim"):
        desk.scene.writes("info@x.org", f"it is {name}", name=name, called=name)
    await desk.seen()
    (suspect,) = await people.shared(ANA)
    assert (suspect.value, suspect.sharing) == ("info@x.org", "suspected")
    page = await desk.application.query.thread(ANA, thread)
    said = [item.text for item in page.items if "several names" in item.text]
    assert said == ["info@x.org is used under several names: do several people share it?"]
    with pytest.raises(Refused):
        await people.share(ANA, "info@x.org", True)
    with pytest.raises(Refused, match="Nobody is known as"):
        await people.share(SYSTEM, "info@y.org", True)
    assert (await people.share(SYSTEM, "INFO@x.org", True)).startswith("Nobody is joined over")
    assert desk.scene.box.puts == {f"y/{suspect.id}": b"{}"}
    await desk.seen()
    assert [handle.sharing for handle in await people.shared(ANA)] == ["shared"]
    assert (await people.share(SYSTEM, "info@x.org", False)).startswith("Noted: one person")
    assert desk.scene.box.puts == {f"y/{suspect.id}": None}
    await desk.seen()
    assert await people.shared(ANA) == ()
    assert told == [(suspect.id, True), (suspect.id, False)]


def _merged(other: str, at: int) -> i.MergeAsked:
    return i.MergeAsked(other, at, "ana", "h:joe@x.org", other)


async def test_d4_whatever_is_known_of_three_who_are_one_is_known_afterwards(desk: Desk) -> None:
    scene, people = desk.scene, desk.application.customers
    known = {"joe@x.org": "Joe Miller", "joe@work.example": "J. Miller", "jm@y.org": "Joseph M."}
    for address, name in known.items():
        scene.writes(address, f"from {address}", name=name)
    for other in ("joe@work.example", "jm@y.org"):
        scene.decide(partial(_merged, f"h:{other}"))
    await desk.seen()
    page = await people.show(ANA, "jm@y.org")
    assert {handle.value: handle.display for handle in page.handles} == known
    everything = await people.export(FRIEDA, "joe@x.org")
    assert {said.text for said in everything.messages} == {f"from {one}" for one in known}


async def test_d10_whoever_is_called_like_somebody_else_is_a_customer(desk: Desk) -> None:
    first = desk.scene.writes("joe@x.org", "hello", name="joe")
    second = desk.scene.writes("joe@y.org", "hello", name="joe")
    await desk.seen()
    one, other = [await desk.application.customers.show(ANA, f"#{n}") for n in (first, second)]
    assert (one.name, other.name) == ("joe", "joe")
    assert one.id != other.id
    assert first != second


async def test_what_is_given_out_is_all_there_is(desk: Desk) -> None:
    scene = desk.scene
    thread = scene.writes("joe@x.org", "My refund?", subject="Order 7", files=(BILL,))
    scene.replies("ana", thread, "It is on its way.")
    scene.writes("eve@x.org", "Mine?")
    await desk.seen()
    everything = await desk.application.customers.export(FRIEDA, "joe@x.org")
    assert [(said.kind, said.text) for said in everything.messages] == [
        ("customer", "My refund?"),
        ("reply", "It is on its way."),
    ]
    first = everything.messages[0]
    assert (first.address, first.subject, first.files[0]["name"]) == (
        "joe@x.org", "Order 7", "bill.pdf",
    )  # fmt: skip


async def test_what_was_said_a_moment_ago_is_given_out_as_well(desk: Desk) -> None:
    desk.scene.writes("joe@x.org", "My refund?")
    await desk.seen()
    desk.scene.box.on_commit = lambda: None  # the views stand still
    desk.scene.writes("joe@x.org", "And my money?")
    giving = asyncio.create_task(desk.application.customers.export(FRIEDA, "joe@x.org"))
    while not (giving.done() or desk.application.projector.awaited):  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # one that waits for nothing gives out what the views show
    desk.application.wake()
    assert [said.text for said in (await giving).messages] == ["My refund?", "And my money?"]


async def test_whoever_was_taken_in_from_a_list_is_found_at_once(desk: Desk) -> None:
    joe = Person((Reach("email", "joe@x.org"), Reach("phone", "+491701234567")), "Joe Miller")
    importing = desk.application.importing
    importing.handle = lambda address: f"h:{address.value}"
    kept = asyncio.Event()
    desk.scene.box.on_commit = kept.set  # and the views stand still
    taking = asyncio.create_task(importing.take_in(FRIEDA, People((joe,))))
    await kept.wait()
    desk.application.wake()
    assert [taken.new for taken in await taking] == [2]
    assert (await desk.application.customers.show(ANA, "joe@x.org")).name == "Joe Miller"


@pytest.mark.parametrize("what", ["export", "erase"])
async def test_only_admins_take_a_persons_data_away(desk: Desk, what: str) -> None:
    desk.scene.writes("joe@x.org", "My refund?")
    with pytest.raises(Refused, match="Only an admin"):
        await getattr(desk.application.customers, what)(ANA, "joe@x.org")


async def test_incident_25_what_is_erased_is_nowhere_and_what_was_decided_stays(desk: Desk) -> None:
    scene, people = desk.scene, desk.application.customers
    people.remains = elsewhere = Elsewhere()
    thread = scene.writes("joe@x.org", "My xylophone", name="Joe Miller", files=(BILL, LOGO))
    scene.notes("ana", thread, "He plays the xylophone")
    sent = scene.replies("ana", thread, "Which xylophone?")
    scene.delivered(thread, sent, "rejected", words="joe@x.org: mailbox full")
    other = scene.writes("eve@x.org", "A xylophone, too", name="Eve", files=(LOGO,))
    await desk.seen()

    with pytest.raises(Refused, match=f"#{thread} is still open; solve it first"):
        await people.erase(FRIEDA, "joe@x.org")
    scene.resolves("ana", thread)
    erased = await people.erase(FRIEDA, "joe@x.org")  # of what is committed, not of what is shown
    assert await refused(desk, "joe@x.org")  # and the next who asks does not meet them

    assert (erased.messages, erased.handles, erased.files, erased.letters) == (3, 1, 1, 1)
    assert elsewhere.asked == [(["joe@x.org"], [BILL.sha])]
    words = (b'"Joe Miller"', b'"joe@x.org"', b"My xylophone", b"plays the")
    rows = [row for prefix in "abcdhnoprstvx" for _, row in scene.reader.scan(f"{prefix}/", "")]
    journal = [record.body for record in scene.reader.tail(0, 1000)]
    assert not [word for word in words for kept in (*rows, *journal) if word in kept]
    with sqlite3.connect(scene.path) as db:
        tables = ("threads", "messages", "files", "happenings", "handles", "customers", "found")
        shown = repr([db.execute(f"SELECT * FROM {table}").fetchall() for table in tables])  # noqa: S608
    db.close()
    for word in ("Joe Miller", "'joe@x.org'", "My xylophone", "plays the"):
        assert word not in shown
    page = await desk.application.query.thread(SYSTEM, thread)
    assert (page.row.name, page.row.phase) == ("unknown sender", "resolved")
    assert [item.text for item in page.items if item.kind != "event"] == ["(no longer kept)"] * 3
    assert "xylophone" in (await desk.application.query.thread(SYSTEM, other)).items[0].text
    assert differences(scene.reader, fold(scene.reader)) == []
    (tombstone,) = [body for body in journal if b"CustomerErased" in body]
    assert b'"by":"di"' in tombstone


async def test_no_page_and_no_index_of_the_views_has_an_erased_word_left(desk: Desk) -> None:
    scene, path = desk.scene, desk.scene.path
    thread = scene.writes("joe@x.org", "Is my zeppelin there?", name="Joe Miller")
    await desk.seen()
    views = [path.with_name(path.name + suffix) for suffix in ("", "-wal")]
    assert any(b"zeppelin" in file.read_bytes() for file in views)
    scene.resolves("ana", thread)
    await desk.application.customers.erase(FRIEDA, "joe@x.org")
    await desk.seen()
    left = b"".join(file.read_bytes().lower() for file in views)
    assert not [word for word in (b"zeppelin", b"miller") if word in left]


async def test_i10_a_merged_and_split_person_is_erased_on_their_side_only(desk: Desk) -> None:
    scene, people = desk.scene, desk.application.customers
    joe = scene.writes("joe@x.org", "Joe's words")
    tom = scene.writes("tom@x.org", "Tom's words")
    for thread in (joe, tom):
        scene.resolves("ana", thread)
    a, b = "h:joe@x.org", "h:tom@x.org"
    scene.decide(lambda at: i.MergeAsked("m", at, "ana", a, b))
    scene.decide(lambda at: i.LinkDenied("d", at, "ana", a, b))
    await desk.seen()
    await people.erase(FRIEDA, "tom@x.org")
    await desk.seen()
    kept = await people.export(FRIEDA, "joe@x.org")
    assert [said.text for said in kept.messages] == ["Joe's words"]
    assert [row.id for row in kept.customer.threads] == [joe]


async def test_why_they_were_joined_is_erased_with_them(desk: Desk) -> None:
    scene, people = desk.scene, desk.application.customers
    for thread in (scene.writes("joe@x.org", "hello"), scene.writes("tom@x.org", "hello")):
        scene.resolves("ana", thread)
    scene.decide(
        lambda at: i.MergeAsked("m", at, "ana", "h:joe@x.org", "h:tom@x.org", "why"),
        scene.said("why", "his brother told me"),
    )
    await desk.seen()
    await people.erase(FRIEDA, "tom@x.org")
    assert scene.reader.get(["b/why"]) == {}


async def test_nobody_is_erased_while_another_matter_of_theirs_is_open(desk: Desk) -> None:
    scene, people = desk.scene, desk.application.customers
    first = scene.writes("joe@x.org", "my invoice")
    scene.decide(lambda at: i.ThreadClaimed("t", at, "ana", first))
    scene.writes("joe@x.org", "and my parcel")
    answer = scene.decide(lambda at: i.NewMatter("n", at, "ana", first))
    assert answer.ok, answer.code
    for thread in scene.state.threads.values():
        if thread.id != first:
            scene.resolves("ana", thread.id)
    await desk.seen()
    with pytest.raises(Refused, match=f"#{first} is still open"):
        await people.erase(FRIEDA, "joe@x.org")
