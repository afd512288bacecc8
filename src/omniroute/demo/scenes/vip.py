"""Scene 2: a VIP overtakes who has waited longer, and the promise to them is kept."""

from __future__ import annotations

import time

from omniroute.demo.scenes.cast import WITHIN, Cast


async def play(cast: Cast) -> None:
    """Only Ana may refund so much, and she is full."""
    emil = cast.customer("Emil Frank", order=2418)
    nora = cast.customer("Nora Haddad", order=2214)
    iris = cast.customer("Iris Wolff", order=3310, domain="acme.example")
    await cast.room(ana=1)
    cast.shows_slack(cast.windows.ana)

    phone = cast.windows.comes(emil)
    cast.shows_phone(phone)
    await cast.writes(phone, "Has the refund for order 2418 left you yet?")
    place = await cast.accepts(cast.ana, "Emil Frank")
    cast.say("Ana has Emil now, and no room for more")
    await cast.beat(3)

    waits = await cast.mails(nora, "Refund", "When do I get my refund for order 2214, please?")
    cast.say(f"e-mail    Nora: “when do I get my refund?”  #{waits.id} waits")
    await cast.beat(2)
    text = "We need a refund for order 3310 today, our fair opens tomorrow."
    hurry = await cast.mails(iris, "Order 3310", text)
    began = time.monotonic()
    assert hurry.priority > waits.priority
    assert "vip" in hurry.tags
    cast.say(f"e-mail    Iris, of acme.example: “we need a refund today”  #{hurry.id}")
    cast.say("rule vip → priority high, first reply within 10 min; Iris is before Nora now")
    await cast.beat(4)

    phone.says("Oh, it has just arrived. Thank you!")
    await place.sees("it has just arrived", WITHIN)
    place.calls("resolve")
    await place.sees("is solved", WITHIN)
    cast.say("Emil is helped, Ana has room again")
    place = await cast.accepts(cast.ana, "Iris Wolff")
    assert (await cast.row(waits.id)).phase == "queued"
    cast.say("Ana is asked about Iris, not about Nora, and accepts")
    await cast.beat(3)
    answer = "It is on its way, Iris: booked today, on your account tomorrow morning."
    place.says(answer)
    await cast.reads_mail(iris, answer)
    seconds = time.monotonic() - began
    cast.shows_mail()
    cast.say(f"Iris has her answer after {seconds:.0f} s; ten minutes were promised")
    await cast.beat(4)
    place.calls("resolve")
    await cast.asked(cast.ana, "Nora Haddad")
    cast.say("Then it is Nora's turn: who waits is never forgotten")
