"""WhatsApp: one number, by the Cloud API."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from omniroute import (
    Address,
    Cap,
    File,
    Health,
    Inbound,
    NotAuthorised,
    Outbound,
    Receipt,
    Rejected,
    Retry,
    Site,
    Template,
    Undelivered,
)
from omniroute_meta import reading_whatsapp, settings
from omniroute_meta.account import MetaChannel, Step
from omniroute_meta.approved import FIELDS, PAGE, Approved, approved
from omniroute_meta.batches import WHATSAPP
from omniroute_meta.envelope import Event
from omniroute_meta.memory import Latest

log = logging.getLogger(__name__)

MIB: Final = settings.MIB
KINDS: Final = {
    "image/jpeg": ("image", 5 * MIB), "image/png": ("image", 5 * MIB),
    "video/mp4": ("video", 16 * MIB), "video/3gpp": ("video", 16 * MIB),
    "audio/aac": ("audio", 16 * MIB), "audio/mp4": ("audio", 16 * MIB),
    "audio/mpeg": ("audio", 16 * MIB), "audio/amr": ("audio", 16 * MIB),
    "audio/ogg": ("audio", 16 * MIB),
}  # fmt: skip
"""What is shown or played where it stands, up to a size; everything else is a document."""
LARGEST: Final = 100 * MIB  # bytes of a document
REFRESH: Final = 3600.0  # s between two looks at the templates
REMEMBERED: Final = 10_000
_NUMBER: Final = re.compile(r"\+?([1-9]\d{6,14})", re.ASCII)


class WhatsAppChannel(MetaChannel):
    """One number: people write to it, and are answered for a day; afterwards by templates."""

    kind: ClassVar[str] = "whatsapp"
    label: ClassVar[str] = "WhatsApp"
    icon: ClassVar[str] = "phone"
    of: ClassVar[str] = WHATSAPP
    caps: ClassVar[Cap] = (
        Cap.LIVE
        | Cap.EDIT_IN
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.REACTIONS
        | Cap.TYPING
        | Cap.READ_RECEIPTS
        | Cap.START_CONVERSATION
        | Cap.TEMPLATES
    )
    max_text: ClassVar[int] = 4000  # 4096 with room for the mark of a repeat
    max_caption: ClassVar[int] = 960  # 1024, the same
    reaches: ClassVar[tuple[str, ...]] = ("whatsapp", "phone")
    Config: ClassVar[type] = settings.WhatsApp

    def __init__(self, account: str, config: settings.WhatsApp, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        super().__init__(account, config, site, config.phone_number_id)
        ids = {"phone_number_id": config.phone_number_id}
        ids["business_account_id"] = config.business_account_id
        settings.check(config, self.place, **ids)
        self._mine = config
        self._approved: dict[str, Approved] = {}
        self._stale = asyncio.Event()  # the templates have changed
        self._latest: Latest[str, str] = Latest(REMEMBERED)  # the last message of a conversation
        self._taken: Latest[str, str] = Latest(REMEMBERED)  # ids by keys, as WhatsApp has told us

    # --- in ---

    def read(self, event: Event) -> Sequence[Inbound | Undelivered]:
        return reading_whatsapp.read(event)

    async def completed(self, event: Event) -> Event:
        media = reading_whatsapp.media_of(event.item) if event.what == "message" else ()
        return replace(event, files=await self.fetching.media(media)) if media else event

    def noticed(self, event: Event) -> None:
        item = event.item
        if event.what == "other" and str(item.get("field", "")).startswith("message_template"):
            self._stale.set()
        elif event.what == "status" and item.get("biz_opaque_callback_data"):
            self._taken.put(str(item["biz_opaque_callback_data"]), str(item.get("id", "")))
        elif event.what == "message" and item.get("id"):
            who = str(item.get("from") or item.get("from_user_id", ""))
            self._latest.put(who, str(item["id"]))

    def forgotten(self, conversation: str) -> None:
        super().forgotten(conversation)
        self._latest.pop(conversation, None)

    async def attend(self) -> None:
        """Look at the templates now and then, and when Meta says that they have changed."""
        while True:
            try:
                async with asyncio.timeout(REFRESH):
                    await self._stale.wait()
            except TimeoutError:
                pass
            self._stale.clear()
            await self._fetch_templates()

    async def _introduce(self) -> None:
        await super()._introduce()
        await self._fetch_templates()

    # --- templates ---

    def templates(self) -> Sequence[Template]:
        """What may be sent at any time."""
        return [one.offered for one in self._approved.values()]

    async def _fetch_templates(self) -> None:
        """Ask Meta for them; where that fails those that are known stay."""
        if not self._mine.business_account_id:
            return
        try:
            listed = await self._listed()
            found = approved(listed, self._mine.templates)
        except (Retry, Rejected, NotAuthorised, KeyError) as error:
            log.warning("whatsapp “%s”: the templates did not come: %s", self.account, error)
            return
        self._approved = {one.offered.name: one for one in found}
        for name in set(self._mine.templates) - {one.name for one in found}:
            log.error(
                "%s.templates: WhatsApp has approved no template “%s” that needs no file",
                self.place, name,
            )  # fmt: skip

    async def _listed(self) -> list[dict[str, Any]]:
        path = f"{self._mine.business_account_id}/message_templates"
        asked: dict[str, Any] = {"fields": FIELDS, "status": "APPROVED", "limit": PAGE}
        found: list[dict[str, Any]] = []
        while True:
            page = await self.graph.call("GET", path, params=asked)
            found += page.get("data", ())
            paging = page.get("paging", {})
            if "next" not in paging:
                return found
            asked["after"] = paging["cursors"]["after"]

    # --- out ---

    async def send(self, out: Outbound) -> Receipt:
        """See `MetaChannel.send`; what WhatsApp has told us of has gone, and does not go again."""
        known = self._taken.get(out.idempotency_key, "")
        if out.repeat and known and len(out.files) < 2:
            return Receipt((known,))
        return await super().send(out)

    def steps(self, out: Outbound) -> Sequence[Step]:
        if out.template:
            return [partial(self._post, out, self._template(out))]
        if not out.files:
            said = {"type": "text", "text": {"body": out.text, "preview_url": True}}
            return [partial(self._post, out, said)]
        return [
            partial(self._post_file, out, file, out.text if number == 0 else "")
            for number, file in enumerate(out.files)
        ]

    def _template(self, out: Outbound) -> dict[str, Any]:
        known = self._approved.get(out.template)
        if known is None:
            fault = f"WhatsApp has no approved template “{out.template}” any more"
            raise Rejected(fault, by_content=True)
        if len(known.places) != len(out.values):
            fault = (
                f"the template “{out.template}” has changed: it takes {len(known.places)} values"
            )
            raise Rejected(fault, by_content=True)
        return {"type": "template", "template": known.message(out.values)}

    async def _post(self, out: Outbound, said: dict[str, Any]) -> str:
        number = _NUMBER.fullmatch(out.conversation)
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "biz_opaque_callback_data": out.idempotency_key,
            **({"to": number[1]} if number else {"recipient": out.conversation}),
            **said,
        }
        if out.quotes:
            body["context"] = {"message_id": out.quotes}
        sent = await self.graph.call("POST", f"{self.id}/messages", json=body)
        return next((str(one.get("id", "")) for one in sent.get("messages", ())), "")

    async def _post_file(self, out: Outbound, file: File, caption: str) -> str:
        kind, most = KINDS.get(file.media_type, ("document", LARGEST))
        if len(file.data) > most or (kind == "audio" and caption):  # which has no caption
            kind, most = "document", LARGEST
        if len(file.data) > most:
            fault = f"“{file.name}” has {len(file.data)} bytes, and WhatsApp takes {most}"
            raise Rejected(fault, by_content=True)
        upload = await self.graph.call(
            "POST",
            f"{self.id}/media",
            data={"messaging_product": "whatsapp", "type": file.media_type},
            files={"file": (file.name, file.data, file.media_type)},
        )
        said: dict[str, Any] = {"id": str(upload.get("id", ""))}
        if caption:
            said["caption"] = caption
        if kind == "document":
            said["filename"] = file.name
        return await self._post(out, {"type": kind, kind: said})

    async def show_typing(self, conversation: str, to: Address) -> None:
        """WhatsApp shows it as an answer to their last message, which it then marks as read."""
        latest = self._latest.get(conversation)
        if latest:
            body = {"messaging_product": "whatsapp", "status": "read", "message_id": latest}
            sign = {"typing_indicator": {"type": "text"}}
            await self.graph.call("POST", f"{self.id}/messages", json=body | sign)

    # --- the doctor's ---

    async def look(self) -> Health:
        fields = "display_phone_number,verified_name,quality_rating"
        found = await self.graph.call("GET", self.id, params={"fields": fields})
        number = found.get("display_phone_number")
        if not number:
            fix = f"{self.place}.phone_number_id: copy the id from WhatsApp, API Setup"
            return Health(False, f"{self.id} is no WhatsApp number", fix)
        said = f"open as {found.get('verified_name') or 'a number'}, {number}"
        business = self._mine.business_account_id
        if not business:
            return Health(True, f"{said}; without business_account_id there are no templates")
        apps = await self.graph.call("GET", f"{business}/subscribed_apps")
        if not apps.get("data"):
            fix = f"POST {business}/subscribed_apps with the token, or set up the webhook anew"
            return Health(False, f"{said}, but Meta tells no app of its messages", fix)
        return Health(True, f"{said}; {len(self._approved)} templates")
