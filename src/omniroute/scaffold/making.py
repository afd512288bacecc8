"""A new plugin out of the one beside this file: the same files under another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from omniroute.errors import ConfigError

TEMPLATE: Final = Path(__file__).parent / "plugin"
NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST: Final = 20  # characters; lines of the template have room for so many
LEFT_OUT: Final = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache")
TAKEN: Final = frozenset({"example", "testing"})


def make(name: str, into: Path) -> list[Path]:
    """Make ``omniroute-NAME`` below *into*; the files, the folder first.

    Raises `ConfigError` for a name that cannot be one, or a folder that is there already.
    """
    check(name)
    home = into / f"omniroute-{name}"
    if home.exists():
        raise ConfigError(str(home), "is there already", "choose another name, or move it away")
    made = [home]
    for path in _files():
        target = home / renamed(str(path.relative_to(TEMPLATE)), name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(renamed(path.read_text(encoding="utf-8"), name), encoding="utf-8")
        made.append(target)
    return made


def check(name: str) -> None:
    """Raise `ConfigError` for what cannot be the name of a channel."""
    if not NAME.fullmatch(name) or len(name) > LONGEST or name in TAKEN:
        fix = f"use a to z, 0 to 9 and -, at most {LONGEST} characters, such as “acme-chat”"
        raise ConfigError("NAME", f"“{name}” cannot be the name of a channel", fix)


def renamed(text: str, name: str) -> str:
    """*text* of the template, about *name*.

    >>> renamed("omniroute_example ExampleChannel EXAMPLE_TOKEN example", "acme-chat")
    'omniroute_acme_chat AcmeChatChannel ACME_CHAT_TOKEN acme-chat'
    """
    module = name.replace("-", "_")
    camel = "".join(word.title() for word in name.split("-"))
    for found, put in (
        ("omniroute_example", f"omniroute_{module}"),
        ("EXAMPLE", module.upper()),
        ("Example", camel),
        ("example", name),
    ):
        text = text.replace(found, put)
    return text


def _files() -> Iterator[Path]:
    for path in sorted(TEMPLATE.rglob("*")):
        if path.is_file() and not any(part in LEFT_OUT for part in path.parts):
            yield path
