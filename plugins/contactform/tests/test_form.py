"""What people type is kept once, shown as it was, and vouches for nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from omniroute import Address, Outbound, Rejected
from omniroute_contactform.filling import TRAP

if TYPE_CHECKING:
    from plugins.contactform.tests.conftest import Form, Opens

JOE = {"name": "Joe Miller", "email": "joe@mail.example", "message": "Where is my order?"}


async def test_a_message_is_answered_at_the_address_that_was_given(form: Form) -> None:
    answered = await form.sends(**JOE, subject="Order 7", ticket=await form.ticket())
    assert (answered.status, answered.headers["location"]) == (
        303,
        "/channels/contactform/main/sent?link",
    )
    (said,) = form.read()
    assert (said.text, said.subject, said.conversation) == (
        "Where is my order?",
        "Order 7",
        "joe@mail.example",
    )
    assert said.sender.display == "Joe Miller <joe@mail.example>"
    assert said.also_known_as == (Address("email", "joe@mail.example", display="Joe Miller"),)


async def test_whoever_types_the_same_address_is_somebody_else(form: Form) -> None:
    await form.sends(**JOE, ticket=await form.ticket())
    await form.sends(**{**JOE, "message": "It is me, Joe"}, ticket=await form.ticket())
    one, other = form.read()
    assert one.sender.value != other.sender.value
    assert not any(address.verified for said in (one, other) for address in said.also_known_as)


async def test_nobody_writes_under_the_ticket_of_another(form: Form) -> None:
    id = (await form.ticket()).partition(".")[0]
    await form.sends(**JOE, ticket=f"{id}.0123456789abcdef0123456789abcdef")
    (said,) = form.read()
    assert said.sender.value != id


@pytest.mark.parametrize("own", [False, True], ids=["ours", "a form of one's own"])
async def test_a_second_press_sends_no_second_message(form: Form, own: bool) -> None:
    ticket = {} if own else {"ticket": await form.ticket()}
    for _ in range(2):
        assert (await form.sends(**JOE, **ticket)).status == 303
    assert len(form.read()) == 1


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"email": ""}, "email", "Please give an e-mail address"),
        ({"email": "joe"}, "email", "That is no e-mail address"),
        ({"email": "joe@mail.example, mia@mail.example"}, "email", "no e-mail address"),
        ({"email": "Joe <joe@mail.example>"}, "email", "no e-mail address"),
        ({"email": "a" * 250 + "@mail.example"}, "email", "no e-mail address"),
        ({"message": " \n "}, "message", "Please write a message"),
        ({"message": "x" * 10_001}, "message", "too long: 10001 characters, of at most 10000"),
        ({"name": "x" * 201}, "name", "At most 200"),
    ],
)
async def test_a_fault_is_named_at_its_field_and_nothing_is_lost(
    form: Form, typed: dict[str, str], field: str, said: str
) -> None:
    given = {**JOE, "name": "<b>Joe</b>", **typed}
    answered = await form.sends(**given)
    page = answered.body.decode()
    assert answered.status == 422
    assert f'aria-describedby="{field}-fault"' in page
    assert f'<a href="#{field}">{said}' in page or said in page
    assert "<b>Joe" not in page
    assert "Where is my order?" in page or "message" in typed
    assert form.read() == []


async def test_a_header_cannot_be_written_into(form: Form) -> None:
    await form.sends(**{**JOE, "subject": "one\r\nBcc: all@mail.example", "name": "Joe\0\u2028M"})
    (said,) = form.read()
    assert said.subject == "one Bcc: all@mail.example"
    assert said.sender.display == "Joe M <joe@mail.example>"


async def test_whoever_fills_in_what_nobody_sees_is_thanked_and_not_heard(form: Form) -> None:
    answered = await form.sends(**JOE, **{TRAP: "555"})
    assert answered.status == 303
    assert (form.read(), form.post.sent) == ([], [])


async def test_a_flood_is_stopped_and_what_was_typed_stays(open_form: Opens) -> None:
    form = await open_form(per_minute=1, burst=2)
    answers = [await form.sends(**JOE, subject=str(n)) for n in range(3)]
    assert [answer.status for answer in answers] == [303, 303, 429]
    assert b"Where is my order?" in answers[-1].body


async def test_a_full_disk_keeps_what_was_typed_on_the_page(form: Form) -> None:
    form.notebook.full = True
    answered = await form.sends(**JOE, ticket=await form.ticket())
    assert answered.status == 503
    assert b"could not be kept" in answered.body
    assert b"Where is my order?" in answered.body


async def test_nothing_is_sent_here(form: Form) -> None:
    with pytest.raises(Rejected, match="answers go out by mail"):
        await form.channel.send(Outbound("k", "joe@mail.example", Address("email", "x"), "hi"))


async def test_it_speaks_as_the_browser_wishes(open_form: Opens) -> None:
    form = await open_form(topics=["Bestellung"], privacy_url="https://acme.example/privacy")
    page = await form.get(**{"accept-language": "fr, de-AT;q=0.8, en;q=0.5"})
    assert '<html lang="de">' in page
    assert "Ihre Nachricht" in page
    assert re.search(r"<option>Bestellung</option>", page)
    assert "https://acme.example/privacy" in page


async def test_only_named_sites_show_it_in_a_frame(open_form: Opens) -> None:
    form = await open_form(allowed_origins=["https://www.acme.example"])
    answered = await form.sends()
    policy = answered.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://www.acme.example")
    assert "default-src 'none'" in policy
