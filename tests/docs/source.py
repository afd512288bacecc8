"""What the source says, as Markdown: one function for each kind of part that pages carry."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import click
import msgspec
from msgspec import inspect as shape
from tests.docs.pages import ROOT

import omniroute
from omniroute import channel, desk, hookspecs
from omniroute.application import sentences
from omniroute.application.desks import ACTIONS
from omniroute.application.directory import Directory
from omniroute.application.measures import MEASURES, PARTS
from omniroute.cli import cli
from omniroute.core import states
from omniroute.core.skills import Skills
from omniroute.runtime import crashpoints
from omniroute.simulate.grammar import SHAPES as SCENARIO
from omniroute.testing.pages import settings_of
from omniroute.web.faults import status_of

SHOWN = "```python no-run: made from the source"

# --- settings ---


def settings(kind: type) -> str:
    """Every field of a section, with what it means and its limits."""
    rows = [
        (f"`{name}`", _unless_set(field), _meaning(field.type)) for name, field in settings_of(kind)
    ]
    return _table(("setting", "unless set", "meaning"), rows)


def _unless_set(field: shape.Field) -> str:
    if field.required:
        return "(required)"
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    if not default and not isinstance(default, (bool, int, list)):
        return "none"  # an empty text, an empty secret, or nothing
    shown = str(default) if isinstance(default, Path) else default
    return f"`{msgspec.json.encode(shown).decode()}`"


def _meaning(kind: shape.Type) -> str:
    assert isinstance(kind, shape.Metadata), f"{kind} has no description"
    assert kind.extra_json_schema is not None
    said = str(kind.extra_json_schema["description"])
    return f"{said} {_limits(kind.type)}".rstrip()


def _limits(kind: shape.Type) -> str:
    if isinstance(kind, (shape.IntType, shape.FloatType)):
        least, most = kind.ge, kind.le
        if least is not None and most is not None:
            return f"From {least:g} to {most:g}."
        if least:
            return f"At least {least:g}."
    if isinstance(kind, shape.StrType):
        if kind.pattern is not None:
            return f"Matches `{kind.pattern}`."
        if kind.max_length is not None:
            return f"At most {kind.max_length} characters."
    return ""


# --- examples ---

EXAMPLES = ("client.py", "client.mjs")


def example(name: str) -> str:
    """A program that joins over HTTP."""
    code = (ROOT / "plugins/http/examples" / name).read_text(encoding="utf-8").rstrip()
    language = {".py": "python", ".mjs": "js"}[Path(name).suffix]
    return f"```{language} file={name}\n{code}\n```\n"


# --- the command line ---


def commands() -> str:
    """Every command with its arguments and options."""
    return "\n".join(_commands(cli, click.Context(cli, info_name="omniroute"), own_heading=False))


def _commands(command: click.Command, context: click.Context, own_heading: bool) -> Iterator[str]:
    if own_heading:
        yield f"### {context.command_path}\n"
        yield _help(command)
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield f"```text\n{usage}\n```\n"
        if rows := list(_parameters(command)):
            yield _table(("", "unless given", "meaning"), rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(inner, click.Context(inner, context, name), own_heading=True)


def _help(command: click.Command) -> str:
    parts = []
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        if part.startswith("\b\n"):
            parts.append(f"```text\n{part[2:]}\n```")
        else:
            said = " ".join(part.split())
            parts.append(textwrap.fill(said, 118, break_long_words=False, break_on_hyphens=False))
    return "\n\n".join(parts) + "\n"


def _parameters(command: click.Command) -> Iterator[tuple[str, str, str]]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            kind = "" if parameter.is_flag else f" {parameter.make_metavar(click.Context(command))}"
            yield f"`{', '.join(parameter.opts)}{kind}`", _default(parameter), parameter.help or ""


def _default(option: click.Option) -> str:
    given = option.to_info_dict()["default"]
    if option.is_flag or not isinstance(given, (str, int, Path)) or given == "":
        return ""
    return f"`{given}`"


# --- scenarios ---


def scenario(shape: str) -> str:
    """Every key of a part of a scenario, in the words of its grammar."""
    rows = [
        (f"`{name}`" + " (required)" * key.required, key.doc)
        for name, key in SCENARIO[shape].items()
    ]
    return _table(("key", "what it says"), rows)


# --- what plugins see ---


def hook(name: str) -> str:
    """A hook as it is declared."""
    return f"{SHOWN}\n{_signature(getattr(hookspecs, name))}: ...\n```\n"


def caps() -> str:
    """What a platform can do."""
    source = inspect.getsource(channel.Cap)
    rows = []
    for cap in channel.Cap:
        remark = re.search(rf"^ +{cap.name} = .*?#\s*(.*)$", source, re.M)
        rows.append((f"`{cap.name}`", remark[1] if remark else ""))
    return _table(("capability", ""), rows)


def value(kind: type) -> str:
    """A value that passes between the engine and a plugin: what it is, and its fields."""
    assert dataclasses.is_dataclass(kind)
    said = [
        f"**{kind.__name__}.** {_documentation(kind)}",
        SHOWN,
        f"@dataclass(frozen=True, slots=True)\nclass {kind.__name__}:",
    ]
    source = inspect.getsource(kind)
    fields = [line for line in source.splitlines() if re.match(r"    \w+: ", line)]
    assert [line.split(":")[0].strip() for line in fields] == [
        f.name for f in dataclasses.fields(kind)
    ]
    return "\n".join([*said, *fields, "```"]) + "\n"


def protocol(kind: type) -> str:
    """A contract: its attributes, and its methods with what they promise."""
    source = inspect.getsource(kind)
    attributes = [line.strip() for line in source.splitlines() if re.match(r"    \w+: ", line)]
    said = [_documentation(kind)]
    if attributes:
        said += [SHOWN, *attributes, "```\n"]
    for name, member in vars(kind).items():
        method = member.__func__ if isinstance(member, classmethod) else member
        if inspect.isfunction(method) and not name.startswith("_") and name in source:
            said += [
                f"### `{kind.__name__}.{name}`\n",
                SHOWN,
                f"{_signature(method)}: ...",
                "```\n",
            ]
            said.append(_documentation(method))
    return "\n".join(said)


def exports() -> str:
    """What ``from omniroute import …`` offers."""
    return textwrap.fill(", ".join(f"`{name}`" for name in omniroute.__all__), 110) + "\n"


def card_kinds() -> str:
    """Why a card is shown."""
    return ", ".join(f"`{kind.value}`" for kind in desk.CardKind) + "\n"


def verbs() -> str:
    """What a desk, or a program, may ask to be done."""
    rows = []
    for verb, command in ACTIONS.items():
        fields = [f for f in msgspec.structs.fields(command) if f.name != "key"]
        arguments = [f"`{f.name}`" if f.required else f"[`{f.name}`]" for f in fields]
        rows.append((f"`{verb}`", f"`{command.__name__}`", ", ".join(arguments), _first(command)))
    return _table(("verb", "command", "arguments", "meaning"), rows)


def _first(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def _signature(function: Callable[..., object]) -> str:
    """As it stands in the source: on one line, unless that would be a long one."""
    source = inspect.getsource(function)
    found = re.search(r"^ *((?:async )?def .*?):$", source, re.M | re.S)
    assert found is not None, f"no signature in {source}"
    line = re.sub(r"\s*\n\s*", " ", found[1]).replace("( ", "(").replace(", )", ")")
    return line if len(line) <= 95 else textwrap.dedent(" " * 4 + found[1])


# --- errors ---


def error_classes(module: ModuleType) -> str:
    """Every exception class of a module, below which it stands and what it says."""
    rows = [
        (
            f"`{name}`",
            f"`{kind.__mro__[1].__name__}`",
            _documentation(kind).replace("\n", " ").strip(),
        )
        for name, kind in vars(module).items()
        if inspect.isclass(kind)
        and issubclass(kind, Exception)
        and kind.__module__ == module.__name__
    ]
    return _table(("class", "is a", "meaning"), rows)


def done() -> str:
    """What people are told when something was done."""
    return _table(("code", "sentence"), [(f"`{c}`", _sentence(True, c)) for c in sentences.DONE])


def refused(codes: Mapping[str, object]) -> str:
    """What people are told when something was not done."""
    rows = [(f"`{code}`", str(status_of(code)), _sentence(False, code)) for code in codes]
    return _table(("code", "HTTP", "sentence"), rows)


def refused_elsewhere() -> str:
    """Codes that other places than the table of sentences refuse with, each with an example."""
    known = {*sentences.REFUSED, *sentences.INVALID}
    rows = [
        (f"`{code}`", str(status_of(code)), text)
        for code, text in sorted(literal_refusals().items())
        if code not in known
    ]
    return _table(("code", "HTTP", "for instance"), rows)


def literal_refusals() -> dict[str, str]:
    """Every ``Refused("code", "text")`` in the source; of several texts the first."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "src" / "omniroute").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "Refused(" in source else ():
            match node:
                case ast.Call(func=ast.Name("Refused"), args=[ast.Constant(str(code)), text, *_]):
                    found.setdefault(code, _literal(text))
    return found


def _literal(text: ast.expr) -> str:
    match text:
        case ast.Constant(str(said)):
            return said
        case ast.JoinedStr(values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in values)
    return ""


NOON = 1_772_449_200_000  # Mon 2026-03-02 11:00 UTC


def _sentence(ok: bool, code: str) -> str:
    """The sentence of a code for a thread and people who do not exist."""
    told = sentences.Told(
        Directory({"ana": "Ana", "bo": "Bo"}, {"billing": ()}, Skills(frozenset())),
        now=NOON,
        thread=4812,
        values=_VALUES,
        since=NOON - 3_000,
        customer="Joe Miller",
        wrote="never mind",
        wrote_at=NOON - 4_000,
    )
    return sentences.sentence(ok, code, told)


_VALUES = {
    "by": "ana", "to": "bo", "agent": "bo", "whose": "", "status": "away", "queue": "bilings",
    "into": 4711, "most": 100_000, "action": "acept", "fault": "accept needs offer",
    "release": NOON + 5_000, "until": NOON + 3_600_000,
}  # fmt: skip

# --- how it works ---


def crash_points() -> str:
    """Where a test may end the process."""
    rows = [(f"`{label}`", said) for label, said in crashpoints.LABELS.items()]
    return _table(("crash point", "what is true there"), rows)


def measures() -> str:
    """What reports measure, part by part."""
    parts = []
    for part, title in PARTS.items():
        rows = [
            (f"`{m.name}`", m.title, f"`{m.unit}`", m.definition)
            for m in MEASURES
            if m.part == part
        ]
        parts.append(f"\n## {title}\n\n" + _table(("name", "on the page", "unit", "what"), rows))
    return "\n".join(parts) + "\n"


def diagram() -> str:
    """The life of a thread."""
    return f"```mermaid\n{states.diagram()}\n```\n"


# --- putting together ---


def _documentation(thing: object) -> str:
    """The docstring as Markdown: ``code``, `names`, *parameters* as they are."""
    said = inspect.getdoc(thing) or ""
    return re.sub(r"``([^`]+)``", r"`\1`", said) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    made = [" | ".join(cell.replace("|", "\\|") for cell in line) for line in (head, *rows)]
    lines = [f"| {line} |".replace("|  |", "| |") for line in made]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]) + "\n"
