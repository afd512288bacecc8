from __future__ import annotations
from typing import TYPE_CHECKING
from omniroute.application import commands as c

if TYPE_CHECKING:
    from tests.application.conftest import Desk


async def test_smoke(desk: Desk) -> None:
    s = desk.scene
    s.online("ana", "bo")
    t = s.writes(
        "joe@x.org", "I was charged twice", name="Joe Miller", subject="Refund", topic="refund"
    )
    await desk.seen()
    from omniroute.application.authorize import Actor, Kind

    ana = Actor(Kind.AGENT, "ana", "agent")
    b = await desk.application.query.board(ana)
    print(b)
    p = await desk.application.query.thread(ana, t)
    print("\n".join(p.card))
    print(p.can, p.replying_to)
    print(await desk.application.query.why(ana, t))
    o = await desk.does("ana", c.Accept(thread=t, offer=p.offer.id))
    print(o)
    print(await desk.does("ana", c.Reply(thread=t, text="Hello", seen=1)))
    p = await desk.application.query.thread(ana, t)
    for x in p.items:
        print(x.at, x.kind, x.author, x.text, x.state)
    print(await desk.application.query.why(ana, t))
