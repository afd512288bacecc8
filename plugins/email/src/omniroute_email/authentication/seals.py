"""ARC (RFC 8617): what a forwarder whom we trust found when a message came to it.

A mailing list or a forwarder may break the signature of whom it passes on, and SPF then speaks of
itself.  It can write down what it found on arrival and seal that.  Anybody can seal anything, so
only the seals of named domains count: from the newest back, as long as they are such a domain's.
dkimpy checks the chain, within the same bounds as signatures.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Final

import dkim

from omniroute_email.authentication.names import Questions
from omniroute_email.authentication.signatures import LEAST_KEY, PARTIAL, key_of, too_much

MAX_SETS: Final = 10  # of one chain; the RFC has 50
_INSTANCE = re.compile(r"\s*i\s*=\s*\d+\s*;")
_SIGNED = re.compile(rb"(?:^|;)\s{0,20}h\s{0,20}=([^;]{0,4000})", re.IGNORECASE)
_log = logging.getLogger("omniroute.email.dkim")


def sealed_results(message: bytes, sealers: Collection[str], questions: Questions) -> str:
    """The Authentication-Results that the first of our *sealers* wrote and sealed; else empty."""
    if not sealers or b"arc-seal" not in message.partition(b"\r\n\r\n")[0].lower():
        return ""
    if too_much(message):
        return ""
    try:
        chain = dkim.ARC(message, logger=_log, minkey=LEAST_KEY)
        newest, fields = chain.sorted_arc_headers()
        if not 0 < newest <= MAX_SETS or len(fields) > 3 * MAX_SETS or not _whole(fields, newest):
            return ""
        verdict, sets, _ = chain.verify(dnsfunc=key_of(questions))
    except Exception:  # noqa: BLE001  whatever a stranger's seal makes of a library
        return ""
    if verdict != dkim.CV_Pass:
        return ""
    found = ""
    for one in sorted(sets, key=lambda one: -int(one["instance"])):
        if one["as-domain"].decode("ascii", "replace").lower() not in sealers:
            break
        found = one["aar-value"].decode("utf-8", "replace")
    return _INSTANCE.sub("", found, count=1).strip()


def _whole(fields: list[tuple[int, tuple[bytes, bytes]]], newest: int) -> bool:
    """Whether the newest signature covers the text and who wrote it (RFC 6376, 8.2 and 5.4)."""
    signatures = [
        value
        for at, (name, value) in fields
        if at == newest and name.lower().endswith(b"signature")
    ]
    if len(signatures) != 1 or PARTIAL.search(signatures[0]):
        return False
    covered = _SIGNED.search(signatures[0])
    names = covered[1].lower().split(b":") if covered else []
    return b"from" in [name.strip() for name in names]
