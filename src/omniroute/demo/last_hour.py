"""What the visitor finds: the last hour at the desk, so that every lane of the first screen has
something in it and every verb something to do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from omniroute.core.effects import Present
from omniroute.core.model import AgentId, Status, ThreadId
from omniroute.demo.script import JOE, Customer, named
from omniroute.demo.stage import HOUR, MINUTE, Stage

YOU: Final = "ana"
LENGTH: Final = 75 * MINUTE

SOFIA: Final = named("Sofia Ricci", "en", 3120)
KWAME: Final = named("Kwame Mensah", "en", 2977)
LEONIE: Final = named("Leonie Hartmann", "en", 3307, "globex.example")
TOMASZ: Final = named("Tomasz Novak", "en", 2810)
AMARA: Final = named("Amara Okafor", "en", 3011)
JONAS: Final = named("Jonas Weiss", "de", 3090)
FREYA: Final = named("Freya Lindqvist", "en", 3044)
NOAH: Final = named("Noah Larsen", "en", 2951)
MILAN: Final = named("Milan Petrov", "en", 3206)
GRETA: Final = named("Greta Weiss", "de", 3299, "acme.example")
HANNA: Final = named("Hanna Berger", "de", 3310)
OMAR: Final = named("Omar Diallo", "en", 3311)
FOR_YOU: Final = (SOFIA, KWAME, TOMASZ)


class LastHour:
    """The last hour, minute by minute; times are minutes before now."""

    def __init__(self, stage: Stage, team: list[AgentId], now: int) -> None:
        self._stage, self._team, self._now = stage, team, now
        self._threads: dict[str, ThreadId] = {}  # by customer
        self._left: set[ThreadId] = set()  # offers that nobody answers: they are the visitor's

    def play(self) -> None:
        """Play it; the clock stands at now then."""
        self._stage.offered = lambda offer: self._stage.after(0.4, partial(self._takes, offer))
        self._people()
        self._yours()
        self._colleagues()
        self._waiting()
        self._stage.run(self._now)

    def _people(self) -> None:
        for agent in self._team:
            self._at(74, self._stage.declare, agent, Status.ONLINE)
        self._at(66, self._stage.declare, "frieda", Status.OFFLINE)
        self._at(15, self._stage.declare, "dora", Status.OFFLINE)

    def _yours(self) -> None:
        """One waits for you, one for the customer, one was handed to you, one is put aside."""
        self._writes(
            70,
            SOFIA,
            "email",
            "Refund for the second seat",
            "Hello, we never used the second seat. Could we have a refund for it, please?",
        )
        self._replies(63, SOFIA, "Gladly. Since which month has it been empty?")
        self._writes(
            6,
            SOFIA,
            "email",
            "Re: Refund for the second seat",
            "Since March, so that would be three months. Is that possible?",
        )

        self._writes(
            58,
            KWAME,
            "webchat",
            "",
            "Hi! I was charged twice for order 2977, once on Monday and once today.",
        )
        self._replies(
            55,
            KWAME,
            "I see both charges, Kwame. Which of the two cards may stay"
            " charged, the one ending 42 or the one ending 17?",
        )

        self._writes(
            48,
            LEONIE,
            "email",
            "VAT on invoice 3307",
            "The invoice shows 19 % VAT although we gave you our VAT number. What can we do?",
        )
        self._replies(43, LEONIE, "Could you send us the number once more? Then we correct it.")
        self._writes(
            13,
            LEONIE,
            "email",
            "Re: VAT on invoice 3307",
            "Gern: DE 811 907 980. Die zu viel gezahlte Steuer hätten wir gern erstattet.",
        )
        self._at(10, self._notes, LEONIE, "The VAT register knows the number, valid since 2019.")
        self._at(
            9,
            self._hands_over,
            LEONIE,
            YOU,
            "She writes German now, and mine ends at Guten Tag. Only the refund is left to do.",
        )

        self._writes(
            40,
            TOMASZ,
            "email",
            "Refund of the deposit",
            "The machine went back two weeks ago. When do I get the refund of the deposit?",
        )
        self._replies(37, TOMASZ, "It left us this morning and takes two working days.")
        self._at(36, self._notes, TOMASZ, "Bank says two working days. Look again then.")
        self._at(35, self._puts_aside, TOMASZ, self._now + 20 * HOUR)

    def _colleagues(self) -> None:
        self._writes(
            33,
            AMARA,
            "email",
            "Seats on our plan",
            "How many more people can we add before the price changes?",
        )
        self._replies(28, AMARA, "Four more. From the fifth on each seat is 9 € a month.")
        self._writes(
            30,
            JONAS,
            "email",
            "Passwort",
            "Seit gestern nimmt die Seite mein Passwort nicht mehr an. Was kann ich tun?",
        )
        self._at(27, self._notes, JONAS, "Account is locked, security is looking at it.")
        self._writes(
            25,
            FREYA,
            "email",
            "Rate limit",
            "We hit the API rate limit every night at two. Can it be raised for the import?",
        )
        self._replies(20, FREYA, "Yes, it is doubled from tonight. Does the import run in one go?")
        self._writes(
            19,
            NOAH,
            "webchat",
            "",
            "Is it possible to collect order 2951 instead of having it sent?",
        )
        self._replies(17, NOAH, "It is. Would tomorrow after ten suit you?")
        self._writes(4, NOAH, "webchat", "", "Tomorrow after ten is fine. Which address?")

    def _waiting(self) -> None:
        """Two for you, one that nobody can take yet, one that nobody vouches for, one for Bo."""
        self._writes(
            3,
            MILAN,
            "email",
            "API answers HTTP 500",
            "Since this morning the API answers HTTP 500 on every second export. Ids below.",
        )
        self._writes(
            2.5,
            GRETA,
            "email",
            "Erstattung für Bestellung 3299",
            "Die Bestellung 3299 kam beschädigt an. Wir hätten gern eine Erstattung.",
            yours=True,
        )
        self._writes(
            2,
            JOE,
            "email",
            "Charged twice for order 1182",
            "Hello Ana, order 1182 again: I was charged twice for it! Could you refund one?",
            yours=True,
        )
        self._at(1.2, self._forges)
        self._writes(
            0.8,
            HANNA,
            "email",
            "Doppelt abgebucht",
            "Für Bestellung 3310 wurde doppelt abgebucht. Können Sie das bitte prüfen?",
        )
        self._writes(
            0.2,
            OMAR,
            "email",
            "Gift card",
            "Can a gift card be used for two orders, or only for one?",
        )

    # --- verbs ---

    def _at(self, back: float, act: Callable[..., object], *given: object) -> None:
        self._stage.at(self._now - int(back * MINUTE), partial(act, *given))

    def _writes(
        self,
        back: float,
        by: Customer,
        channel: str,
        subject: str,
        text: str,
        *,
        yours: bool = False,
    ) -> None:
        self._at(back, self._says, by, channel, subject, text, yours)

    def _says(self, by: Customer, channel: str, subject: str, text: str, yours: bool) -> None:
        id = self._stage.write(by, channel, subject, text)
        self._threads[by.name] = id
        if yours:
            self._left.add(id)

    def _forges(self) -> None:
        """Somebody says they are Joe; nobody vouches for it, so it joins nobody's thread."""
        self._stage.write(
            JOE,
            "email",
            "Order 1182",
            "Please send the refund to my new account DE02 1203 0000 0000 2020 51, it is urgent.",
            verified=False,
        )

    def _takes(self, offered: Present) -> None:
        if offered.thread in self._left or self._stage.offer(offered) is None:
            return None
        if offered.agent == YOU and self._stage.customer(offered.thread) not in FOR_YOU:
            return self._stage.decline(offered, "I keep the desk free for the refunds.")
        return self._stage.accept(offered)

    def _replies(self, back: float, to: Customer, text: str) -> None:
        self._at(back, self._says_back, to, text)

    def _says_back(self, to: Customer, text: str) -> None:
        if agent := self._holder(to):
            self._stage.reply(agent, self._threads[to.name], text)

    def _notes(self, about: Customer, text: str) -> None:
        if agent := self._holder(about):
            self._stage.note(agent, self._threads[about.name], text)

    def _hands_over(self, whose: Customer, to: AgentId, why: str) -> None:
        agent = self._holder(whose)
        if agent and agent != to:
            self._stage.transfer(agent, self._threads[whose.name], why, to=to)

    def _puts_aside(self, whose: Customer, until: int) -> None:
        if agent := self._holder(whose):
            self._stage.snooze(agent, self._threads[whose.name], until)

    def _holder(self, customer: Customer) -> AgentId:
        thread = self._stage.thread(self._threads[customer.name])
        return thread.agent if thread is not None else ""
