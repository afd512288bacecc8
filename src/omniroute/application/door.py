"""The one door to the engine: every page, program and desk acts and asks through `Application`.

A command is checked for what it is, then for who asks (on the rows of the last commit), then
handed to the writer; the answer is a code with a sentence.  What is wrong or not permitted raises
`Refused` and reaches nobody; what the core refuses, because somebody was faster or the customer
wrote meanwhile, comes back as an `Outcome` that is not ok.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterable, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext

import msgspec

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.attaching import settled
from omniroute.application.authorize import Action, Actor, Kind, authorize
from omniroute.application.bounds import LARGEST_FILE, Invalid, check
from omniroute.application.changing import Caps, Written, find
from omniroute.application.copies import NOBODY
from omniroute.application.customers import Customers
from omniroute.application.directory import Directory
from omniroute.application.feed import Feed
from omniroute.application.heartbeats import Heartbeats
from omniroute.application.importing import Importing
from omniroute.application.judgement import asked_for, judge
from omniroute.application.pages import Change, FileView
from omniroute.application.pauses import Pauses
from omniroute.application.ports import Clock, Files, Inbox
from omniroute.application.present import Present
from omniroute.application.projector import Projector
from omniroute.application.queries import Queries
from omniroute.application.subscriptions import Subscription, Subscriptions
from omniroute.application.translate import change_of, translate
from omniroute.application.views import Views
from omniroute.application.voice import Voice
from omniroute.application.ways import Addressed, Ways
from omniroute.channel import Cap
from omniroute.core.inputs import DeskSignal
from omniroute.errors import StoreError
from omniroute.logged import concerning
from omniroute.runtime.rows import Attachment
from omniroute.stores.api import Reader

UNDO = 5_000
"""How long (ms) a reply can be taken back where a desk says nothing else."""

WEB = "web"
"""The kind of desk whose pages are ours."""

PATIENCE = 2.0
"""Seconds that a command waits for the views to show what it did; it is done either way."""


class Application:
    """The facade.  *reader* and *views* are read from several threads; *views* become its own.

    *undo* is how long (ms) a reply can be taken back where a desk says nothing else.
    """

    def __init__(
        self, inbox: Inbox, views: Views, reader: Reader, files: Files, clock: Clock,
        directory: Directory, *, undo: int = UNDO,
    ) -> None:  # fmt: skip
        self.directory = directory
        """Replace it at a reload."""
        self._inbox, self._views, self._files, self._clock = inbox, views, files, clock
        self._changing = asyncio.Lock()
        self.undo = undo
        """How long (ms) what is written from now on can be taken back."""
        self._present = Present(reader)
        self._voice = Voice(lambda: self.directory, clock, self._present, views)
        self._subscriptions = Subscriptions()
        self._heartbeats = Heartbeats(inbox, WEB, lambda: self.directory.heartbeat / 1000)
        self.projector = Projector(views)
        self.caps: Caps = lambda kind: Cap.NONE
        """What a kind of channel can do; told by whoever has the channels."""
        self.on_seen: Callable[[str, str], None] = lambda agent, desk: None
        """Told at which desk an agent is now."""
        self.on_writing: Callable[[int], Awaitable[None]] = _nobody
        """Shows the customer of a thread that somebody writes; given by whoever has channels."""
        self.customers = Customers(
            views, reader, inbox, lambda: self.directory, self._voice, self._shown
        )
        self.pauses = Pauses(reader, inbox, clock, self._voice)
        self.feed = Feed(reader, self.projector.at_least)
        self.ways = Ways(reader)
        self.importing = Importing(reader, inbox, clock, self._shown)
        self.query = Queries(
            views, reader, lambda: self.directory, clock, self._voice, self.ways,
            lambda kind: self.caps(kind),
        )  # fmt: skip

    def start(self) -> None:
        """Begin to follow the journal.  Call on the event loop."""
        self.projector.on_change(self._subscriptions.publish)
        self.projector.start()

    def now(self) -> int:
        """The present moment, in ms since the epoch, as everything here counts it."""
        return self._clock()

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A snapshot of the views, for what the server itself has to look up; from any thread."""
        return self._views.reading()

    def wake(self) -> None:
        """The writer has committed; from any thread."""
        self.projector.wake()

    async def stop(self) -> None:
        """End subscriptions and the thread of the views, and close their file."""
        await self._heartbeats.stop()
        self._subscriptions.close()
        await self.projector.stop()
        self._views.close()

    # --- acting ----------------------------------------------------------------------------------

    async def actor(self, agent: str) -> Actor:
        """An agent as an actor, with the role they have now.

        Raises `Refused` (``no_such_agent``) for who is not on the team.
        """
        standing = await asyncio.to_thread(self._present.standing, 0, agent)
        known = standing.agents.get(agent)
        if known is None or not known.employed:
            raise self._voice.refused("no_such_agent", agent=agent)
        return Actor(Kind.AGENT, agent, known.role)

    async def do(
        self, actor: Actor, command: c.AnyCommand, *, hold: int | None = None, desk: str = ""
    ) -> c.Outcome:
        """Do *command* for *actor*, who is at *desk* if that is known.

        *hold* is how long (ms) a reply can be taken back; a mail desk gives more time than a chat
        desk.  Raises `Refused` if the command cannot be meant, or may not be done by them; and
        `StoreError` if it could not be committed.
        """
        if not command.key:
            command = msgspec.structs.replace(command, key=secrets.token_hex(12))
        with concerning(thread=asked_for(actor, command)[0], agent=actor.id):
            if isinstance(command, c.Edit | c.Delete):
                async with self._changing:  # what a line said is read and replaced
                    await self.up_to_date()
                    return await self._do(actor, command, hold, desk)
            return await self._do(actor, command, hold, desk)

    async def _do(
        self, actor: Actor, command: c.AnyCommand, hold: int | None, desk: str
    ) -> c.Outcome:
        thread, *agents = asked_for(actor, command)
        if isinstance(command, c.Edit | c.Delete):
            authorize(actor, Action.NOTE)  # before anybody learns what there is to be changed
        changed: Written | None = None
        try:
            check(command, self._clock())
            standing = await asyncio.to_thread(self._present.standing, thread, *agents)
            if isinstance(command, c.Edit | c.Delete):
                found = (command, self._views, self._present, self.caps)
                changed = await asyncio.to_thread(find, *found)
            author = "" if changed is None else changed.author
            judge(actor, command, standing, self.directory, author)
            if isinstance(command, c.Reply | c.Note) and command.files:
                files = await asyncio.to_thread(settled, command.files, self._files)
                command = msgspec.structs.replace(command, files=files)
            way = Addressed()
            if isinstance(command, c.Reply):
                way = await asyncio.to_thread(self.ways.addressed, command, self._clock())
                if command.template:
                    command = msgspec.structs.replace(command, text=way.text)
            copies = NOBODY
            if isinstance(command, c.Copy):
                named = self.ways.conversations.copies
                copies = await asyncio.to_thread(named, command, standing.thread)
        except Invalid as wrong:
            raise self._voice.refused(wrong.code, thread, **wrong.values) from None
        if changed is not None and isinstance(command, c.Edit | c.Delete):
            asked = change_of(command, actor.id, changed, self._clock(), desk)
        else:
            held = self.undo if hold is None else hold
            asked = translate(command, actor.id, held, desk, way, copies)
        if actor.kind is Kind.AGENT:
            self.on_seen(actor.id, desk or WEB)
        answer = await self._inbox.submit(asked.make, asked.puts)
        await self._shown(answer.seq)
        text = await asyncio.to_thread(self._voice.answer, command, answer)
        written = asked.message if answer.ok else ""
        return c.Outcome(answer.ok, answer.code, text, answer.seq, written)

    async def _shown(self, seq: int) -> None:
        """Wait until the views show what was done, so that the next page does."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.projector.at_least(seq)
        except (TimeoutError, StoreError):
            pass  # it is committed; the page will follow

    async def up_to_date(self) -> None:
        """Wait, but not for ever, until queries answer from the last commit."""
        await self._shown(await asyncio.to_thread(self._present.head))

    # --- looking ---------------------------------------------------------------------------------

    def subscribe(self, actor: Actor) -> Subscription:
        """Changes from now on.  Close it, or use it as ``async with``."""
        authorize(actor, Action.READ)
        return self._subscriptions.open()

    def at_web_desk(self, actor: Actor) -> AbstractContextManager[None]:
        """While this lasts, a page of *actor*'s is open; long without one, they have left."""
        if actor.kind is not Kind.AGENT:
            return nullcontext()
        self.on_seen(actor.id, WEB)
        return self._heartbeats.there(actor.id)

    async def lost(self, agent: str, desk: str) -> None:
        """What a platform had taken for *agent* at *desk* came back: they are not reached there."""
        key = f"desk/{desk}/{secrets.token_hex(8)}"
        await self._inbox.submit(lambda at: DeskSignal(key, at, agent, desk, up=False, failed=True))

    async def writes(self, actor: Actor, thread: int) -> None:
        """*actor* is writing an answer right now: the customer is shown it, where that can be."""
        authorize(actor, Action.READ)
        await self.on_writing(thread)

    def customer_writes(self, thread: int) -> None:
        """The customer of a thread is writing right now: whoever looks is told."""
        self._subscriptions.publish(Change(0, writing=(thread,)))

    async def file(self, actor: Actor, sha: str) -> bytes:
        """The bytes of an attachment; of what no message carries, nothing is given out."""
        await self.about_file(actor, sha)
        data = await asyncio.to_thread(self._files.get, sha)
        if data is None:
            raise self._voice.refused("file_elsewhere")
        return data

    async def keep(self, actor: Actor, data: bytes) -> str:
        """Keep a file that goes with an answer; its name."""
        authorize(actor, Action.NOTE)
        return await asyncio.to_thread(self._files.put, data)

    async def receive(
        self, actor: Actor, name: str, media_type: str, pieces: AsyncIterable[bytes]
    ) -> Attachment:
        """Take in a file piece by piece, to go with an answer or a note.

        It waits for three days to be said which, then it goes by itself.  Raises `Refused`
        (``file_too_big``), and whatever *pieces* raises; then nothing of it stays.
        """
        authorize(actor, Action.NOTE)
        taken = await asyncio.to_thread(self._files.receive)
        try:
            async for piece in pieces:
                if taken.size + len(piece) > LARGEST_FILE:
                    raise self._voice.refused("file_too_big", name=name, most=LARGEST_FILE)
                await asyncio.to_thread(taken.write, piece)
            sha = await asyncio.to_thread(taken.finish)
        finally:
            taken.drop()
        return Attachment(words.plain_name(name), media_type, taken.size, sha)

    async def about_file(self, actor: Actor, sha: str) -> FileView:
        """Name and type of an attachment, as its sender gave them."""
        authorize(actor, Action.READ)
        found = await asyncio.to_thread(self._views.file, sha)
        if found is None:
            raise self._voice.refused("unknown_file")
        return found

    async def html(self, actor: Actor, message: str) -> str:
        """The formatted version of a message, AS IT CAME: sanitise it before it is shown."""
        authorize(actor, Action.READ)
        body = await asyncio.to_thread(self._present.body, message)
        if body is None:
            raise self._voice.refused("unknown_message")
        return body.html


async def _nobody(thread: int) -> None:
    """There is nobody to show anything to."""
