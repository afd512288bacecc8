"""Forged signatures and tokens, by the million: ``make fuzz FUZZ_ARGS="--forged 1000000"``.

Each lock is one of the functions that know again what we or a platform signed.  A forgery is the
genuine thing changed somewhere, cut, made longer, spelt otherwise, or signed with another key.  A
lock may read one only as what the genuine says: the same in another spelling opens nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import string
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from omniroute import Secret
from omniroute.chatdesk.buttons import Order, Signer
from omniroute_email.asking.links import Links
from omniroute_email.desk.links import Ask, Seal
from omniroute_email.tokens import Tokens
from omniroute_http import signing as http
from omniroute_meta import signing as meta
from omniroute_slack.incoming import is_signed as is_signed_by_slack
from omniroute_telegram import startlinks
from omniroute_twilio import signing as twilio
from omniroute_webchat import token as webchat

NOW: Final = 1_772_449_200  # s
KEY, OTHER = "not a secret, it is written in a test", "another that is none either, of a stranger"
BODY: Final = '{"event":{"type":"message","text":"I was charged twice"}}'
ADDRESS: Final = "help@demo.example"
HOOK: Final = "https://desk.example/hook"
LETTERS: Final = string.ascii_letters + string.digits + "+/=-_.:,@ \0é٣"


@dataclass(frozen=True, slots=True)
class Lock:
    """What is genuine, by a key, and what is read of what is shown; nothing of what is forged."""

    genuine: Callable[[str], str]
    read: Callable[[str], Any]


def _slack(key: str) -> str:
    said = f"v0:{NOW}:{BODY}".encode()
    return f"{NOW}\nv0={hmac.digest(key.encode(), said, hashlib.sha256).hex()}\n{BODY}"


def _read_slack(shown: str) -> str:
    stamp, _, rest = shown.partition("\n")
    mac, _, body = rest.partition("\n")
    good = is_signed_by_slack(Secret(KEY), body.encode(), stamp, mac, NOW)
    return f"{int(stamp)} {body}" if good else ""


def _read_meta(shown: str) -> str:
    mac, _, body = shown.partition("\n")
    return body if meta.is_signed(KEY, body.encode(), mac) else ""


def _read_twilio(shown: str) -> str:
    mac, _, said = shown.partition("\n")
    return said if twilio.is_signed(KEY, HOOK, [("Body", said)], mac) else ""


def _webhook_key(key: str) -> str:
    return http.PREFIX + base64.b64encode(key.encode()).decode()


def _webhook(key: str) -> str:
    shown = http.signed([_webhook_key(key)], "evt-1", NOW, BODY.encode())
    return "\n".join((shown[http.ID], shown[http.TIMESTAMP], shown[http.SIGNATURE], BODY))


def _read_webhook(shown: str) -> str:
    id, at, mac, body = [*shown.split("\n", 3), "", "", ""][:4]
    headers = {http.ID: id, http.TIMESTAMP: at, http.SIGNATURE: mac}
    good = http.is_timely(headers, NOW) and http.is_signed(
        [_webhook_key(KEY)], headers, body.encode()
    )
    return f"{id} {int(at)} {body}" if good else ""


def _tokens(key: str) -> Tokens:
    return Tokens("desk", ADDRESS, key.encode())


def _seal(key: str) -> Seal:
    return Seal(key.encode(), _tokens(key))


def _read_question(shown: str) -> str:
    key, _, mac = shown.rpartition("/")
    return key if Links("https://desk.example/q", KEY.encode()).known(key, mac) else ""


def _read_visitor(shown: str) -> str:
    found = webchat.verify(shown, [KEY], "omniroute", NOW)
    return "" if isinstance(found, webchat.Refusal) else repr(found)


LOCKS: Final = {
    "what Slack posts": Lock(_slack, _read_slack),
    "what Meta posts": Lock(lambda key: f"{meta.sign(key, BODY.encode())}\n{BODY}", _read_meta),
    "what Twilio posts": Lock(
        lambda key: f"{twilio.sign(key, HOOK, [('Body', BODY)])}\n{BODY}", _read_twilio
    ),
    "what a program posts": Lock(_webhook, _read_webhook),
    "a start link of Telegram's": Lock(
        lambda key: startlinks.sign(key, "joe", NOW),
        lambda shown: startlinks.verify(shown, KEY, NOW),
    ),
    "a visitor of the web chat": Lock(
        lambda key: webchat.sign(key, "joe", email="joe@mail.example", now=NOW, nonce="once"),
        _read_visitor,
    ),
    "an address for answers": Lock(
        lambda key: _tokens(key).address_for("t-17-2", NOW * 1000),
        lambda shown: _tokens(KEY).key_in(shown, NOW * 1000),
    ),
    "a link in an agent's mail": Lock(
        lambda key: _seal(key).sign(Ask("accept", "ana", "c0ffee", 17, 2, NOW * 1000)),
        lambda shown: _seal(KEY).read(shown),
    ),
    "a question in a mail": Lock(
        lambda key: Links("https://desk.example/q", key.encode()).to("m17")[23:], _read_question
    ),
    "a button of a card": Lock(
        lambda key: Signer(key.encode()).sign("D1", Order("accept", 17, 2)),
        lambda shown: Signer(KEY.encode()).read("D1", shown),
    ),
}


def forgeries(lock: Lock, chance: random.Random) -> Iterator[str]:
    """Without an end; none is what is genuine."""
    genuine, strangers = lock.genuine(KEY), lock.genuine(OTHER)
    while True:
        place, end = chance.randrange(len(genuine)), chance.randrange(len(genuine) + 1)
        letter = chance.choice(LETTERS)
        forged = (
            genuine[:place] + letter + genuine[place + 1 :],
            genuine[:place] + genuine[place + 1 :],
            genuine[:place] + letter + genuine[place:],
            genuine[:place] + genuine[place:].swapcase(),
            genuine[:place] + strangers[place:],
            strangers[:place] + genuine[place:],
            genuine[min(place, end) : max(place, end)],
            genuine + letter * chance.randrange(1, 5),
            "".join(chance.choices(LETTERS, k=len(genuine))),
        )
        yield from (each for each in chance.sample(forged, 3) if each != genuine)


def try_forged(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How many forgeries each lock was shown, and what opened one.

    Raises `AssertionError` if a lock does not open for what is genuine.
    """
    shown: Counter[str] = Counter()
    opened: list[str] = []
    for name, lock in LOCKS.items():
        right = lock.read(lock.genuine(KEY))
        assert right, f"{name}: what is genuine was refused"
        source = forgeries(lock, random.Random(f"{seed} {name}"))
        for _ in range(-(-count // len(LOCKS))):
            forged = next(source)
            shown[name] += 1
            if (read := lock.read(forged)) and read != right:
                opened.append(f"{name}: {forged!r}")
    return shown, opened
