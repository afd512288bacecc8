"""The door as a desk is handed it: an action by its word, arguments as the platform gave them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

import msgspec

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.authorize import SYSTEM, Actor
from omniroute.application.bindings import Bindings
from omniroute.application.door import Application
from omniroute.application.pages import ThreadPage
from omniroute.application.sheets import queue_first, sheet
from omniroute.application.subscriptions import Subscription
from omniroute.application.templates import listed
from omniroute.channel import File
from omniroute.core.commands import USAGE, Misheard, Spoken, understand
from omniroute.desk import Kept, Receiver, Sheet, Told
from omniroute.errors import Refused, did_you_mean

ACTIONS: Mapping[str, type[c.Command]] = {
    "accept": c.Accept,
    "pass": c.Pass,
    "take": c.Take,
    "reply": c.Reply,
    "undo": c.Undo,
    "edit": c.Edit,
    "delete": c.Delete,
    "note": c.Note,
    "transfer": c.Transfer,
    "snooze": c.Snooze,
    "resolve": c.Resolve,
    "reopen": c.Reopen,
    "tag": c.Tag,
    "cc": c.Copy,
    "priority": c.Prioritise,
    "done": c.Done,
    "boost": c.Boost,
    "new": c.NewMatter,
    "merge": c.Merge,
    "not-same": c.NotSame,
    "split": c.Split,
    "status": c.SetStatus,
}
"""The agents' verbs, the same words on every desk."""


class DeskDoor:
    """An `omniroute.Door` for one desk, of the kind *desk* where it has one; *hold* (ms) is how
    long an answer can be taken back there.

    Who acts is for the desk to know: it has recognised the agent by the platform's own account.
    """

    def __init__(
        self,
        application: Application,
        *,
        hold: int | None = None,
        desk: str = "",
        bindings: Bindings | None = None,
    ) -> None:
        self._application, self._hold, self._desk = application, hold, desk
        self._bindings = bindings

    # --- acting ---

    async def act(self, agent: str, action: str, arguments: Mapping[str, object]) -> Told:
        """Do *action* as *agent*; returns a sentence for them.

        Raises `Refused` for what is not permitted, not understood, or no longer possible.
        """
        command = read(action, arguments)
        actor = await self._application.actor(agent)
        outcome = await self._application.do(actor, command, hold=self._hold, desk=self._desk)
        if not outcome.ok:
            raise Refused(outcome.code, outcome.text)
        return Told(outcome.text, outcome.code, outcome.message)

    async def say(
        self,
        agent: str,
        thread: int,
        line: str,
        seen: int | None = None,
        *,
        files: Sequence[Kept] = (),
        quotes: str = "",
        key: str = "",
    ) -> Told:
        """Do what *line* says on *thread*, in the agents' grammar; returns a sentence for them.

        *seen* is how many customer turns they had before their eyes; all of them unless given.
        Raises `Refused` (``bad_action``) for what is not understood: it is never taken for a reply.
        """
        heard = understand(line, self._application.now(), files=bool(files))
        if isinstance(heard, Misheard):
            raise Refused("bad_action", heard.fault)
        if heard.verb == "help":
            return Told("\n".join(USAGE.values()), "help")
        if heard.verb == "status":
            return await self.act(agent, "status", {"status": heard.status, "key": key})
        actor = await self._application.actor(agent)
        await self._application.up_to_date()
        page = await self._application.query.thread(actor, thread)
        if heard.verb == "why":
            return Told(await self._application.query.why(actor, thread, brief=True), "why")
        if heard.verb == "who":
            return Told(f"#{thread}: {page.row.agent_name or 'nobody yet'}", "who")
        if heard.verb == "template" and not heard.to:
            return Told(listed(page.templates), "templates")
        if heard.verb == "merge":
            other = await self._application.query.thread(actor, int(heard.to))
            a, b = page.handles[0].id, other.handles[0].id
            return await self.act(agent, "merge", {"a": a, "b": b, "why": heard.text})
        if heard.verb == "split":
            return await self.act(agent, "split", {"handles": _named(page, heard.to)})
        arguments = self._arguments(heard, page, page.row.turns if seen is None else seen)
        if heard.verb in ("edit", "delete"):
            arguments["message"] = quotes or _last_of(page, agent)
        if heard.verb == "reply":
            arguments["to"] = _way(page, heard.to) if heard.to else ""
            arguments |= {"everybody": heard.everybody, "quotes": quotes}
        if heard.verb in ("reply", "template", "note"):
            arguments["files"] = [_attachment(file) for file in files]
        verb = "reply" if heard.verb == "template" else heard.verb
        return await self.act(agent, verb, {"thread": thread, "key": key, **arguments})

    def understood(self, line: str) -> None:
        """Raise `Refused` for what `say` would not understand, or for whom nobody knows."""
        heard = understand(line, self._application.now())
        if isinstance(heard, Misheard):
            raise Refused("bad_action", heard.fault)
        known = {*self._application.directory.agents, *self._application.directory.queues}
        if heard.verb == "transfer" and heard.to not in known:
            hint = did_you_mean(heard.to, known) or "name an agent or a queue"
            fault = f"Nobody on the team and no queue is called “{heard.to}” — {hint}"
            raise Refused("no_such_agent", fault)

    # --- looking ---

    async def look(self, agent: str, thread: int) -> Sheet:
        """A thread as *agent* may see it."""
        actor = await self._actor(agent)
        await self._application.up_to_date()
        return self._sheet(await self._application.query.thread(actor, thread))

    async def mine(self, agent: str) -> Sequence[Sheet]:
        """What *agent* has to do, what waits for us first."""
        actor = await self._actor(agent)
        await self._application.up_to_date()
        board = await self._application.query.board(actor)
        asked = self._application.query.thread
        return [self._sheet(await asked(actor, row.id)) for row in queue_first(board.mine)]

    def _sheet(self, page: ThreadPage) -> Sheet:
        return sheet(page, self._application.now(), self._application.directory.zone)

    async def receivers(self, agent: str) -> Sequence[Receiver]:
        """Colleagues who are here, then queues."""
        actor = await self._actor(agent)
        await self._application.up_to_date()
        team = await self._application.query.agents(actor)
        here = [
            Receiver(one.id, one.name, "away" if one.unresponsive else one.status)
            for one in team
            if one.id != agent and one.status != "offline"
        ]
        return [*here, *(Receiver(name, name) for name in self._application.directory.queues)]

    async def keep(self, agent: str, file: File) -> Kept:
        """Keep a file's bytes."""
        sha = await self._application.keep(await self._actor(agent), file.data)
        return Kept(file.name, file.media_type, len(file.data), sha)

    async def file(self, agent: str, kept: Kept) -> File:
        """The bytes of a file that some message carries."""
        data = await self._application.file(await self._actor(agent), kept.sha)
        return File(kept.name, kept.media_type, data)

    def changes(self) -> AsyncIterator[Sequence[int]]:
        """Threads about which something is new, from now on: nothing is missed until one asks."""
        return _threads(self._application.subscribe(SYSTEM))

    # --- who it is ---

    async def who(self, kind: str, value: str) -> str:
        """The agent who has bound an account, or an empty string."""
        return "" if self._bindings is None else await self._bindings.who(kind, value)

    async def accounts(self, agent: str, kind: str) -> Sequence[str]:
        """The accounts of a platform that *agent* has bound."""
        if self._bindings is None:
            return ()
        return [one.value for one in await self._bindings.of(agent) if one.kind == kind]

    async def unreachable(self, agent: str) -> None:
        """Nobody reaches *agent* at this desk any more, until they act there."""
        await self._application.lost(agent, self._desk)

    async def bind(self, code: str, kind: str, value: str, display: str = "") -> str:
        """Bind an account to the agent for whom *code* was made.  Raises `Refused`."""
        if self._bindings is None:
            raise Refused("bad_code", "This desk binds no accounts.")
        return await self._bindings.redeem(code, kind, value, display)

    async def _actor(self, agent: str) -> Actor:
        return await self._application.actor(agent) if agent else SYSTEM

    def _arguments(self, heard: Spoken, page: ThreadPage, seen: int) -> dict[str, object]:
        """What the verb's command needs beside the thread."""
        offer = page.offer.id if page.offer is not None else ""
        match heard.verb:
            case "accept":
                return {"offer": offer}
            case "pass":
                return {"offer": offer, "why": heard.text}
            case "reply":
                return {"text": heard.text, "seen": seen}
            case "template":
                named = {"template": heard.to, "values": heard.values}
                return {"text": "", "seen": seen, **named}
            case "note" | "edit":
                return {"text": heard.text}
            case "transfer":
                queue = heard.to in self._application.directory.queues
                if queue and heard.warm:
                    fault = f"{heard.to} is a queue, and only an agent can be asked: use transfer"
                    raise Refused("bad_arguments", fault)
                to = "to_queue" if queue else "to_agent"
                return {to: heard.to, "why": heard.text, "warm": heard.warm}
            case "snooze":
                return {"until": heard.until}
            case "tag" | "cc":
                return {"add": heard.add, "remove": heard.remove}
            case "priority":
                return {"priority": heard.priority}
            case "boost":
                return {"by": heard.span}
            case "undo":
                held = [item.message for item in page.items if item.state == "held"]
                return {"message": held[-1] if held else ""}
        return {}


async def _threads(changes: Subscription) -> AsyncIterator[Sequence[int]]:
    async with changes:
        async for change in changes:
            if change.all or change.threads:
                yield () if change.all else change.threads


def _last_of(page: ThreadPage, agent: str) -> str:
    """What *agent* said last there that the customer has.  Raises `Refused`."""
    said = [item for item in page.items if item.kind == "reply" and item.agent == agent]
    gone = [item.message for item in said if item.state in ("sending", "sent", "held")]
    if not gone:
        raise Refused("unknown_message", "You have said nothing here that could be changed.")
    return gone[-1]


def _attachment(file: Kept) -> dict[str, object]:
    return {
        "name": file.name, "media_type": file.media_type, "size": file.size, "sha": file.sha,
    }  # fmt: skip


def _way(page: ThreadPage, wanted: str) -> str:
    """The handle of the way that an agent names, by its channel or its address.

    Raises `Refused`.
    """
    for way in page.ways:
        address, _, by = way.text.lower().rpartition(" by ")
        if wanted in (way.channel, by.partition(" (")[0], by.replace(" ", ""), address):
            return way.handle
    known = words.listed([way.text for way in page.ways], "or") or "none"
    raise Refused("no_way", f"Nothing leads to this customer by “{wanted}”; there is {known}.")


def _named(page: ThreadPage, address: str) -> list[str]:
    """The customer's handles of that address.  Raises `Refused`."""
    found = [h.id for h in page.handles if address.casefold() in (h.value, h.display.casefold())]
    if not found:
        known = [handle.value or handle.display for handle in page.handles]
        hint = did_you_mean(address, known) or f"theirs are {words.listed(known)}"
        raise Refused("bad_arguments", f"This customer has no address “{address}” — {hint}")
    return found


def read(action: str, arguments: Mapping[str, object]) -> c.AnyCommand:
    """The command that a desk's words mean.

    Numbers may come as text, as buttons carry them.  Raises `Refused` (``bad_action``,
    ``bad_arguments``) naming the word at fault.
    """
    kind = ACTIONS.get(action)
    if kind is None:
        hint = did_you_mean(action, ACTIONS) or f"known are {', '.join(ACTIONS)}"
        raise Refused("bad_action", f"There is no action “{action}” — {hint}")
    fields = msgspec.structs.fields(kind)
    known = {field.encode_name for field in fields}
    for name in arguments:
        if name not in known:
            hint = did_you_mean(name, known) or f"known are {', '.join(sorted(known))}"
            raise Refused("bad_arguments", f"{action} takes no “{name}” — {hint}")
    missing = [f.encode_name for f in fields if f.required and f.encode_name not in arguments]
    if missing:
        raise Refused("bad_arguments", f"{action} needs {words.listed(missing)}")
    try:
        command = msgspec.convert(dict(arguments), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("bad_arguments", f"{action} was not understood: {_said(error)}") from None
    return cast(c.AnyCommand, command)


def _said(error: msgspec.ValidationError) -> str:
    fault, _, place = str(error).partition(" - at `$.")
    return f"{place.rstrip('`')}: {fault[:1].lower()}{fault[1:]}" if place else fault
