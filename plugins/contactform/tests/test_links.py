"""A link shows that the address is theirs; looking at it does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omniroute.testing.proofs import TOKEN

if TYPE_CHECKING:
    from plugins.contactform.tests.conftest import Form, Opens

JOE = {"email": "joe@mail.example", "message": "Where is my order?"}


async def test_a_link_goes_to_the_address_and_names_the_form_alone(form: Form) -> None:
    await form.sends(**JOE)
    ((who, to, page),) = form.post.sent
    (said,) = form.read()
    assert who == said.sender
    assert (to.kind, to.value) == ("email", "joe@mail.example")
    assert page == "http://desk.example/channels/contactform/main/confirm/"


async def test_who_presses_the_button_has_read_the_mail(form: Form) -> None:
    await form.sends(**JOE)
    assert '<form method="post"><p><button>Yes, it was me</button>' in await form.get(
        f"/confirm/{TOKEN}"
    )
    answered = await form.sends(f"/confirm/{TOKEN}")
    assert "joe@mail.example is yours" in answered.body.decode()


async def test_a_link_that_is_none_says_so(form: Form) -> None:
    await form.sends(**JOE)
    answered = await form.sends("/confirm/worse")
    assert (answered.status, b"too old, or was used already" in answered.body) == (410, True)


@pytest.mark.parametrize("how", ["refused", "off", "none"])
async def test_without_a_link_the_message_is_kept_all_the_same(open_form: Opens, how: str) -> None:
    form = await open_form(confirm=how != "off", proofs=how != "none")
    form.post.refuses = "too_many"
    answered = await form.sends(**JOE)
    assert answered.headers["location"] == "/channels/contactform/main/sent"
    assert len(form.read()) == 1
