"""Bytes to clean text: labels lie, and no label may make us run a codec that is not for text.

Only encodings in `ENCODINGS` are ever used: Python also knows ``zip``, ``idna`` or ``punycode`` by
that name, which unpack, hang or raise.  Text leaves here without NUL, control characters or lone
surrogates, with ``\\n`` as the only line end.
"""

from __future__ import annotations

import encodings
import encodings.aliases
import re

from omniroute_email.reading.guess import guessed
from omniroute_email.reading.iso2022jp import from_iso2022_jp

_NAMES = """
    ascii utf_8 utf_8_sig utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be
    latin_1 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9
    iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 tis_620
    cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp874
    cp437 cp850 cp852 cp855 cp858 cp862 cp866 koi8_r koi8_u koi8_t mac_roman mac_cyrillic mac_latin2
    gb2312 gbk gb18030 hz big5 big5hkscs cp950
    shift_jis cp932 euc_jp iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_3 iso2022_jp_ext
    euc_kr cp949 johab iso2022_kr
"""
ENCODINGS = frozenset(_NAMES.split())
# What mail programs mean when they say the name on the left, as browsers have it.
WIDER = {
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
}
# Labels that programs put everywhere: what is UTF-8 is hardly anything else, whatever they say.
_SAYS_NOTHING = (None, "ascii", "utf_8", "cp1252", "iso8859_15")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,40}")
_PREFIX = re.compile(r"^(?:x|cs)_?(?=sjis|gbk|mac|euc|big5|shift|iso)")
_SPELLING = {
    "sjis": "shift_jis",
    "macroman": "mac_roman",
    "mac": "mac_roman",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
}
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|[\u2028\u2029]")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def decoded(data: bytes, label: str) -> tuple[str, str]:
    """The text of *data* and, if it was not what *label* says, a remark.  Never raises."""
    encoding = _encoding(label)
    if encoding is None or encoding == "ascii":
        remark = f"unknown charset “{one_line(label, 40)}”" if label and encoding is None else ""
        if b"\x1b$" not in data:
            text = _strictly(data, "utf_8")
            if text is not None:
                return clean(text), remark
        return clean(_guessed(data)), remark
    text = _nevertheless(data) if encoding in _SAYS_NOTHING else None
    if text is None:
        text = _strictly(data, encoding)
    if text is None and encoding.startswith("iso2022_jp"):
        text = from_iso2022_jp(data)
    if text is None:
        text = _strictly(data, "utf_8")
    if text is not None:
        return clean(text), ""
    return clean(data.decode(encoding, "replace")), f"bytes that are not {one_line(label, 40)}"


def undeclared(data: bytes, nearby: str) -> str:
    """Text whose charset is not told, beside text that is in *nearby*.  Never raises.

    The usual labels of Western mail say nothing here.
    """
    if _encoding(nearby) not in _SAYS_NOTHING and _strictly(data, "utf_8") is None:
        text = _strictly(data, _encoding(nearby) or "")
        if text is not None:
            return clean(text)
    return decoded(data, "")[0]


def encoded(text: str, label: str) -> bytes:
    """The way back: bytes of *text* in the encoding that *label* names, or else in UTF-8.

    ASCII is itself, also where an encoding would write it in another way (UTF-7, UTF-16).
    """
    if text.isascii():
        return text.encode("ascii")
    return text.encode(_encoding(label) or "utf-8", "replace")


def clean(text: str) -> str:
    """*text* as it may be stored and shown; tabs and line ends stay."""
    if text.isascii():  # most of all headers, and nearly always nothing to be done
        return text if text.isprintable() else _CONTROLS.sub("", _LINE_END.sub("\n", text))
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _LINE_END.sub("\n", text)))


def one_line(text: str, limit: int) -> str:
    """*text* for a place that has one line: nothing in it breaks, hides or turns what follows."""
    line = " ".join(clean(text[: 4 * limit]).split())
    return (line if line.isascii() else _BIDI.sub("", line))[:limit]


def _encoding(label: str) -> str | None:
    label = label.strip().strip("\"'")
    if not _LABEL.fullmatch(label):
        return None
    name = _PREFIX.sub("", encodings.normalize_encoding(label).lower().replace(".", "_"))
    name = _SPELLING.get(name, name)
    name = encodings.aliases.aliases.get(name, name)
    return WIDER.get(name, name) if name in ENCODINGS else None


def _nevertheless(data: bytes) -> str | None:
    """Text that is UTF-8 although it is said to be Western.

    One pair of bytes may be chance: “Spaß…” is as good as a letter of N’Ko.
    """
    text = _strictly(data, "utf_8")
    return None if text is None or len(data) - len(text) == 1 else text


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _guessed(data: bytes) -> str:
    encoding = guessed(data)
    if encoding == "iso2022_jp":
        return from_iso2022_jp(data)
    return data.decode(WIDER.get(encoding, encoding) or "cp1252", "replace")
