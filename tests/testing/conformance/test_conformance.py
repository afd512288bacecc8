"""Every check of the kit can fail: for each there is a channel that is wrong in just that way.

That the one which they are made of passes is tested where readers make a copy of it
(``docs/tutorials/a-channel-in-an-hour.md``).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from omniroute_example.channel import ExampleChannel
from omniroute_example.testing import Town
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from tests.testing.conformance.wrong import WRONG
from tests.testing.conformance.wrong_desks import WRONG as WRONG_DESKS
from tests.testing.conformance.wrong_desks import Spoilt, channel_with

from omniroute.channel import Inbound
from omniroute.testing.conformance import (
    CHECKS,
    DESK_CHECKS,
    ChannelConformance,
    DeskConformance,
)
from omniroute.testing.platform import NotShown
from omniroute_telegram.testing.platform import Office

ABSENT = {"breaks": "it is called anew for each event"}
CASES = [(check, kind) for check, kinds in WRONG.items() for kind in kinds]


def test_every_check_has_a_channel_that_fails_it() -> None:
    assert sorted(WRONG) == CHECKS
    assert len(CHECKS) >= 80


@pytest.mark.parametrize(
    ("check", "kind"), CASES, ids=[f"{check[5:]}-{kind.__name__}" for check, kind in CASES]
)
def test_a_wrong_channel_is_found_out(check: str, kind: Any, tmp_path: Path) -> None:
    absent = getattr(kind, "absent", ABSENT if not hasattr(kind, "platform") else {})
    about = {"channel": kind, "platform": getattr(kind, "platform", Town), "absent": absent}
    hasty = {"patience": 0.5, "stops_within": 0.05}
    kit = type("TestWrong", (ChannelConformance,), {**about, **hasty})()
    run = getattr(kit, check)
    given = [tmp_path] if inspect.signature(run).parameters else []
    with pytest.raises(BaseException) as found:
        run(*given)
    assert not isinstance(found.value, pytest.skip.Exception | KeyboardInterrupt | NotShown)


DESK_CASES = [(check, kind) for check, kinds in WRONG_DESKS.items() for kind in kinds]


def test_every_check_of_a_desk_has_one_that_fails_it() -> None:
    assert sorted(WRONG_DESKS) == DESK_CHECKS


@pytest.mark.parametrize(
    ("check", "kind"),
    DESK_CASES,
    ids=[f"{check[5:]}-{kind.__name__}" for check, kind in DESK_CASES],
)
def test_a_wrong_desk_is_found_out(check: str, kind: type[Spoilt], tmp_path: Path) -> None:
    about = {"channel": channel_with(kind), "platform": Office, "patience": 0.5}
    kit = type("TestWrong", (DeskConformance,), about)()
    with pytest.raises(BaseException) as found:
        getattr(kit, check)(tmp_path)
    assert not isinstance(found.value, pytest.skip.Exception | KeyboardInterrupt | NotShown)


def test_what_is_neither_shown_nor_excused_fails_in_plain_words(tmp_path: Path) -> None:
    kit = type("T", (ChannelConformance,), {"channel": ExampleChannel, "platform": Town})()
    with pytest.raises(pytest.fail.Exception, match=r'absent = {"breaks": "…"}'):
        kit.test_it_comes_back_after_a_broken_connection(tmp_path)


class Unreadable(ExampleChannel):
    def parse(self, raw: bytes) -> Sequence[Inbound]:
        raise ValueError("year 58692 is out of range")


class Refuses(ExampleChannel):
    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/hook", self.refused, methods=["POST"])]

    async def refused(self, request: Request) -> Response:
        return Response(status_code=401)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Unreadable, "dead letters: .*year 58692 is out of range"),
        (Refuses, "401 to a request that was signed"),
    ],
)
def test_what_cannot_come_any_more_is_not_waited_for(kind: Any, said: str, tmp_path: Path) -> None:
    about = {"channel": kind, "platform": Town, "patience": 3600.0}
    kit = type("T", (ChannelConformance,), about)()
    with pytest.raises(AssertionError, match=said):
        kit.test_a_message_comes_in(tmp_path)
