"""The channel: customers who write to the bot, in its chat or in groups."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from omniroute import (
    Address,
    Amendment,
    Busy,
    Cap,
    ConfigError,
    Health,
    Inbound,
    Intake,
    NotAuthorised,
    Outbound,
    Receipt,
    Rejected,
    Retry,
    Site,
    body_of,
)
from omniroute_telegram import parse, report, settings
from omniroute_telegram.connection import POLL, TOKEN_FIX, Connection, wait_of
from omniroute_telegram.desk import TelegramDesk
from omniroute_telegram.edge import WANTED, Edge, Raw, album_of
from omniroute_telegram.envelope import unpack
from omniroute_telegram.gap import Asked
from omniroute_telegram.memory import Memory
from omniroute_telegram.send import LARGEST as LARGEST_FILE
from omniroute_telegram.send import MOST, delete, edit, place_of, send

log = logging.getLogger(__name__)

HEADER: Final = "x-telegram-bot-api-secret-token"
LARGEST: Final = 1024 * 1024  # bytes of a pushed update
AGAIN: Final = (1.0, 2.0, 5.0, 15.0)  # s until the next poll after a failure
LATE: Final = 12 * 3600  # s without a successful poll; Telegram forgets after 24 h


class TelegramChannel:
    """One bot."""

    kind: ClassVar[str] = "telegram"
    label: ClassVar[str] = "Telegram"
    icon: ClassVar[str] = "plane"
    caps: ClassVar[Cap] = (
        Cap.LIVE
        | Cap.THREADS
        | Cap.EDIT_IN
        | Cap.EDIT_OUT
        | Cap.DELETE_OUT
        | Cap.TYPING
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.REACTIONS
        | Cap.BUTTONS
        | Cap.AGENT_DESK
    )
    max_text: ClassVar[int] = 3900  # 4096 with room for the mark of a repeat
    max_caption: ClassVar[int] = 900  # 1024, the same
    max_files: ClassVar[int] = MOST
    max_file: ClassVar[int] = LARGEST_FILE
    counts: ClassVar[str] = "utf16"
    Config: ClassVar[type] = settings.Config
    forms: ClassVar[Mapping[str, str]] = report.FORMS

    def __init__(self, account: str, config: settings.Config, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        self.account = account
        self._place = f"channels.{account}"
        settings.check(config, self._place)
        self._config, self._site = config, site
        self._memory = Memory(site.database("telegram.sqlite"))
        self._asked = Asked(site.database("asked.sqlite"))
        self.connection = Connection(config, self._place)
        self._desk: TelegramDesk | None = None
        self._edge = Edge(
            config, self.connection, self._memory, agent=self._agent, clock=_now, proofs=site.proofs
        )
        self._intake: Intake | None = None  # while we listen
        self._stands_in: Intake | None = None  # while another node writes, or none
        self._listens = False  # or has listened
        self._heard = time.monotonic()  # when Telegram last answered a poll, or we began to ask

    @property
    def anywhere(self) -> bool:
        """Telegram pushes to any node; of those that ask it heeds one."""
        return self._config.updates == "webhook"

    def desk(self) -> TelegramDesk:
        """The agents' side of the same bot."""
        if self._desk is None:
            self._desk = TelegramDesk(self._config, self.connection, self._site, _now)
        return self._desk

    # --- in ---

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return parse.read(unpack(raw))

    @classmethod
    def read_file(cls, raw: bytes, form: str) -> Mapping[str, object]:
        return report.fields_of(raw)

    def routes(self) -> Sequence[BaseRoute]:
        if self._config.updates == "polling":
            return ()
        return [Route("/hook", self._hook, methods=["POST"])]

    async def listen(self, intake: Intake) -> None:
        """Take updates in until cancelled.  Raises `ConfigError` for a token that opens nothing."""
        self._listens, self._heard = True, time.monotonic()
        try:
            await self.connection.open()
            await self._introduce()
            self._intake = intake
            if self._config.updates == "webhook":
                intake.ready()
                await asyncio.get_running_loop().create_future()  # until cancelled
            else:
                await self._poll(intake)
        finally:
            self._intake = None
            await self.connection.close()

    async def stand_in(self, intake: Intake) -> None:
        """Keep updates as they were pushed: the writer knows who is an agent."""
        self._stands_in = intake
        intake.ready()
        try:
            await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            self._stands_in = None

    async def take_up(self, raw: bytes) -> None:
        """What was pushed to another node.  Raises `Busy`."""
        if self._intake is None:
            raise Busy("nobody listens yet")
        await self._edge.take(self._intake, _update(raw))

    async def _introduce(self) -> None:
        """Say how updates shall come; where Telegram is away we go on and try again later."""
        bot = self.connection.bot
        try:
            if self._config.updates == "webhook":
                url = f"{self._site.public_url}/channels/{self.kind}/{self.account}/hook"
                await bot.set_webhook(url, secret_token=self._secret(), allowed_updates=WANTED)
            else:
                await bot.delete_webhook()
            me = await bot.get_me()
            if self._desk is not None:
                self._desk.username = me.username or ""
        except InvalidToken:
            fix = TOKEN_FIX.format(place=self._place)
            raise ConfigError(f"{self._place}.token", "Telegram does not know it", fix) from None
        except TelegramError as error:
            log.error("telegram “%s”: cannot be reached yet: %s", self.account, error.message)

    async def _poll(self, intake: Intake) -> None:
        intake.ready()
        offset, failures = 0, 0
        while True:
            try:
                offset = await self._polled(intake, offset)
            except (TelegramError, Busy) as error:
                if not failures:
                    log.error("telegram “%s”: %s", self.account, _trouble(error))
                wait = wait_of(error) if isinstance(error, RetryAfter) else 0.0
                await asyncio.sleep(max(wait, AGAIN[min(failures, len(AGAIN) - 1)]))
                failures += 1
                continue
            if failures:
                log.warning("telegram “%s”: updates come in again", self.account)
            failures = 0

    async def _polled(self, intake: Intake, offset: int) -> int:
        """One poll: keep what came; only the next one tells Telegram so."""
        updates = await self._updates(offset, POLL)
        while updates and (album := album_of(updates[-1])):
            # The rest of an album may be on its way: ask again from the same place.
            await asyncio.sleep(0.3)
            again = await self._updates(offset, 0)
            if len(again) == len(updates) or album_of(again[-1]) != album:
                updates = again
                break
            updates = again
        self._heard = time.monotonic()
        numbers = [int(update["update_id"]) for update in updates]
        if updates:
            await self._edge.take_all(intake, updates)
        if (gap := self._asked.heard(time.time(), numbers)) is not None:
            log.error("telegram “%s”: %s", self.account, gap)
        return max(numbers, default=offset - 1) + 1

    async def _updates(self, offset: int, wait: int) -> list[Raw]:
        """Updates as Telegram wrote them; the SDK reads them later, out of the spool.

        The SDK's own method reads them at once, and one that it cannot read would stop all others
        for good; written small, Telegram's name for it hands out what came.
        """
        asked = {"offset": offset, "timeout": wait, "allowed_updates": list(WANTED)}
        found: list[Raw] = await self.connection.bot.do_api_request(
            "getupdates", api_kwargs=asked, read_timeout=wait + 10
        )
        return found

    async def _hook(self, request: Request) -> Response:
        """An update that Telegram pushes: 200 when it is kept, and not before."""
        shown = request.headers.get(HEADER, "").encode()
        if not hmac.compare_digest(shown, self._secret().encode()):
            return Response(status_code=401)
        raw = await body_of(request, LARGEST)
        try:
            update = _update(raw)
        except ValueError:
            return Response(status_code=400)
        try:
            if self._stands_in is not None:
                await self._stands_in.accept(raw, key=f"update/{update['update_id']}")
            elif self._intake is not None:
                await self._edge.take(self._intake, update)
            else:
                return Response(status_code=503)
        except Busy:
            return Response(status_code=503)
        return Response(status_code=200)

    def _secret(self) -> str:
        if self._config.webhook_secret is not None:
            return self._config.webhook_secret.reveal()
        key = self._config.token.reveal().encode()
        return hmac.digest(key, b"webhook", hashlib.sha256).hex()

    async def _agent(self, account: int) -> str:
        return "" if self._desk is None else await self._desk.agent(account)

    # --- out ---

    async def send(self, out: Outbound) -> Receipt:
        """One call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        return await send(self.connection, out)

    async def edit(self, change: Amendment) -> None:
        await edit(self.connection, change)

    async def delete(self, change: Amendment) -> None:
        await delete(self.connection, change)

    async def show_typing(self, conversation: str, to: Address) -> None:
        """Telegram shows it for five seconds, or until a message comes."""
        chat, topic = place_of(conversation)
        await self.connection.ask(
            lambda bot: bot.send_chat_action(chat, "typing", message_thread_id=topic or None)
        )

    async def check(self) -> Health:
        """Whether the token opens the bot, and whether updates come."""
        if not self._listens:
            await self.connection.open()
        try:
            me = await self.connection.ask(lambda bot: bot.get_me())
        except (NotAuthorised, Rejected, Retry) as error:
            return Health.after(error, "Telegram", "api.telegram.org")
        finally:
            if not self._listens:  # nobody else would
                await self.connection.rest()
        away = time.monotonic() - self._heard
        if self._config.updates == "polling" and self._intake is not None and away > LATE:
            return Health(False, f"@{me.username} has not been asked for {away / 3600:.0f} hours")
        if (gap := self._asked.recent(time.time())) is not None:
            return gap.health
        return Health(True, f"open as @{me.username}: https://t.me/{me.username}")


def _update(raw: bytes) -> Raw:
    """An update that was pushed.  Raises `ValueError`."""
    try:
        update: Raw = json.loads(raw)
        int(update["update_id"])
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("no update") from error
    return update


def _trouble(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program asks for this bot's updates; stop it, or use another bot"
    if isinstance(error, NetworkError):
        return f"cannot be reached: {error.message}"
    return str(error)


def _now() -> int:
    return int(time.time() * 1000)
