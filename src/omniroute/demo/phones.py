"""The customers' side of Telegram in the demo: a page that is somebody's telephone."""

from __future__ import annotations

from omniroute.demo.script import JOE
from omniroute_telegram.startlinks import sign
from omniroute_telegram.testing import FakeTelegram


def hand_out(telegram: FakeTelegram, secret: str) -> str:
    """Joe's telephone, as a page.

    He came by the link that the shop shows to whoever is signed in there, so what he writes is
    known to be his.
    """
    joe = telegram.person(JOE.name)
    joe.chat().says("/start " + sign(secret, JOE.login, telegram.world.clock()))
    return f"{telegram.url}/phone?user={joe.id}"
