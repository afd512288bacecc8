"""Scene 1: a customer switches channel, twice, and need not repeat herself."""

from __future__ import annotations

from omniroute.demo.scenes.cast import WITHIN, Cast


async def play(cast: Cast) -> None:
    """Web chat, Telegram, mail: one thread, which Ana works on from Slack."""
    ruth = cast.customer("Ruth Adler")
    await cast.room(ana=1)
    cast.shows_slack(cast.windows.ana)

    row = await cast.chats(ruth, "I was charged twice for order 1182, my card ends in 42.")
    cast.say(f"web chat  Ruth: “charged twice for order 1182, my card ends in 42”  #{row.id}")
    await cast.asked(cast.ana, "Ruth Adler")
    cast.say("rule refunds → billing → Ana is asked, in Slack")
    await cast.beat(4)
    place = await cast.accepts(cast.ana, "Ruth Adler")
    cast.say("Ana accepts; she works in the thread under the card")
    await cast.beat(3)

    phone = cast.windows.comes(ruth)
    cast.shows_phone(phone)
    again = await cast.writes(phone, "I had to leave the page. Which of the two charges stays?")
    assert again.id == row.id
    await place.sees("Which of the two charges stays?", WITHIN)
    cast.say(f"Telegram  Ruth: “which of the two charges stays?”  the same thread #{row.id}")
    await cast.beat(4)
    answer = (
        "The first stays, Ruth. The second one, for order 1182, goes back to your card ending 42."
    )
    place.says(answer)
    cast.say("Ana answers in Slack, and asks for nothing that Ruth has said before")
    await phone.sees(answer, WITHIN)
    cast.say("Ruth reads it on Telegram, where she wrote last")
    await cast.beat(3)

    last = await cast.mails(ruth, "The bank's letter", "Here is the bank's letter, for your files.")
    assert last.id == row.id
    await place.sees("Here is the bank's letter", WITHIN)
    cast.say(f"e-mail    Ruth: “here is the bank's letter”  the same thread #{row.id} again")
    await cast.beat(3)
    place.calls("resolve")
    await place.sees("is solved", WITHIN)
    cast.say("Ana resolves: three channels, one thread, one agent, nothing asked twice")
