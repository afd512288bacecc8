"""An answer to a customer as one call of the Bot API."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any, Final

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)

from omniroute import Amendment, File, Outbound, Question, Rank, Receipt, Rejected
from omniroute_telegram.connection import Connection
from omniroute_telegram.formatting import to_html
from omniroute_telegram.parse import choice_data

IN_A_ROW: Final = 7  # buttons
MOST: Final = 10  # files in one message
LARGEST: Final = 50 * 1024 * 1024  # bytes
LARGEST_PHOTO: Final = 10 * 1024 * 1024
AGAIN: Final = "↻ (This may have reached you already.)"
_SO: Final = re.compile(r"not.?modified", re.IGNORECASE)
_GONE: Final = re.compile(r"to delete not found", re.IGNORECASE)
_PHOTOS: Final = ("image/jpeg", "image/png", "image/webp")


async def send(connection: Connection, out: Outbound) -> Receipt:
    """Make the call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    chat, topic = place_of(out.conversation)
    text = f"{out.text}\n\n{AGAIN}".strip() if out.repeat else out.text
    where: dict[str, Any] = {"chat_id": chat, "parse_mode": "HTML"}
    if topic:
        where["message_thread_id"] = topic
    if out.quotes:
        quoted = int(out.quotes.rpartition("/")[2])
        where["reply_parameters"] = ReplyParameters(quoted, allow_sending_without_reply=True)
    if out.question is not None:
        where["reply_markup"] = _keyboard(out.idempotency_key, out.question)
    _check(out.files)

    async def call(bot: Bot) -> Sequence[Message]:
        if not out.files:
            return [await bot.send_message(text=to_html(text), **where)]
        return await _with_files(bot, text, out.files, where)

    sent = await connection.call(chat, Rank.ANSWER, call)
    return Receipt(tuple(f"{message.chat.id}/{message.message_id}" for message in sent))


def _keyboard(key: str, question: Question) -> InlineKeyboardMarkup:
    """A button for each answer, in as many rows as fit on a telephone."""
    buttons = [
        InlineKeyboardButton(choice.value, callback_data=choice_data(key, choice.value))
        for choice in question.choices
    ]
    rows = -(-len(buttons) // IN_A_ROW)
    each = -(-len(buttons) // rows)
    return InlineKeyboardMarkup([buttons[n : n + each] for n in range(0, len(buttons), each)])


async def edit(connection: Connection, change: Amendment) -> None:
    """Give it other words.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    chat, message = _named(change.external_ids[0])
    text = to_html(change.text)

    async def call(bot: Bot) -> object:
        about: dict[str, Any] = {"chat_id": chat, "message_id": message, "parse_mode": "HTML"}
        if change.with_files:
            return await bot.edit_message_caption(caption=text, **about)
        return await bot.edit_message_text(text=text, **about)

    await _unless(_SO, connection.call(chat, Rank.ANSWER, call))


async def delete(connection: Connection, change: Amendment) -> None:
    """Take it away, an album whole.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    for id in change.external_ids:
        chat, message = _named(id)
        taking = partial(Bot.delete_message, chat_id=chat, message_id=message)
        await _unless(_GONE, connection.call(chat, Rank.ANSWER, taking))


async def _unless(so: re.Pattern[str], call: Awaitable[object]) -> None:
    """Make a call; what Telegram refuses since it is so already is no failure."""
    try:
        await call
    except Rejected as error:
        if not so.search(error.reason):
            raise


def _named(id: str) -> tuple[int, int]:
    chat, _, message = id.partition("/")
    return int(chat), int(message)


def place_of(conversation: str) -> tuple[int, int]:
    """Chat and topic.  Raises `Rejected` for what is no place of ours."""
    chat, _, topic = conversation.partition("/")
    try:
        return int(chat), int(topic or 0)
    except ValueError:
        raise Rejected(f"“{conversation}” is no Telegram chat") from None


def _check(files: Sequence[File]) -> None:
    if len(files) > MOST:
        raise Rejected(
            f"Telegram takes {MOST} files in a message, not {len(files)}; send fewer",
            by_content=True,
        )
    for file in files:
        if len(file.data) > LARGEST:
            raise Rejected(
                f"“{file.name}” is larger than the 50 MB that a bot may send", by_content=True
            )
        if not file.data:
            raise Rejected(f"“{file.name}” is empty; Telegram takes no empty file", by_content=True)


async def _with_files(
    bot: Bot, text: str, files: Sequence[File], where: dict[str, Any]
) -> Sequence[Message]:
    photos = all(_is_photo(file) for file in files)
    first = _upload(files[0])
    caption = to_html(text) or None
    if len(files) == 1 and photos:
        return [await bot.send_photo(photo=first, caption=caption, **where)]
    if len(files) == 1:
        return [await bot.send_document(document=first, caption=caption, **where)]
    kind = InputMediaPhoto if photos else InputMediaDocument
    media = [kind(_upload(file)) for file in files]
    mode = where.pop("parse_mode")
    return await bot.send_media_group(media=media, caption=caption, parse_mode=mode, **where)


def _is_photo(file: File) -> bool:
    return file.media_type in _PHOTOS and len(file.data) <= LARGEST_PHOTO


def _upload(file: File) -> InputFile:
    return InputFile(file.data, filename=file.name, attach=True)
