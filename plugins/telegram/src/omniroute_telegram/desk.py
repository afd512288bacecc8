"""The desk: agents who work in the team's group, or in their own chat with the bot."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import ClassVar

from starlette.routing import BaseRoute
from telegram import CallbackQuery, Message, Update

from omniroute import Attached, Card, ChatDesk, Door, Pressed, Receipt, Site, Wrote
from omniroute_telegram.connection import Connection
from omniroute_telegram.edge import JOIN
from omniroute_telegram.envelope import unpack
from omniroute_telegram.formatting import with_marks
from omniroute_telegram.parse import KIND, attachments, conversation_of, update_of
from omniroute_telegram.settings import Config
from omniroute_telegram.surface import TelegramSurface


class TelegramDesk:
    """The desk over one bot; see `omniroute.Workplace`."""

    kind: ClassVar[str] = KIND

    def __init__(
        self, config: Config, connection: Connection, site: Site, clock: Callable[[], int]
    ) -> None:
        surface = TelegramSurface(connection, config.team_group)
        secret = hmac.digest(config.token.reveal().encode(), b"buttons", hashlib.sha256)
        self.chat = ChatDesk(surface, site, secret, clock)
        self.username = ""  # once Telegram has said it

    def routes(self) -> Sequence[BaseRoute]:
        return ()

    async def start(self, door: Door) -> None:
        await self.chat.start(door)

    async def present(self, card: Card) -> Receipt:
        return await self.chat.present(card)

    async def forget_threads(self, threads: Sequence[int]) -> tuple[int, int]:
        return await self.chat.forget_threads(threads)

    async def agent(self, account: int) -> str:
        """Whose an account is, if it is an agent's."""
        door = await self.chat.opened()
        return await door.who(KIND, str(account))

    def invitation(self, code: str) -> str:
        if not self.username:
            return f"Write to the bot: /start {JOIN}{code}"
        return f"Open https://t.me/{self.username}?start={JOIN}{code} and press Start."

    async def attend(self, raw: bytes) -> None:
        """Do what an agent did: pressed a button, or wrote in an agents' place."""
        envelope = unpack(raw)
        update = update_of(envelope.updates[0])
        if update.callback_query is not None:
            pressed = _pressed(update, update.callback_query, envelope.agent)
            return await self.chat.did(pressed) if pressed is not None else None
        message = update.edited_message or update.message
        if message is None or message.from_user is None or message.from_user.is_bot:
            return None
        if (message.text or "").startswith("/group"):
            return await self._tell_number(message)
        rest = [update_of(raw).message for raw in envelope.updates[1:]]  # of an album
        album = [message, *(more for more in rest if more is not None)]
        wrote = _wrote(update, album, envelope.agent)
        return await self.chat.did(wrote) if wrote is not None else None

    async def _tell_number(self, message: Message) -> None:
        said = f"This group has the number {message.chat.id}; it goes into team_group."
        if message.chat.id > 0:
            said = "This is our own chat; send /group in the group."
        await self.chat.surface.post(str(message.chat.id), said, urgent=True)


def _pressed(update: Update, query: CallbackQuery, agent: str) -> Pressed | None:
    message = query.message
    if message is None or query.data is None:
        return None
    place = conversation_of(message) if isinstance(message, Message) else str(message.chat.id)
    return Pressed(
        account=str(query.from_user.id),
        agent=agent,
        place=place,
        post=str(message.message_id),
        press=query.id,
        data=query.data,
        key=f"telegram/{update.update_id}",
    )


def _wrote(update: Update, album: Sequence[Message], agent: str) -> Wrote | None:
    message = album[0]
    assert message.from_user is not None
    files = tuple(
        Attached(id, name, media_type)
        for one in album
        for id, name, media_type, _ in attachments(one)
    )
    text = with_marks(message.text or "", message.entities) or with_marks(
        message.caption or "", message.caption_entities
    )
    if not text and not files:
        return None  # somebody joined, a topic was made
    if text.startswith("/start"):
        text = text.replace(JOIN, "", 1)
    quoted = message.reply_to_message
    if quoted is not None and quoted.forum_topic_created is not None:
        quoted = None
    return Wrote(
        account=str(message.from_user.id),
        agent=agent,
        place=conversation_of(message),
        post=str(message.message_id),
        order=message.message_id,
        text=text,
        key=f"telegram/{update.update_id}",
        quotes=str(quoted.message_id) if quoted is not None else "",
        files=files,
        edited=update.edited_message is not None,
        name=message.from_user.full_name,
    )
