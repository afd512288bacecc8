"""SMS, and the calls of the same number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.routing import BaseRoute

from omniroute import Cap, Health, Site
from omniroute_twilio import settings
from omniroute_twilio.account import TwilioChannel, now
from omniroute_twilio.calling import Calling
from omniroute_twilio.numbers import PHONE
from omniroute_twilio.sending import LINKS, MMS, Carries


class SmsChannel(TwilioChannel):
    """One number: people text it, and are answered by text; they call it, and are called back."""

    kind: ClassVar[str] = "sms"
    label: ClassVar[str] = "SMS"
    icon: ClassVar[str] = "phone"
    caps: ClassVar[Cap] = (
        Cap.EDIT_IN | Cap.FILES_IN | Cap.FILES_OUT | Cap.READ_RECEIPTS | Cap.START_CONVERSATION
    )
    max_text: ClassVar[int] = 1440  # ten parts of 153 letters, with room for the mark of a repeat
    max_caption: ClassVar[int] = 480  # beside it stand the links
    counts: ClassVar[str] = "gsm"
    reaches: ClassVar[tuple[str, ...]] = (PHONE,)
    Config: ClassVar[type] = settings.Sms

    def __init__(self, account: str, config: settings.Sms, site: Site) -> None:
        """Raises `ConfigError` for settings that cannot be meant."""
        super().__init__(account, config, site)
        self._config = config
        self._calling = Calling(
            config, site.organisation, self.hooks, self.memory, self.fetching, now
        )

    def carries(self) -> Carries:
        """What an MMS carries, where the number can send any."""
        return MMS if self._config.mms else LINKS

    def routes(self) -> Sequence[BaseRoute]:
        """Where Twilio calls us for texts and for calls, and where files are fetched."""
        return [*super().routes(), *self._calling.routes()]

    async def look(self) -> Health | None:
        """Whether the number is ours and calls us."""
        if (trouble := await super().look()) is not None:
            return trouble
        if not self._config.number.startswith("+"):
            return None  # a short code: Twilio lists these nowhere that we could look
        listed = await self.api.get(
            f"{self.api.home}/IncomingPhoneNumbers.json", PhoneNumber=self._config.number
        )
        numbers = listed.get("incoming_phone_numbers", ())
        if not numbers:
            found = f"{self._config.number} is none of the account's numbers"
            fix = f"copy one from Phone Numbers, Active numbers, into {self.place}.number"
            return Health(False, found, fix)
        return self._pointing(numbers[0])

    def _pointing(self, number: dict[str, Any]) -> Health | None:
        """Whether the number's webhooks lead here; those of texts may be its service's."""
        wanted = {
            "voice_url": ("A call comes in", "/call"),
            "status_callback": ("Call status changes", "/call/ended"),
        }
        if not self._config.messaging_service:
            wanted = {"sms_url": ("A message comes in", "/message"), **wanted}
        for field, (called, path) in wanted.items():
            url = self.hooks.base + path
            if str(number.get(field) or "").partition("#")[0] != url:
                found = f"at Twilio “{called}” of {self._config.number} leads elsewhere"
                return Health(False, found, f"put {url}#rc=5&rp=all there, as Webhook, HTTP POST")
        return None
