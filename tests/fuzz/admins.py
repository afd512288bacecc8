"""What people in the house write: rules, settings, lists of people, conditions, commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fuzz.changed import octets, texts
from tests.fuzz.targets import Target

from omniroute.cli.people_files import read_people
from omniroute.core.commands import USAGE, understand
from omniroute.core.conditions import Facts, Kind
from omniroute.errors import ConfigError
from omniroute.rules.expressions import ExpressionError, Expressions
from omniroute.rules.load import draft
from omniroute.runtime import phones
from omniroute.server.settings import load

SAMPLE: Final = Path(__file__).parents[2] / "routing_rules"
AT: Final = 1_772_449_200_000

SMALL: Final = (
    b"version: 1\nskills: {billing: {}}\ndefaults: {queue: general}\nroute:\n"
    b"  - {id: a, when: {any: [{channel: email}, {not: {tags: vip}}]}, to: {queue: general}}\n"
)
RULES: Final = [SAMPLE.joinpath("support.yaml").read_bytes(), SMALL]
TEAM: Final = SAMPLE.joinpath("team.yaml").read_bytes()
WORDS: Final = [
    b": ",
    b"- ",
    b"when: ",
    b"{any: [",
    b"]}",
    b"*a",
    b"&a ",
    b"!!int ",
    b"---\n",
    b"|\n ",
]
SETTINGS: Final = (
    b'[server]\npublic_url = "https://desk.example"\n[web]\nlisten = "127.0.0.1:8080"\n'
    b'[channels.support]\nkind = "email"\naddresses = ["help@acme.example"]\n'
    b'[webhooks.crm]\nurl = "https://crm.example"\nsecret = {env = "CRM"}\n'
)
COMMAS: Final = (
    b"Name,E-Mail,Phone,Telegram ID\r\nJoe,joe@mail.example,+49 170 1234567,5001\r\n"
    b'"Lopez, Ana",ana@x.example;a@x.example,,\r\n'
)
SEMICOLONS: Final = b"first name;last name;mail\nJoe;Miller;joe@mail.example\n"
CARD: Final = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Miller;Joe;;;\r\nFN:Joe Miller\r\n"
    b"EMAIL;TYPE=INTERNET:joe@mail.example\r\nTEL;TYPE=CELL:+49 170 1234567\r\n"
    b"PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\nBDAY:2000-01-01\r\nORG:Acme;Sales\r\nEND:VCARD\r\n"
)
PARTS: Final = [b";", b"\r\n ", b"BEGIN:VEVENT"]
OLD_CARD: Final = (
    b"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;Joe\n"
    b"EMAIL:joe@mail.example\nADR:;;Street 1;Town;;1;Land\nREV:20260301T130000Z\nEND:VCARD\n"
)
EXPRESSIONS: Final = [
    "order.total > 500.0 && channel in ['email', 'webchat']",
    "'vip' in tags && size(tags) > 1 || !automatic",
    "tags.exists(t, t.startsWith('a') && t.matches('^a+$')) ? waited > duration('5m') : false",
    "now - timestamp('2026-03-01T13:00:00Z') < duration('1h')",
]
FACTS: Final = {
    "order.total": Kind.NUMBER, "channel": Kind.WORD, "tags": Kind.SEVERAL,
    "automatic": Kind.FLAG, "waited": Kind.SPAN,
}  # fmt: skip
KNOWN: Final[Sequence[Facts]] = [
    {},
    {"order.total": 501, "channel": "email", "tags": ("vip", "a"), "waited": 9, "automatic": False},
]
PHONES: Final = [
    "+49 (0)170 1234567",
    "0049170-1234567",
    "+52 1 55 1234 5678",
    "tel:+1-415-555-0101",
]


def _rules(given: bytes) -> None:
    for fault in draft({"support.yaml": given, "team.yaml": TEAM}).faults:
        assert str(fault)


def _settings(given: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "omniroute.toml")
        path.write_bytes(given)
        load(path)


def _people(given: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "people")
        path.write_bytes(given)
        read_people(path, {})


def _condition(given: str) -> None:
    expressions = Expressions(FACTS)
    expressions.test(given)
    for facts in KNOWN:
        assert expressions.compiled[given](facts, AT) in (True, False)


def _command(given: str) -> None:
    understand(given, AT)


def _phone(given: str) -> None:
    number = phones.canonical(given)
    assert phones.canonical(number) == number
    phones.e164(given)
    phones.perhaps(given)
    phones.compare(given, PHONES[0])


TARGETS: Final = {
    "rules": Target(octets(RULES, WORDS), _rules),
    "settings": Target(
        octets([SETTINGS], [b"[", b"[[x]]\n", b'"""', b"= {file = "]), _settings, (ConfigError,)
    ),
    "people": Target(octets([COMMAS, SEMICOLONS]), _people, (ConfigError,)),
    "cards": Target(octets([CARD, OLD_CARD], PARTS), _people, (ConfigError,)),
    "condition": Target(texts(EXPRESSIONS), _condition, (ExpressionError,)),
    "command": Target(texts(list(USAGE.values())), _command),
    "phone": Target(texts(PHONES), _phone),
}
