"""Messenger and Instagram: a page or a professional account, by one Send API."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from omniroute import Address, Cap, File, Health, Inbound, Outbound, Rejected, Site, Undelivered
from omniroute_meta import reading_messaging, settings
from omniroute_meta.account import DAY, MetaChannel, Step
from omniroute_meta.envelope import Event
from omniroute_meta.memory import Latest

MIB: Final = settings.MIB
WEEK: Final = 7 * DAY
LARGEST: Final = 25 * MIB  # bytes of a file
LATEST: Final = 20  # messages to somebody that a mark of reading may stand for
REMEMBERED: Final = 10_000  # people


CAPS: Final = (
    Cap.LIVE
    | Cap.EDIT_IN
    | Cap.FILES_IN
    | Cap.FILES_OUT
    | Cap.REACTIONS
    | Cap.TYPING
    | Cap.READ_RECEIPTS
)


class MessagingChannel(MetaChannel):
    """What the two have in common."""

    max_caption: ClassVar[int] = 0  # a message is words, or a file
    max_file: ClassVar[int] = LARGEST
    fields: ClassVar[str]  # of a profile
    platform: ClassVar[str]  # as the Send API names it
    quoting: ClassVar[bool]

    def __init__(
        self, account: str, config: settings.Messenger | settings.Instagram, site: Site, id: str
    ) -> None:
        super().__init__(account, config, site, id)
        self._as_human = config.human_agent
        self.answer_window = WEEK if config.human_agent else DAY
        self._sent: Latest[str, deque[tuple[str, int]]] = Latest(REMEMBERED)
        """To whom: ids and times in ms."""

    # --- in ---

    def read(self, event: Event) -> Sequence[Inbound | Undelivered]:
        return reading_messaging.read(event)

    async def completed(self, event: Event) -> Event:
        reader, until = reading_messaging.watermark_of(event.item)
        if event.what == "status" and reader:
            ours = [id for id, at in self._sent.get(reader, ()) if at <= until]
            return replace(event, item={**event.item, "ours": ours})
        who = reading_messaging.sender_of(event.item)
        if event.what != "message" or not who:
            return event
        files = await self.fetching.links(reading_messaging.media_of(event.item))
        return replace(event, name=await self.fetching.name(who, self.fields), files=files)

    def forgotten(self, conversation: str) -> None:
        super().forgotten(conversation)
        self._sent.pop(conversation, None)

    # --- out ---

    def steps(self, out: Outbound) -> Sequence[Step]:
        words = [partial(self._post, out, {"text": out.text})] if out.text or not out.files else []
        return [*words, *(partial(self._post_file, out, file) for file in out.files)]

    async def _post(self, out: Outbound, message: dict[str, Any]) -> str:
        body: dict[str, Any] = {"recipient": {"id": out.conversation}, "message": message}
        if self._as_human and not out.automatic:
            body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        else:
            body["messaging_type"] = "RESPONSE"
        if out.quotes and self.quoting:
            body["reply_to"] = {"mid": out.quotes}
        began = int(time.time() * 1000)
        sent = await self.graph.call("POST", "me/messages", json=body)
        id = str(sent.get("message_id", ""))
        known = self._sent.get(out.conversation) or deque(maxlen=LATEST)
        self._sent.put(out.conversation, known).append((id, began))
        return id

    async def _post_file(self, out: Outbound, file: File) -> str:
        if len(file.data) > LARGEST:
            fault = f"“{file.name}” has {len(file.data)} bytes, and Meta takes {LARGEST}"
            raise Rejected(fault, by_content=True)
        family = file.media_type.partition("/")[0]
        kind = family if family in ("image", "audio", "video") else "file"
        about = {"attachment": {"type": kind, "payload": {"is_reusable": False}}}
        upload = await self.graph.call(
            "POST",
            "me/message_attachments",
            data={"message": json.dumps(about), "platform": self.platform},
            files={"filedata": (file.name, file.data, file.media_type)},
        )
        id = str(upload.get("attachment_id", ""))
        return await self._post(
            out, {"attachment": {"type": kind, "payload": {"attachment_id": id}}}
        )

    async def show_typing(self, conversation: str, to: Address) -> None:
        """For 20 seconds, or until the next message."""
        body = {"recipient": {"id": conversation}, "sender_action": "typing_on"}
        await self.graph.call("POST", "me/messages", json=body)


class MessengerChannel(MessagingChannel):
    """One Facebook page."""

    kind: ClassVar[str] = "messenger"
    label: ClassVar[str] = "Messenger"
    icon: ClassVar[str] = "chat"
    of: ClassVar[str] = "page"
    caps: ClassVar[Cap] = CAPS
    max_text: ClassVar[int] = 1900  # 2000 with room for the mark of a repeat
    fields: ClassVar[str] = "name"
    platform: ClassVar[str] = "messenger"
    quoting: ClassVar[bool] = True
    Config: ClassVar[type] = settings.Messenger

    def __init__(self, account: str, config: settings.Messenger, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        super().__init__(account, config, site, config.page_id)
        settings.check(config, self.place, page_id=config.page_id)

    async def look(self) -> Health:
        found = await self.graph.call("GET", "me", params={"fields": "id,name"})
        if str(found.get("id")) != self.id:
            fix = f"give {self.place}.token a token of the page, or page_id that of its page"
            return Health(False, f"the token opens {found.get('name')} ({found.get('id')})", fix)
        apps = await self.graph.call("GET", "me/subscribed_apps")
        told = {field for app in apps.get("data", ()) for field in app.get("subscribed_fields", ())}
        if "messages" not in told:
            fix = "subscribe the page to messages in the app (Messenger, API Settings, Webhooks)"
            return Health(False, f"open as {found.get('name')}, but Meta tells us nothing", fix)
        return Health(True, f"open as {found.get('name')}")


class InstagramChannel(MessagingChannel):
    """One professional account of Instagram."""

    kind: ClassVar[str] = "instagram"
    label: ClassVar[str] = "Instagram"
    icon: ClassVar[str] = "chat"
    of: ClassVar[str] = "instagram"
    caps: ClassVar[Cap] = CAPS
    max_text: ClassVar[int] = 920  # bytes: 1000 with room for the mark of a repeat
    counts: ClassVar[str] = "bytes"
    fields: ClassVar[str] = "name,username"
    platform: ClassVar[str] = "instagram"
    quoting: ClassVar[bool] = False  # the API has no such field there
    Config: ClassVar[type] = settings.Instagram

    def __init__(self, account: str, config: settings.Instagram, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        super().__init__(account, config, site, config.account_id)
        settings.check(config, self.place, account_id=config.account_id)

    async def look(self) -> Health:
        fields = "name,instagram_business_account{id,username}"
        found = await self.graph.call("GET", "me", params={"fields": fields})
        account = found.get("instagram_business_account", {})
        if str(account.get("id")) != self.id:
            known = f"{account.get('username')} ({account.get('id')})" if account else "none"
            fix = f"set {self.place}.account_id to that one, or link the account to the page"
            return Health(False, f"the page's Instagram account is {known}", fix)
        return Health(True, f"open as {account.get('username')}")
