"""What an agent writes: the place decides what plain text means; no way leads out by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from omniroute.chatdesk import words
from omniroute.chatdesk.book import Post, Shown
from omniroute.chatdesk.surface import Mark, Wrote
from omniroute.desk import Kept, Sheet, Told
from omniroute.errors import Refused

if TYPE_CHECKING:
    from omniroute.chatdesk.desk import ChatDesk

ANYWHERE: Final = ("status", "help", "mine", "start")
WRITTEN: Final = ("reply", "via", "all", "note", "template")


class Pending(msgspec.Struct, frozen=True):
    """An answer that was not sent because the customer wrote meanwhile."""

    line: str
    post: str
    key: str
    files: tuple[Kept, ...] = ()
    quotes: str = ""


class Writing:
    """Reads lines for a desk."""

    def __init__(self, desk: ChatDesk) -> None:
        self._desk, self._book, self._surface = desk, desk.book, desk.surface

    async def wrote(self, act: Wrote) -> None:
        """Do what a line says, or say why not."""
        command, rest = _command(act.text)
        if command == "start":
            return await self._bind(act, rest)
        thread = self._book.thread_in(act.place, act.quotes) if act.quotes else 0
        thread = thread or self._book.thread_in(act.place)
        if not act.agent:
            if thread or command:
                await self._say(act, words.NOT_BOUND)
            return None
        if act.edited or act.deleted:
            return await self._changed(act, thread)
        try:
            await self._do(act, command, rest, thread)
        except Refused as refused:
            await self._say(act, f"⚠ {refused.text}")
        return None

    async def _do(self, act: Wrote, command: str, rest: str, thread: int) -> None:
        asked = self._asked(act)
        if asked is not None:
            self._book.drop(act.place, asked.post)
            if not command:
                return await self._line(act, asked.thread, f"{asked.ref} {act.text}")
        if command in ANYWHERE:
            return await self._anywhere(act, command, rest)
        if not thread:
            return await self._say(act, self._ours(words.NO_THREAD))
        self._book.turn_to(act.place, thread)
        if command:
            return await self._line(act, thread, f"{command} {rest}".strip())
        return await self._plain(act, thread)

    def _asked(self, act: Wrote) -> Post | None:
        """The question that a line answers; never is that answer taken for one to the customer.

        Where people cannot answer one message in particular, what they write next answers it; a
        command leaves the question aside.
        """
        if self._surface.quotes:
            found = self._book.get(act.place, act.quotes) if act.quotes else None
        else:
            found = self._book.asked(act.place)
        return found if found is not None and found.what == "ask" else None

    async def _plain(self, act: Wrote, thread: int) -> None:
        """Plain text: an answer in one's own place, a note where colleagues read."""
        sheet = await self._desk.door.look(act.agent, thread)
        shared = self._surface.is_shared(act.place)
        if shared and (sheet.owner != act.agent or self._surface.shared_is_inside):
            return await self._line(act, thread, f"note {act.text}")
        if sheet.owner and sheet.owner != act.agent:
            fix = "nothing was sent; /note … tells colleagues"
            raise Refused("not_yours", f"#{thread} is with {sheet.owner_name}; {fix}")
        return await self._line(act, thread, f"reply {act.text}")

    async def _anywhere(self, act: Wrote, command: str, rest: str) -> None:
        if command == "help":
            return await self._say(act, self._ours(words.HELP))
        if command == "mine":
            sheets = await self._desk.door.mine(act.agent)
            rows = [f"#{s.thread} {s.title} · {_waits(s)}" for s in sheets]
            return await self._say(act, "\n".join(rows) or "Nothing is yours at the moment.")
        said = await self._desk.door.act(act.agent, "status", {"status": rest, "key": act.key})
        return await self._say(act, said)

    # --- lines of the agents' grammar ---

    async def _line(self, act: Wrote, thread: int, line: str) -> None:
        async with self._desk.lock(thread):
            kept = await self._kept(act, line)
            seen = self._book.seen(thread, act.place, act.order)
            quoted = self._book.line_at(act.place, act.quotes) if act.quotes else None
            quotes = quoted.line if quoted is not None and (quoted.turn or _changes(line)) else ""
            try:
                told = await self._desk.door.say(
                    act.agent, thread, line, seen, files=kept, quotes=quotes, key=act.key
                )
            except Refused as refused:
                if refused.code != "customer_wrote":
                    raise
                pending = Pending(line, act.post, act.key, kept, quotes)
                await self._collided(act, thread, refused.text, pending)
            else:
                await self.done(act, thread, line, told)
        await self._desk.following.follow(thread)

    async def _kept(self, act: Wrote, line: str) -> tuple[Kept, ...]:
        if not act.files or line.partition(" ")[0].lower() not in WRITTEN:
            return ()
        files = [await self._surface.fetch(file) for file in act.files]
        return tuple([await self._desk.door.keep(act.agent, file) for file in files])

    async def done(self, act: Wrote, thread: int, line: str, told: Told) -> None:
        """Say what was done: by a receipt where it was a message, else in words."""
        verb = line.partition(" ")[0].lower()
        if verb not in WRITTEN or not told.message:
            await self._say(act, told)
            if act.files and verb not in WRITTEN:
                await self._say(act, f"⚠ {words.NO_FILES.format(verb=verb)}")
            if verb in ("accept", "take"):
                sheet = await self._desk.door.look(act.agent, thread)
                await self._desk.ensure_place(act.account, sheet)
            return None
        state = "" if verb == "note" else told.code
        mine = Shown(act.place, told.message, thread, act.post, act.order, 0, state, True)
        self._book.show(mine)
        if verb == "note":
            return await self._desk.receipt(act.place, act.post, Mark.NOTE)
        if told.code == "held":
            undo = self._desk.button(act.place, "Undo", "undo", thread, 0, told.message)
            sheet = await self._desk.door.look(act.agent, thread)
            elsewhere = verb in ("via", "template")
            text = told if elsewhere else f"To {sheet.to or sheet.title}. {told}"
            post, _ = await self._surface.post(
                act.place, text, [[undo]], quotes=act.post, urgent=True, only=act.account
            )
            self._book.put(Post(act.place, post, "held", thread, told.message, 0, ""))
            await self._desk.receipt(act.place, act.post, Mark.HELD)
        return None

    async def _collided(self, act: Wrote, thread: int, said: str, pending: Pending) -> None:
        """The customer wrote what the agent had not seen: show it, and ask."""
        await self._desk.following.bring_up(thread)
        buttons = [[
            self._desk.button(act.place, "Send anyway", "anyway", thread),
            self._desk.button(act.place, "Edit", "drop", thread),
        ]]  # fmt: skip
        text = f"✋ Not sent. {said}"
        post, _ = await self._surface.post(act.place, text, buttons, quotes=act.post, urgent=True)
        ref = msgspec.json.encode(pending).decode()
        self._book.put(Post(act.place, post, "pending", thread, ref, 0, ""))

    async def _changed(self, act: Wrote, thread: int) -> None:
        """An agent changed or deleted what they wrote: so it goes, or is changed where it went."""
        known = self._book.line_at(act.place, act.post)
        if known is None or not known.mine:
            return None
        verb, sent = "delete" if act.deleted else "edit", act.text
        if known.state.startswith("held"):
            try:
                undo = {"thread": thread, "message": known.line, "key": f"{act.key}/undo"}
                await self._desk.door.act(act.agent, "undo", undo)
            except Refused:
                pass  # it has gone out this moment
            else:
                await self._desk.following.follow(thread)
                return None if act.deleted else await self._line(act, thread, _again(sent))
        change = {"thread": known.thread, "message": known.line, "key": act.key}
        if not act.deleted:
            change["text"] = _said(sent)
        try:
            await self._desk.door.act(act.agent, verb, change)
        except Refused as refused:
            return await self._say(act, f"⚠ {refused.text}")
        return await self._desk.following.follow(known.thread)

    # --- words back ---

    async def _bind(self, act: Wrote, code: str) -> None:
        if not code:
            said = words.HELP if act.agent else words.NOT_BOUND
            return await self._say(act, self._ours(said))
        try:
            kind = self._surface.kind
            agent = await self._desk.door.bind(code, kind, act.account, act.name)
        except Refused as refused:
            return await self._say(act, f"⚠ {refused.text}")
        said = "Say /status online to begin, /help for what can be said."
        return await self._say(act, f"This account is {agent}'s now. {self._ours(said)}")

    def _ours(self, text: str) -> str:
        return words.with_slash(text, self._surface.slash)

    async def _say(self, act: Wrote, text: str) -> None:
        most = self._surface.longest
        said, only = words.short(text, most), act.account
        await self._surface.post(act.place, said, quotes=act.post, urgent=True, only=only)


def _command(text: str) -> tuple[str, str]:
    """A command and what follows, or nothing; ``/take@desk_bot`` is as good as ``/take``."""
    if not text.startswith("/") or not text[1:2].isalpha():
        return "", ""
    word, _, rest = text[1:].partition(" ")
    word, _, more = word.partition("\n")
    return word.partition("@")[0].lower(), f"{more} {rest}".strip()


def _again(text: str) -> str:
    """The line that a changed one is now, where the one before was taken back."""
    command, rest = _command(text)
    return f"{command} {rest}" if command in WRITTEN else f"reply {text}"


def _said(text: str) -> str:
    """What an edited line says, less the word that told what it was."""
    command, rest = _command(text)
    return rest if command in WRITTEN else text


def _changes(line: str) -> bool:
    return line.partition(" ")[0] in ("edit", "delete")


def _waits(sheet: Sheet) -> str:
    return sheet.phase if sheet.phase != "assigned" else (sheet.card or ("",))[0].lstrip("● ")
