"""Who works here: the team file.

Names and addresses stay outside the core; `Member` carries them for sign-in, mail and pages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from omniroute.core.model import AgentId, Caps, Needs
from omniroute.core.skills import Skills
from omniroute.errors import ConfigError, ConfigErrors
from omniroute.rules.grammar import AGENT_KINDS, ROLES
from omniroute.rules.reading import Reader
from omniroute.rules.secrets import shown
from omniroute.rules.yaml12 import MAX_BYTES, Fields, Node, parse

FILE = "team.yaml"
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody of the team."""

    id: AgentId
    name: str
    email: str
    teams: tuple[str, ...] = ()
    skills: Needs = {}
    capacity: int = 5
    role: str = "agent"  # agent | lead | admin
    desks: tuple[str, ...] = ("web",)
    shift: str = ""  # a calendar of the rules
    reads: tuple[str, ...] = ()  # queues in which they do not reply
    kind: str = "human"  # human | bot
    caps: Caps | None = None


class Known(msgspec.Struct, frozen=True):
    """Names that a team file may refer to; of what is None, every name is taken to be right."""

    skills: Collection[str] | None = None
    calendars: Collection[str] | None = None
    queues: Collection[str] | None = None


def load_team(path: Path, skills: Skills, known: Known | None = None) -> tuple[Member, ...]:
    """The members that a team file names, in its order.

    Raises `ConfigErrors` with every fault; without skills (``Skills()``) theirs are not checked.
    """
    reader = Reader()
    known = known or Known(skills.known or None)
    found = members(reader, parse(read_bytes(path), path.name), known)
    if reader.faults:
        raise ConfigErrors(reader.faults)
    return found


def read_bytes(path: Path) -> bytes:
    """A file's content, as far as it can be worth reading.  Raises `ConfigErrors`."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigErrors([ConfigError(path.name, "no such file")]) from None
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
        raise ConfigErrors([ConfigError(path.name, fault)]) from None


def members(reader: Reader, node: Node, known: Known) -> tuple[Member, ...]:
    """The members in a team file's node; what cannot be read is noted and keeps its default."""
    given = reader.shape(node, "team file")
    check_version(reader, given)
    found: list[Member] = []
    addresses: dict[str, AgentId] = {}
    if "agents" not in given:
        return ()
    for name, key, value in reader.named(given["agents"], "an agent"):
        member = _member(reader.about(name), name, value, known)
        other = addresses.setdefault(member.email.casefold(), name)
        if member.email and other != name:
            reader.about(name).fault(key, f"has the same e-mail address as {other}")
        found.append(member)
    return tuple(found)


def check_version(reader: Reader, given: dict[str, Node]) -> None:
    """Note a file written in a form that is not ours."""
    if "version" in given:
        version = reader.integer(given["version"], 1, 1_000_000)
        if version not in (None, 1):
            reader.fault(given["version"], f"form {version} is not known", "this is version 1")


def _member(reader: Reader, name: AgentId, node: Node, known: Known) -> Member:
    given = reader.shape(node, "agent")
    said: dict[str, Any] = {}
    if "teams" in given:
        said["teams"] = _names(reader, given["teams"], "a team")
    if "skills" in given:
        said["skills"] = _skills(reader, given["skills"], known.skills)
    if "capacity" in given:
        said["capacity"], said["caps"] = _capacity(reader, given["capacity"], known.queues)
    if "role" in given:
        said["role"] = reader.choice(given["role"], ROLES)
    if "desks" in given:
        said["desks"] = _names(reader, given["desks"], "a desk")
    if "kind" in given:
        said["kind"] = reader.choice(given["kind"], AGENT_KINDS)
    if "shift" in given:
        said["shift"] = _reference(reader, given["shift"], "calendar", known.calendars)
    if "reads" in given:
        items = reader.several(given["reads"])
        found = [_reference(reader, item, "queue", known.queues) for item in items]
        said["reads"] = tuple(queue for queue in found if queue is not None)
    return Member(
        id=name,
        name=(reader.text(given["name"], "a name") or "") if "name" in given else "",
        email=_email(reader, given["email"]) if "email" in given else "",
        **{key: value for key, value in said.items() if value is not None},
    )


def _capacity(
    reader: Reader, node: Node, queues: Collection[str] | None
) -> tuple[int | None, Caps | None]:
    """The units in all, and the most of them by kind and by queue."""
    if not isinstance(node, Fields):
        return reader.integer(node, 0, 1000), None
    given = reader.shape(node, "capacity")
    units = {
        key: reader.integer(given[key], 0, 1000) for key in ("all", "chat", "async") if key in given
    }
    chat, later = units.get("chat"), units.get("async")
    every = units.get("all")
    if every is None and chat is not None and later is not None:
        every = chat + later
    limits: dict[str, int] = {}
    for name, key, value in reader.named(given["queues"], "a queue") if "queues" in given else ():
        limit = reader.integer(value, 0, 1000)
        if queues is not None and name not in queues:
            reader.unknown(key, "queue", name, queues)
        elif limit is not None:
            limits[name] = limit
    return every, Caps(chat, later, limits)


def _reference(reader: Reader, node: Node, what: str, known: Collection[str] | None) -> str | None:
    return reader.name(node, f"a {what}") if known is None else reader.reference(node, what, known)


def _email(reader: Reader, node: Node) -> str:
    text = reader.text(node, "an e-mail address")
    if text is None:
        return ""
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        reader.fault(node, f"“{shown(text)}” is no e-mail address")
    return text


def _names(reader: Reader, node: Node, what: str) -> Sequence[str]:
    found = [reader.name(item, what) for item in reader.several(node)]
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _skills(reader: Reader, node: Node, skills: Collection[str] | None) -> Needs:
    found: Needs = {}
    if not isinstance(node, Fields):
        reader.wrong(node, "a level by skill", "skills: {refunds: 3}")
        return found
    for skill, (key, value) in node.entries.items():
        level = reader.number(value, 0, 5, "a level from 0 to 5")
        if skills is not None and skill not in skills:
            reader.unknown(key, "skill", skill, skills)
        elif level is not None:
            found[skill] = float(level)
    return found
