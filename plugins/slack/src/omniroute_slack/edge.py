"""The edge: from a payload to what the intake keeps, and only then the yes to Slack.

Slack waits 3 s for that and tells again what it got no yes for.  A large file may take longer to
fetch: the work goes on, and whoever asks again meanwhile waits for the same.  One message may be
told several times (as a message and as a call of the app's name, by each workspace of a shared
channel): it is kept once, by its channel and time stamp.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from omniroute import Busy, Intake, NotAuthorised, Rejected, Retry
from omniroute_slack.connection import Connection
from omniroute_slack.envelope import Envelope, Fetched, Json, Profile, pack, part, text_at
from omniroute_slack.parse import attachments, is_chat
from omniroute_slack.settings import Config

log = logging.getLogger(__name__)

FETCH: Final = 60.0  # s in which a file must have come
AT_ONCE: Final = 8  # files that are fetched at a time
KNOWN: Final = 10_000  # accounts whose names are remembered
FRESH: Final = 3_600_000  # ms for which they are
JOIN: Final = re.compile(r"\s*/?join\s+(\S+)\s*", re.IGNORECASE)
_MENTION: Final = re.compile(r"<@([A-Z0-9]+)")
_HEARD: Final = ("message", "app_mention", "reaction_added", "reaction_removed")


class Edge:
    """Takes payloads in."""

    def __init__(
        self,
        config: Config,
        connection: Connection,
        *,
        agent: Callable[[str], Awaitable[str]],
        opens: Callable[[Json, str], Awaitable[bool]],
        clock: Callable[[], int],
    ) -> None:
        """*agent* tells whose an account is, if it is an agent's.

        *opens* shows a form where a button asks for one, which Slack allows for 3 s only.
        """
        self._config, self._connection = config, connection
        self._agent, self._opens, self._clock = agent, opens, clock
        self._fetching = asyncio.Semaphore(AT_ONCE)
        self._order: dict[str, asyncio.Lock] = {}
        self._users: OrderedDict[str, tuple[int, Profile]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def take(self, intake: Intake, payload: Json, form: str) -> None:
        """Keep a payload; returns when it is on disk.  Raises `Busy`.

        Giving up waiting does not end it.
        """
        if form == "event" and not self._is_wanted(payload):
            return
        key = key_of(payload, form)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._in_order(intake, payload, form, key))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
            task.add_done_callback(_seen)
        await asyncio.shield(task)

    def _is_wanted(self, payload: Json) -> bool:
        event = part(payload, "event")
        if text_at(event, "type") == "app_home_opened":
            return text_at(event, "tab") == "home"
        if text_at(event, "type") not in _HEARD:
            return False
        mine = (text_at(event, "user"), text_at(event, "message", "user"))
        return not self._connection.me or self._connection.me not in mine

    async def _in_order(self, intake: Intake, payload: Json, form: str, key: str) -> None:
        channel = text_at(part(payload, "event"), "channel") or channel_of(payload)
        async with self._order.setdefault(channel, asyncio.Lock()):
            await intake.accept(pack(await self._envelope(payload, form)), key=key)

    async def _envelope(self, payload: Json, form: str) -> Envelope:
        if not self._connection.me:
            await self._introduce()
        sender = sender_of(payload)
        agent = await self._agent(sender) if sender else ""
        opened = form == "interactive" and await self._opens(payload, agent)
        event = part(payload, "event") if form == "event" else {}
        desk = form != "event" or self._is_for_the_desk(event, agent)
        users = await self._people(event, sender)
        files = {} if desk or not event else await self._files(event)
        return Envelope(
            self._clock(), payload, form, desk, agent, self._connection.me, users, files, opened
        )

    async def _introduce(self) -> None:
        try:
            await self._connection.introduce()
        except (Retry, Rejected, NotAuthorised) as error:
            log.warning("Slack does not say who we are: %s", error)

    def _is_for_the_desk(self, event: Json, agent: str) -> bool:
        """An agent's doing, or something in the team's own channel."""
        channel = text_at(event, "channel") or text_at(event, "item", "channel")
        if self._config.triage_channel and channel == self._config.triage_channel:
            return True
        if text_at(event, "type") == "app_home_opened":
            return True
        joins = is_chat(event) and JOIN.fullmatch(text_at(event, "text")) is not None
        return bool(agent) or joins

    # --- people ---

    async def _people(self, event: Json, sender: str) -> dict[str, Profile]:
        text = text_at(event, "text") or text_at(event, "message", "text")
        ids = dict.fromkeys([sender, *_MENTION.findall(text)[:10]])
        found = {id: await self.profile(id) for id in ids if id}
        return {id: profile for id, profile in found.items() if profile is not None}

    async def profile(self, user: str) -> Profile | None:
        """What Slack says of an account; nothing where it cannot be asked now."""
        now, known = self._clock(), self._users.get(user)
        if known is not None and now - known[0] < FRESH:
            return known[1]
        try:
            async with asyncio.timeout(2):
                found = await self._connection.call("users.info", user=user)
        except (Retry, Rejected, NotAuthorised, TimeoutError) as error:
            log.warning("an account's name is not known: %s", str(error) or "no answer")
            return known[1] if known is not None else None
        profile = self._profile(part(dict(found), "user"))
        self._users[user] = now, profile
        if len(self._users) > KNOWN:
            self._users.popitem(last=False)
        return profile

    def _profile(self, user: Json) -> Profile:
        """Slack has an address confirmed by its owner; another workspace's is hearsay for us."""
        about = part(user, "profile")
        ours = text_at(user, "team_id") == self._connection.team
        name = text_at(about, "display_name") or text_at(about, "real_name")
        return Profile(
            name=name or text_at(user, "real_name") or text_at(user, "name"),
            email=text_at(about, "email"),
            confirmed=ours and user.get("is_email_confirmed") is True,
            bot=user.get("is_bot") is True,
        )

    # --- files ---

    async def _files(self, event: Json) -> dict[str, Fetched]:
        files = list(attachments(event))[:20]
        found = await asyncio.gather(*(self._fetch(file) for file in files))
        return {text_at(file, "id"): one for file, one in zip(files, found, strict=True)}

    async def _fetch(self, file: Json) -> Fetched:
        size, most = file.get("size"), self._config.max_file
        if isinstance(size, int) and size > most:
            return Fetched(fault=f"it has {size} bytes, and {most} are taken")
        url = text_at(file, "url_private_download") or text_at(file, "url_private")
        try:
            async with self._fetching, asyncio.timeout(FETCH):
                return Fetched(await self._connection.download(url, most))
        except Rejected as error:
            return Fetched(fault=error.reason)
        except (Retry, TimeoutError):
            return Fetched(fault="Slack did not give it out in time; ask for it again")


def key_of(payload: Json, form: str) -> str:
    """What makes a payload the same when it is told again, by whichever workspace."""
    event = part(payload, "event")
    if form == "event" and text_at(event, "type") in ("message", "app_mention"):
        stamp = text_at(event, "ts") if not _is_about(event) else text_at(event, "event_ts")
        if stamp:
            about = text_at(event, "subtype") if _is_about(event) else "said"
            return f"{about}/{text_at(event, 'channel')}/{stamp or text_at(event, 'ts')}"
    if form == "event" and (stamp := text_at(event, "event_ts")):
        where = text_at(event, "item", "channel") or text_at(event, "channel")
        return f"{text_at(event, 'type')}/{where}/{text_at(event, 'user')}/{stamp}"
    if form == "event":
        return f"event/{text_at(payload, 'event_id')}"
    action = payload.get("actions")
    first = action[0] if isinstance(action, list) and action else {}
    stamp = text_at(first, "action_ts") or text_at(payload, "action_ts")
    return f"{form}/{text_at(payload, 'trigger_id') or text_at(payload, 'view', 'id')}/{stamp}"


def _is_about(event: Json) -> bool:
    return text_at(event, "subtype") in ("message_changed", "message_deleted")


def sender_of(payload: Json) -> str:
    """Whose doing it is."""
    event = part(payload, "event")
    return (
        text_at(event, "user")
        or text_at(event, "message", "user")
        or text_at(event, "previous_message", "user")
        or text_at(payload, "user", "id")
        or text_at(payload, "user_id")
    )


def channel_of(payload: Json) -> str:
    """The channel in which something was pressed or said."""
    return (
        text_at(payload, "container", "channel_id")
        or text_at(payload, "channel", "id")
        or text_at(payload, "channel_id")
        or sender_of(payload)
    )


def _seen(task: asyncio.Task[None]) -> None:
    """What failed while nobody waited any more comes again; Slack got no yes."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Busy):
        log.error("a payload was not kept: %s", error)
