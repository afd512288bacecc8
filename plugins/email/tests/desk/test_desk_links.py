"""What is signed is what was meant; everything else is nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.desk.links import About, Ask, Seal
from omniroute_email.tokens import Tokens

SECRET = b"a secret"


def seal(secret: bytes = SECRET) -> Seal:
    return Seal(secret, Tokens("desk", "desk@shop.example", secret))


def test_a_link_says_what_it_was_made_for() -> None:
    ask = Ask("accept", "ana", seal().mark("ana@shop.example"), 12, 3, 99, "1")
    assert seal().read(seal().sign(ask)) == ask
    assert seal(b"another").read(seal().sign(ask)) is None


@given(st.text(max_size=200))
def test_whatever_else_stands_there_asks_for_nothing(token: str) -> None:
    assert seal().read(token) is None
    assert seal().about(token) is None


@given(st.integers(0, 999), st.characters())
def test_a_link_that_was_changed_asks_for_nothing(at: int, char: str) -> None:
    token = seal().sign(Ask("accept", "ana", "abcdef", 12))
    at %= len(token)
    changed = token[:at] + char + token[at + 1 :]
    if changed != token:
        found = seal().read(changed)
        assert found is None or found == Ask("accept", "ana", "abcdef", 12)  # unused last bits


def test_an_answer_tells_which_mail_it_is_about() -> None:
    about = About(4812, 17, seal().mark("ana@shop.example"))
    address = seal().answer_to(about)
    assert address.startswith("desk+4812-17-")
    assert len(address.partition("@")[0]) <= 64
    assert seal().about(address) == about
    assert seal().about(address.replace("4812", "4813")) is None
    assert seal().about("desk@shop.example") is None
    assert seal().about(address, 10**14) is None  # made long before


def test_a_token_of_another_purpose_is_none_of_the_desks() -> None:
    other = Tokens("reply", "desk@shop.example", SECRET)
    assert seal().about(other.address_for("1-1-abcdef")) is None


def test_each_mail_has_a_mark_of_its_own() -> None:
    first, second = About(1, 1, "abcdef"), About(1, 2, "abcdef")
    assert seal().line(first) != seal().line(second)
    assert len(seal().line(first)) == 8
