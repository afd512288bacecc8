"""Scene 4: Bo passes what is new, hands over what he has, and goes; Ana knows everything."""

from __future__ import annotations

from omniroute.demo.scenes.cast import WITHIN, Cast


async def play(cast: Cast) -> None:
    """From a telephone to Slack, and the customer is asked nothing twice."""
    priya = cast.customer("Priya Nair", order=2977)
    sam = cast.customer("Sam Ortega", order=3105)
    await cast.room(bo=1)
    cast.shows_phone(cast.bo, "agent")

    phone = cast.windows.comes(priya)
    cast.shows_phone(phone)
    await cast.writes(phone, "My parcel for order 2977 has not come. Where is it?")
    card = await cast.takes("Priya Nair")
    cast.say(
        "Telegram  Priya: “my parcel for order 2977 has not come”; Bo accepts on his telephone"
    )
    await cast.beat(3)

    await cast.room(bo=1)
    await cast.mails(sam, "Norway", "Do you ship to Norway, and how long does it take?")
    asked = await cast.told("Sam Ortega")
    cast.say("e-mail    Sam: “do you ship to Norway?”; Bo is asked, on his way out")
    await cast.beat(3)
    await cast.room(bo=0, ana=2)
    await cast.bo.presses("Pass", asked, WITHIN)
    await cast.asked(cast.ana, "Sam Ortega")
    cast.say("Bo passes; Ana is asked at once, in Slack")
    await cast.beat(3)

    cast.bo.says("/note The courier left it with the neighbour, number 12.", quotes=card)
    await cast.bo.sees("number 12", WITHIN)
    cast.bo.says("/transfer ana I have to leave; she only needs to know where it is", quotes=card)
    head = await cast.ana.sees("she only needs to know where it is", WITHIN)
    cast.shows_slack(cast.windows.ana)
    place = cast.ana.thread(head)
    await place.sees("My parcel for order 2977 has not come", WITHIN)
    await place.sees("The courier left it with the neighbour", WITHIN)
    cast.say("Bo notes what he found, hands over with the reason; Ana has the whole of it")
    cast.bo.says("/status away")
    await cast.bo.sees("You are away now.", WITHIN)
    cast.say("Bo is away")
    await cast.beat(3)
    answer = "Your parcel for order 2977 is with your neighbour at number 12, Priya."
    place.says(answer)
    await phone.sees(answer, WITHIN)
    assert not any("The courier left it" in text for text in phone.from_bot())
    cast.say("Priya has her answer, and was asked nothing again; the note stayed inside")
