"""What the people of the demo say.  None of them exists."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final

FIRST: Final = (
    "Maya", "Ines", "Tomasz", "Aylin", "Noah", "Leonie", "Pavel", "Sofia", "Kwame", "Hanna",
    "Luca", "Freya", "Jonas", "Amara", "Milan", "Greta", "Omar", "Elif", "Theo", "Nora",
)  # fmt: skip
LAST: Final = (
    "Okafor", "Hartmann", "Kowalski", "Demir", "Lindqvist", "Moreau", "Novak", "Ricci",
    "Mensah", "Berger", "Costa", "Larsen", "Weiss", "Diallo", "Petrov", "Haddad",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes."""

    name: str
    email: str
    login: str
    language: str
    order: int = 1182


JOE: Final = Customer("Joe Miller", "joe.miller@mail.example", "joe.miller", "en")
"""The customer whom the visitor may play."""


@dataclass(frozen=True, slots=True)
class Matter:
    """A conversation: what the customer asks, what is answered, what they say then.

    *note* is what an agent may tell colleagues on the way, *hand_over* the reason and the queue
    when it belongs to others.
    """

    subject: str
    asks: str
    answer: str
    thanks: str
    note: str = ""
    hand_over: tuple[str, str] | None = None


JOES: Final = Matter(
    "Order {order} came late",
    "Hi, order {order} came eight days late. Could I have a refund of the express fee?",
    "Of course, Joe. The express fee is on its way back to your card.",
    "Thank you, Ana!",
)
"""Why Joe wrote yesterday."""

MATTERS: Final[dict[str, tuple[Matter, ...]]] = {
    "en": (
        Matter(
            "Charged twice for order {order}",
            "Hello, I was charged twice for order {order}. Could you refund one, please?",
            "You are right, the bank confirms both charges. One is on its way back to your card"
            " and will arrive within three working days.",
            "That was quick. Thank you!",
            note="Bank confirmed the double charge, reference 77-{order}.",
        ),
        Matter(
            "Refund for order {order}",
            "The parcel came eight days late, so I sent it back. When do I get my refund?",
            "It arrived here yesterday, and the refund left us this morning.",
            "Great, I can see it already.",
        ),
        Matter(
            "Where is my invoice?",
            "I need the invoice for order {order} for my accountant and cannot find it.",
            "It is under Account → Documents, and here is a direct link to save you the search.",
            "Found it, thanks.",
        ),
        Matter(
            "VAT on invoice {order}",
            "The invoice shows 19 % VAT, but we gave you our VAT number last year.",
            "Your number was missing in the new billing profile. A corrected invoice is on its"
            " way.",
            "Received, our books are happy again.",
            note="VAT number checked against the register, it is valid.",
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
            "Since this morning the API answers HTTP 500 on every second export of order {order}.",
            "Thank you for the number, it led us straight to it. A fix is live since 11:20.",
            "Confirmed, all green again.",
            note="Export worker 3 ran out of disk; restarted, alert added.",
        ),
        Matter(
            "Rate limit",
            "We hit the API rate limit during our nightly import. Can it be raised?",
            "It is doubled for your key from tonight. Bulk endpoints would need a tenth of the"
            " calls: the guide is linked in your console.",
            "We will move to bulk, thanks for both.",
        ),
        Matter(
            "Cannot log in",
            "I cannot log in since I changed my phone, the code never arrives.",
            "Your new number is registered now. Please try again, the code comes within a minute.",
            "I am in, thank you.",
            note="Identity checked by order {order} and the postcode.",
        ),
        Matter(
            "Change of address",
            "We have moved. Can you change our delivery address before order {order} leaves?",
            "Done; order {order} goes to the new address.",
            "Perfect, thank you.",
            hand_over=("The parcel is being loaded, billing can still stop it", "billing"),
        ),
        Matter(
            "Seats on our plan",
            "How many more people can we add before the price changes?",
            "Four more. From the fifth on each seat is 9 € a month.",
            "Clear, thanks for the quick answer.",
        ),
        Matter(
            "Wrong colour",
            "Order {order} came in blue, we had chosen green. Can we swap it?",
            "Of course. The green one leaves today; the courier takes the blue one along.",
            "It is here, and it is green. Thanks!",
        ),
        Matter(
            "Export for the auditor",
            "Our auditor asks for everything of last year as CSV. Where do we get that?",
            "Under Reports → Export you can now choose the whole year; we have enabled it for you.",
            "That saved my week.",
            hand_over=("Needs the export switched on for their account", "tech"),
        ),
    ),
    "de": (
        Matter(
            "Erstattung für Bestellung {order}",
            "Guten Tag, die Bestellung {order} kam beschädigt an. Ich hätte gern eine Erstattung.",
            "Das tut uns leid. Die Erstattung ist veranlasst, das Geld ist in drei Werktagen da.",
            "Vielen Dank für die schnelle Hilfe!",
            note="Foto vom Kurier liegt vor, Schaden ist eindeutig.",
        ),
        Matter(
            "Rechnung fehlt",
            "Ich finde die Rechnung zur Bestellung {order} nicht. Schicken Sie sie mir bitte?",
            "Gern, hier ist sie. Künftig steht sie auch unter Konto → Dokumente.",
            "Danke, angekommen.",
        ),
        Matter(
            "Passwort",
            "Seit dem Wochenende nimmt die Seite mein Passwort nicht mehr an. Was kann ich tun?",
            "Ihr Konto war nach mehreren Versuchen gesperrt; es ist jetzt wieder frei.",
            "Es geht wieder, danke.",
        ),
        Matter(
            "Liefertermin",
            "Guten Tag, wann kommt denn Bestellung {order}? Wir sind nächste Woche verreist.",
            "Sie ist heute Morgen aus dem Lager gegangen und kommt übermorgen vor zwölf.",
            "Wunderbar, dann sind wir noch da.",
        ),
        Matter(
            "Lieferadresse",
            "Wir sind umgezogen. Können Sie die Adresse für Bestellung {order} noch ändern?",
            "Ist geändert, die Bestellung geht an die neue Adresse.",
            "Sehr nett, danke.",
            hand_over=("Paket ist schon beim Kurier, Abrechnung muss zustimmen", "billing"),
        ),
        Matter(
            "Webhook in der Testumgebung",
            "Gibt es die API und die Webhooks auch in einer Testumgebung?",
            "Ja, unter Konto → Entwickler → Testumgebung, mit eigenem Schlüssel.",
            "Gefunden, vielen Dank.",
        ),
    ),
}

LOST_FOR_WORDS: Final = {
    "en": "Thank you for writing. I have looked into it and will come back to you today.",
    "de": "Danke für Ihre Nachricht. Ich habe es mir angesehen und melde mich heute noch.",
}
"""What colleagues answer to what no script foresees, such as what the visitor writes."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_GERMAN = re.compile(r"\b(ich|wir|guten|bitte|nicht|und|der|die|das|danke|ist)\b", re.I)
ENOUGH: Final = 0.6  # of a script's words found again: that is what it is about


def said(text: str, by: Customer) -> str:
    """A text of the script as this customer says it."""
    return text.replace("{order}", str(by.order))


def thanks_for(answer: str) -> str:
    """What a customer says to an answer of the script; empty if it is none of them."""
    words = _words(answer)
    matters = [matter for language in MATTERS.values() for matter in language]
    best = max(matters, key=lambda matter: _alike(words, matter.answer))
    return best.thanks if _alike(words, best.answer) >= ENOUGH else ""


def answer_to(text: str) -> str:
    """What a colleague answers to a customer's text; empty when the text only says thanks."""
    words = _words(text)
    if not words:
        return LOST_FOR_WORDS["en"]
    matters = [matter for language in MATTERS.values() for matter in language]
    if any(_same(words, _words(matter.thanks)) for matter in matters):
        return ""
    best = max(matters, key=lambda matter: _alike(words, matter.asks))
    if _alike(words, best.asks) < ENOUGH:
        return LOST_FOR_WORDS["de" if _GERMAN.search(text) else "en"]
    number = re.search(r"\d{4}", text)
    return best.answer.replace("{order}", number[0] if number else "you mentioned")


def _alike(words: frozenset[str], script: str) -> float:
    wanted = _words(script.replace("{order}", ""))
    return len(wanted & words) / len(wanted)


def _same(words: frozenset[str], others: frozenset[str]) -> bool:
    return len(words & others) >= ENOUGH * len(words | others)


def _words(text: str) -> frozenset[str]:
    return frozenset(map(str.lower, _WORD.findall(text)))


def customers(chance: random.Random, count: int) -> list[Customer]:
    """So many different people, every third of them German-speaking; Joe is the first."""
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    chosen = chance.sample([name for name in names if name not in RESERVED], count - 1)
    return [JOE, *(_customer(name, number) for number, name in enumerate(chosen))]


def named(name: str, language: str, order: int, domain: str = "mail.example") -> Customer:
    """A customer by name."""
    login = name.lower().replace(" ", ".")
    return Customer(name, f"{login}@{domain}", login, language, order)


def _customer(name: str, number: int) -> Customer:
    domain = "acme.example" if number % 17 == 3 else f"mail{number % 5}.example"
    return named(name, "de" if number % 3 == 1 else "en", 2000 + 7 * number, domain)


RESERVED: Final = frozenset(
    {
        *("Sofia Ricci", "Kwame Mensah", "Leonie Hartmann", "Tomasz Novak", "Greta Weiss"),
        *("Amara Okafor", "Hanna Berger", "Milan Petrov", "Omar Diallo", "Noah Larsen"),
        *("Jonas Weiss", "Freya Lindqvist"),
    }
)
"""Who has a part in the scene that the visitor finds, and so no other."""
