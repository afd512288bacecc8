"""Scene 6: a rule is edited, asked about the past, tried in the shadow, live, and taken back."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from omniroute.application.authorize import SYSTEM
from omniroute.application.rulebook import Promotion, Rollback
from omniroute.demo.scenes.cast import Cast
from omniroute.rules.backtest import backtest
from omniroute.rules.load import parse_rules
from omniroute.runtime.history import history

DAY: Final = 86_400_000
BEFORE: Final = "  - id: api\n"
PLANS: Final = """\
  - id: plans
    when: {any: [{message.text: {any_of: [seats]}}, {message.subject: {any_of: [seats]}}]}
    to: {queue: billing, need: {billing: 1}, for: 10m}
    relax: [{queue: overflow}]

"""
FILE: Final = "support.yaml"
ASKS: Final = "How many more seats can we have on our plan?"


async def play(cast: Cast) -> None:
    """As an admin does it with `omniroute rules`; what is typed there stands in each line."""
    server = cast.server
    book, node = server.rulebook, server.node
    live = await book.version(SYSTEM, node.state.counters.rules)
    files = {**live.files, FILE: live.files[FILE].replace(BEFORE, PLANS + BEFORE, 1)}
    after = parse_rules({name: text.encode() for name, text in files.items()})
    cast.say("Frieda adds a rule to a copy of support.yaml: questions about seats → billing")
    await cast.beat(4)

    past = await asyncio.to_thread(history, node.reader, server.application.now() - 30 * DAY)
    before = server.desk_files.rules
    told = await asyncio.to_thread(backtest, past, before, after, forecast=False)
    assert told.changed.get("queue")
    for line in str(told).splitlines()[:2]:
        cast.say(f"omniroute rules backtest new   {line}")
    await cast.beat(6)

    await cast.room(ana=0)
    mia = cast.customer("Mia Costa")
    shadow = Promotion(mode="shadow", files=files, span=DAY, message="seats to billing")
    await book.promote(SYSTEM, shadow)
    row = await cast.mails(mia, "Seats", ASKS)
    trial = await book.trial(SYSTEM)
    assert row.queue == "general"
    assert trial is not None
    cast.say(
        "omniroute rules promote new --shadow 24h   "
        f"a customer asks about seats → {row.queue}, as before; the new rules would say billing"
    )
    await cast.beat(6)

    await book.promote(SYSTEM, Promotion(mode="live", files=files, message="seats to billing"))
    theo = cast.customer("Theo Moreau")
    row = await cast.mails(theo, "Plan", ASKS.replace("How", "Hello, how"))
    assert row.queue == "billing"
    cast.say(f"omniroute rules promote new --live   the next who asks → {row.queue}, by rule plans")
    await cast.beat(6)

    began = time.monotonic()
    await book.rollback(SYSTEM, Rollback(message="scene over"))
    seconds = time.monotonic() - began
    assert node.state.counters.rules == live.version
    elif_demir = cast.customer("Elif Demir")
    row = await cast.mails(elif_demir, "Plan", ASKS.replace("How", "Hi, how"))
    assert row.queue == "general"
    cast.say(f"omniroute rules rollback   restored in {seconds:.1f} s; the next → {row.queue}")
