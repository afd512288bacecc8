from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute import Secret
from omniroute_webchat.token import LONGEST_LIFE, Claims, Refusal, sign, verify

SECRET = "the shop and the chat share this one"
OTHER = "somebody else has made up this secret"
NOW = 1_700_000_000

GOOD: dict[str, Any] = {"aud": "omniroute", "sub": "17", "jti": "n1", "exp": NOW + 60}


def read(token: str, *secrets: str, now: float = NOW) -> Claims | Refusal:
    return verify(token, secrets or (SECRET,), "omniroute", now)


def made(headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """A well-signed token with claims of the test's own; None takes one away."""
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    # Signed below the library's own checks, which refuse to sign what we must refuse to believe.
    return jwt.PyJWS().encode(json.dumps(claims).encode(), SECRET, "HS256", headers=headers)


def unsigned(header: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(GOOD)}."


def test_what_the_site_signed_is_believed() -> None:
    token = sign(
        Secret(SECRET), "17", email="Joe@Shop.Example", name=" Joe\tMiller\n", now=NOW, nonce="n1"
    )
    assert read(token) == Claims("17", "joe@shop.example", "Joe Miller", "n1", NOW + 3600)


def test_mail_and_name_are_optional() -> None:
    assert read(sign(SECRET, "17", now=NOW, nonce="n")) == Claims("17", "", "", "n", NOW + 3600)


def test_every_token_has_a_nonce_of_its_own() -> None:
    nonces = {read(sign(SECRET, "17", now=NOW)) for _ in range(20)}
    assert len(nonces) == 20


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(made(exp=NOW), "expired", id="expired this second"),
        pytest.param(made(exp=NOW - 1.5), "expired", id="expired"),
        pytest.param(made(exp=NOW + LONGEST_LIFE + 1), "lifetime", id="good for more than a day"),
        pytest.param(made(nbf=NOW + 1), "not_yet", id="good later"),
        pytest.param(made(aud="shop"), "audience", id="for somebody else"),
        pytest.param(made(aud=None), "claims", id="for nobody"),
        pytest.param(made(aud=17), "audience", id="for a number"),
        pytest.param(made(exp=None), "claims", id="eternal"),
        pytest.param(made(exp="soon"), "claims", id="exp is a word"),
        pytest.param(made(exp=True), "claims", id="exp is true"),
        pytest.param(made(exp=float("nan")), "claims", id="exp is not a number"),
        pytest.param(made(exp=float("inf")), "claims", id="exp is infinite"),
        pytest.param(made(exp=-1), "claims", id="exp before time began"),
        pytest.param(made(exp=10**400), "claims", id="exp beyond measure"),
        pytest.param(made(nbf="now"), "claims", id="nbf is a word"),
        pytest.param(made(jti=None), "claims", id="no nonce"),
        pytest.param(made(jti=""), "claims", id="empty nonce"),
        pytest.param(made(jti=5), "claims", id="nonce is a number"),
        pytest.param(made(sub=None), "claims", id="nobody"),
        pytest.param(made(sub=""), "claims", id="empty sub"),
        pytest.param(made(sub=17), "claims", id="sub is a number"),
        pytest.param(made(sub="17\n18"), "claims", id="newline in sub"),
        pytest.param(made(sub=" 17"), "claims", id="space before sub"),
        pytest.param(made(sub="x" * 256), "claims", id="endless sub"),
        pytest.param(sign(OTHER, "17", now=NOW), "signature", id="another secret"),
        pytest.param(unsigned({"alg": "none"}), "algorithm", id="alg none"),
        pytest.param(unsigned({"alg": "None", "typ": "JWT"}), "algorithm", id="alg None"),
        pytest.param(jwt.encode(GOOD, SECRET * 2, "HS512"), "algorithm", id="HS512"),
        pytest.param(made(headers={"crit": ["x"]}), "malformed", id="critical extension"),
        pytest.param("", "malformed", id="nothing"),
        pytest.param("a.b.c", "malformed", id="three letters"),
        pytest.param("17", "malformed", id="a bare id"),
        pytest.param("ü" * 30, "malformed", id="not even ASCII"),
        pytest.param("\ud800.\ud800.\ud800", "malformed", id="lone surrogates"),
        pytest.param("a" * 5000, "malformed", id="too long"),
        pytest.param(made()[:-1], "malformed", id="cut"),
        pytest.param(made() + "A", "signature", id="extended"),
        pytest.param(made().upper(), "malformed", id="upper-cased"),
    ],
)
def test_anything_else_vouches_for_nobody(token: str, reason: str) -> None:
    refused = read(token)
    assert isinstance(refused, Refusal)
    assert refused.reason == reason


def test_json_of_hostile_shape_is_refused_like_any_other() -> None:
    deep = "[" * 900 + "]" * 900
    for payload in (deep, f'{{"exp": {"9" * 2000}}}', "null", "[]", '"text"', "NaN", "\x00"):
        token = jwt.PyJWS().encode(payload.encode(), SECRET, "HS256")
        assert isinstance(read(token), Refusal)


def test_what_is_only_too_late_still_tells_whose_it_was() -> None:
    assert read(sign(SECRET, "17", now=NOW - 7200)) == Refusal("expired", "17")
    assert read(sign(OTHER, "17", now=NOW - 7200)) == Refusal("signature")


def test_without_a_secret_nobody_is_identified() -> None:
    assert verify(sign(SECRET, "17", now=NOW), (), "omniroute", NOW) == Refusal("disabled")


def test_the_former_secret_serves_while_the_site_moves_to_a_new_one() -> None:
    for secret in (SECRET, OTHER):
        assert isinstance(read(sign(secret, "17", now=NOW), OTHER, SECRET), Claims)
    third = sign("a third secret that is nobody's at all", "17", now=NOW)
    assert read(third, OTHER, SECRET) == Refusal("signature")
    assert read(made(exp=NOW), OTHER, SECRET) == Refusal("expired", "17")


@pytest.mark.parametrize(
    "email", ["joe", "a@b@c", "joe@", 5, None, "joe @x.org", "j@x.org\nBcc: a@b"]
)
def test_an_address_that_is_none_is_left_out(email: object) -> None:
    claims = read(made(email=email))
    assert isinstance(claims, Claims)
    assert claims.email == ""


@given(st.data())
def test_no_change_of_a_token_is_believed(data: st.DataObject) -> None:
    token = sign(SECRET, "17", now=NOW, nonce="n1")
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    changed = token[:at] + letter + token[at + 1 :]
    outcome = read(changed)
    # The last letter of a part may carry bits that stand for nothing.
    assert isinstance(outcome, Refusal) or outcome == read(token)


@given(st.text(max_size=200))
def test_no_text_is_too_strange_to_be_refused(text: str) -> None:
    assert isinstance(read(text), Refusal)
