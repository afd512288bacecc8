"""An answer as the fields of one call to Twilio's Messages resource."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from omniroute import File, Outbound, Rejected
from omniroute_twilio.api import Pairs
from omniroute_twilio.links import Links
from omniroute_twilio.numbers import NUMBER
from omniroute_twilio.settings import Account

AGAIN: Final = "(You may have this already.)"  # in letters that an SMS has
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Carries:
    """Which files a message carries itself; all others go as links."""

    kinds: Collection[str] = ()  # media types; “image/” is every image
    most: int = 0  # files
    size: int = 0  # bytes of them all

    def split(self, files: Sequence[File]) -> tuple[Sequence[File], Sequence[File]]:
        """Those that go along, and those that go as links."""
        along: list[File] = []
        links: list[File] = []
        for file in files:
            size = sum(len(one.data) for one in along) + len(file.data)
            fits = file.data and len(along) < self.most and size <= self.size
            (along if fits and self._takes(file.media_type) else links).append(file)
        return along, links

    def _takes(self, kind: str) -> bool:
        return kind in self.kinds or kind.partition("/")[0] + "/" in self.kinds


MMS: Final = Carries(("image/jpeg", "image/png", "image/gif"), 10, 5 * MIB)
LINKS: Final = Carries()
WHATSAPP: Final = Carries(
    ("image/jpeg", "image/png", "audio/", "video/mp4", "application/pdf"), 1, 16 * MIB
)


async def fields_of(
    out: Outbound, config: Account, *, prefix: str, hook: str, links: Links, carries: Carries
) -> Pairs:
    """The fields; *prefix* stands before numbers, *hook* is where we hear how it fares.

    Raises `Rejected` for what is no number.
    """
    number = out.conversation
    if not NUMBER.fullmatch(number):
        raise Rejected("they hide their number: there is no way to answer")
    along, linked = carries.split(out.files)
    written = [out.text, *[f"{file.name}: {await links.offer(file)}" for file in linked]]
    if out.repeat:
        written.append(AGAIN)
    service = config.messaging_service
    sender = ("MessagingServiceSid", service) if service else ("From", prefix + config.number)
    fields = [
        ("To", prefix + number),
        sender,
        ("StatusCallback", f"{hook}?of={quote(out.idempotency_key)}"),
    ]
    if body := "\n\n".join(filter(None, written)):
        fields.append(("Body", body))
    return [*fields, *[("MediaUrl", await links.offer(file)) for file in along]]
