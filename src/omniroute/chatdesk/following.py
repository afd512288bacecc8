"""Keeps each thread's places in step with the thread: new lines, receipts, who has it."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from omniroute.channel import File
from omniroute.chatdesk import words
from omniroute.chatdesk.book import Kept, Post, Shown
from omniroute.chatdesk.surface import Mark, Place
from omniroute.desk import Line, Sheet
from omniroute.errors import Refused, RemoteError, Retry
from omniroute.logged import concerning

if TYPE_CHECKING:
    from omniroute.chatdesk.desk import ChatDesk

log = logging.getLogger(__name__)

AGAIN: Final = 5.0  # s until a place is brought up again
EARLIER: Final = 12  # lines that a new place begins with
_MARKS: Final = {
    "held": Mark.HELD,
    "sending": Mark.HELD,
    "sent": Mark.SENT,
    "failed": Mark.FAILED,
    "withdrawn": Mark.WITHDRAWN,
}
_CHANGED: Final = {
    "editing": Mark.HELD,
    "deleting": Mark.HELD,
    "deleted": Mark.WITHDRAWN,
    "unchanged": Mark.FAILED,
}


class Following:
    """Follows threads for a desk."""

    def __init__(self, desk: ChatDesk) -> None:
        self._desk = desk
        self._book = desk.book
        self._waiting: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Follow until cancelled; first whatever happened while nobody did."""
        try:
            await self._run()
        finally:
            for task in self._waiting.values():
                task.cancel()

    async def _run(self) -> None:
        changes = self._desk.door.changes()
        for thread in self._book.threads():
            await self.follow(thread)
        async for threads in changes:
            known = set(self._book.threads())
            for thread in threads or sorted(known):
                if self._desk.surface.board:
                    await self._post_on_board(thread)
                if thread in known or self._book.places(thread):
                    await self.follow(thread)
                await self._end_cards(thread)

    async def _end_cards(self, thread: int) -> None:
        """Take the buttons off cards of offers that were answered on another desk."""
        for post in self._book.cards(thread):
            if not post.agent:
                continue
            async with self._desk.lock(thread):
                try:
                    sheet = await self._desk.door.look(post.agent, thread)
                    if sheet.offer == post.ref or self._book.get(post.place, post.post) is None:
                        continue
                    why = words.answered(post.agent, sheet)
                    await self._desk.end_card(post, sheet, why)
                except (RemoteError, Refused) as error:
                    log.info("a card that is over was not changed yet: %s", error)

    async def _post_on_board(self, thread: int) -> None:
        """Show a thread that is new to the team, once."""
        board, surface = self._desk.surface.board, self._desk.surface
        try:
            async with self._desk.lock(thread):
                places = [kept.place for kept in self._book.places(thread)]
                if any(surface.is_shared(place) for place in places):
                    return
                sheet = await self._desk.door.look("", thread)
                if sheet.thread != thread or sheet.phase in ("resolved", "closed", "folded"):
                    return
                post, _ = await surface.post(board, words.card(sheet.card))
                key = surface.below(board, post)
                self._desk.settle(thread, Place(key, alone=True, shared=True, head=post))
        except (RemoteError, Refused) as error:
            with concerning(thread=thread):
                log.warning("#%d is not shown to the team yet: %s", thread, error)

    async def follow(self, thread: int) -> None:
        """Bring a thread's places up to date; what the platform refuses is said in the log."""
        async with self._desk.lock(thread):
            try:
                await self.bring_up(thread)
            except Retry as error:
                self._later(thread, error.after or AGAIN)
            except (RemoteError, Refused) as error:
                log.warning("the place of #%d is behind: %s", thread, error)
            except Exception:
                log.exception("the place of #%d cannot be brought up", thread)

    def _later(self, thread: int, seconds: float) -> None:
        """The platform asks for patience, or is away: bring the thread up then."""

        async def again() -> None:
            await self._desk.sleep(seconds)
            self._waiting.pop(thread, None)
            await self.follow(thread)

        if thread not in self._waiting:
            self._waiting[thread] = asyncio.create_task(again())

    async def bring_up(self, thread: int) -> None:
        """The same, for whoever has the thread's lock; raises what the platform does."""
        places = self._book.places(thread)
        if not places:
            return
        owner = (await self._desk.door.look("", thread)).owner
        sheet = await self._desk.door.look(owner, thread)
        for kept in places:
            await self._place(kept, sheet)

    # --- one place ---

    async def _place(self, kept: Kept, sheet: Sheet) -> None:
        if sheet.thread != kept.thread:  # it was joined to another, which has places of its own
            if kept.phase != "folded":
                await self._desk.surface.post(kept.place, words.stands(sheet))
                self._book.stands(kept.thread, kept.place, "", "folded")
            return
        told = kept.alone and self._desk.surface.is_shared(kept.place)
        mine = told or await self._is_theirs(kept, sheet)
        if not kept.looks:
            await self._begin(kept, sheet)
        elif mine:
            for line in sheet.lines:
                if line.kind != "event":
                    await self._line(kept, sheet, line)
        await self._standing(kept, sheet)
        await self._head(kept, sheet)

    async def _is_theirs(self, kept: Kept, sheet: Sheet) -> bool:
        """In somebody's own chat only what is theirs goes on being told."""
        if not sheet.owner:
            return kept.owner in ("", sheet.owner)
        kind = self._desk.surface.kind
        accounts = await self._desk.door.accounts(sheet.owner, kind)
        surface = self._desk.surface
        return any(
            kept.place == surface.home(account) or surface.serves(kept.place, account)
            for account in accounts
        )

    async def _begin(self, kept: Kept, sheet: Sheet) -> None:
        """The card, what plain text means here, and what was said so far, in two posts."""
        surface, place = self._desk.surface, kept.place
        text, buttons = self._head_text(kept, sheet), self._desk.work_buttons(place, sheet)
        header = kept.header
        if header:  # the card of the offer, which stays
            await surface.edit(place, header, text, buttons)
        else:
            header, _ = await surface.post(place, text, buttons, urgent=True)
        self._book.head(kept.thread, place, header, _looks(sheet, text))
        said = [line for line in sheet.lines if line.kind != "event" and line.state != "withdrawn"]
        shown = self._book.shown(kept.thread, place)
        said = [line for line in said if line.id not in shown]
        if not said:
            return
        text = "\n".join(f"{line.clock} {words.line(line)}" for line in said[-EARLIER:])
        files = [file for line in said[-EARLIER:] for file in await self._files(line)]
        post, order = await surface.post(place, _last(text, surface.longest), files=files)
        for line in said:
            self._book.show(
                Shown(place, line.id, kept.thread, post, order, line.turn, _state(line), False)
            )

    async def _line(self, kept: Kept, sheet: Sheet, line: Line) -> None:
        """One line: shown once, then its receipts."""
        known = self._book.shown(kept.thread, kept.place).get(line.id)
        state = _state(line)
        if known is None:
            if line.state in ("held", "withdrawn"):
                return  # a colleague's, not said yet
            surface = self._desk.surface
            text = words.short(words.line(line), surface.longest)
            files = await self._files(line)
            post, order = await surface.post(kept.place, text, files=files)
            known = Shown(kept.place, line.id, kept.thread, post, order, line.turn, "", False)
            self._book.show(known)
            if line.kind == "customer" or state not in ("failed",):
                self._book.show(_with(known, state))
                return
        if known.state == state:
            return
        await self._changed(kept, sheet, line, known)
        self._book.show(_with(known, state))

    async def _changed(self, kept: Kept, sheet: Sheet, line: Line, known: Shown) -> None:
        surface = self._desk.surface
        if known.mine and (mark := _mark(line)) is not None:
            await self._desk.receipt(kept.place, known.post, mark)
        if line.state != "held" and known.mine:
            for post in self._book.find("held", line.id):
                await surface.remove(post.place, post.post)
                self._book.drop(post.place, post.post)
        if line.state == "failed" and not known.state.startswith("failed"):
            await self._failed(kept, sheet, line, known)
        await self._reworded(kept, line, known)
        if line.reactions and not known.state.endswith(_reacted(line)):
            said = f"{sheet.title}: {' '.join(line.reactions)}"
            await surface.post(kept.place, said, quotes=known.post)

    async def _reworded(self, kept: Kept, line: Line, known: Shown) -> None:
        """Say that a line reads otherwise; whoever wrote it here has it before their eyes."""
        before, now = known.state.partition("/")[0], _state(line).partition("/")[0]
        if not line.edited or before == now:
            return
        if line.change == "unchanged":
            said = f"⚠ {words.UNCHANGED} {line.reason}"
            await self._desk.surface.post(kept.place, said, quotes=known.post, urgent=True)
        elif not known.mine and _version(line) not in before:
            said = words.short(words.line(line), self._desk.surface.longest)
            await self._desk.surface.post(kept.place, said, quotes=known.post)

    async def _failed(self, kept: Kept, sheet: Sheet, line: Line, known: Shown) -> None:
        """❌, why, and what can be done, beside the message itself."""
        other = sheet.ways[0] if sheet.ways and sheet.ways[0].handle != line.handle else None
        buttons = [self._desk.button(kept.place, "Retry", "retry", kept.thread, 0, "same")]
        if other is not None:
            label = words.short(f"Send to {other.text}", 60)
            buttons.insert(0, self._desk.button(kept.place, label, "retry", kept.thread, 0, ""))
        text = f"❌ Not delivered: {line.reason}"
        post, _ = await self._desk.surface.post(
            kept.place, text, [buttons], quotes=known.post, urgent=True
        )
        self._book.put(Post(kept.place, post, "failed", kept.thread, line.id, 0, ""))

    async def _files(self, line: Line) -> Sequence[File]:
        """The files of a line; those that cannot be had are named in its text anyway."""
        found = []
        for file in line.files:
            try:
                found.append(await self._desk.door.file("", file))
            except Refused:
                log.warning("a file of a line is gone")
        return found

    async def _standing(self, kept: Kept, sheet: Sheet) -> None:
        """Say who has it and how it stands, when that has changed."""
        if (kept.owner, kept.phase) == (sheet.owner, sheet.phase):
            return
        first = not kept.phase
        over = sheet.phase in ("resolved", "closed", "folded")
        was_over = kept.phase in ("resolved", "closed", "folded")
        if not first and sheet.phase != "offered" and not (over and was_over):
            await self._desk.surface.post(kept.place, words.stands(sheet))
        if over != was_over and kept.alone:
            await self._desk.surface.close(kept.place, over)
        self._book.stands(kept.thread, kept.place, sheet.owner, sheet.phase)

    async def _head(self, kept: Kept, sheet: Sheet) -> None:
        """The card at the head, changed where it would say something else."""
        now = self._book.at(kept.thread, kept.place)
        if now is None or not now.header:
            return
        text = self._head_text(kept, sheet)
        looks = _looks(sheet, text)
        if looks == now.looks:
            return
        buttons = self._desk.work_buttons(kept.place, sheet)
        await self._desk.surface.edit(kept.place, now.header, text, buttons)
        self._book.head(kept.thread, kept.place, now.header, looks)

    def _head_text(self, kept: Kept, sheet: Sheet) -> str:
        surface = self._desk.surface
        shared = surface.is_shared(kept.place)
        mode = words.mode(sheet, shared, inside=surface.shared_is_inside)
        mode = words.with_slash(mode, surface.slash)
        return f"{words.card(sheet.card)}\n\n{mode}"


def _mark(line: Line) -> Mark | None:
    """The receipt at an agent's own line."""
    if line.kind == "note":
        return Mark.NOTE
    if line.received == "read" and line.state == "sent" and not line.change:
        return Mark.READ
    return _CHANGED.get(line.change) or _MARKS.get(line.state)


def _state(line: Line) -> str:
    """What of a line may change; kept to see whether it has."""
    if line.kind == "customer":
        return _version(line) + _reacted(line)
    changed = f"+{line.change}{_version(line)}" if line.change else ""
    read = "~read" if line.received == "read" else ""
    return line.state + read + changed + _reacted(line)


def _version(line: Line) -> str:
    return hashlib.sha256(line.text.encode()).hexdigest()[:8] if line.edited else ""


def _reacted(line: Line) -> str:
    return f"/{' '.join(line.reactions)}" if line.reactions else ""


def _with(shown: Shown, state: str) -> Shown:
    return dataclasses.replace(shown, state=state)


def _looks(sheet: Sheet, text: str) -> str:
    """The head as a short hash, less what changes by itself as time passes."""
    lines = text.splitlines()
    people = (f"{pair.id}{pair.joined}" for pair in sheet.people)
    steady = "\n".join(
        (sheet.phase, sheet.owner, *sheet.can, str(sheet.turns), *people, *lines[1:])
    )
    return hashlib.sha256(steady.encode()).hexdigest()[:16]


def _last(text: str, most: int) -> str:
    """The end of a text that fits: what was said last matters most."""
    return text if len(text) <= most else "…" + text[1 - most :]
