"""Who walks in is logged once, answered on the page, and proved by a code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import segno

from omniroute import Address, Amendment, Rejected
from omniroute.testing.proofs import TOKEN
from omniroute_frontdesk.codes import drawn

if TYPE_CHECKING:
    from plugins.frontdesk.tests.conftest import Desk


async def test_a_colleague_logs_a_visit_and_reads_the_answer(desk: Desk) -> None:
    answered = await desk.staff.logs(name="Joe Miller", email="joe@mail.example", phone="+49 30 1")
    (said,) = desk.read()
    visit = said.conversation
    assert answered.headers["location"] == f"/channels/frontdesk/main/visits/{visit}"
    assert said.sender == Address("frontdesk", visit, True, "Joe Miller")
    assert said.also_known_as == (
        Address("email", "joe@mail.example", display="Joe Miller"),
        Address("phone", "+49 30 1", display="Joe Miller"),
    )
    receipt = await desk.answers("Counter 3, <please>")
    page = (await desk.staff.gets(f"/visits/{visit}")).body.decode()
    assert "<b>Ana</b>" in page
    assert "Counter 3, &lt;please&gt;" in page
    change = Amendment(visit, said.sender, receipt.external_ids, "Counter 4")
    await desk.channel.edit(change)
    assert "Counter 4" in (await desk.staff.gets(f"/visits/{visit}")).body.decode()
    await desk.channel.delete(change)
    assert "Counter" not in (await desk.staff.gets(f"/visits/{visit}")).body.decode()
    with pytest.raises(Rejected, match="not there any more"):
        await desk.channel.edit(change)
    assert "Joe Miller" in (await desk.staff.gets("/visits")).body.decode()


async def test_what_they_say_later_is_theirs(desk: Desk) -> None:
    await desk.staff.logs(name="Joe")
    visit = desk.read()[0].conversation
    await desk.staff.posts(f"/visits/{visit}", text="And my key", ticket="a" * 32)
    first, second = desk.read()
    assert first.sender == second.sender
    assert first.external_id != second.external_id


async def test_a_second_press_logs_no_second_visit(desk: Desk) -> None:
    for _ in range(2):
        await desk.staff.logs(ticket="b" * 32)
    assert len(desk.read()) == 1
    assert (await desk.staff.gets("/visits")).body.decode().count("/visits/b") == 1


async def test_a_code_leads_to_where_they_are_known(desk: Desk) -> None:
    await desk.staff.logs(name="Joe")
    visit = desk.read()[0].conversation
    page = (await desk.staff.posts(f"/visits/{visit}/code")).body.decode()
    for url in (
        f"https://t.me/acme_help_bot?start={TOKEN}",
        f"https://desk.example/channels/webchat/site/#from={TOKEN}",
    ):
        assert drawn(url) in page
    assert desk.notary.made[-1][0] == Address("frontdesk", visit, True, "Joe")
    assert len(desk.notary.made) == 1  # whichever is scanned first


def test_a_code_is_what_a_scanner_reads() -> None:
    url = f"https://t.me/acme_help_bot?start={TOKEN}"
    side = segno.make(url, error="m", micro=False).symbol_size(border=4)[0]
    assert re.match(rf'<svg viewBox="0 0 {side} {side}" class="code">', drawn(url))


async def test_a_link_goes_to_the_address_they_gave(desk: Desk) -> None:
    await desk.staff.logs(email="joe@mail.example")
    visit = desk.read()[0].conversation
    page = (await desk.staff.posts(f"/visits/{visit}/link")).body.decode()
    assert "A link is on its way to joe@mail.example" in page
    ((_, to, where),) = desk.notary.sent
    assert (to.value, where) == (
        "joe@mail.example",
        "https://desk.example/channels/frontdesk/main/confirm/",
    )
    reader = desk.screen()  # who needs no key
    assert "It was me" in (await reader.gets(f"/confirm/{TOKEN}")).body.decode()
    assert desk.notary.proved == []
    assert "is yours" in (await reader.posts(f"/confirm/{TOKEN}")).body.decode()
    assert (await reader.posts(f"/confirm/{TOKEN}")).status == 410


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": " "}, "what it is about"),
        ({"text": "x" * 4001}, "at most 4000"),
        ({"email": "joe"}, "no e-mail address"),
        ({"ticket": "../x"}, "too old"),
    ],
)
async def test_a_fault_is_said_and_what_was_typed_stays(
    desk: Desk, typed: dict[str, str], said: str
) -> None:
    answered = await desk.staff.logs(name="Joe", **typed)
    assert answered.status == 422
    assert said in answered.body.decode()
    assert 'value="Joe"' in answered.body.decode()
    assert desk.read() == []


async def test_a_full_disk_keeps_what_was_typed_on_the_page(desk: Desk) -> None:
    desk.notebook.full = True
    answered = await desk.staff.logs(name="Joe")
    assert (answered.status, b"I have lost my card" in answered.body) == (503, True)


async def test_who_is_erased_is_gone_from_the_desk(desk: Desk) -> None:
    await desk.staff.logs(name="Joe")
    visit = desk.read()[0].conversation
    await desk.channel.forget([visit])
    assert (await desk.staff.gets(f"/visits/{visit}")).status == 404
    with pytest.raises(Rejected, match="this visit is over"):
        await desk.answers("hello?")
