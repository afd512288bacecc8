"""WhatsApp over Twilio: the same webhook, a day to answer in, and templates after it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from omniroute import Cap, NotAuthorised, Outbound, Rejected, Retry, Site, Template
from omniroute_twilio import settings
from omniroute_twilio.account import TwilioChannel, log
from omniroute_twilio.api import Pairs
from omniroute_twilio.numbers import OVER_WHATSAPP, PHONE, WHATSAPP
from omniroute_twilio.sending import WHATSAPP as CARRIED
from omniroute_twilio.sending import Carries

DAY: Final = 86_400  # s in which plain answers are taken
PAGES: Final = 10  # of templates, a hundred each
_VARIABLE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_NO_WORD: Final = re.compile(r"[^\w.-]+")
_WITH_WORDS: Final = ("twilio/text", "twilio/quick-reply", "twilio/call-to-action", "twilio/media")


class WhatsAppChannel(TwilioChannel):
    """One WhatsApp sender."""

    kind: ClassVar[str] = "twilio-whatsapp"
    label: ClassVar[str] = "WhatsApp"
    icon: ClassVar[str] = "phone"
    prefix: ClassVar[str] = OVER_WHATSAPP
    caps: ClassVar[Cap] = (
        Cap.LIVE
        | Cap.FILES_IN
        | Cap.FILES_OUT
        | Cap.READ_RECEIPTS
        | Cap.START_CONVERSATION
        | Cap.TEMPLATES
    )
    max_text: ClassVar[int] = 1500  # it takes 1600; there is room for the mark of a repeat
    max_caption: ClassVar[int] = 900  # beside it stand the links
    counts: ClassVar[str] = "utf16"
    answer_window: ClassVar[int] = DAY
    reaches: ClassVar[tuple[str, ...]] = (WHATSAPP, PHONE)
    Config: ClassVar[type] = settings.WhatsApp

    def __init__(self, account: str, config: settings.WhatsApp, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        super().__init__(account, config, site)
        self._config = config
        self._templates: tuple[Template, ...] = ()
        self._sids: Mapping[str, str] = {}  # of templates, by name

    def carries(self) -> Carries:
        """What a message carries beside its words."""
        return CARRIED

    # --- templates ---

    def templates(self) -> Sequence[Template]:
        """What WhatsApp has approved, as it was last known."""
        return self._templates

    async def refresh(self) -> None:
        """Ask which templates there are."""
        try:
            contents = await self._contents()
        except (Retry, Rejected, NotAuthorised) as error:
            log.warning("templates of “%s” are asked for later: %s", self.account, error)
            return
        known: dict[str, tuple[Template, str]] = {}
        for content in contents:
            if (template := template_of(content)) is not None:
                known.setdefault(template.name, (template, str(content["sid"])))
        self._templates = tuple(template for template, _ in known.values())
        self._sids = {name: sid for name, (_, sid) in known.items()}

    async def _contents(self) -> Sequence[Mapping[str, Any]]:
        url = f"{self._config.content_url.rstrip('/')}/v1/ContentAndApprovals"
        page = await self.api.get(url, PageSize="100")
        found = list(page.get("contents", ()))
        for _ in range(PAGES):
            following = page.get("meta", {}).get("next_page_url")
            if not following:
                break
            page = await self.api.get(str(following))
            found += page.get("contents", ())
        return found

    async def fields(self, out: Outbound) -> Pairs:
        """What is sent for *out*: its words, or a template with its values.  Raises `Rejected`."""
        fields = await super().fields(out)
        if not out.template:
            return fields
        sid = self._sids.get(out.template)
        if sid is None:
            raise Rejected(f"WhatsApp has no template “{out.template}” any more", by_content=True)
        (template,) = (one for one in self._templates if one.name == out.template)
        values = dict(zip(template.variables, out.values, strict=False))
        kept = [(name, value) for name, value in fields if name != "Body"]
        kept.append(("ContentSid", sid))
        if values:
            kept.append(("ContentVariables", json.dumps(values, ensure_ascii=False)))
        return kept


def template_of(content: Mapping[str, Any]) -> Template | None:
    """A template that WhatsApp has approved and that has words; None for any other."""
    approval = content.get("approval_requests")
    if not isinstance(approval, dict) or approval.get("status") != "approved":
        return None
    if not content.get("sid"):
        return None
    types = content.get("types") or {}
    body = next((str(types[kind]["body"]) for kind in _WITH_WORDS if _has_body(types, kind)), "")
    if not body:
        return None
    language = str(content.get("language", ""))
    named = str(content.get("friendly_name") or approval.get("name") or content["sid"])
    variables = tuple(dict.fromkeys(_VARIABLE.findall(body)))
    return Template(_NO_WORD.sub("_", named), body, variables, language)


def _has_body(types: Mapping[str, Any], kind: str) -> bool:
    found = types.get(kind)
    return isinstance(found, dict) and bool(found.get("body"))
