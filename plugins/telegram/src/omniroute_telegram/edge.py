"""The edge: from an update to what the intake keeps, and only then the yes to Telegram.

An album comes as one update a picture; they are gathered here and kept as one.  Files are fetched
before anything is acknowledged, since Telegram keeps an unconfirmed update and not our promise.
Updates of one chat are kept in their order, those of several side by side.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from omniroute import Address, Intake, NotAuthorised, Proofs, Rejected, Retry
from omniroute_telegram import startlinks
from omniroute_telegram.connection import Connection
from omniroute_telegram.envelope import Envelope, Fetched, Proved, pack
from omniroute_telegram.memory import Memory
from omniroute_telegram.parse import attachments, is_choice, update_of
from omniroute_telegram.settings import Config

log = logging.getLogger(__name__)

Raw: TypeAlias = dict[str, Any]

QUIET: Final = 0.5  # s without another picture, until an album is whole
FETCH: Final = 60.0  # s in which a file must have come
AT_ONCE: Final = 8  # files that are fetched at a time
_LINK: Final = re.compile(r"[A-Za-z0-9_-]{43}")
JOIN: Final = "join-"  # before the code by which an agent binds their account
WANTED: Final = ("message", "edited_message", "callback_query", "message_reaction")


class Edge:
    """Takes updates in."""

    def __init__(
        self,
        config: Config,
        connection: Connection,
        memory: Memory,
        *,
        agent: Callable[[int], Awaitable[str]],
        clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        proofs: Proofs | None = None,
    ) -> None:
        """*agent* tells whose an account is, if it is an agent's."""
        self._proofs = proofs
        self._config, self._connection, self._memory = config, connection, memory
        self._agent, self._clock, self._sleep = agent, clock, sleep
        self._fetching = asyncio.Semaphore(AT_ONCE)
        self._order: dict[int, asyncio.Lock] = {}
        self._albums: dict[str, tuple[list[Raw], asyncio.Task[None]]] = {}

    async def take_all(self, intake: Intake, updates: Sequence[Raw]) -> None:
        """Keep what was polled; each chat in its order.  Raises `Busy`."""
        chats: dict[int, list[list[Raw]]] = {}
        albums: dict[str, list[Raw]] = {}
        for update in updates:
            album = album_of(update)
            if album in albums:
                albums[album].append(update)
                continue
            item = [update]
            if album:
                albums[album] = item
            chats.setdefault(chat_of(update), []).append(item)

        async def in_order(items: list[list[Raw]]) -> None:
            for item in items:
                await self.keep(intake, item)

        await asyncio.gather(*(in_order(items) for items in chats.values()))

    async def take(self, intake: Intake, update: Raw) -> None:
        """Keep one update that was pushed; of an album, when it is whole.  Raises `Busy`."""
        album = album_of(update)
        if not album:
            async with self._order.setdefault(chat_of(update), asyncio.Lock()):
                return await self.keep(intake, [update])
        known = self._albums.get(album)
        if known is not None:
            known[0].append(update)
            return await asyncio.shield(known[1])
        gathered = [update]
        task = asyncio.create_task(self._gather(intake, album, gathered))
        self._albums[album] = gathered, task
        return await asyncio.shield(task)

    async def _gather(self, intake: Intake, album: str, gathered: list[Raw]) -> None:
        try:
            seen = 0
            while seen < len(gathered):
                seen = len(gathered)
                await self._sleep(QUIET)
        finally:
            del self._albums[album]
        await self.keep(intake, sorted(gathered, key=lambda update: update["update_id"]))

    async def keep(self, intake: Intake, updates: list[Raw]) -> None:
        """Keep one update, or an album's.  Raises `Busy`."""
        sender = sender_of(updates[0])
        agent = await self._agent(sender) if sender else ""
        desk = self._is_for_the_desk(updates[0], agent)
        if not desk and self._is_start(updates[0], sender):
            await self._bring(updates[0], sender)
            return
        files = {} if desk else await self._files(updates)
        proved = () if desk or not sender else tuple(self._memory.proofs(sender))
        envelope = Envelope(self._clock(), tuple(updates), desk, agent, proved, files)
        album = album_of(updates[0])
        key = f"album/{album}" if album else f"update/{updates[0]['update_id']}"
        await intake.accept(pack(envelope), key=key)
        if not desk and "callback_query" in updates[0]:
            await self._pressed(str(updates[0]["callback_query"].get("id", "")))

    async def _pressed(self, press: str) -> None:
        """Have the button of a question stop turning; what it said is kept already."""
        try:
            await self._connection.ask(lambda bot: bot.answer_callback_query(press, text="✓"))
        except (Rejected, Retry, NotAuthorised) as error:
            log.warning("a button of a question turns on: %s", type(error).__name__)

    def _is_for_the_desk(self, update: Raw, agent: str) -> bool:
        """A button, a bound account in its own chat, or whatever happens in the team's group."""
        if "callback_query" in update:
            return not is_choice(_pressed(update))
        chat = chat_of(update)
        if self._config.team_group and chat == self._config.team_group:
            return True
        text = str(update.get("message", {}).get("text", ""))
        joins = text.startswith(f"/start {JOIN}") and chat > 0
        return joins or text.startswith("/group") or (chat > 0 and bool(agent))

    def _is_start(self, update: Raw, sender: int) -> bool:
        """Whether somebody only opened the chat; by which link is noted."""
        command, _, payload = str(update.get("message", {}).get("text", "")).partition(" ")
        if command.partition("@")[0] != "/start" or chat_of(update) < 0:
            return False
        secret = self._config.start_secret
        person = ""
        if payload and secret is not None:
            person = startlinks.verify(payload.strip(), secret, self._clock() / 1000)
        if person:
            proof = Proved("email" if "@" in person else self._config.start_kind, person)
            if not self._memory.prove(sender, payload.strip(), proof):
                log.warning("a start link was brought by a second account; it proves nothing")
        return True

    async def _bring(self, update: Raw, sender: int) -> None:
        """A link that another channel gave its customer, who opens this chat by it."""
        payload = str(update.get("message", {}).get("text", "")).partition(" ")[2].strip()
        if self._proofs is None or not sender or not _LINK.fullmatch(payload):
            return
        person = update.get("message", {}).get("from", {})
        name = f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
        await self._proofs.redeem_link(payload, Address("telegram", str(sender), True, name))

    # --- files ---

    async def _files(self, updates: list[Raw]) -> dict[str, Fetched]:
        found: dict[str, Fetched] = {}
        for raw in updates:
            try:
                message = update_of(raw).effective_message
            except ValueError:
                continue  # it is kept all the same: whoever reads it says what is wrong
            for id, _, _, size in attachments(message) if message is not None else ():
                found[id] = await self._fetch(id, size)
        return found

    async def _fetch(self, id: str, size: int) -> Fetched:
        if size > self._config.max_file:
            return Fetched(fault=f"it has {size} bytes, and {self._config.max_file} are taken")
        try:
            async with self._fetching, asyncio.timeout(FETCH):
                return Fetched(await self._connection.make(lambda bot: download(bot, id)))
        except BadRequest as error:
            return Fetched(fault=f"Telegram does not give it out: {error.message}")
        except (TelegramError, Retry, TimeoutError) as error:
            log.warning("a customer's file did not come: %s", type(error).__name__)
            return Fetched(fault="Telegram did not give it out in time; ask for it again")


async def download(bot: Bot, id: str) -> bytes:
    """A file's bytes.  Raises `TelegramError`."""
    file = await bot.get_file(id)
    return bytes(await file.download_as_bytearray())


def _pressed(update: Raw) -> str:
    return str(update.get("callback_query", {}).get("data", ""))


def _content(update: Raw) -> Mapping[str, Any]:
    for kind in WANTED:
        if kind in update:
            content: Mapping[str, Any] = update[kind]
            return content
    return {}


def chat_of(update: Raw) -> int:
    """The chat in which an update happened."""
    content = _content(update)
    chat = content.get("chat") or content.get("message", {}).get("chat") or {}
    return int(chat.get("id", 0))


def sender_of(update: Raw) -> int:
    """Whose doing it is."""
    content = _content(update)
    return int((content.get("from") or content.get("user") or {}).get("id", 0))


def album_of(update: Raw) -> str:
    """The album that a message belongs to, or an empty string."""
    message = update.get("message", {})
    group = message.get("media_group_id")
    return f"{chat_of(update)}/{group}" if group else ""
