"""A small desk of people who do not exist: an application in memory that the console can stand on.

It keeps what a page shows and what a form changes, no more; how threads are routed is not its
business.  Time is given, so that a test can stop it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import msgspec

from omniroute.application import commands as c
from omniroute.application import importing
from omniroute.application.authorize import Actor, Kind
from omniroute.application.bounds import LARGEST_FILE
from omniroute.application.customers import CustomerPage, CustomerRow, Erased, Everything
from omniroute.application.feed import Happenings
from omniroute.application.likeness import Likely
from omniroute.application.listing import Edge
from omniroute.application.pages import (
    AgentView,
    Board,
    Change,
    FileView,
    Filter,
    HandleView,
    Hit,
    Item,
    LinkView,
    OfferView,
    Reason,
    ThreadPage,
    ThreadRow,
)
from omniroute.application.pauses import PauseView
from omniroute.application.reporting import DESCRIBED, Asked, Group, Report
from omniroute.application.stats import FirstReply, Stats
from omniroute.errors import Refused
from omniroute.runtime.rows import Attachment

MINUTE = 60_000

Clock = Callable[[], int]


class Record(msgspec.Struct):
    """A thread as the village keeps it."""

    row: ThreadRow
    items: list[Item]
    card: tuple[str, ...]
    handles: tuple[Any, ...] = ()
    history: tuple[ThreadRow, ...] = ()
    offer: tuple[str, str, int] | None = None  # id, agent, until
    links: tuple[LinkView, ...] = ()
    more: dict[str, Any] = {}  # of the page


class People:
    """Who is who in the village: Joe, to whom everybody refers."""

    def __init__(self) -> None:
        self.joe = CustomerPage("joe", "Joe", (), (), ())

    async def show(self, actor: Actor, who: str) -> CustomerPage:
        return self.joe

    async def search(self, actor: Actor, text: str, limit: int = 20) -> Sequence[CustomerRow]:
        return (CustomerRow("joe", "Joe", ()),)

    async def suggested(self, actor: Actor) -> Sequence[LinkView]:
        return ()

    async def likely(self, actor: Actor, who: str) -> Sequence[Likely]:
        return ()

    async def shared(self, actor: Actor) -> Sequence[HandleView]:
        return (HandleView("h1", "email", "info@team.example", "", True, "suspected"),)

    async def share(self, actor: Actor, address: str, shared: bool) -> str:
        return f"{address}: {shared}"

    async def export(self, actor: Actor, who: str) -> Everything:
        return Everything(self.joe, ())

    async def erase(self, actor: Actor, who: str) -> Erased:
        return Erased(1, 2, 3, 4, 5)


class Uneventful:
    """A record in which nothing has happened."""

    async def page(
        self, actor: Actor, after: str = "", limit: int = 100, wait: float = 0
    ) -> Happenings:
        return Happenings((), "0.0")


class Village:
    """The application.  It is its own `query`."""

    def __init__(self, clock: Clock, team: Sequence[AgentView], records: Sequence[Record]) -> None:
        self.clock = clock
        self.team = {agent.id: agent for agent in team}
        self.records = {record.row.id: record for record in records}
        self.files: dict[str, bytes] = {}
        self.reports: list[Asked] = []  # that were asked for
        self.reported = {"": Report(0, 0, 0, 0, "", 0, {}, {}, (), DESCRIBED)}
        self.figures = Stats(0, 0, 0, (), {}, 0, 0, 0, 0, FirstReply(0, 0, 0))
        self.htmls: dict[str, str] = {}
        self.done: list[tuple[str, c.AnyCommand]] = []
        self.writing: list[tuple[str, int]] = []
        self.refuse: Refused | None = None
        self.seq = 100
        self.quiet = Quiet()
        self.held = 5_000  # ms that a reply can be taken back
        self.listeners: set[asyncio.Queue[Change]] = set()
        self.answers: dict[str, c.Outcome] = {}

    @property
    def query(self) -> Village:
        return self

    @property
    def importing(self) -> Lists:
        return Lists()

    @property
    def feed(self) -> Uneventful:
        return Uneventful()

    @property
    def customers(self) -> People:
        return People()

    @property
    def pauses(self) -> Quiet:
        return self.quiet

    # --- reads ---

    async def board(self, actor: Actor) -> Board:
        if actor.kind is not Kind.AGENT:
            raise Refused("no_such_agent", "Nobody on the team is called system.")
        rows = [record.row for record in self.records.values()]
        mine = [r for r in rows if r.agent == actor.id and r.phase == "assigned"]
        return Board(
            me=self.team[actor.id],
            offers=tuple(
                OfferView(r.offer[0], r.offer[2], r.row, r.card)
                for r in self.records.values()
                if r.offer and r.offer[1] == actor.id
            ),
            mine=tuple(sorted(mine, key=lambda r: (not r.waiting, r.deadline))),
            waiting=tuple(r for r in rows if r.phase in ("queued", "offered", "stranded")),
            others=tuple(r for r in rows if r.phase == "assigned" and r.agent != actor.id),
            snoozed=tuple(r for r in rows if r.phase == "snoozed"),
            solved=tuple(r for r in rows if r.phase == "resolved"),
            team=tuple(self.team.values()),
            queues=("general", "billing", "tech"),
        )

    async def thread(self, actor: Actor, thread: int) -> ThreadPage:
        record = self._record(thread)
        row, offer = record.row, record.offer
        mine = row.agent in ("", actor.id)
        offered = offer is not None and offer[1] == actor.id
        held = any(item.state == "held" for item in record.items)
        solved = row.phase == "resolved"
        return ThreadPage(
            row=row,
            card=record.card,
            handles=record.handles,
            items=tuple(record.items),
            history=record.history,
            reasons=await self.reasons(actor, thread),
            why_you="rule refunds → billing · refunds 4≥3, lang.de 5≥3 · load 2/5",
            offer=OfferView(offer[0], offer[2], row, record.card) if offer and offered else None,
            replying_to=f"{record.handles[0].value if record.handles else row.name}"
            f" by {'e-mail' if row.channel == 'email' else 'web chat'}",
            can=tuple(
                verb
                for verb, open in {
                    "accept": offered,
                    "pass": offered,
                    "take": not row.agent or row.agent != actor.id,
                    "reply": mine,
                    "note": True,
                    "transfer": mine and not solved,
                    "snooze": row.agent == actor.id and row.phase == "assigned",
                    "resolve": mine and not solved,
                    "reopen": solved,
                    "tag": True,
                    "prioritise": mine,
                    "copy": mine,
                    "merge": True,
                    "split": True,
                    "undo": held,
                    "done": mine and solved,
                    "boost": row.phase == "queued" and self.team[actor.id].role != "agent",
                }.items()
                if open
            ),
            expected="It will probably wait 4 min." if row.phase == "queued" else "",
            links=record.links,
            **record.more,
        )

    async def threads(
        self, actor: Actor, wanted: Filter, after: Edge | None = None
    ) -> Sequence[ThreadRow]:
        return [
            r.row
            for r in self.records.values()
            if (not wanted.phases or r.row.phase in wanted.phases)
            and (not wanted.agent or r.row.agent == wanted.agent)
        ][: wanted.limit]

    async def search(self, actor: Actor, text: str, limit: int = 20) -> Sequence[Hit]:
        found = []
        for record in self.records.values():
            for item in record.items:
                at = item.text.lower().find(text.lower())
                if at >= 0:
                    word = item.text[at : at + len(text)]
                    before, after = (
                        item.text[max(0, at - 40) : at],
                        item.text[at + len(text) :][:60],
                    )
                    found.append(Hit(record.row, f"{before}‹{word}›{after}"))
                    break
        return found

    async def why(self, actor: Actor, thread: int) -> str:
        reasons = await self.reasons(actor, thread)
        return "\n".join(["With Ana Ruiz; waits for us.", "", *(r.text for r in reasons)])

    async def reasons(self, actor: Actor, thread: int) -> tuple[Reason, ...]:
        since = self._record(thread).row.since
        match = {"about": "match", "thread": thread, "step": 0, "winner": ["ana", [0, 0.4]]}
        return (
            Reason(11, since, "the sender is known", {"about": "identity", "how": "known"}),
            Reason(11, since, "rule refunds → billing (after vip)", {"about": "route"}),
            Reason(11, since, "Ana Ruiz is the best choice, before Bo Berg; 2 lack a skill", match),
        )

    async def agents(self, actor: Actor) -> Sequence[AgentView]:
        return tuple(self.team.values())

    async def stats(self, actor: Actor, since: int, until: int) -> Stats:
        return msgspec.structs.replace(self.figures, now=self.clock(), since=since, until=until)

    async def report(self, actor: Actor, asked: Asked) -> Report:
        self.reports.append(asked)
        return msgspec.structs.replace(
            self.reported.get(asked.by, self.reported[""]), now=self.clock(),
            since=asked.since, until=asked.until, by=asked.by, limit=asked.limit,
            before=2 * asked.since - asked.until,
        )  # fmt: skip

    async def by_day(self, actor: Actor, asked: Asked) -> tuple[Group, ...]:
        return self.reported.get("day", self.reported[""]).groups

    async def receive(
        self, actor: Actor, name: str, media_type: str, pieces: AsyncIterable[bytes]
    ) -> Attachment:
        data = b"".join([piece async for piece in pieces])
        if len(data) > LARGEST_FILE:
            raise Refused("file_too_big", f"“{name}” is too big.")
        sha = hashlib.sha256(data).hexdigest()
        self.files[sha] = data
        return Attachment(name, media_type, len(data), sha)

    async def file(self, actor: Actor, sha: str) -> bytes:
        return self.files[sha]

    async def html(self, actor: Actor, message: str) -> str:
        return self.htmls[message]

    async def subscribe_forever(self, queue: asyncio.Queue[Change]) -> AsyncIterator[Change]:
        try:
            while True:
                yield await queue.get()
        finally:
            self.listeners.discard(queue)

    def subscribe(self, actor: Actor) -> AsyncIterator[Change]:
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self.listeners.add(queue)
        return self.subscribe_forever(queue)

    def at_web_desk(self, actor: Actor) -> AbstractContextManager[None]:
        return nullcontext()

    # --- acts ---

    async def writes(self, actor: Actor, thread: int) -> None:
        self.writing.append((actor.id, thread))

    async def do(self, actor: Actor, command: c.AnyCommand) -> c.Outcome:
        if self.refuse is not None:
            raise self.refuse
        if command.key and command.key in self.answers:
            return self.answers[command.key]
        outcome = self._do(actor, command)
        self.done.append((actor.id, command))
        if command.key:
            self.answers[command.key] = outcome
        if outcome.ok:
            self.tell(Change(outcome.seq, (getattr(command, "thread", 0),), (actor.id,)))
        return outcome

    def _do(self, actor: Actor, command: c.AnyCommand) -> c.Outcome:
        me = self.team[actor.id]
        if isinstance(command, c.SetStatus):
            changed = msgspec.structs.replace(me, status=command.status, unresponsive=False)
            self.team[actor.id] = changed
            return self._yes("status", f"You are {command.status} now.")
        if not isinstance(command, c.OnThread):
            return self._yes("merged", "They are one customer now; a split undoes it.")
        record = self._record(command.thread)
        match command:
            case c.Accept() | c.Take():
                if record.row.agent and record.row.agent != actor.id:
                    return c.Outcome(False, "taken", f"{record.row.agent_name} took it 3 s ago.")
                record.offer = None
                self._set(record, phase="assigned", agent=me.id, agent_name=me.name)
                return self._yes("accepted", f"#{command.thread} is yours.")
            case c.Pass():
                record.offer = None
                self._set(record, phase="queued")
                return self._yes("passed", "You passed on it; you will not be asked again for it.")
            case c.Reply():
                return self._reply(me, record, command)
            case c.Undo():
                record.items = [
                    msgspec.structs.replace(item, state="withdrawn")
                    if item.message == command.message
                    else item
                    for item in record.items
                ]
                return self._yes("undone", "Taken back; the customer never saw it.")
            case c.Edit() | c.Delete():
                text = command.text if isinstance(command, c.Edit) else "(deleted)"
                record.items = [
                    msgspec.structs.replace(
                        item, text=text, former=(*item.former, item.text), change="edited"
                    )
                    if item.message == command.message
                    else item
                    for item in record.items
                ]
                return self._yes("edited", "Changed.")
            case c.Note():
                files = _shown(command.files)
                self._write(record, kind="note", text=command.text, author=me.name, files=files)
                return self._yes("noted", "Noted, for colleagues only.")
            case c.Transfer():
                to = command.to_agent
                name = self.team[to].name if to else command.to_queue
                self._set(record, agent=to, agent_name=name if to else "")
                return self._yes("transferred", f"#{command.thread} goes to {name}.")
            case c.Snooze():
                self._set(record, phase="snoozed", snoozed_until=command.until)
                return self._yes("snoozed", f"#{command.thread} is put aside.")
            case c.Resolve():
                self._set(record, phase="resolved", agent=me.id, agent_name=me.name, waiting=False)
                return self._yes("resolved", f"#{command.thread} is solved.")
            case c.Reopen():
                self._set(record, phase="assigned", agent=me.id, agent_name=me.name)
                return self._yes("reopened", f"#{command.thread} is open again and yours.")
            case c.Tag():
                kept = [tag for tag in record.row.tags if tag not in command.remove]
                self._set(record, tags=(*kept, *command.add))
                return self._yes("tagged", "The tags are set.")
            case c.Done():
                return self._yes("done", "You can be asked again.")
            case c.Boost():
                return self._yes("boosted", "It has another place in line.")
            case c.Prioritise():
                self._set(record, priority=command.priority)
                return self._yes("prioritised", "The priority is set.")
        raise AssertionError(command)

    def _reply(self, me: AgentView, record: Record, command: c.Reply) -> c.Outcome:
        if command.seen < record.row.turns and not command.anyway:
            last = [item.text for item in record.items if item.kind == "customer"][-1]
            return c.Outcome(False, "customer_wrote", f"Joe wrote 4 s ago: ‘{last}’")
        message = f"r{len(record.items)}"
        self._write(
            record, kind="reply", text=command.text, author=me.name, message=message,
            files=_shown(command.files),
            channel=record.row.channel, state="held", release_at=self.clock() + self.held,
        )  # fmt: skip
        self._set(record, phase="assigned", agent=me.id, agent_name=me.name, waiting=False)
        self._release_later(record, message)
        return self._yes("held", "Goes out in 5 s; you can take it back until then.", message)

    def customer_writes(self, thread: int, text: str) -> None:
        """A customer's next message, told to whoever listens."""
        record = self._record(thread)
        self._write(
            record, kind="customer", text=text, author=record.row.name, channel=record.row.channel
        )
        self._set(record, turns=record.row.turns + 1, excerpt=text, waiting=True)
        self.seq += 1
        self.tell(Change(self.seq, (thread,), wrote=(record.row.agent,)))

    def offer(self, thread: int, agent: str, lasts: int = 45_000) -> None:
        """Offer a waiting thread to an agent."""
        record = self._record(thread)
        record.offer = (f"o{thread}", agent, self.clock() + lasts)
        self._set(record, phase="offered")
        self.seq += 1
        self.tell(Change(self.seq, (thread,), (agent,), offered=(agent,)))

    def tell(self, change: Change) -> None:
        for queue in self.listeners:
            queue.put_nowait(change)

    # --- keeping ---

    def _record(self, thread: int) -> Record:
        if thread not in self.records:
            raise Refused("unknown_thread", f"There is no thread #{thread}.")
        return self.records[thread]

    def _set(self, record: Record, **values: Any) -> None:
        record.row = msgspec.structs.replace(record.row, last_at=self.clock(), **values)

    def _write(self, record: Record, **values: Any) -> None:
        self.seq += 1
        values.setdefault("message", f"m{self.seq}")
        record.items.append(Item(seq=self.seq, at=self.clock(), **values))

    def _release_later(self, record: Record, message: str) -> None:
        def release() -> None:
            record.items = [
                msgspec.structs.replace(item, state="sent")
                if item.message == message and item.state == "held"
                else item
                for item in record.items
            ]
            self.seq += 1
            self.tell(Change(self.seq, (record.row.id,)))

        asyncio.get_running_loop().call_later(self.held / 1000, release)

    def _yes(self, code: str, text: str, message: str = "") -> c.Outcome:
        self.seq += 1
        return c.Outcome(True, code, text, self.seq, message)


class Doorman:
    """The accounts: everybody's password is ``open sesame``, a link is ``link-<agent>``."""

    def __init__(self, village: Village) -> None:
        self.village = village
        self.sessions: dict[str, str] = {}
        self.used: set[str] = set()
        self.failures = 0

    async def make_link(self, agent: str, by: Actor | None = None) -> str:
        if agent not in self.village.team:
            raise Refused("no_such_agent", f"Nobody on the team is called {agent}.")
        return f"link-{agent}-{len(self.used)}"

    async def redeem(self, link: str) -> str:
        if link in self.used or not link.startswith("link-"):
            raise Refused("bad_link", "This link has been used; ask for another.")
        self.used.add(link)
        return self._open(link.split("-")[1])

    async def sign_in(self, agent: str, password: str, address: str = "") -> str:
        if self.failures >= 3:
            raise Refused("too_many", "Too many attempts; try again in 5 min.")
        if agent not in self.village.team or password != "open sesame":
            self.failures += 1
            raise Refused("wrong_sign_in", "The name or the password is wrong.")
        return self._open(agent)

    async def session(self, token: str) -> Actor | None:
        agent = self.sessions.get(token)
        if agent is None:
            return None
        return Actor(Kind.AGENT, agent, self.village.team[agent].role)

    async def bearer(self, token: str) -> Actor | None:
        return None

    async def sign_out(self, token: str) -> None:
        self.sessions.pop(token, None)

    async def set_password(self, actor: Actor, agent: str, password: str) -> None:
        if len(password) < 10:
            raise Refused("weak_password", "A password has 10 to 500 characters.")
        self.sessions = {t: a for t, a in self.sessions.items() if a != agent}

    def _open(self, agent: str) -> str:
        token = f"session-{agent}-{len(self.sessions)}-0123456789abcdef"
        self.sessions[token] = agent
        return token


class Lists:
    """Takes lists of people in, and says of each that it was new."""

    async def take_in(self, actor: Actor, people: importing.People) -> Sequence[importing.Taken]:
        return [importing.Taken(new=len(person.addresses)) for person in people.people]


class Quiet:
    """Automatic replies pause in one domain, until somebody ends it."""

    def __init__(self) -> None:
        self.known = [PauseView("r1", "gone.example", "20 messages came back", 0, 3_600_000)]

    async def show(self, actor: Actor) -> Sequence[PauseView]:
        return self.known

    async def end(self, actor: Actor, realm: str) -> str:
        self.known = [pause for pause in self.known if pause.realm != realm]
        return "Automatic replies go out there again."


def _shown(files: Sequence[Attachment]) -> tuple[FileView, ...]:
    return tuple(FileView(f.name, f.media_type, f.size, f.sha) for f in files)
