"""The bot: every call of the Bot API goes through here, in its turn, its failures in our words."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypeVar

import httpx
from telegram import Bot
from telegram import error as e
from telegram.request import HTTPXRequest

from omniroute import Budget, NotAuthorised, Rank, Rejected, Retry
from omniroute_telegram.budget import new_budget
from omniroute_telegram.settings import Config

# These write addresses into the log at lower levels, and an address of the Bot API holds the token;
# the SDK itself what is sent besides.
for _name in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_name).setLevel(logging.WARNING)

# The SDK warns at each 429 unless one opts in to spans as `timedelta`, its next form.
os.environ.setdefault("PTB_TIMEDELTA", "1")

T = TypeVar("T")
Failure: TypeAlias = Retry | Rejected | NotAuthorised

POLL: Final = 25  # s that Telegram keeps a poll open
TOKEN_FIX: Final = "get the token from @BotFather (/mybots, API Token) and set {place}.token"  # noqa: S105


class Connection:
    """One bot's way to Telegram."""

    def __init__(self, config: Config, place: str, budget: Budget[int] | None = None) -> None:
        self._place, self.budget = place, budget or new_budget()
        self._closed = False
        self._calls: set[asyncio.Future[Any]] = set()
        api = config.api_url.rstrip("/")
        more: dict[str, Any] = {
            "connect_timeout": 10.0,
            "write_timeout": 60.0,
            "media_write_timeout": 100.0,
            "pool_timeout": 30.0,
        }
        if not api.startswith("https://"):  # a server of one's own is reached without a proxy
            more["httpx_kwargs"] = {"trust_env": False, "verify": False}
        self._requests = (
            HTTPXRequest(64, read_timeout=20.0, **more),
            HTTPXRequest(2, read_timeout=POLL + 10.0, **more),
        )
        self.bot = Bot(
            config.token.reveal(),
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    async def open(self) -> None:
        """Make ready after `rest`."""
        for request in self._requests:
            await request.initialize()

    async def rest(self) -> None:
        """Let go of connections for now; calls that are under way are broken off.

        They are ended first: httpx forgets a connection that is still being made when it shuts
        down, and nobody would ever close it.
        """
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        for request in self._requests:
            await request.shutdown()

    async def close(self) -> None:
        """As `rest`, and for good: whoever calls after that is told to come again."""
        self._closed = True
        await self.rest()

    async def call(self, chat: int, rank: Rank, do: Callable[[Bot], Awaitable[T]]) -> T:
        """Make one call that writes into a chat, in its turn.

        Raises `Retry`, `Rejected` or `NotAuthorised`.
        """
        await self.budget.turn(chat, rank)
        self._check_open()
        try:
            return await self.make(do)
        except e.RetryAfter as error:
            self.budget.stop(chat, wait_of(error))
            raise self.failure(error) from error
        except e.TelegramError as error:
            raise self.failure(error) from error

    async def ask(self, do: Callable[[Bot], Awaitable[T]]) -> T:
        """Make one call that writes nothing anywhere.  Raises as `call` does."""
        self._check_open()
        try:
            return await self.make(do)
        except e.TelegramError as error:
            raise self.failure(error) from error

    async def make(self, do: Callable[[Bot], Awaitable[T]]) -> T:
        """Make one call, which ends when the connection does.

        Raises `telegram.error.TelegramError`, or `Retry` if it was broken off.
        """
        call = asyncio.ensure_future(do(self.bot))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        try:
            return await call
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                raise
            raise Retry("the bot has stopped listening", 1, in_doubt=True) from None

    def _check_open(self) -> None:
        if self._closed:
            raise Retry("the bot is not listening", 1)

    def failure(self, error: e.TelegramError) -> Failure:
        """A failure in our words."""
        if isinstance(error, e.RetryAfter):
            return Retry("Telegram asks to wait", wait_of(error))
        if isinstance(error, e.InvalidToken):
            return NotAuthorised(TOKEN_FIX.format(place=self._place))
        if isinstance(error, e.Forbidden):
            return Rejected(_forbidden(error.message))
        if isinstance(error, e.ChatMigrated):
            return Rejected(f"the group has moved to {error.new_chat_id}; answer there")
        if isinstance(error, e.BadRequest):
            return Rejected(f"Telegram refuses it: {error.message[:1].lower()}{error.message[1:]}")
        if isinstance(error, e.NetworkError):
            never_left = isinstance(error.__cause__, httpx.ConnectError | httpx.PoolTimeout)
            return Retry(f"Telegram cannot be reached: {error.message}", in_doubt=not never_left)
        return Retry(f"Telegram: {error.message}")


def wait_of(error: e.RetryAfter) -> float:
    """Seconds to wait."""
    wait: object = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(str(wait))


def _forbidden(message: str) -> str:
    said = message.lower()
    if "blocked" in said:
        return "the customer has blocked the bot; write to them on another channel"
    if "kicked" in said or "not a member" in said:
        return "the bot is no longer in this group"
    if "deactivated" in said:
        return "this Telegram account no longer exists"
    return f"Telegram does not let the bot write there: {message}"
