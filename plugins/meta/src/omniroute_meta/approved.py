"""The templates that WhatsApp has approved, as agents write them and as they are sent.

What a template asks for stands in its components: a header, the body, buttons with an address of
their own.  Each place becomes a variable with a name that an agent can read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from omniroute import Template

FIELDS: Final = "name,language,status,parameter_format,components"
PAGE: Final = 100
_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Approved:
    """A template: *offered* is what agents see; *places* say where each of its values goes."""

    name: str  # WhatsApp's
    language: str
    offered: Template
    places: tuple[tuple[str, str], ...]  # component (header, body, or button 0), parameter's name

    def message(self, values: Sequence[str]) -> dict[str, Any]:
        """What is posted for it."""
        components: dict[str, dict[str, Any]] = {}
        for (where, parameter), value in zip(self.places, values, strict=True):
            said: dict[str, Any] = {"type": "text", "text": " ".join(value.split())}
            if parameter:
                said["parameter_name"] = parameter
            kind, _, index = where.partition(" ")
            about = {"sub_type": "url", "index": index} if index else {}
            made = components.setdefault(where, {"type": kind, **about, "parameters": []})
            made["parameters"].append(said)
        return {
            "name": self.name,
            "language": {"code": self.language},
            "components": list(components.values()),
        }


def approved(listed: Sequence[Json], wanted: Sequence[str] = ()) -> tuple[Approved, ...]:
    """Those that agents can send, by name: all that Meta *listed*, or of those the *wanted* ones.

    One that comes in several languages is named with each: ``order_news.de``.  One whose header is
    a picture or a file is left out: an agent has none to give it.
    """
    fit = [
        one
        for one in listed
        if one.get("status") == "APPROVED"
        and (not wanted or one.get("name") in wanted)
        and not any(_is_media(part) for part in one.get("components", ()))
    ]
    languages = Counter(one["name"] for one in fit)
    found = [_read(one, several=languages[one["name"]] > 1) for one in fit]
    return tuple(sorted(found, key=lambda one: one.offered.name))


def _is_media(part: Json) -> bool:
    return part.get("type") == "HEADER" and part.get("format", "TEXT") != "TEXT"


def _read(one: Json, *, several: bool) -> Approved:
    name, language = str(one["name"]), str(one["language"])
    named = one.get("parameter_format") == "NAMED"
    lines: list[str] = []
    variables: list[str] = []
    places: list[tuple[str, str]] = []
    for where, text in _texts(one.get("components", ())):
        known: dict[str, str] = {}
        for place in _PLACE.findall(text):
            known[place] = place if where == "body" else where.replace(" ", "")
        variables += known.values()
        places += [
            (where, place if named and where in ("header", "body") else "") for place in known
        ]
        lines.append(_renamed(text, known))
    offered = Template(
        f"{name}.{language}" if several else name,
        "\n".join(lines),
        tuple(variables),
        language,
    )
    return Approved(name, language, offered, tuple(places))


def _renamed(text: str, known: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: f"{{{{{known[place[1]]}}}}}", text)


def _texts(components: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """Each text with the component it stands in; a footer takes no values."""
    for part in components:
        match part:
            case {"type": "HEADER" | "BODY" | "FOOTER" as kind, "text": str(text)}:
                yield kind.lower(), text
            case {"type": "BUTTONS", "buttons": [*buttons]}:
                for index, button in enumerate(buttons):
                    if button.get("type") == "URL":
                        yield f"button {index}", f"{button.get('text')}: {button.get('url')}"
