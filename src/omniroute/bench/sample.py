"""Customers, agents and rules that the measurements are made with; the same in every run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Final

import msgspec

from omniroute.channel import Address
from omniroute.core.inputs import Member, MessageReceived, Seen
from omniroute.core.model import Needs
from omniroute.core.rules import RuleSet, observe
from omniroute.rules.load import parse_rules
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body, Reached
from omniroute.runtime.writer import Puts

RULES: Final = Path(__file__).with_name("sample.yaml")
NOON: Final = 1_772_535_600_000  # a Tuesday in March 2026, 12:00 in Berlin, during office hours
BODY: Final = 500  # bytes of a message, about

_KEYED = Keyed(b"a key for measurements, not kept")
_HABIT = "Hello, I hope that somebody can help me, and thank you for looking into it so quickly. "

TOPICS: Final = (
    ("en", "My refund for the second order has not arrived."),
    ("en", "The invoice of last month names the wrong address."),
    ("en", "Your webhook answers with a rate limit although we call it twice a minute."),
    ("en", "I cannot get in, my password is not accepted any more."),
    ("en", "The page stays white in Firefox since this morning."),
    ("en", "Could you send me a quote for forty seats?"),
    ("en", "My parcel was said to come on Monday."),
    ("en", "I have a question about the manual, page twelve."),
    ("de", "Wann kommt die Erstattung für die zweite Bestellung?"),
    ("de", "Auf der Rechnung vom März steht eine falsche Adresse."),
    ("de", "Das Passwort wird seit gestern abgelehnt."),
    ("de", "Ich habe eine Frage zur Anleitung, Seite zwölf."),
    ("fr", "La facture du mois dernier est adressée à la mauvaise société."),
    ("fr", "Où est mon colis ? Il devait arriver lundi."),
    ("es", "La factura del mes pasado tiene otra dirección."),
    ("es", "¿Me pueden enviar una oferta para cuarenta puestos?"),
)

# Of every kind of message there are agents enough, so that no line grows for ever.
_SPOKEN = (("en", "de"), ("en", "fr"), ("en", "es"), ("en",), ("de", "en"))
_KNOWN = (
    (("billing",), ("billing",)),
    (("billing", "sales"), ("billing", "refunds", "sales")),
    (("tech", "sales"), ("tech.web", "tech.api", "sales")),
    (("tech",), ("tech.web",)),
)


class Said(msgspec.Struct, frozen=True):
    """A message of a customer, as the channel read it."""

    id: str
    sender: Address
    handle: str  # the id of the sender's
    language: str
    text: str


class SteadyClock:
    """Noon; it goes on by a millisecond whenever it is asked."""

    def __init__(self) -> None:
        self._now = NOON

    def now(self) -> int:
        """The present moment."""
        self._now += 1
        return self._now


def rules() -> RuleSet:
    """Fifty rules, loaded from YAML."""
    return parse_rules({RULES.name: RULES.read_bytes()})


def profiles() -> Sequence[tuple[tuple[str, ...], Needs]]:
    """Teams and skills that agents have: twenty kinds."""
    return [
        (teams, {f"lang.{language}": 4.0 for language in spoken} | dict.fromkeys(known, 4.0))
        for spoken, (teams, known) in product(_SPOKEN, _KNOWN)
    ]


def team(size: int, capacity: int = 5) -> tuple[Member, ...]:
    """Agents, the kinds evenly among them."""
    kinds = profiles()
    members = []
    for number in range(size):
        teams, skills = kinds[number % len(kinds)]
        members.append(Member(f"agent-{number}", teams, skills, capacity))
    return tuple(members)


def said(number: int, customer: int) -> Said:
    """Message *number*, from a customer."""
    language, sentence = TOPICS[number % len(TOPICS)]
    text = (sentence + " " + _HABIT * 6)[:BODY]
    sender = Address("email", f"customer{customer}@mail.example", True, f"Customer {customer}")
    id = _KEYED.message("email", "help", f"<{number}@mail.example>", "")
    return Said(id, sender, _KEYED.handle(sender), language, text)


def message(rules: RuleSet, said: Said, at: int) -> MessageReceived:
    """The input of a message: what is observed in its text is asked here, as it is when running."""
    observed = observe(
        rules,
        text=said.text,
        subject="",
        emails=(said.sender.value,),
        name=said.sender.display,
        language=said.language,
    )
    sender = Seen(said.handle, said.sender.kind)
    return MessageReceived(
        said.id,
        at,
        said.id,
        "email",
        "help",
        sender,
        facts={"message.language": said.language},
        observed=observed,
        rules=rules.version,
        sent_at=at,
    )


def puts(said: Said) -> Puts:
    """The private rows that are written with a message."""
    sender = said.sender
    body = Body(
        text=said.text,
        external_id=f"<{said.id}@mail.example>",
        conversation=sender.value,
        channel="email",
        account="help",
        references=(f"<{said.id}@mail.example>",),
        sent_at=NOON,
    )
    reached = Reached(sender.kind, sender.value, sender.display, sender.verified)
    return {"b/" + said.id: encode(body), "p/" + said.handle: encode(reached)}
