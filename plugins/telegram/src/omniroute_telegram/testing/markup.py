"""Text with tags to text with entities, as ``parse_mode=HTML`` does it."""

from __future__ import annotations

from html.parser import HTMLParser

from omniroute_telegram.testing.world import Json, bad

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "s": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "blockquote": "blockquote", "tg-spoiler": "spoiler", "a": "text_link",
}  # fmt: skip


def utf16(text: str) -> int:
    """A length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[Json] = []
        self._open: list[tuple[str, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _KINDS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}"')
        self._open.append((tag, utf16(self.text), dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise bad(f'can\'t parse entities: Unmatched end tag "{tag}"')
        _, start, href = self._open.pop()
        length = utf16(self.text) - start
        if length:
            entity: Json = {"type": _KINDS[tag], "offset": start, "length": length}
            self.entities.append(entity | ({"url": href} if tag == "a" else {}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def finish(self) -> None:
        self.close()
        if self._open:
            raise bad(f"can't parse entities: Can't find end tag for \"{self._open[-1][0]}\"")


def read(text: str, parse_mode: str) -> tuple[str, list[Json]]:
    """The text without tags, and its entities by their place.  Raises `ApiError`."""
    if not parse_mode:
        return text, []
    if parse_mode.upper() != "HTML":
        raise bad("unsupported parse_mode: the fake reads HTML only")
    reader = _Reader()
    reader.feed(text)
    reader.finish()
    return reader.text, sorted(reader.entities, key=lambda e: (e["offset"], -e["length"]))
