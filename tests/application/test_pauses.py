"""What an admin sees of automatic replies that pause, and ends (reliability.md I9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from omniroute.application.authorize import Actor, Kind
from omniroute.core import inputs as i
from omniroute.core.model import Status
from omniroute.errors import Refused
from omniroute.runtime.loading import differences, fold
from omniroute.runtime.rows import Body, Reached

if TYPE_CHECKING:
    from tests.application.conftest import Desk, Scene

ANA, DI = Actor(Kind.AGENT, "ana", "agent"), Actor(Kind.AGENT, "di", "admin")


def comes_and_fails(scene: Scene, number: int) -> None:
    """Somebody at the domain writes, and what they are answered comes back."""
    handle = f"h{number}"
    puts: dict[str, bytes | None] = {
        f"b/m{number}": msgspec.json.encode(Body("hello")),
        f"p/{handle}": msgspec.json.encode(Reached("email", f"v{number}@gone.example")),
    }
    sender = i.Seen(handle, "email", realm="r1")
    answer = scene.decide(
        lambda at: i.MessageReceived(f"in/{number}", at, f"m{number}", "email", "main", sender),
        puts,
    )
    thread = int(answer.values["thread"])
    scene.decide(
        lambda at: i.Delivered(f"d/{number}", at, f"e{number}", thread, "bounced", handle=handle)
    )


async def storm(desk: Desk) -> None:
    """Twenty people at one domain are answered, and every answer comes back."""
    for number in range(20):
        comes_and_fails(desk.scene, number)
    await desk.seen()


async def test_an_admin_sees_where_and_why_and_ends_it(desk: Desk) -> None:
    await storm(desk)
    pauses = desk.application.pauses
    (pause,) = await pauses.show(DI)
    assert (pause.where, pause.because) == (
        "gone.example",
        "20 messages came back within an hour",
    )
    assert pause.until - pause.since == 6 * 3_600_000
    assert await pauses.end(DI, pause.realm) == "Automatic replies go out there again."
    assert await pauses.show(DI) == ()
    with pytest.raises(Refused, match="No automatic replies pause there"):
        await pauses.end(DI, pause.realm)
    assert differences(desk.scene.reader, fold(desk.scene.reader)) == []


async def test_it_is_over_by_itself(desk: Desk) -> None:
    await storm(desk)
    desk.scene.wait(minutes=360)
    assert await desk.application.pauses.show(DI) == ()


async def test_whose_address_was_erased_is_not_named(desk: Desk) -> None:
    await storm(desk)
    desk.scene.decide(lambda at: i.StatusDeclared("s", at, "ana", Status.ONLINE), {"p/h19": None})
    (pause,) = await desk.application.pauses.show(DI)
    assert pause.where == "the domain of an erased address"


async def test_agents_neither_see_nor_end_it(desk: Desk) -> None:
    with pytest.raises(Refused):
        await desk.application.pauses.show(ANA)
    with pytest.raises(Refused):
        await desk.application.pauses.end(ANA, "")
