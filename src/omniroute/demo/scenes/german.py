"""Scene 3: nobody who speaks German is free; the rule waits a while, then lets Bo have it."""

from __future__ import annotations

from typing import Final

from omniroute.core.model import Status
from omniroute.demo.scenes.cast import WITHIN, Cast

GERMAN: Final = ("ana", "cem", "emeka")
STEP: Final = 4.0  # s between two looks at what the thread waits for


async def play(cast: Cast) -> None:
    """A requirement that relaxes, and comes back by a transfer."""
    katrin = cast.customer("Katrin Vogel", "de", 2901)
    await cast.room(bo=1, ana=1)
    for agent in GERMAN:
        await cast.status(agent, Status.TRANSFERS)
    cast.say("Ana, Cem and Emeka are in a meeting: for transfers only")
    cast.shows_phone(cast.bo, "agent")

    phone = cast.windows.comes(katrin)
    cast.shows_phone(phone)
    row = await cast.writes(
        phone, "Guten Tag, wohin geht die Rücksendung für Bestellung 2901? Das Paket ist schwer."
    )
    cast.say(f"Telegram  Katrin: “wohin geht die Rücksendung?”  #{row.id}")
    said = ""
    for _ in range(4):
        now = await cast.why(row.id)
        if now != said and (await cast.row(row.id)).phase in ("queued", "stranded"):
            cast.say(f"why {row.id}:  {now}")
        said = now
        await cast.beat(STEP)
    card = await cast.told("Katrin Vogel")
    assert "customer writes German" in card["text"]
    cast.say("Bo is asked; his card says why: “customer writes German”")
    card = await cast.takes("Katrin Vogel")
    cast.bo.says("Guten Tag! Ana spricht Deutsch und kommt gleich.", quotes=card)
    await phone.sees("Ana spricht Deutsch und kommt gleich.", WITHIN)
    cast.say("Bo has a sentence of German, and Katrin knows that somebody is there")

    cast.ana.says("status online")
    await cast.ana.sees("You are online now.", WITHIN)
    cast.bo.says("/transfer ana she writes German, and wants the address for returns", quotes=card)
    head = await cast.ana.sees("wants the address for returns", WITHIN)
    cast.shows_slack(cast.windows.ana)
    place = cast.ana.thread(head)
    await cast.has(place, "Katrin Vogel")
    cast.say("Ana is back; Bo hands over, from Telegram to Slack, with the reason")
    await cast.beat(2)
    answer = (
        "Guten Tag, Frau Vogel! Wir holen das Paket morgen bei Ihnen ab, Sie müssen nichts tragen."
    )
    place.says(answer)
    await phone.sees(answer, WITHIN)
    cast.say("Katrin reads Ana's answer, in German")
