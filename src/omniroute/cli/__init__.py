"""The command line: one file per group of commands, loaded when it is asked for."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from omniroute import __version__
from omniroute.errors import OmniRouteError, PluginError, did_you_mean, of_the_system

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "omniroute.cli.serve:serve",
    "demo": "omniroute.cli.demo:demo",
    "rules": "omniroute.cli.rules:rules",
    "nodes": "omniroute.cli.nodes:nodes",
    "threads": "omniroute.cli.threads:threads",
    "why": "omniroute.cli.threads:why",
    "customers": "omniroute.cli.customers:customers",
    "report": "omniroute.cli.report:report",
    "archive": "omniroute.cli.archive:archive",
    "doctor": "omniroute.cli.doctor:doctor",
    "verify": "omniroute.cli.verify:verify",
    "backup": "omniroute.cli.backup:backup",
    "restore": "omniroute.cli.backup:restore",
    "simulate": "omniroute.cli.simulate:simulate",
    "faults": "omniroute.cli.faults:faults",
    "channel": "omniroute.cli.channel:channel",
    "parse": "omniroute.cli.parse:parse",
    "agent": "omniroute.cli.agent:agent",
    "token": "omniroute.cli.token:token",
    "webhook": "omniroute.cli.webhook:webhook",
    "bench": "omniroute.bench.command:bench",
}


class Lazy(click.Group):
    """A group that imports a command only to run it, and knows the plugins' commands too."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Ours in their order, then the plugins'."""
        return [*COMMANDS, *sorted(self._brought)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].partition(":")
            try:
                command: click.Command = getattr(importlib.import_module(module), name)
            except ModuleNotFoundError as error:
                if not (error.name or "").startswith("omniroute_"):
                    raise
                return _wanting(cmd_name, str(error.name))
            return command
        return self._brought.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest name for one that is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], self.list_commands(ctx))
            said = f"{error.message.rstrip('.')} — {hint}" if hint else error.message
            raise click.UsageError(said, ctx) from None

    @functools.cached_property
    def _brought(self) -> dict[str, click.Command]:
        """The plugins' commands; what is wrong with plugins leaves ours usable."""
        from omniroute.plugins import Plugins  # slow to import, and rarely needed

        plugins = Plugins()
        try:
            plugins.load_installed()
            commands = {str(command.name): command for command in plugins.commands()}
        except PluginError as error:
            click.echo(f"omniroute: {error}", err=True)
            return {}
        for name in sorted(commands.keys() & COMMANDS.keys()):
            click.echo(f"omniroute: a plugin brings “{name}”, which is ours: left out", err=True)
            del commands[name]
        return commands


def _wanting(name: str, module: str) -> click.Command:
    """In the place of a command that needs a plugin: it stands in the list and says what to do."""
    missing = module.partition(".")[0].replace("_", "-")

    def say(arguments: Sequence[str]) -> None:
        fix = f"install {missing}, or run it in a checkout, where `make` installs all"
        raise click.ClickException(f"{name} needs {missing}, which is not installed — {fix}")

    taken = click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)
    known = {"ignore_unknown_options": True}
    sentence = f"Needs {missing}, which is not installed."
    return click.Command(name, known, say, [taken], help=sentence)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="OmniRoute")
def cli() -> None:
    """One customer, one thread, the right agent, on every channel."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what goes wrong on purpose is said in plain words."""
    try:
        cli(arguments)
    except OmniRouteError as error:
        click.echo(f"omniroute: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if (fault := of_the_system(error)) is None:
            raise
        click.echo(f"omniroute: {fault}", err=True)
        sys.exit(1)
