"""What Meta's answers mean for the engine and for people."""

from __future__ import annotations

import pytest

from omniroute import NotAuthorised, Rejected, Retry
from omniroute_meta.failures import Failure, TokenEnded, failure, wait_of

PLACE = "channels.wa"


def said(
    status: int, code: int, subcode: int = 0, headers: dict[str, str] | None = None
) -> Failure:
    error = {"code": code, "error_subcode": subcode, "message": "Meta's own words"}
    return failure(status, error, headers or {}, PLACE)


@pytest.mark.parametrize(
    ("status", "code", "subcode", "words"),
    [
        (400, 131047, 0, "the time to answer is over"),
        (400, 10, 2018278, "the time to answer is over"),
        (400, 10, 2534022, "the time to answer is over"),
        (400, 131026, 0, "may not have WhatsApp, or have blocked us"),
        (400, 551, 0, "blocked the page"),
        (400, 100, 2018001, "nobody by this id"),
        (400, 999999, 0, "Meta refuses it: Meta's own words (999999)"),
    ],
)
def test_who_cannot_be_reached_is_tried_another_way(
    status: int, code: int, subcode: int, words: str
) -> None:
    error = said(status, code, subcode)
    assert isinstance(error, Rejected)
    assert words in error.reason
    assert not error.by_content


@pytest.mark.parametrize("code", [100, 131009, 131051, 132000, 132001, 132016])
def test_what_nobody_would_get_is_the_message_s_fault(code: int) -> None:
    error = said(400, code)
    assert isinstance(error, Rejected)
    assert error.by_content


@pytest.mark.parametrize("code", [190, 102, 0])
def test_a_token_that_has_ended_names_the_setting(code: int) -> None:
    error = said(401, code)
    assert isinstance(error, TokenEnded)
    assert "set channels.wa.token" in error.fix


@pytest.mark.parametrize("code", [10, 3, 200, 131031, 131042, 133010])
def test_what_an_admin_must_do_at_meta_names_the_account_and_stops_no_start(code: int) -> None:
    error = said(403, code)
    assert type(error) is NotAuthorised
    assert "channels.wa" in error.fix


@pytest.mark.parametrize(
    ("code", "headers", "wait"),
    [
        (131056, {}, 6.0),
        (613, {"retry-after": "90"}, 90.0),
        (80007, {"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 3}]}'},
         180.0),
        (4, {"x-business-use-case-usage": "no JSON", "retry-after": "soon"}, 60.0),
    ],
)  # fmt: skip
def test_limits_say_how_long(code: int, headers: dict[str, str], wait: float) -> None:
    error = said(400, code, headers=headers)
    assert isinstance(error, Retry)
    assert (error.after, error.in_doubt) == (wait, False)


@pytest.mark.parametrize(("status", "code"), [(500, 2), (503, 0), (500, 131000)])
def test_trouble_of_meta_s_own_is_in_doubt(status: int, code: int) -> None:
    error = said(status, code)
    assert isinstance(error, Retry)
    assert error.in_doubt


def test_headers_of_any_form_do_no_harm() -> None:
    assert wait_of({"x-business-use-case-usage": "[]"}) == 0.0
