"""Codes to scan: a one-time link to a channel where somebody is known, drawn as SVG."""

from __future__ import annotations

from typing import NamedTuple

import segno

from omniroute import Address, Proofs
from omniroute_frontdesk.settings import Settings


class Code(NamedTuple):
    """A code, and where it leads."""

    label: str
    url: str
    svg: str


async def codes(proofs: Proofs | None, who: Address, settings: Settings, chat: str) -> list[Code]:
    """A code for each place where *who* may go on as the same person; the first scanned counts.

    *chat* is what the web chat is called.
    """
    if proofs is None or not (settings.telegram_bot or settings.chat_url):
        return []
    token = await proofs.make_link(who)
    places = []
    if settings.telegram_bot:
        places.append(("Telegram", f"https://t.me/{settings.telegram_bot}?start={token}"))
    if settings.chat_url:
        places.append((chat, f"{settings.chat_url}#from={token}"))
    return [Code(label, url, drawn(url)) for label, url in places]


def drawn(url: str) -> str:
    """*url* as a code: dark on light whatever the page is, with the margin that scanners want."""
    code = segno.make(url, error="m", micro=False)
    svg: str = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="code")
    return svg
