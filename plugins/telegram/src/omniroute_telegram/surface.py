"""Telegram as a surface to work on: chats, topics, inline keyboards, reactions."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from telegram import (
    Bot,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    Message,
    ReplyParameters,
)

from omniroute import Attached, Button, File, Mark, Place, Rank, Rejected
from omniroute_telegram.connection import Connection
from omniroute_telegram.edge import download
from omniroute_telegram.send import place_of

T = TypeVar("T")

RECEIPTS: Final[Mapping[Mark, str]] = {
    Mark.HELD: "✍",
    Mark.SENT: "👌",
    Mark.FAILED: "💔",
    Mark.WITHDRAWN: "🗿",
    Mark.NOTE: "🙊",
    Mark.READ: "👀",
}
"""Bots may react with a few emoji only; these say it best."""

TOPIC: Final = 128  # characters of a topic's name
CAPTION: Final = 1000
_HARMLESS: Final = re.compile(r"not.?modified", re.IGNORECASE)
_GONE: Final = re.compile(r"to delete not found|can't be deleted|query is too old", re.IGNORECASE)


class TelegramSurface:
    """The calls; see `omniroute.Surface`."""

    kind = "telegram"
    longest = 4000
    slash = "/"
    board = ""  # each thread has a topic of its own once somebody has it
    quotes = True
    shared_is_inside = False

    def __init__(self, connection: Connection, team_group: int) -> None:
        self._connection, self._group = connection, team_group

    def is_shared(self, place: str) -> bool:
        return place_of(place)[0] < 0

    def home(self, account: str) -> str:
        return account  # a private chat has the account's number

    def below(self, place: str, post: str) -> str:
        return ""

    def serves(self, place: str, account: str) -> bool:
        return place == account or self.is_shared(place)

    async def open(self, account: str, title: str) -> Place:
        if not self._group:
            return Place(account, alone=False, shared=False)
        group, name = self._group, title[:TOPIC]
        topic = await self._call(
            str(group), Rank.POST, lambda bot: bot.create_forum_topic(group, name)
        )
        return Place(f"{group}/{topic.message_thread_id}", alone=True, shared=True)

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
        rank, where = Rank.ANSWER if urgent else Rank.POST, _where(place)
        if quotes:
            answered = ReplyParameters(int(quotes), allow_sending_without_reply=True)
            where["reply_parameters"] = answered
        markup = ForceReply(selective=True) if ask else _keyboard(buttons)
        if len(files) == 1 and len(text) <= CAPTION and not ask:
            return _post(await self._file(place, rank, files[0], text, markup, where))
        sent = await self._call(
            place, rank, lambda bot: bot.send_message(text=text, reply_markup=markup, **where)
        )
        for file in files:
            await self._file(place, rank, file, "", None, _where(place))
        return _post(sent)

    async def _file(
        self, place: str, rank: Rank, file: File, caption: str, markup: Any, where: dict[str, Any]
    ) -> Message:
        about = {"caption": caption or None, "reply_markup": markup, **where}

        async def call(bot: Bot) -> Message:
            upload = InputFile(file.data, filename=file.name)
            if file.media_type in ("image/jpeg", "image/png", "image/webp"):
                return await bot.send_photo(photo=upload, **about)
            return await bot.send_document(document=upload, **about)

        return await self._call(place, rank, call)

    async def edit(
        self, place: str, post: str, text: str, buttons: Sequence[Sequence[Button]] = ()
    ) -> None:
        chat, keyboard = place_of(place)[0], _keyboard(buttons)

        async def call(bot: Bot) -> object:
            return await bot.edit_message_text(
                text, chat_id=chat, message_id=int(post), reply_markup=keyboard
            )

        await _unless(_HARMLESS, self._call(place, Rank.REFRESH, call))

    async def remove(self, place: str, post: str) -> None:
        chat = place_of(place)[0]
        call = self._connection.ask(lambda bot: bot.delete_message(chat, int(post)))
        await _unless(_GONE, call)

    async def mark(self, place: str, post: str, mark: Mark | None) -> None:
        chat, emoji = place_of(place)[0], RECEIPTS[mark] if mark is not None else []
        await self._call(
            place, Rank.MARK, lambda bot: bot.set_message_reaction(chat, int(post), emoji)
        )

    async def close(self, place: str, closed: bool) -> None:
        chat, topic = place_of(place)

        async def call(bot: Bot) -> object:
            if closed:
                return await bot.close_forum_topic(chat, topic)
            return await bot.reopen_forum_topic(chat, topic)

        if topic:
            await _unless(_HARMLESS, self._call(place, Rank.REFRESH, call))

    async def answer(self, press: str, text: str) -> None:
        call = self._connection.ask(lambda bot: bot.answer_callback_query(press, text=text or None))
        await _unless(_GONE, call)

    async def fetch(self, file: Attached) -> File:
        data = await self._connection.ask(lambda bot: download(bot, file.ref))
        return File(file.name, file.media_type, data)

    async def _call(self, place: str, rank: Rank, do: Callable[[Bot], Awaitable[T]]) -> T:
        return await self._connection.call(place_of(place)[0], rank, do)


async def _unless(harmless: re.Pattern[str], call: Awaitable[object]) -> None:
    """Make a call; what Telegram refuses since it is so already is no failure."""
    try:
        await call
    except Rejected as error:
        if not harmless.search(error.reason):
            raise


def _post(message: Message) -> tuple[str, int]:
    return str(message.message_id), message.message_id


def _where(place: str) -> dict[str, Any]:
    chat, topic = place_of(place)
    return {"chat_id": chat, **({"message_thread_id": topic} if topic else {})}


def _keyboard(buttons: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(b.label[:60], callback_data=b.data) for b in row] for row in buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None
