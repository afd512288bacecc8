"""What Slack can show agents: threads under cards, buttons, reactions, what one person reads.

A place is ``U…`` (an agent's own chat with the app), ``U…/<ts>`` (the thread under a post there),
``C…/<ts>`` (a thread in the team's channel), or ``/…`` (the answer to a slash command).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp

from omniroute import Attached, Button, File, Mark, Place, Rank, Rejected, Retry
from omniroute_slack.connection import Connection
from omniroute_slack.formatting import to_mrkdwn
from omniroute_slack.send import share

RECEIPTS: Final[Mapping[Mark, str]] = {
    Mark.HELD: "hourglass_flowing_sand",
    Mark.SENT: "white_check_mark",
    Mark.FAILED: "x",
    Mark.WITHDRAWN: "leftwards_arrow_with_hook",
    Mark.NOTE: "memo",
    Mark.READ: "eyes",
}
DONE: Final = "checkered_flag"
SECTION: Final = 2900  # characters; Slack takes 3,000
BLOCKS: Final = 12
LABEL: Final = 70  # characters; Slack takes 75
REMEMBERED: Final = 10_000
_HARMLESS: Final = ("already_reacted", "no_reaction", "message_not_found", "cant_update_message",
                    "not_reactable", "the message is not there")  # fmt: skip


class SlackSurface:
    """The calls; see `omniroute.Surface`."""

    kind = "slack"
    longest = 11_000
    slash = ""  # Slack keeps lines with a slash to itself
    quotes = False
    shared_is_inside = True

    def __init__(self, connection: Connection, triage_channel: str) -> None:
        self._connection, self.board = connection, triage_channel
        self._homes: dict[str, str] = {}  # chats with the app, by account
        self._marked: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._answers: OrderedDict[str, str] = OrderedDict()  # where commands are answered

    # --- places ---

    def is_shared(self, place: str) -> bool:
        return place.startswith(("C", "G"))

    def home(self, account: str) -> str:
        return account

    def below(self, place: str, post: str) -> str:
        return f"{place}/{post}"

    def serves(self, place: str, account: str) -> bool:
        return place == account or place.startswith(f"{account}/")

    def command(self, id: str, account: str, answer: str) -> str:
        """The place in which a slash command is answered, so that only they read it."""
        self._answers[id] = answer
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return f"/{id}/{account}"

    async def open(self, account: str, title: str) -> Place:
        post, _ = await self.post(account, title, urgent=True)
        return Place(f"{account}/{post}", alone=True, shared=False, head=post)

    async def _where(self, place: str) -> tuple[str, str]:
        """Channel and thread.  Raises as calls do."""
        first, _, thread = place.partition("/")
        if first[:1] not in ("U", "W"):
            return first, thread
        if first not in self._homes:
            found = await self._connection.call("conversations.open", users=first)
            self._homes[first] = str(found["channel"]["id"])
        return self._homes[first], thread

    # --- posts ---

    async def post(
        self,
        place: str,
        text: str,
        buttons: Sequence[Sequence[Button]] = (),
        *,
        quotes: str = "",
        files: Sequence[File] = (),
        ask: bool = False,
        urgent: bool = False,
        only: str = "",
    ) -> tuple[str, int]:
        if place.startswith("/"):
            _, id, account = place.split("/")
            if id in self._answers:
                return await self._respond(self._answers[id], text)
            place = account
        channel, thread = await self._where(place)
        rank = Rank.ANSWER if urgent else Rank.POST
        where = {"thread_ts": thread} if thread else {}
        if only and self.is_shared(place):
            shown = _shown(text, buttons) if buttons else {"text": to_mrkdwn(text)}
            sent = await self._connection.write(
                channel, rank, "chat.postEphemeral", user=only, **shown, **where
            )
            return str(sent["message_ts"]), 0
        sent = await self._connection.write(
            channel, rank, "chat.postMessage", unfurl_links=False, **_shown(text, buttons), **where
        )
        if files:
            await share(self._connection, channel, rank, files, "", thread)
        post = str(sent["ts"])
        return post, order_of(post)

    async def _respond(self, url: str, text: str) -> tuple[str, int]:
        said = {"response_type": "ephemeral", "text": to_mrkdwn(text)}
        try:
            async with self._connection.session.post(url, json=said) as answer:
                if answer.status >= 500:
                    raise Retry(f"Slack: {answer.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Retry(f"Slack cannot be reached: {type(error).__name__}") from error
        return "", 0

    async def edit(
        self, place: str, post: str, text: str, buttons: Sequence[Sequence[Button]] = ()
    ) -> None:
        channel, _ = await self._where(place)
        await self._connection.write(
            channel, Rank.REFRESH, "chat.update", ts=post, **_shown(text, buttons)
        )

    async def remove(self, place: str, post: str) -> None:
        channel, _ = await self._where(place)
        await self._unless_so(self._connection.call("chat.delete", channel=channel, ts=post))

    async def mark(self, place: str, post: str, mark: Mark | None) -> None:
        channel, _ = await self._where(place)
        before = self._marked.pop((channel, post), "")
        name = RECEIPTS[mark] if mark is not None else ""
        if before == name:
            return
        if not before and mark is not Mark.HELD:
            before = RECEIPTS[Mark.HELD] if mark not in (Mark.NOTE, None) else ""
        if name:
            await self._react("reactions.add", channel, post, name)
            self._marked[channel, post] = name
            if len(self._marked) > REMEMBERED:
                self._marked.popitem(last=False)
        if before:
            await self._react("reactions.remove", channel, post, before)

    async def close(self, place: str, closed: bool) -> None:
        channel, thread = await self._where(place)
        if thread:
            method = "reactions.add" if closed else "reactions.remove"
            await self._react(method, channel, thread, DONE)

    async def _react(self, method: str, channel: str, post: str, name: str) -> None:
        given = {"channel": channel, "timestamp": post, "name": name}
        await self._unless_so(self._connection.call(method, **given))

    async def _unless_so(self, call: Any) -> None:
        """Make a call; what Slack refuses since it is so already is no failure."""
        try:
            await call
        except Rejected as error:
            if not any(name in error.reason for name in _HARMLESS):
                raise

    async def answer(self, press: str, text: str) -> None:
        """Only they read it: *press* says where they pressed, and who."""
        if not text:
            return
        channel, user, thread = press.split("/")
        where = {"thread_ts": thread} if thread else {}
        await self._connection.write(
            channel, Rank.ANSWER, "chat.postEphemeral", user=user, text=to_mrkdwn(text), **where
        )

    async def fetch(self, file: Attached) -> File:
        data = await self._connection.download(file.ref, 100 * 1024 * 1024)
        return File(file.name, file.media_type, data)


def order_of(post: str) -> int:
    """A time stamp as a number that grows."""
    whole = post.replace(".", "")
    return int(whole) if whole.isdigit() else 0


def _shown(text: str, buttons: Sequence[Sequence[Button]]) -> dict[str, Any]:
    """A message: blocks, and the text for whoever cannot see them."""
    said = to_mrkdwn(text) or " "
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": piece}}
        for piece in _pieces(said, SECTION)
    ]
    blocks = blocks[: BLOCKS - len(buttons)]
    for row in buttons:
        elements = [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": button.label[:LABEL]},
                "value": button.data,
                "action_id": f"press-{number}",
            }
            for number, button in enumerate(row[:20])
        ]
        blocks.append({"type": "actions", "elements": elements})
    return {"text": said[:3000], "blocks": blocks}


def _pieces(text: str, most: int) -> list[str]:
    """A text in parts that fit, cut between lines where it can be."""
    pieces = []
    while len(text) > most:
        cut = text.rfind("\n", 1, most)
        cut = cut if cut > 0 else most
        pieces.append(text[:cut])
        text = text[cut:].removeprefix("\n")
    return [*pieces, text]
