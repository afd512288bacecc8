"""The text of a body in compressed RTF ([MS-OXRTFCP]), as Outlook packs it into winmail.dat.

Often it is HTML in disguise ([MS-OXRTFEX]); its text is the same.  Both libraries take time for
each byte, so what is long is read up to a bound.
"""

from __future__ import annotations

from typing import Final

from compressed_rtf import decompress
from striprtf.striprtf import rtf_to_text

MAX_COMPRESSED: Final = 48 * 1024  # bytes; at most eight times as much comes out
MAX_RTF: Final = 256 * 1024


def rtf_text(compressed: bytes) -> str:
    """What a reader sees; empty if it is no RTF, or too much of it.  Never raises."""
    if len(compressed) > MAX_COMPRESSED and compressed[8:12] == b"LZFu":
        return ""
    try:
        source = decompress(compressed)[:MAX_RTF]
        if not source.lstrip().startswith(b"{\\rtf"):
            return ""
        text: str = rtf_to_text(source.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
        return text
    except Exception:  # noqa: BLE001  both libraries raise whatever a hostile sender makes them
        return ""
