"""What an agent wrote in a mail to the desk: commands, then words for the customer.  Pure.

Only the agent's own words count: what stands above our line, without quotation and signature.
Where those cannot be told from what is quoted, nothing counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from omniroute import File
from omniroute_email.desk import words
from omniroute_email.reading.mail import Mail
from omniroute_email.reading.visible import cut

BANNER: Final = "Replying "  # how our first line begins
_COMMAND: Final = re.compile(r"\s*[#/＃](?P<verb>[A-Za-z][A-Za-z-]*)(?P<rest>(?:\s.*)?|[^\w/].*)")  # noqa: RUF001
_UNDER: Final = re.compile(r"\s*[#＃](?P<verb>[A-Za-z]+)\b")  # noqa: RUF001
_HOLDER: Final = re.compile(r"\[(?:cid:|image: ?|Image: ?)([^\]\s][^\]]{0,200})\]")
_END: Final = "> \u2042 \u2042"  # stands for all that is quoted
TAKES_TEXT: Final = ("note", "reply", "all", "via", "edit")


@dataclass(frozen=True, slots=True)
class Written:
    """A mail taken apart.

    *commands* are lines without their mark; what follows a note or a reply belongs to it already.
    *text* is for the customer.  With a *fault* nothing may be done.
    """

    commands: tuple[str, ...] = ()
    text: str = ""
    files: tuple[File, ...] = ()
    fault: str = ""

    def verbs(self) -> list[str]:
        return [line.partition(" ")[0] for line in self.commands]


def read(mail: Mail, line: str, never: Sequence[str]) -> Written:
    """What *mail* says; *line* is the mark of the mail it answers, empty if it answers none.

    None of *never* may be sent to anybody: it stands in our own mails alone.
    """
    lines = mail.text.split("\n")
    at = next((at for at, text in enumerate(lines) if line and line in text), -1)
    if at >= 0 and _is_amid(lines[at:]):
        return Written(fault=words.AMID)
    said = _own_words(mail, lines, at)
    if any(ours and ours in said for ours in (line, *never)):
        return Written(fault=words.QUOTED)
    said, files = _with_files(said, mail.files)
    return replace(_taken_apart(said), files=files)


def _own_words(mail: Mail, lines: Sequence[str], at: int) -> str:
    if at < 0:
        return mail.visible.reply
    above = "\n".join(lines[: _banner_begins(lines, at)])
    author = mail.authors[0].display if mail.authors else ""
    found = cut(f"{above.rstrip()}\n\n{_END}\n{_END}", author=author).reply
    return "" if _END in found or not above.strip() else found


def _is_amid(quoted: Sequence[str]) -> bool:
    """Whether something stands between the lines of a quotation, set off by an empty line.

    What a mail program has broken off from a quoted line stands close to it.
    """
    kinds = "".join(">" if x.lstrip()[:1] == ">" else "_" if not x.strip() else "x" for x in quoted)
    between = re.split(">+", kinds)[1:-1] if kinds.startswith(">") else []
    return any("x" in part and "_" in (part[0], part[-1]) for part in between)


def _banner_begins(lines: Sequence[str], at: int) -> int:
    """Where our first line begins, which a mail program may have broken before its mark."""
    for back in range(at, max(-1, at - 4), -1):
        if lines[back].lstrip("> |\t\xa0").startswith(BANNER):
            return back
    return at


def _with_files(said: str, files: Sequence[File]) -> tuple[str, tuple[File, ...]]:
    """The files that were meant to go along: attached, or shown amid the words.

    Pictures of a signature or a quotation are shown amid what was cut.
    """
    named = {name.strip().casefold() for name in _HOLDER.findall(said)}

    def meant(file: File) -> bool:
        known = {file.content_id.strip("<>").casefold(), file.name.casefold()}
        return not file.inline or not file.content_id or not named.isdisjoint(known)

    return _HOLDER.sub("", said).strip() if named else said, tuple(filter(meant, files))


def _taken_apart(said: str) -> Written:
    commands: list[str] = []
    lines = said.strip().split("\n")
    at = 0
    for at, text in enumerate(lines):  # noqa: B007  where it stops matters
        found = _COMMAND.fullmatch(text)
        if found is not None:
            rest = found["rest"]
            commands.append(f"{found['verb'].lower()}{rest.rstrip()}")
        elif text.strip():
            break
    else:
        at = len(lines)
    body = "\n".join(lines[at:]).strip()
    taking = [i for i, line in enumerate(commands) if _verb(line) in TAKES_TEXT]
    if taking and body:
        commands[taking[-1]] = f"{commands[taking[-1]]}\n{body}"
        body = ""
    commands = [_normal(line) for line in commands]
    return Written(tuple(commands), body, fault="" if taking else _fault(commands, body))


def _verb(line: str) -> str:
    return line.split(None, 1)[0]


def _normal(line: str) -> str:
    """Verb, one space, the rest."""
    verb, *rest = line.split(None, 1)
    return f"{verb} {rest[0].strip()}" if rest else verb


def _fault(commands: Sequence[str], body: str) -> str:
    for line in body.split("\n"):
        found = _UNDER.match(line)
        if found is not None and found["verb"].lower() in words.KNOWN:
            return words.UNDER.format(line=line.strip()[:60])
    word = body.strip(" .!").lower()
    if not commands and word in words.LIKELY:
        return words.BARE.format(word=word)
    return ""
