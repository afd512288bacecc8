"""Messages that Twilio could not hand over: asked for at the start, and now and then.

Twilio calls a webhook once, or a few times within seconds, and then never again.  What came while
nobody answered lies in its log; it is taken from there, under the same key, so that what is known
already is not taken twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from omniroute import Busy, Intake, NotAuthorised, Rejected, Retry
from omniroute_twilio.api import Api
from omniroute_twilio.hooks import Hooks
from omniroute_twilio.settings import Account

log = logging.getLogger(__name__)

EVERY: Final = 600.0  # s between two looks
PAGES: Final = 20  # of the log, a hundred messages each, that are looked through at a time
HOUR: Final = 3_600_000  # ms


class CatchingUp:
    """Looks through the log of one number; *address* is as Twilio writes it."""

    def __init__(
        self, config: Account, address: str, api: Api, hooks: Hooks, clock: Callable[[], int]
    ) -> None:
        self._config, self._address = config, address
        self._api, self._hooks, self._clock = api, hooks, clock

    async def look(self, intake: Intake) -> None:
        """Take what is in the log and not here; where it cannot be had, the next look does."""
        since = self._clock() - self._config.catch_up * HOUR
        try:
            for message in await self._messages(since):
                await self._take(intake, message)
        except (Retry, Rejected, NotAuthorised, Busy) as error:
            log.warning("messages that may have been missed are asked for later: %s", error)

    async def _messages(self, since: int) -> Sequence[Mapping[str, Any]]:
        """What customers wrote since then, the oldest first."""
        # Twilio knows days only, and compares them in UTC.
        day = datetime.fromtimestamp(since / 1000, UTC) - timedelta(days=1)
        query = {"To": self._address, "DateSent>": day.strftime("%Y-%m-%d"), "PageSize": "100"}
        page = await self._api.get(f"{self._api.home}/Messages.json", **query)
        found: list[Mapping[str, Any]] = []
        for _ in range(PAGES):
            found += [
                message
                for message in page.get("messages", ())
                if message.get("direction") == "inbound" and _sent(message) >= since
            ]
            following = page.get("next_page_uri")
            if not following:
                break
            page = await self._api.get(self._config.api_url.rstrip("/") + following)
        found.reverse()  # the log has the newest first, and whole seconds
        return sorted(found, key=_sent)

    async def _take(self, intake: Intake, message: Mapping[str, Any]) -> None:
        sid = str(message.get("sid", ""))
        if self._hooks.has_taken(sid):
            return
        count = str(message.get("num_media") or "0")
        params = {
            "MessageSid": sid,
            "From": str(message.get("from", "")),
            "To": str(message.get("to", "")),
            "Body": str(message.get("body") or ""),
            "NumMedia": count,
        }
        if count != "0":
            params |= await self._media(sid)
        await self._hooks.take(intake, params, _sent(message))

    async def _media(self, sid: str) -> Mapping[str, str]:
        listed = await self._api.get(f"{self._api.home}/Messages/{sid}/Media.json")
        named: dict[str, str] = {}
        for number, media in enumerate(listed.get("media_list", ())):
            uri = str(media.get("uri", "")).removesuffix(".json")
            named[f"MediaUrl{number}"] = self._config.api_url.rstrip("/") + uri
            named[f"MediaContentType{number}"] = str(media.get("content_type", ""))
        return named


def _sent(message: Mapping[str, Any]) -> int:
    """When a message was sent, in ms since the epoch."""
    try:
        return int(parsedate_to_datetime(str(message.get("date_sent"))).timestamp() * 1000)
    except ValueError:
        return 0
