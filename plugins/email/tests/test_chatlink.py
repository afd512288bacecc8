"""A link at the end of an answer, by which one person goes on in the web chat."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omniroute import Address, ConfigError, Outbound
from omniroute.testing.proofs import Notary
from omniroute_email.chatlink import LASTS, with_link
from omniroute_email.settings import Config, mailboxes

URL, WORDS = "https://help.example/channels/webchat/site/", "Chat {with} us: {link}"
ANSWER = Outbound(
    idempotency_key="e-1",
    conversation="joe@x.example",
    to=Address("email", "joe@x.example", display="Joe"),
    text="You get it back.\n",
)


async def test_the_link_stands_below_the_answer_in_the_desks_words() -> None:
    notary = Notary()
    said = await with_link(ANSWER, URL, WORDS, notary)
    assert said.text == f"You get it back.\n\nChat {{with}} us: {URL}#from={'t' * 43}"
    who = Address("email", "joe@x.example", verified=True, display="Joe")
    assert notary.made == [(who, LASTS)]


@pytest.mark.parametrize(
    "out",
    [
        replace(ANSWER, copies=(Address("email", "ana@x.example"),)),
        replace(ANSWER, automatic=True),
        replace(ANSWER, text=" "),
    ],
)
async def test_what_others_read_or_a_machine_says_has_none(out: Outbound) -> None:
    notary = Notary()
    assert await with_link(out, URL, WORDS, notary) is out
    assert notary.made == []


async def test_unless_a_page_is_set_there_is_none() -> None:
    assert await with_link(ANSWER, "", WORDS, Notary()) is ANSWER
    assert await with_link(ANSWER, URL, WORDS, None) is ANSWER


@pytest.mark.parametrize(
    ("name", "value"),
    [("chat_url", "help.example"), ("chat_url", f"{URL}#top"), ("chat_words", "Chat with us")],
)
def test_what_cannot_be_meant_is_named(name: str, value: str) -> None:
    config = Config(addresses=["help@demo.example"], **{name: value})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=f"channels.help.{name}"):
        mailboxes(config, "channels.help")
