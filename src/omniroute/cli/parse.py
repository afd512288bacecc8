"""``omniroute parse``: what a channel reads out of files, one line of JSON for each.

The channel's plugin does the reading (`omniroute.ReadsFiles`); here files are opened, timed and
printed, and whatever goes wrong with one of them becomes its line and stops no other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import msgspec

from omniroute.channel import ReadsFiles
from omniroute.errors import OmniRouteError, did_you_mean
from omniroute.plugins import Plugins

LARGEST: Final = 64 * 1024 * 1024  # bytes of one file
STDIN: Final = "-"


class Channels(click.Group):
    """A command for each installed channel that reads files."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The channels' kinds."""
        return sorted(_readers())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one channel."""
        reader = _readers().get(cmd_name)
        return None if reader is None else _command(cmd_name, reader)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest channel for one that is none."""
        known = self.list_commands(ctx)
        if args[0] in known:
            return super().resolve_command(ctx, args)
        hint = did_you_mean(args[0], known) or f"there are: {', '.join(known) or 'none'}"
        raise click.UsageError(f"no channel “{args[0]}” reads files — {hint}", ctx)


def _readers() -> dict[str, ReadsFiles]:
    """Installed channels that read files, by kind."""
    plugins = Plugins()
    plugins.load_installed()
    found: dict[str, object] = dict(plugins.channels())
    return {kind: channel for kind, channel in found.items() if isinstance(channel, ReadsFiles)}


@click.group(cls=Channels)
def parse() -> None:
    """Show what a channel reads out of files: one line of JSON for each.

    A file that cannot be read has its reason under "error"; the exit code is then 1.
    """


def _command(kind: str, reader: ReadsFiles) -> click.Command:
    """``omniroute parse KIND``, with a flag for each form that its files may have."""

    def run(files: tuple[str, ...], **flags: bool) -> None:
        forms = [form for form, given in flags.items() if given]
        if len(forms) > 1:
            raise click.UsageError(
                " and ".join(f"--{form}" for form in forms) + " exclude one another"
            )
        lines = [_print(reader, name, forms[0] if forms else "") for name in files]
        if not all(lines):
            sys.exit(1)

    argument = click.Argument(["files"], nargs=-1, required=True, metavar="FILE...")
    options = [
        click.Option([f"--{form}", form], is_flag=True, help=said)
        for form, said in reader.forms.items()
    ]
    told = f"Show what the {kind} channel reads out of files; - is standard input."
    return click.Command(kind, callback=run, params=[argument, *options], help=told)


def _print(reader: ReadsFiles, name: str, form: str) -> bool:
    """Print the line of one file; whether it could be read."""
    began = time.perf_counter()
    fields, error = _fields(reader, name, form)
    line = {
        "id": name if name == STDIN else Path(name).name,
        **fields,
        "seconds": round(time.perf_counter() - began, 6),
        "error": error or fields.get("error"),
    }
    click.echo(msgspec.json.encode(line).decode())
    return not line["error"]


def _fields(reader: ReadsFiles, name: str, form: str) -> tuple[Mapping[str, object], str]:
    """What was read, or why nothing was."""
    try:
        fields = reader.read_file(_content(name), form)
        msgspec.json.encode(fields)
    except OSError as error:
        return {}, error.strerror or str(error)
    except OmniRouteError as error:
        return {}, str(error)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; it is this file's line
        return {}, f"{type(error).__name__}: {error}".encode(errors="replace").decode()
    return _with_language(fields), ""


def _with_language(fields: Mapping[str, object]) -> Mapping[str, object]:
    """The language of what was said, where the channel asks for it by leaving the field open."""
    if fields.get("language", "") is not None:
        return fields
    try:
        from omniroute.language import language_of  # needs the extra “lang”
    except ImportError:
        return fields
    said = str(fields.get("reply") or fields.get("text") or "")
    return {**fields, "language": language_of(said) or None}


def _content(name: str) -> bytes:
    """The bytes of a file.  Raises `OSError`, and `ValueError` where they are too many."""
    if name == STDIN:
        content = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with Path(name).open("rb") as file:
            content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"larger than {LARGEST:,} bytes")
    return content
