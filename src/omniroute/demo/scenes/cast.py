"""Who plays in a scene, and what they do: customers on their channels, agents at their desks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from omniroute.application import commands as c
from omniroute.application.authorize import SYSTEM
from omniroute.application.pages import Filter, ThreadRow
from omniroute.core.model import Status
from omniroute.demo.script import Customer
from omniroute.demo.visitors import Visitors
from omniroute.demo.windows import DESKS, Windows
from omniroute.server.composition import Server
from omniroute.testing.mail_sink import MailSink
from omniroute_slack import testing as slack
from omniroute_telegram import testing as telegram

WITHIN: Final = 30.0  # s in which what ought to be seen is seen
PLENTY: Final = 99
OPEN: Final = Filter(phases=("queued", "offered", "assigned", "stranded"), limit=500)
AGENTS: Final = ("ana", "bo", "cem", "emeka")


class Cast:
    """One play.  *beat* lets so many seconds pass for whoever watches, *say* tells them what goes
    on, *look* turns a window, the customer's or the agent's, to what has a name and an address.
    """

    def __init__(
        self,
        server: Server,
        windows: Windows,
        sink: MailSink,
        visitors: Visitors,
        *,
        number: int,
        beat: Callable[[float], Awaitable[None]],
        say: Callable[[str], None],
        look: Callable[[str, str, str], None],
    ) -> None:
        self.server, self.windows, self.say, self.beat = server, windows, say, beat
        self.sink, self._visitors, self._number, self._look = sink, visitors, number, look
        self._threads: set[int] = set()
        self.ana, self.bo = windows.ana.chat(), windows.bo.chat()
        self.hold = server.application.undo  # ms for which a wrong reply can be taken back

    # --- before and after ---

    @asynccontextmanager
    async def on_stage(self) -> AsyncIterator[None]:
        """Everybody is there; at the end all is as it was, and nothing of the play stays open."""
        state = self.server.node.state
        before = {agent: state.agents[agent].status for agent in AGENTS}
        for agent in AGENTS:
            await self.status(agent, Status.ONLINE)
        try:
            yield
        finally:
            await self._clear()
            await self._team({})
            for agent, status in before.items():
                await self.status(agent, status)

    async def _clear(self) -> None:
        application = self.server.application
        for id in sorted(self._threads):
            row = (await application.query.thread(SYSTEM, id)).row
            if row.phase not in ("resolved", "closed", "folded"):
                if not row.agent:
                    await self._does("ana", c.Take(thread=id))
                await self._does(row.agent or "ana", c.Resolve(thread=id))

    async def status(self, agent: str, status: Status) -> None:
        """Somebody says whether they can be asked."""
        await self._does(agent, c.SetStatus(status=status.value))

    async def _does(self, agent: str, command: c.AnyCommand) -> None:
        """Do something as if at the desk where the agent is, which is where cards come then."""
        application = self.server.application
        await application.do(await application.actor(agent), command, desk=DESKS.get(agent, ""))

    async def room(self, **more: int) -> None:
        """Who can be asked: those named have room for so many *more*, nobody else has any.

        What waits for them already is offered to them first, so that the play's is next.
        """
        none = dict.fromkeys(self.server.node.state.agents, 0)
        await self._team({**none, **dict.fromkeys(more, PLENTY)})
        agents = self.server.node.state.agents
        await self._team({**none, **{id: agents[id].load + n for id, n in more.items()}})

    async def _team(self, room: dict[str, int]) -> None:
        """The team with other capacities; as its file says, without."""
        node = self.server.node
        team = self.server.desk_files.team_at(node.parts.desks)
        await node.load_team(
            tuple(
                msgspec.structs.replace(each, capacity=room.get(each.id, each.capacity))
                for each in team
            )
        )

    # --- customers ---

    def customer(
        self, name: str, language: str = "en", order: int = 1182, domain: str = "mail.example"
    ) -> Customer:
        """Somebody nobody knows yet, at each play anew."""
        login = f"{name.lower().replace(' ', '.')}.{self._number}"
        return Customer(name, f"{login}@{domain}", login, language, order)

    async def chats(self, who: Customer, text: str) -> ThreadRow:
        """A customer who is signed in at the shop writes in its chat; the thread it is in."""
        await asyncio.to_thread(self._visitors.say_in_chat, who, text)
        return await self.thread(text)

    async def mails(self, who: Customer, subject: str, text: str) -> ThreadRow:
        """A customer writes a mail; the thread it is in."""
        await asyncio.to_thread(self._visitors.post, who, subject, text, "")
        return await self.thread(text)

    async def writes(self, phone: telegram.Chat, text: str) -> ThreadRow:
        """A customer writes from a telephone; the thread it is in."""
        phone.says(text)
        return await self.thread(text)

    async def reads_mail(self, who: Customer, text: str) -> None:
        """Wait until a mail with *text* has come to a customer."""

        def came() -> bool:
            return any(
                who.email in str(mail["To"]) and text in str(mail.get_content())
                for mail in self.sink.received
            )

        async with asyncio.timeout(WITHIN):
            while not came():
                await self.sink.wait_for(len(self.sink.received) + 1, None)

    # --- the desk ---

    async def thread(self, text: str) -> ThreadRow:
        """The thread whose customer last wrote *text*, once it is decided."""
        async with asyncio.timeout(WITHIN):
            async with self.server.application.subscribe(SYSTEM) as changes:
                while True:
                    for row in await self.server.application.query.threads(SYSTEM, OPEN):
                        if text.startswith(row.excerpt.rstrip("…")) and row.excerpt:
                            self._threads.add(row.id)
                            return row
                    await anext(changes)

    async def row(self, thread: int) -> ThreadRow:
        """How a thread stands."""
        return (await self.server.application.query.thread(SYSTEM, thread)).row

    async def why(self, thread: int) -> str:
        """Why a thread is where it is, in a line."""
        told = await self.server.application.query.why(SYSTEM, thread, brief=True)
        return told.partition("\n")[0].replace(" How long it will wait is unknown.", "")

    async def asked(self, own: slack.Chat, name: str) -> dict[str, Any]:
        """The card in an agent's Slack by which they are asked about a customer."""

        def cards() -> list[dict[str, Any]]:
            return [
                message
                for message in own.messages()
                if name in message["text"] and "Accept" in str(message.get("blocks"))
            ]

        await self.windows.slack.until(cards, WITHIN)
        return cards()[-1]

    async def accepts(self, own: slack.Chat, name: str) -> slack.Chat:
        """An agent in Slack accepts; the thread under the card, where the work is done."""
        card = await self.asked(own, name)
        own.presses("Accept", card)
        place = own.thread(card)
        await place.sees("What you write here goes to", WITHIN)
        return place

    async def has(self, place: slack.Chat, name: str) -> None:
        """Wait until an agent to whom it was handed over has seen the talk, and may answer."""
        await place.sees("What you write here goes to", WITHIN)
        await place.sees(f" {name}: ", WITHIN)

    async def told(self, name: str) -> dict[str, Any]:
        """The card on Bo's telephone by which he is asked about a customer."""
        bo = self.bo

        def cards() -> list[dict[str, Any]]:
            return [
                message
                for message in bo.messages()
                if name in str(message.get("text")) and "Accept" in str(message.get("reply_markup"))
            ]

        await self.windows.telegram.until(cards, WITHIN)
        return cards()[-1]

    async def takes(self, name: str) -> dict[str, Any]:
        """Bo accepts on his telephone; the card."""
        card = await self.told(name)
        await self.bo.presses("Accept", card, WITHIN)

        def has() -> bool:
            return "What you write here goes to" in str(self.bo.room.messages[card["message_id"]])

        await self.windows.telegram.until(has, WITHIN)
        return card

    @asynccontextmanager
    async def can_be_undone(self) -> AsyncIterator[None]:
        """What is written meanwhile is held as long as at any desk, however fast the play is."""
        application = self.server.application
        before, application.undo = application.undo, self.hold
        try:
            yield
        finally:
            application.undo = before

    # --- who watches ---

    def shows_phone(self, chat: telegram.Chat, window: str = "customer") -> None:
        """Turn a window to somebody's telephone."""
        name = chat.person.user["first_name"]
        self._look(window, f"{name}’s Telegram", self.windows.phone(chat))

    def shows_slack(self, person: slack.Person) -> None:
        """Turn the agent's window to somebody's Slack."""
        name = str(person.user["real_name"]).partition(" ")[0]
        self._look("agent", f"{name}’s Slack", self.windows.client(person) + "&follow")

    def shows_mail(self) -> None:
        """Turn the customer's window to the mail that customers got."""
        self._look("customer", "Customers’ mail", "mail")
