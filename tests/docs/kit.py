"""What the source says of the conformance kit and of a plugin's life, as Markdown."""

from __future__ import annotations

import inspect
import itertools
import re
import textwrap
from collections.abc import Iterator

from omniroute import channel, hookspecs
from omniroute.testing.conformance import (
    desk,
    incoming,
    life,
    outgoing,
    shape,
)
from omniroute.testing.platform import DeskPlatform, Platform
from omniroute.testing.quality import RULES, TIERS

PARTS_OF_THE_KIT = (
    ("The class", shape.Shape),
    ("What comes in", incoming.Incoming),
    ("Requests to our webhook", incoming.Requests),
    ("What goes out", outgoing.Outgoing),
    ("Start, failures, end", life.Life),
    ("Desks", desk.DeskConformance),
)
HEADING = re.compile(r"^# --- (\w+): (.+?) ---$")


def checks() -> str:
    """Every check, in words, by its part of the kit."""
    return "\n".join(_checks())


def _checks() -> Iterator[str]:
    for title, part in PARTS_OF_THE_KIT:
        names = [name for name in vars(part) if name.startswith("test_")]
        yield f"**{title}** ({len(names)}):\n"
        for name in names:
            words = name.removeprefix("test_").replace("_", " ")
            said = inspect.getdoc(vars(part)[name]) or ""
            line = f"- {words}" + (f": {' '.join(said.split())}" if said else "")
            yield textwrap.fill(line, 118, subsequent_indent="  ", break_on_hyphens=False)
        yield ""


def platform() -> str:
    """What an adapter may show."""
    rows = ["| method | what it plays |", "|---|---|"]
    for name, member in (vars(Platform) | vars(DeskPlatform)).items():
        if name.startswith("_") or not inspect.isfunction(member) or name == "missing":
            continue
        said = " ".join((inspect.getdoc(member) or "").split())
        names = [p for p in inspect.signature(member).parameters if p != "self"]
        rows.append(f"| `{name}({', '.join(names)})` | {said} |")
    return "\n".join(rows) + "\n"


def tiers() -> str:
    """Every rule of a tier, and what shows it."""
    rows = ["| tier | rule | asks that | shown by |", "|---|---|---|---|"]
    for tier in TIERS:
        for name, rule in RULES.items():
            if rule.tier == tier:
                shown = [check.replace("_", " ") for check in rule.checks if check != "*"]
                shown += ["every check"] * ("*" in rule.checks)
                shown += [f"`{rule.caps.name}`"] if rule.caps else []
                rows.append(f"| {tier} | `{name}` | {rule.asks} | {'; '.join(shown)} |")
    return "\n".join(rows) + "\n"


def life_cycle() -> str:
    """The hooks by the moments at which they are called, in the order of the contract."""
    lines, before = ["```mermaid", "flowchart LR"], ""
    for line in inspect.getsource(hookspecs).splitlines():
        if found := HEADING.match(line):
            if before:
                lines.append("  end")
            lines.append(f'  subgraph {found[1]}["{found[1]}: {found[2]}"]')
            before = found[1]
        elif hook := re.match(r"def (omniroute_\w+)\(", line):
            lines.append(f"    {hook[1]}")
    lines.append("  end")
    moments = re.findall(r"subgraph (\w+)", "\n".join(lines))
    lines += [f"  {one} --> {two}" for one, two in itertools.pairwise(moments)]
    return "\n".join([*lines, "```"]) + "\n"


def life_of_a_channel() -> str:
    """The methods of a channel with the first sentence of each."""
    rows = [
        "| method | |",
        "|---|---|",
        "| `__init__` | Made with its account, settings and site. |",
    ]
    for name, member in vars(channel.Channel).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            said = (inspect.getdoc(member) or "").split("\n\n")[0]
            rows.append(f"| `{name}` | {' '.join(said.split())} |")
    return "\n".join(rows) + "\n"
