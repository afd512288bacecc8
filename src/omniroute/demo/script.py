"""What the people of the demo say.  None of them exists."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

FIRST: Final = (
    "Joe", "Maya", "Ines", "Tomasz", "Aylin", "Noah", "Leonie", "Pavel", "Sofia", "Kwame",
    "Hanna", "Luca", "Freya", "Jonas", "Amara", "Milan", "Greta", "Omar", "Elif", "Theo",
)  # fmt: skip
LAST: Final = (
    "Miller", "Okafor", "Hartmann", "Kowalski", "Demir", "Lindqvist", "Moreau", "Novak",
    "Ricci", "Mensah", "Berger", "Costa", "Larsen", "Weiss", "Diallo", "Petrov",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes."""

    name: str
    email: str
    login: str
    language: str


@dataclass(frozen=True, slots=True)
class Matter:
    """A conversation: what the customer asks, what is answered, what they say then."""

    subject: str
    asks: str
    answer: str
    thanks: str


MATTERS: Final[dict[str, tuple[Matter, ...]]] = {
    "en": (
        Matter(
            "Charged twice for order 1182",
            "Hello, I was charged twice for order 1182. Could you refund one of the two, please?",
            "You are right, the bank confirms both charges. One is on its way back to your card"
            " and will arrive within three working days.",
            "That was quick. Thank you!",
        ),
        Matter(
            "Where is my invoice?",
            "I need the invoice for March for my accountant and cannot find it anywhere.",
            "It is under Account → Documents. I have attached a copy to save you the search.",
            "Found it, thanks.",
        ),
        Matter(
            "Webhook retries",
            "Our webhook endpoint got the same event five times last night. Is that expected?",
            "Yes, if your endpoint answers later than ten seconds. The event id stays the same,"
            " so you can recognise repeats.",
            "Makes sense, we will answer faster.",
        ),
        Matter(
            "API answers HTTP 500",
            "Since this morning the API answers HTTP 500 on every second export. Ids below.",
            "Thank you for the ids, they led us straight to it. A fix is live since 11:20.",
            "Confirmed, all green again.",
        ),
        Matter(
            "Change of address",
            "We have moved. Can you change our delivery address before Friday's order leaves?",
            "Done; Friday's order goes to the new address.",
            "Perfect, thank you.",
        ),
        Matter(
            "Seats on our plan",
            "How many more people can we add before the price changes?",
            "Four more. From the fifth on each seat is 9 € a month.",
            "Clear, thanks for the quick answer.",
        ),
    ),
    "de": (
        Matter(
            "Erstattung für Bestellung 2041",
            "Guten Tag, die Bestellung 2041 kam beschädigt an. Ich hätte gern eine Erstattung.",
            "Das tut uns leid. Die Erstattung ist veranlasst, das Geld ist in drei Werktagen da.",
            "Vielen Dank für die schnelle Hilfe!",
        ),
        Matter(
            "Rechnung fehlt",
            "Ich finde die Rechnung vom letzten Monat nicht. Können Sie sie mir bitte schicken?",
            "Gern, sie hängt an. Künftig steht sie auch unter Konto → Dokumente.",
            "Danke, angekommen.",
        ),
        Matter(
            "Anmeldung klappt nicht",
            "Seit dem Wochenende komme ich nicht mehr in mein Konto. Was kann ich tun?",
            "Ihr Konto war nach mehreren Versuchen gesperrt; es ist jetzt wieder frei.",
            "Es geht wieder, danke.",
        ),
    ),
}

WAITING: Final = (
    ("en", "Team plans", "Could somebody explain the difference between the two team plans?"),
    ("de", "Bestellung ändern", "Guten Tag, ich möchte meine Bestellung von heute noch ändern."),
    ("en", "Second seat", "I would like a refund for the second seat, we never used it."),
)  # who waits when the visitor arrives: language, subject, text


def customers(chance: random.Random, count: int) -> list[Customer]:
    """So many different people, every fourth of them German-speaking."""
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    chosen = ["Joe Miller", *chance.sample([n for n in names if n != "Joe Miller"], count - 1)]
    return [_customer(name, number) for number, name in enumerate(chosen)]


def _customer(name: str, number: int) -> Customer:
    login = name.lower().replace(" ", ".")
    domain = "acme.com" if number % 17 == 3 else f"mail{number % 5}.example"
    return Customer(name, f"{login}@{domain}", login, "de" if number % 4 == 1 else "en")
