"""Guessing the encoding of text that does not say: by what would make sense as text.

Only where much of it is beyond ASCII, for then it is in another script than Latin, and every
other reading is visibly wrong.
"""

from __future__ import annotations

import re
from typing import Final

SEEN: Final = 4096  # bytes looked at
LEAST: Final = 4  # bytes beyond ASCII, to say anything
SHARE: Final = 0.3  # of bytes that are beyond ASCII

_HIGH = bytes(range(0x80, 0x100))
_META = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)
_DECLARED = re.compile(rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([A-Za-z0-9_:.-]{2,40})")

_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_LOWER_CYRILLIC = re.compile("[\u0430-\u044f\u0451]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_GREEK = re.compile("[\u0370-\u03ff]")


def declared(data: bytes) -> str:
    """The encoding that HTML names in itself; empty if it names none."""
    head = data[:SEEN]
    found = _META.search(head) or _DECLARED.search(head)
    return found[1].decode("ascii") if found else ""


def guessed(data: bytes) -> str:
    """The likely encoding of text that is neither ASCII nor UTF-8; empty if none stands out."""
    if b"\x1b$" in data[:SEEN]:
        return "iso2022_jp"
    head = data[:SEEN]
    high = len(head) - len(head.translate(None, _HIGH))
    printing = len(head.translate(None, b" \t\r\n"))
    if high < LEAST or high < SHARE * printing:
        return ""
    scores = {name: _score(name, head) for name in _CANDIDATES}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0.5 else ""


def _score(name: str, head: bytes) -> float:
    """How much of the text beyond ASCII would be ordinary text of that script, 0 to 1."""
    try:
        text = head.decode(name)
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # the cut may have hit a character
            return 0.0
        text = head[: error.start].decode(name)
    beyond = [char for char in text if char >= "\x80"]
    if not beyond:
        return 0.0
    shown = "".join(beyond)
    match name:
        case "shift_jis" | "euc_jp":
            kana = len(_KANA.findall(shown))
            return (kana + len(_HAN.findall(shown)) * (kana > 0)) / len(shown)
        case "euc_kr":
            return len(_HANGUL.findall(shown)) / len(shown)
        case "gb18030":
            return 0.95 * _common_han(shown)
        case "big5":
            return 0.94 * _common_han(shown)
        case "cp1253":
            return 0.9 * len(_GREEK.findall(shown)) / len(shown)
    lower = len(_LOWER_CYRILLIC.findall(shown))
    return (0.2 * len(_CYRILLIC.findall(shown)) + 0.75 * lower) / len(shown)


def _common_han(shown: str) -> float:
    """Han characters, those of everyday use counting most."""
    han = _HAN.findall(shown)
    if len(shown) < 2:
        return 0.0
    everyday = sum(char in _EVERYDAY for char in han)
    return (0.8 * len(han) + 0.2 * min(len(han), 5 * everyday)) / len(shown)


_EVERYDAY: Final = frozenset(
    "的一是不了在人有我他这個们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心"
    "請您謝謝這來說時會對過後裡麼學現當沒動還進樣您好贵公司客户订单"
)
_CANDIDATES: Final = (
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "big5",
    "cp1251",
    "koi8_r",
    "cp1253",
)
