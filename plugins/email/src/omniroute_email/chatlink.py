"""The link at the end of an answer by which its reader goes on in the web chat, as themselves.

It shows whoever brings it to be who reads that mailbox; so it goes to one person alone, never with
a copy to others or in a machine's mail.  It works once: in the fragment of an address no server or
scanner sees it, and the page uses it up only once something is written there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from omniroute import Address, Outbound, Proofs

LASTS: Final = 3 * 86_400.0  # s; people answer mail in their own time


async def with_link(out: Outbound, url: str, words: str, proofs: Proofs | None) -> Outbound:
    """*out* with the link below, where there may be one."""
    if not url or proofs is None or out.automatic or out.copies or not out.text.strip():
        return out
    who = Address(out.to.kind, out.to.value, verified=True, display=out.to.display)
    token = await proofs.make_link(who, LASTS)
    link = f"{url}#from={token}"
    return replace(out, text=f"{out.text.rstrip()}\n\n{words.replace('{link}', link)}")
