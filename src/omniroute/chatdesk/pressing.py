"""What an agent presses.  A button may be out of date: then it says so, and what is so now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from omniroute.chatdesk import words
from omniroute.chatdesk.book import Post, Shown
from omniroute.chatdesk.buttons import Order
from omniroute.chatdesk.surface import Pressed, Wrote
from omniroute.chatdesk.writing import Pending, Writing
from omniroute.desk import Line, Sheet, Told
from omniroute.errors import Refused, Rejected

if TYPE_CHECKING:
    from omniroute.chatdesk.desk import ChatDesk

ANSWER: Final = 200  # characters of an answer that only they read
SNOOZES: Final = (("1 hour", "1h"), ("4 hours", "4h"), ("Tomorrow", "1d"), ("3 days", "3d"))
PRIORITIES: Final = ("low", "normal", "high", "urgent")
AT_ONCE: Final = ("take", "resolve", "reopen", "snooze", "transfer")
"""Verbs of a thread's own buttons, which may be out of date."""


class Pressing:
    """Does what buttons ask for, for a desk."""

    def __init__(self, desk: ChatDesk) -> None:
        self._desk, self._book, self._surface = desk, desk.book, desk.surface
        self._writing = Writing(desk)

    async def pressed(self, act: Pressed) -> None:
        """Do what a button asks for, and answer the press."""
        order = self._desk.order(act.place, act.data)
        if order is None:
            return await self._answer(act, words.FORGED)
        if not act.agent:
            return await self._answer(act, words.NOT_BOUND)
        try:
            said = await self._do(act, order)
        except Refused as refused:
            said = refused.text
            if order.thread:
                await self._refused(act, order)
        await self._answer(act, said)
        if order.thread:
            await self._desk.following.follow(order.thread)
        return None

    async def _answer(self, act: Pressed, text: str) -> None:
        try:
            await self._surface.answer(act.press, words.short(text, ANSWER))
        except Rejected:
            pass  # too late for the small window; the place shows what is so

    async def _do(self, act: Pressed, order: Order) -> str:
        match order.verb:
            case "accept" | "pass":
                return await self._offer(act, order)
            case "online":
                return await self._desk.door.act(
                    act.agent, "status", {"status": "online", "key": act.key}
                )
            case "undo":
                return await self._undo(act, order)
            case "anyway" | "drop":
                return await self._pending(act, order)
            case "retry":
                return await self._retry(act, order)
            case "same" | "other":
                return await self._person(act, order)
            case "why":
                why = await self._desk.door.say(act.agent, order.thread, "why")
                await self._surface.post(act.place, words.short(why, self._surface.longest))
                return ""
        return await self._work(act, order)

    # --- offers ---

    async def _offer(self, act: Pressed, order: Order) -> str:
        offer = f"{order.thread}.{order.word}"
        asked = {"thread": order.thread, "offer": offer, "key": act.key}
        async with self._desk.lock(order.thread):
            told = await self._desk.door.act(act.agent, order.verb, asked)
            sheet = await self._desk.door.look(act.agent, order.thread)
            cards = self._book.find("card", offer)
            if order.verb == "accept":
                home = self._surface.home(act.account)
                mine = next((post.post for post in cards if post.place == home), "")
                await self._desk.ensure_place(act.account, sheet, mine)
            for post in cards:
                await self._settled(act, post, sheet, order.verb)
        return told

    async def _settled(self, act: Pressed, post: Post, sheet: Sheet, verb: str) -> None:
        """The card of an offer that was answered."""
        if verb == "pass":
            return await self._desk.end_card(post, sheet, "You passed.")
        below = self._surface.below(post.place, post.post)
        kept = self._book.at(sheet.thread, below or post.place)
        if kept is None or kept.header not in ("", post.post):
            return await self._desk.end_card(post, sheet, "✔ You have it.")
        # The card becomes the head of the thread's place: in an agent's own chat, or below it.
        self._book.head(sheet.thread, kept.place, post.post, "")
        await self._earlier(act, kept.place, sheet.thread)
        return self._book.drop(post.place, post.post)

    async def _earlier(self, act: Pressed, place: str, thread: int) -> None:
        """A card that stays at the head of a place: what it shows of the thread is seen with it."""
        sheet = await self._desk.door.look(act.agent, thread)
        customers = [line for line in sheet.lines if line.kind == "customer"]
        if customers and len(customers) == len([x for x in sheet.lines if x.kind != "event"]) == 1:
            line = customers[0]
            if not line.files and len(line.text) <= 80:  # the card has it whole
                order = int(act.post) if act.post.isdigit() else 0
                self._book.show(
                    Shown(place, line.id, thread, act.post, order, line.turn, "", False)
                )

    async def _refused(self, act: Pressed, order: Order) -> None:
        """Somebody was faster, or it is over: the card says so from now on."""
        sheet = await self._desk.door.look("", order.thread)
        for post in self._book.find("card", f"{order.thread}.{order.word}"):
            why = words.withdrawn("taken:" if sheet.owner else "", sheet)
            await self._desk.end_card(post, sheet, why)

    # --- who is who ---

    async def _person(self, act: Pressed, order: Order) -> str:
        """Two addresses are one person's, or are not; either can be undone by the other."""
        sheet = await self._desk.door.look(act.agent, order.thread)
        pair = next((pair for pair in sheet.people if pair.id == order.word), None)
        if pair is None:
            raise Refused("out_of_date", words.PEOPLE_CHANGED)
        verb = "merge" if order.verb == "same" else "not-same"
        return await self._desk.door.act(
            act.agent, verb, {"a": pair.a, "b": pair.b, "key": act.key}
        )

    # --- answers under way ---

    async def _undo(self, act: Pressed, order: Order) -> str:
        asked = {"thread": order.thread, "message": order.word, "key": act.key}
        return await self._desk.door.act(act.agent, "undo", asked)

    async def _pending(self, act: Pressed, order: Order) -> str:
        async with self._desk.lock(order.thread):
            post = self._book.get(act.place, act.post)
            if post is None or post.what != "pending":
                return "That was decided already."
            pending = msgspec.json.decode(post.ref, type=Pending)
            if order.verb == "drop":
                await self._over(post, "Not sent. Write it anew.")
                return "Not sent."
            told = await self._anyway(act, order.thread, pending)
            await self._over(post, "Sent anyway.")
            wrote = Wrote(act.account, act.agent, act.place, pending.post, 0, "", act.key)
            await self._writing.done(wrote, order.thread, pending.line, told)
            return told

    async def _anyway(self, act: Pressed, thread: int, pending: Pending) -> Told:
        if pending.line.startswith(("via ", "all ", "template ")):
            fault = "Write it anew: it was to go another way than usual."
            raise Refused("out_of_date", fault)
        asked = {
            "thread": thread,
            "text": pending.line.partition(" ")[2],
            "seen": 0,
            "anyway": True,
            "files": [msgspec.to_builtins(file) for file in pending.files],
            "quotes": pending.quotes,
            "key": f"{pending.key}/anyway",
        }
        return await self._desk.door.act(act.agent, "reply", asked)

    async def _retry(self, act: Pressed, order: Order) -> str:
        async with self._desk.lock(order.thread):
            post = self._book.get(act.place, act.post)
            sheet = await self._desk.door.look(act.agent, order.thread)
            line = next((x for x in sheet.lines if post is not None and x.id == post.ref), None)
            if post is None or line is None:
                return "That was tried again already."
            told = await self._again(act, sheet, line, line.handle if order.word else "")
            await self._over(post, f"❌ {line.reason}. Sent again.")
            if told.message:
                shown = self._book.shown(order.thread, act.place).get(line.id)
                at = shown.post if shown is not None else act.post
                mine = Shown(act.place, told.message, order.thread, at, 0, 0, told.code, True)
                self._book.show(mine)
            return told

    async def _again(self, act: Pressed, sheet: Sheet, line: Line, to: str) -> Told:
        asked = {
            "thread": sheet.thread,
            "text": line.text,
            "seen": sheet.turns,
            "files": [msgspec.to_builtins(file) for file in line.files],
            "to": to,
            "key": act.key,
        }
        return await self._desk.door.act(act.agent, "reply", asked)

    async def _over(self, post: Post, text: str) -> None:
        """A question is answered: its buttons go."""
        await self._surface.edit(post.place, post.post, text)
        self._book.drop(post.place, post.post)

    # --- work ---

    async def _work(self, act: Pressed, order: Order) -> str:
        sheet = await self._desk.door.look(act.agent, order.thread)
        if order.verb in AT_ONCE and not order.word:
            if order.verb not in sheet.can:
                raise Refused("out_of_date", f"Out of date: {words.stands(sheet)}")
            if order.number != sheet.turns and order.verb == "resolve":
                raise Refused("out_of_date", f"Out of date: {sheet.title} wrote meanwhile.")
        if order.verb in ("take", "resolve", "reopen"):
            asked = {"thread": order.thread, "key": act.key}
            told = await self._desk.door.act(act.agent, order.verb, asked)
            if order.verb != "resolve":
                sheet = await self._desk.door.look(act.agent, order.thread)
                await self._desk.ensure_place(act.account, sheet)
            return told
        if order.word:
            return await self._chosen(act, order)
        return await self._menu(act, order, sheet)

    async def _menu(self, act: Pressed, order: Order, sheet: Sheet) -> str:
        """Ask which; to open this is to read, and nothing is done yet."""
        thread, place = order.thread, act.place
        match order.verb:
            case "transfer":
                found = await self._desk.door.receivers(act.agent)
                text = f"Who shall have #{thread}?"
                rows = [
                    [self._desk.button(place, f"{one.name} ({one.status or 'queue'})", "transfer",
                                       thread, 0, one.id[:24]),
                     *([self._desk.button(place, "ask first", "warm", thread, 0, one.id[:24])]
                       if one.status else [])]
                    for one in found
                    if len(one.id) <= 24
                ]  # fmt: skip
            case "snooze":
                text = f"Put #{thread} aside for how long? The customer's next message ends it."
                rows = [[self._desk.button(place, label, "snooze", thread, 0, span)
                         for label, span in SNOOZES]]  # fmt: skip
            case "people":
                text = "\n".join(
                    [f"#{thread}: who is who?",
                     *(f"{at}. {pair.text}" for at, pair in enumerate(sheet.people, 1))]
                )  # fmt: skip
                rows = [
                    [self._desk.button(place, f"{at}: {label}", verb, thread, 0, pair.id)
                     for verb, label, needs in words.PEOPLE[pair.joined:]
                     if needs in sheet.can]
                    for at, pair in enumerate(sheet.people, 1)
                ]  # fmt: skip
            case "more":
                text = f"#{thread}: what else?"
                rows = [
                    [self._desk.button(place, word, "priority", thread, 0, word)
                     for word in PRIORITIES],
                    [self._desk.button(place, "Note…", "note", thread, 0, "ask"),
                     self._desk.button(place, "Tag…", "tag", thread, 0, "ask"),
                     self._desk.button(place, "Who", "who", thread, 0, "say"),
                     *([self._desk.button(place, "Who is who", "people", thread, 0)]
                       if sheet.people else [])],
                ]  # fmt: skip
            case _:
                return "This button is not known any more."
        await self._surface.post(place, text, rows, urgent=True)
        return ""

    async def _chosen(self, act: Pressed, order: Order) -> str:
        verb, word, thread = order.verb, order.word, order.thread
        if verb in ("transfer", "warm", "note", "tag"):
            how = "Answer this message." if self._surface.quotes else "Write it next, here."
            questions = {
                "transfer": f"Why should {word} have #{thread}? It is what they read first. {how}",
                "warm": f"Why should {word} have #{thread}?"
                f" It stays yours until they accept. {how}",
                "note": f"What shall colleagues know about #{thread}? {how}",
                "tag": f"Which tags for #{thread}? -word takes one off. {how}",
            }
            now = self._desk.clock()
            post, _ = await self._surface.post(act.place, questions[verb], ask=True, urgent=True)
            line = f"{verb} {word}" if verb in ("transfer", "warm") else verb
            self._book.put(Post(act.place, post, "ask", thread, line, now, ""))
            await self._surface.remove(act.place, act.post)
            return ""
        line = f"{verb} {word}" if verb != "who" else "who"
        told = await self._desk.door.say(act.agent, thread, line, key=act.key)
        if verb != "who":
            await self._surface.remove(act.place, act.post)
        return told
