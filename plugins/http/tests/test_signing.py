"""Signatures: as the standard says, and nothing that only looks like one."""

from __future__ import annotations

import base64

import pytest

from omniroute_http.signing import Unusable, is_signed, is_timely, key_of, sign, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANOTHER = "whsec_" + base64.b64encode(b"x" * 24).decode()
AT, BODY = 1_614_265_330, b'{"test": 2432232314}'
HEADERS = signed([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY)


def test_it_signs_as_the_libraries_of_the_standard_do() -> None:
    made = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_either_side_may_move_to_a_new_secret() -> None:
    both = signed([ANOTHER, SECRET], "m", AT, BODY)
    assert is_signed([SECRET], both, BODY)
    assert is_signed([ANOTHER, SECRET], HEADERS, BODY)
    assert not is_signed([ANOTHER], HEADERS, BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "another"},
        {"webhook-timestamp": str(AT + 1)},
        {"webhook-signature": "v1,"},
        {"webhook-signature": HEADERS["webhook-signature"].removeprefix("v1,")},
        {"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,")},
    ],
)
def test_nothing_of_it_can_be_changed(change: dict[str, str]) -> None:
    assert is_signed([SECRET], HEADERS, BODY)
    assert not is_signed([SECRET], {**HEADERS, **change}, BODY)
    assert not is_signed([SECRET], HEADERS, BODY + b" ")


@pytest.mark.parametrize(
    ("now", "timely"), [(300, True), (301, False), (-300, True), (-301, False)]
)
def test_a_request_is_believed_for_five_minutes(now: int, timely: bool) -> None:
    assert is_timely(HEADERS, AT + now) is timely


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": ""},
        {"webhook-id": "x" * 201},
        {"webhook-id": "a\nb"},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-signature": ""},
    ],
)
def test_headers_that_cannot_be_meant_cost_no_reading(change: dict[str, str]) -> None:
    assert not is_timely({**HEADERS, **change}, AT)
    assert not is_timely({}, AT)


@pytest.mark.parametrize(
    ("secret", "fault"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "does not begin with whsec_"),
        ("whsec_!!!", "not base64"),
        ("whsec_c2hvcnQ=", "fewer than 24 bytes"),
    ],
)
def test_a_secret_that_is_none_is_said_to_be_so(secret: str, fault: str) -> None:
    with pytest.raises(Unusable, match=fault) as raised:
        key_of(secret)
    assert secret not in str(raised.value)
