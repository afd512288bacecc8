"""The desk: agents who work in their chat with the app, in threads under cards.

What is in the spool is handed to slack-bolt, whose listeners say to the common desk what was done.
Slack had its yes before; what fails here is tried again by us.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from starlette.routing import BaseRoute

from omniroute import (
    Attached,
    Card,
    ChatDesk,
    Door,
    NotAuthorised,
    Pressed,
    Rank,
    Receipt,
    Refused,
    Rejected,
    Retry,
    Site,
    Wrote,
)
from omniroute_slack import forms
from omniroute_slack.connection import Connection
from omniroute_slack.edge import JOIN
from omniroute_slack.envelope import Envelope, Json, part, text_at, unpack
from omniroute_slack.formatting import to_marks
from omniroute_slack.homes import Homes
from omniroute_slack.parse import KIND, SPOKEN, attachments, is_a_persons, is_chat
from omniroute_slack.settings import Config
from omniroute_slack.surface import SlackSurface, order_of

log = logging.getLogger(__name__)

_ON_THREADS: Final = "accept take pass reply note transfer snooze resolve reopen tag priority merge"
_ANYWHERE: Final = "status hold undo who why help mine edit delete"
NOTHING: Final = (
    "Nothing was sent: this message belongs to no thread of a customer's that you work on here."
)
VERBS: Final = frozenset(f"{_ON_THREADS} {_ANYWHERE}".split())
_NOTE: Final = re.compile(r"(note)\s*[:\s]\s*(?=\S)", re.IGNORECASE)
_REPLY: Final = re.compile(r"(reply)\s*:\s*(?=\S)", re.IGNORECASE)


class SlackDesk:
    """The desk over one app; see `omniroute.Workplace`."""

    kind: ClassVar[str] = KIND

    def __init__(
        self, config: Config, connection: Connection, site: Site, clock: Callable[[], int]
    ) -> None:
        self._config, self._connection = config, connection
        self.surface = SlackSurface(connection, config.triage_channel)
        secret = hmac.digest(config.bot_token.reveal().encode(), b"buttons", hashlib.sha256)
        self.chat = ChatDesk(self.surface, site, secret, clock)
        self.homes = Homes(connection, clock)
        self._bolt = self._listeners()

    def routes(self) -> Sequence[BaseRoute]:
        return ()

    async def start(self, door: Door) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.chat.start(door))
            group.create_task(self.homes.follow(door))

    async def present(self, card: Card) -> Receipt:
        return await self.chat.present(card)

    async def forget_threads(self, threads: Sequence[int]) -> tuple[int, int]:
        return await self.chat.forget_threads(threads)

    async def agent(self, account: str) -> str:
        """Whose an account is, if it is an agent's."""
        door = await self.chat.opened()
        return await door.who(KIND, account)

    def invitation(self, code: str) -> str:
        name = f"@{self._connection.name}" if self._connection.name else "the app"
        return f"In Slack, write to {name} under Apps: join {code}"

    async def attend(self, raw: bytes) -> None:
        """Do what an agent did: wrote, pressed a button, handed a form in."""
        envelope = unpack(raw)
        failed: list[Exception] = []
        request = AsyncBoltRequest(
            body=envelope.payload,
            mode="socket_mode",
            context={"envelope": envelope, "failed": failed},
        )
        await self._bolt.async_dispatch(request)
        if failed:
            raise failed[0]

    # --- forms ---

    async def open_form(self, payload: Json, agent: str) -> bool:
        """Show a form, if a button asks for one; to open it is to read."""
        if text_at(payload, "type") == "message_action":
            return bool(agent) and await self._answer_this(payload, agent)
        pressed = self._pressed(Envelope(0, payload, "interactive", agent=agent))
        order = self.chat.order(pressed.place, pressed.data) if pressed and agent else None
        if pressed is None or order is None or order.word not in ("", "ask"):
            return False
        if order.verb not in forms.TITLES:
            return False
        door = await self.chat.opened()
        try:
            sheet = await door.look(agent, order.thread)
            if order.verb in ("transfer", "snooze") and order.verb not in sheet.can:
                return False  # out of date; the desk says so
            receivers = await door.receivers(agent) if order.verb == "transfer" else ()
            view = forms.form(order.verb, sheet, receivers, pressed.place, pressed.data)
            trigger = text_at(payload, "trigger_id")
            await self._connection.call("views.open", trigger_id=trigger, view=view)
        except (Refused, Rejected, Retry, NotAuthorised) as error:
            log.warning("a form was not opened: %s", error)
            return False
        return True

    async def _answer_this(self, payload: Json, agent: str) -> bool:
        """The message shortcut: a form for an answer to one message, or a note about it."""
        user, channel = text_at(payload, "user", "id"), text_at(payload, "channel", "id")
        message = part(payload, "message")
        post, base = text_at(message, "ts"), user if channel.startswith("D") else channel
        place = f"{base}/{text_at(message, 'thread_ts') or post}"
        thread = self.chat.book.thread_in(place, post)
        door = await self.chat.opened()
        try:
            if not thread:
                raise Rejected("it belongs to no thread of a customer's")
            sheet = await door.look(agent, thread)
            data = self.chat.button(place, "", "answer", thread, sheet.turns, post).data
            view = forms.answer(sheet, text_at(message, "text"), place, data)
            trigger = text_at(payload, "trigger_id")
            await self._connection.call("views.open", trigger_id=trigger, view=view)
        except (Refused, Rejected, Retry, NotAuthorised) as error:
            log.warning("a form was not opened: %s", error)
            return False
        return True

    async def _handed_in(self, envelope: Envelope) -> None:
        place, data, line = forms.handed_in(part(envelope.payload, "view"))
        order, account = self.chat.order(place, data), text_at(envelope.payload, "user", "id")
        if order is None or not envelope.agent:
            return
        key = f"slack/form/{text_at(envelope.payload, 'view', 'id')}"
        seen, quotes = None, ""
        if order.verb == "answer":
            line = line.removeprefix("answer ")
            quoted = self.chat.book.line_at(place, order.word)
            seen, quotes = order.number, quoted.line if quoted is not None else ""
        try:
            said: str = await self.chat.door.say(
                envelope.agent, order.thread, line, seen, quotes=quotes, key=key
            )
        except Refused as refused:
            said = f"⚠ {refused.text}"
            if refused.code == "customer_wrote":
                said = f"✋ Not sent. {refused.text}\nYou wrote: {line.partition(' ')[2]}"
        await self.surface.post(place, said, urgent=True, only=account)
        await self.chat.following.follow(order.thread)

    async def _say_aside(self, envelope: Envelope, text: str) -> None:
        channel = text_at(envelope.payload, "channel", "id")
        user = text_at(envelope.payload, "user", "id")
        try:
            await self._connection.write(
                channel, Rank.ANSWER, "chat.postEphemeral", user=user, text=text
            )
        except Rejected as error:
            log.info("nobody could be told: %s", error)

    # --- what bolt hands out ---

    def _listeners(self) -> AsyncApp:
        bolt = AsyncApp(
            client=self._connection.web,
            process_before_response=True,
            request_verification_enabled=False,
            logger=logging.getLogger("omniroute_slack.bolt"),
        )

        async def message(context: Any) -> None:
            if (act := self._wrote(context["envelope"])) is not None:
                await self.chat.did(act)

        async def pressed(ack: Any, context: Any) -> None:
            await ack()
            envelope = context["envelope"]
            if not envelope.opened and (act := self._pressed(envelope)) is not None:
                await self.chat.did(act)

        async def pressed_nothing(ack: Any, context: Any) -> None:
            await ack()
            envelope = context["envelope"]
            if not envelope.opened:
                await self._say_aside(envelope, NOTHING)

        async def handed_in(ack: Any, context: Any) -> None:
            await ack()
            await self._handed_in(context["envelope"])

        async def commanded(ack: Any, context: Any) -> None:
            await ack()
            await self.chat.did(self._commanded(context["envelope"]))

        async def home(context: Any) -> None:
            await self._show_home(context["envelope"])

        async def failed(error: Exception, context: Any) -> None:
            context["failed"].append(error)

        bolt.event("message")(message)
        bolt.event("app_mention")(message)
        bolt.event("app_home_opened")(home)
        bolt.action(re.compile("press-.*"))(pressed)
        bolt.view(re.compile(".*"))(handed_in)
        bolt.message_shortcut(forms.ANSWER)(pressed_nothing)
        bolt.command(self._config.command)(commanded)
        bolt.error(failed)
        return bolt

    async def _show_home(self, envelope: Envelope) -> None:
        user = text_at(envelope.payload, "event", "user")
        profile = envelope.users.get(user)
        name = profile.name if profile else envelope.agent
        await self.homes.opened(self.chat.door, user, envelope.agent, name)

    # --- from Slack's words to the desk's ---

    def _wrote(self, envelope: Envelope) -> Wrote | None:
        event = part(envelope.payload, "event")
        edited = text_at(event, "subtype") == "message_changed"
        before = part(event, "previous_message")
        deleted = text_at(event, "subtype") == "message_deleted" or (
            edited and text_at(event, "message", "subtype") == "tombstone"
        )
        message = before if deleted else part(event, "message") if edited else event
        if not is_a_persons(message, envelope.me) or text_at(message, "subtype") not in SPOKEN:
            return None
        if edited and not deleted and text_at(message, "text") == text_at(before, "text"):
            return None
        channel, user = text_at(event, "channel"), text_at(message, "user")
        thread, ts = text_at(message, "thread_ts"), text_at(message, "ts")
        own = is_chat({**event, "channel": channel})
        names = {id: profile.name for id, profile in envelope.users.items()}
        text = self._words(text_at(message, "text"), names, envelope.me, own and not thread)
        if not own and (channel != self._config.triage_channel or not thread):
            return None  # said among people
        place = (user if own else channel) + (f"/{thread}" if thread else "")
        files = tuple(
            Attached(
                text_at(file, "url_private_download") or text_at(file, "url_private"),
                text_at(file, "name") or text_at(file, "id"),
                text_at(file, "mimetype") or "application/octet-stream",
            )
            for file in attachments(message)
        )
        if not text and not files:
            return None
        profile = envelope.users.get(user)
        stamp = text_at(event, "event_ts") if edited or deleted else ts
        return Wrote(
            account=user,
            agent=envelope.agent,
            place=place,
            post=ts,
            order=order_of(ts),
            text=text,
            key=f"slack/{channel}/{stamp}",
            files=files,
            edited=edited and not deleted,
            deleted=deleted,
            name=profile.name if profile else "",
        )

    def _words(self, mrkdwn: str, names: dict[str, str], me: str, outside: bool) -> str:
        """What was written; a command begins with a slash, which Slack keeps for itself."""
        called = f"<@{me}>"
        if me and mrkdwn.lstrip().startswith(called):
            said = to_marks(mrkdwn.lstrip()[len(called) :], names).lstrip(" ,:/")
            return f"/{said or 'help'}"
        text = to_marks(mrkdwn, names)
        if joined := JOIN.fullmatch(text):
            return f"/start {joined[1]}"
        word = text.split(maxsplit=1)[0].lower() if text.strip() else ""
        if outside and word.lstrip("/") in VERBS:
            return f"/{text.strip().lstrip('/')}"
        for form in (_NOTE, _REPLY):
            if found := form.match(text):
                return f"/{found[1].lower()} {text[found.end() :]}"
        return text

    def _pressed(self, envelope: Envelope) -> Pressed | None:
        payload = envelope.payload
        actions = payload.get("actions")
        first = actions[0] if isinstance(actions, list) and actions else {}
        user, data = text_at(payload, "user", "id"), text_at(first, "value")
        channel = text_at(payload, "channel", "id") or text_at(payload, "container", "channel_id")
        message = part(payload, "message")
        post = text_at(message, "ts") or text_at(payload, "container", "message_ts")
        if not (user and data and channel and post):
            return None
        thread = text_at(message, "thread_ts") or text_at(payload, "container", "thread_ts")
        base = user if channel.startswith("D") else channel
        # A card is a post of the chat until its thread begins, and the head of that from then on.
        places = (base, f"{base}/{thread or post}")
        signed = [place for place in places if self.chat.order(place, data) is not None]
        place = signed[0] if signed else base
        root = place.partition("/")[2]
        stamp = text_at(first, "action_ts")
        return Pressed(
            account=user,
            agent=envelope.agent,
            place=place,
            post=post,
            press=f"{channel}/{user}/{root or (thread if thread != post else '')}",
            data=data,
            key=f"slack/{channel}/{post}/{user}/{stamp}",
        )

    def _commanded(self, envelope: Envelope) -> Wrote:
        payload = envelope.payload
        user, id = text_at(payload, "user_id"), text_at(payload, "trigger_id").replace("/", "")
        place = self.surface.command(id, user, text_at(payload, "response_url"))
        text = text_at(payload, "text").strip() or "help"
        return Wrote(
            account=user,
            agent=envelope.agent,
            place=place,
            post="",
            order=0,
            text=f"/start {found[1]}" if (found := JOIN.fullmatch(text)) else f"/{text}",
            key=f"slack/command/{id}",
            name=text_at(payload, "user_name"),
        )
