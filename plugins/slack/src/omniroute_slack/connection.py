"""The app: every call of the Web API goes through here, in its turn, its failures in our words.

The SDK's own retries are off: its connection handler would repeat a message that may have arrived,
and its rate-limit handler reads the first digit of `Retry-After` alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from omniroute import Budget, NotAuthorised, Rank, Rejected, Retry, seconds_to_wait
from omniroute_slack.budget import new_budget
from omniroute_slack.settings import Config

logging.getLogger("slack_sdk").setLevel(logging.WARNING)  # below it tells what people write

Failure: TypeAlias = Retry | Rejected | NotAuthorised

TOKEN_FIX: Final = (
    "copy the bot token from “OAuth & Permissions” at api.slack.com/apps into {place}.bot_token"  # noqa: S105
)
APP_FIX: Final = (
    "make a token with connections:write under “Basic Information” and set {place}.app_token"
)
WAIT: Final = 20  # s for a call
UNSAID: Final = 30.0  # s to wait where Slack does not say how long
_CREDENTIALS: Final = (
    "invalid_auth",
    "not_authed",
    "token_revoked",
    "token_expired",
    "no_permission",
)
_NO_JSON: Final = ("users.info", "conversations.history", "conversations.replies",
                   "files.getUploadURLExternal")  # fmt: skip
"""Methods that read no JSON; their parameters stand in the address."""

_LATER: Final = ("internal_error", "fatal_error", "service_unavailable", "request_timeout",
                 "team_added_to_org", "accesslimited")  # fmt: skip
_WHY: Final[Mapping[str, str]] = {
    "channel_not_found": "Slack knows no such conversation, or the app may not see it",
    "not_in_channel": "the app is not in this channel; invite it there",
    "is_archived": "the channel is archived",
    "account_inactive": "this Slack account is deactivated",
    "user_not_found": "this Slack account does not exist",
    "user_disabled": "this Slack account is deactivated",
    "cannot_dm_bot": "this account is an app's",
    "restricted_action": "the workspace does not let apps write there",
    "message_not_found": "the message is not there any more",
    "file_not_found": "the file is not there any more",
    "cant_update_message": "Slack lets an app change its own messages only",
    "msg_too_long": "the message is longer than Slack takes",
}


GONE: Final = tuple(_WHY[code] for code in ("message_not_found", "file_not_found"))
"""Why something cannot be taken away: it is away."""


class Connection:
    """One app's way to Slack."""

    def __init__(self, config: Config, place: str, budget: Budget[str] | None = None) -> None:
        self._config, self._place, self.budget = config, place, budget or new_budget()
        self.web = AsyncWebClient(
            config.bot_token.reveal(),
            base_url=config.api_url.rstrip("/") + "/",
            timeout=WAIT,
            retry_handlers=[],
        )
        self._own = not config.api_url.startswith("https://")
        if self._own:  # a server of one's own is reached without a proxy
            self.web.proxy = None
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self.me = ""  # the app's own account, once Slack has said it
        self.team = ""
        self.name = ""

    @property
    def session(self) -> aiohttp.ClientSession:
        """Connections that are kept open; they belong to the loop that runs."""
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=not self._own)
            self.web.session = self._session
        return self._session

    async def rest(self) -> None:
        """Let go of connections for now."""
        if self._session is not None:
            await self._session.close()
            self._session = self.web.session = None

    async def close(self) -> None:
        """Let go of connections; whoever calls after that is told to come again."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def introduce(self) -> None:
        """Learn who we are there.  Raises as `call` does."""
        found = await self.call("auth.test")
        self.me, self.team = str(found["user_id"]), str(found["team_id"])
        self.name = str(found.get("user", ""))

    async def write(self, channel: str, rank: Rank, method: str, **given: Any) -> Mapping[str, Any]:
        """Make one call that writes into a channel, in its turn.

        Raises `Retry`, `Rejected` or `NotAuthorised`.
        """
        await self.budget.turn(channel, rank)
        try:
            return await self.call(method, channel=channel, **given)
        except Retry as error:
            if error.after is not None and not error.in_doubt:
                self.budget.stop(channel, error.after)
            raise

    async def call(self, method: str, **given: Any) -> Mapping[str, Any]:
        """Make one call.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
        if self._closed:
            raise Retry("the app is not listening", 1)
        _ = self.session
        try:
            if method in _NO_JSON:
                answer = await self.web.api_call(method, params=given)
            else:
                answer = await self.web.api_call(method, json=given)
        except (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            raise self.failure(error) from error
        data = answer.data
        return data if isinstance(data, dict) else {}

    async def socket_url(self) -> str:
        """Where Socket Mode's next connection goes.  Raises as `call` does."""
        _, token = self.session, self._config.app_token
        assert token is not None
        try:
            found = await self.web.apps_connections_open(app_token=token.reveal())
        except SlackApiError as error:
            if _code(error) in (*_CREDENTIALS, "not_allowed_token_type"):
                raise NotAuthorised(APP_FIX.format(place=self._place)) from error
            raise self.failure(error) from error
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            raise self.failure(error) from error
        return str(found["url"])

    async def download(self, url: str, largest: int) -> bytes:
        """A file's bytes.  Raises `Rejected` for what may not be had, `Retry` else."""
        if not self._is_slacks(url):
            raise Rejected("it does not lie at Slack; open it there")
        shown = {"Authorization": f"Bearer {self._config.bot_token.reveal()}"}
        try:
            async with self.session.get(url, headers=shown, allow_redirects=False) as answer:
                if answer.status != 200 or answer.content_type == "text/html":
                    raise Rejected("Slack does not give it out; the app needs files:read")
                data = b""
                async for chunk in answer.content.iter_chunked(1 << 16):
                    data += chunk
                    if len(data) > largest:
                        raise Rejected(f"it is larger than the {largest} bytes that are taken")
                return data
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Retry(f"Slack cannot be reached: {type(error).__name__}") from error

    def _is_slacks(self, url: str) -> bool:
        """The token goes to Slack's own servers and to no other."""
        there, api = urlsplit(url), urlsplit(self._config.api_url)
        host = there.hostname or ""
        if self._own:
            return (host, there.port) == (api.hostname, api.port)
        return there.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))

    def failure(self, error: Exception) -> Failure:
        """A failure in our words."""
        if not isinstance(error, SlackApiError):
            never_left = isinstance(error, aiohttp.ClientConnectorError)
            reason = f"Slack cannot be reached: {type(error).__name__}"
            return Retry(reason, in_doubt=not never_left)
        code = _code(error)
        if code in ("ratelimited", "rate_limited") or error.response.status_code == 429:
            return Retry("Slack asks to wait", wait_of(error))
        if code in _CREDENTIALS:
            return NotAuthorised(TOKEN_FIX.format(place=self._place))
        if code == "missing_scope":
            needed = error.response.get("needed", "")
            return NotAuthorised(f"give the app the scope {needed} and install it again")
        if code in _LATER or error.response.status_code >= 500 or not code:
            return Retry(f"Slack: {code or error.response.status_code}", in_doubt=True)
        return Rejected(_WHY.get(code, f"Slack refuses it: {code}"))


def wait_of(error: SlackApiError) -> float:
    """Seconds to wait."""
    headers = error.response.headers or {}
    found = next((v for name, v in headers.items() if name.lower() == "retry-after"), "")
    whole = found[0] if isinstance(found, list) else str(found)
    wait = seconds_to_wait(whole, time.time())
    return UNSAID if wait is None else wait


def _code(error: SlackApiError) -> str:
    found = error.response.get("error", "")
    return found if isinstance(found, str) else ""


__all__ = ["GONE", "Connection", "wait_of"]
