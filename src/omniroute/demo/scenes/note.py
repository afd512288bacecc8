"""Scene 5: what is written in a shared thread stays inside, and a wrong reply is taken back."""

from __future__ import annotations

from typing import Any

from omniroute.demo.scenes.cast import WITHIN, Cast

WRONG = "Cem, can you believe it? The fourth complaint about this courier today!"
RIGHT = "Your refund for order 2810 left us this morning, Lena. Two working days, then it is there."


async def play(cast: Cast) -> None:
    """The customer's telephone never shows what was not meant for her."""
    lena = cast.customer("Lena Brandt", order=2810)
    await cast.room(ana=1)
    cast.shows_slack(cast.windows.ana)
    phone = cast.windows.comes(lena)
    cast.shows_phone(phone)
    row = await cast.writes(phone, "Where is my refund for order 2810? The parcel was lost.")
    place = await cast.accepts(cast.ana, "Lena Brandt")
    cast.say("Telegram  Lena: “where is my refund?”; Ana accepts in Slack")
    await cast.beat(3)

    team = cast.windows.team
    head = await cast.windows.cem.chat(team).sees(f"#{row.id}\nLena Brandt", WITHIN)
    inside = cast.windows.cem.chat(team, head["ts"])
    note = inside.says("The courier has confirmed the loss, she is right.")
    await inside.has(note, "memo", WITHIN)
    await place.sees("The courier has confirmed the loss", WITHIN)
    cast.say("Cem writes in the team's channel: a note, there and for Ana, and nowhere else")
    await cast.beat(4)

    async with cast.can_be_undone():
        wrong = place.says(WRONG)
        await place.has(wrong, "hourglass_flowing_sand", WITHIN)
        cast.say("Ana writes to Cem, in the wrong window; it is held for five seconds")
        await cast.beat(2)
        place.presses("Undo", await held(cast, place.messages))
        await place.has(wrong, "leftwards_arrow_with_hook", WITHIN)
    cast.say("Undo: it never left, and the mark at her message says so")
    await cast.beat(4)
    place.says(RIGHT)
    await phone.sees(RIGHT, WITHIN)
    assert phone.from_bot() == [RIGHT]
    cast.say("Lena reads the answer that was meant for her, and nothing else")


async def held(cast: Cast, messages: Any) -> dict[str, Any]:
    """The message with the button that takes a reply back."""

    def found() -> list[dict[str, Any]]:
        return [one for one in messages() if "Undo" in str(one.get("blocks"))]

    await cast.windows.slack.until(found, WITHIN)
    return found()[-1]
