"""``omniroute channel record`` and ``doctor``: accounts of the settings, without the server."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import click
import msgspec

from omniroute.channel import Address, Channel, Health, Site
from omniroute.cli.output import as_json, config, print_json
from omniroute.errors import Busy, ConfigError, OmniRouteError, did_you_mean
from omniroute.kinds import to_have
from omniroute.plugins import Plugins
from omniroute.server.channels import own_table
from omniroute.server.composition import load_plugins
from omniroute.server.serving import url_of
from omniroute.server.settings import load
from omniroute.settings import Secret, section
from omniroute.testing.pages import description_of
from omniroute.testing.redaction import StillTold, fingerprint, redact

LONGEST = 20.0  # s that a check may take
SHORTEST = 4  # characters; what is shorter stands in every word


@dataclasses.dataclass(frozen=True)
class Account:
    """An account of the settings, not opened yet."""

    name: str
    kind: type[Channel]
    table: Mapping[str, object]
    url: str  # of the server that will open it

    def open(self, folder: Path) -> tuple[Channel, list[str]]:
        """The account, and its secrets.  Raises `ConfigError` that names the setting."""
        settings: Any = section(self.table, self.kind.Config, f"channels.{self.name}")
        hidden = [getattr(settings, field.name) for field in msgspec.structs.fields(settings)]
        known = [value.reveal() for value in hidden if isinstance(value, Secret) and value]
        site = Site(folder, self.url, secret=secrets.token_bytes(32))
        make: Any = self.kind
        return make(self.name, settings, site), known


def accounts(path: Path, files: tuple[Path, ...]) -> list[Account]:
    """The accounts that the settings name.  Raises `ConfigError` or `PluginError`."""
    settings = load(path)
    plugins = loaded(settings.plugins.blocked, files)
    kinds, web = plugins.channels(), settings.server
    url = web.public_url or url_of(web.host, web.port)
    found = []
    for name, table in settings.channels.items():
        kind = str(table.get("kind", name))
        if kind not in kinds:
            raise ConfigError(
                f"channels.{name}.kind", f"no channel “{kind}” is installed", to_have(kind, kinds)
            )
        found.append(Account(name, kinds[kind], own_table(table), url))
    return found


def loaded(blocked: list[str], files: tuple[Path, ...]) -> Plugins:
    """What is installed, and plugins that are one file each."""
    plugins = load_plugins(blocked)
    for file in files:
        plugins.load_path(file)
    return plugins


plugin_files = click.option(
    "--plugin",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A plugin that is not installed: a Python file, or a project's folder.",
)


@click.command()
@config
@plugin_files
@as_json
def doctor(config: Path, files: tuple[Path, ...], json_: bool) -> None:
    """Look at each account of the settings: which setting is wrong, and where to get another.

    Needs no server, and sends nothing to anybody.  No secret is printed.
    """
    rows = asyncio.run(examined(accounts(config, files)))
    if json_:
        print_json(rows)
    else:
        for row in rows:
            click.echo(f"{'ok   ' if row['ok'] else 'WRONG'}  {row['account']} ({row['kind']})")
            click.echo(f"       {row['found']}")
            if row["fix"]:
                click.echo(f"       → {row['fix']}")
        if not rows:
            click.echo("no channels; write [channels.NAME] into the settings")
    if not all(row["ok"] for row in rows):
        sys.exit(1)


async def examined(found: list[Account]) -> list[dict[str, object]]:
    """How each account is, in words."""
    rows = []
    for account in found:
        with tempfile.TemporaryDirectory() as folder:
            health = await _examine(account, Path(folder))
        rows.append(
            {
                "account": account.name,
                "kind": account.kind.kind,
                "ok": health.ok,
                "found": health.found,
                "fix": health.fix,
            }
        )
    return rows


async def _examine(account: Account, folder: Path) -> Health:
    known: list[str] = []
    try:
        channel, known = account.open(folder)
        async with asyncio.timeout(LONGEST):
            health = await channel.check()
    except TimeoutError:
        return Health(False, f"no answer within {LONGEST:g} s", "see whether the network is there")
    except ConfigError as error:
        findings = getattr(error, "findings", (error,))
        return Health(
            False,
            "; ".join(f"{one.place}: {one.fault}" for one in findings),
            "; ".join(one.fix or _meant(account, one.place) for one in findings),
        )
    except OmniRouteError as error:
        return Health(False, _hidden(str(error), known), _where(account))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the others go on
        said = f"check raised {type(error).__name__}: {error}"
        return Health(False, _hidden(said, known), "tell whoever wrote this plugin")
    return Health(health.ok, _hidden(health.found, known), _hidden(health.fix, known))


def _meant(account: Account, place: str) -> str:
    """What a setting is and where to get it, in the words of its description."""
    kinds = msgspec.inspect.type_info(account.kind.Config)
    name = place.rpartition(".")[2]
    for field in getattr(kinds, "fields", ()):
        if field.encode_name == name and (meant := description_of(field.type)):
            return f"{name}: {meant}"
    return _where(account)


def _where(account: Account) -> str:
    """What the settings of this kind mean, for want of better advice."""
    return f"`omniroute channel info {account.kind.kind}` tells what each setting is"


def _hidden(text: str, known: list[str]) -> str:
    """*text* without secrets, whatever a plugin has written into it."""
    for secret in (one for one in known if len(one) >= SHORTEST):
        text = text.replace(secret, "…")
    return text


# --- record ---


@click.command()
@click.argument("account")
@click.option("--last", "count", default=3, show_default=True, help="How many events to wait for.")
@click.option(
    "--redact/--as-it-is",
    "redacts",
    default=True,
    help="Put names, words, addresses and tokens out (the default), or leave them in.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("tests/events"),
    show_default=True,
    help="Folder that the events are written to.",
)
@click.option("--take", is_flag=True, help="Acknowledge it: the server never gets it.")
@config
@plugin_files
def record(
    account: str,
    count: int,
    redacts: bool,
    into: Path,
    take: bool,
    config: Path,
    files: tuple[Path, ...],
) -> None:
    """Write real events of an account into files, for tests, without personal data.

    Nothing is acknowledged unless you say so: what comes in here comes in again when the server
    listens.  Stop the server meanwhile, where a platform lets only one of them listen.
    """
    known = {one.name: one for one in accounts(config, files)}
    if account not in known:
        hint = did_you_mean(account, known) or f"there are: {', '.join(known) or 'none'}"
        raise ConfigError(f"channels.{account}", "is no account of the settings", hint)
    into.mkdir(parents=True, exist_ok=True)
    click.echo(f"waits for {count} events on “{account}”; write to it now (Ctrl+C ends)")
    asyncio.run(_record(known[account], Recorder(count, takes=take), redacts, into))


HINT = (
    "the platform tells of the same event again, as it waits for a yes before the next; --take"
    " says yes: what is recorded then does not reach the server"
)


class Recorder:
    """An intake that writes down and promises nothing, unless it *takes* what comes."""

    def __init__(self, count: int, *, takes: bool = False) -> None:
        self.raws: dict[str, bytes] = {}
        self.enough = asyncio.Event()
        self._count, self._takes, self._hinted = count, takes, False

    def ready(self) -> None:
        """Listening has begun."""

    def writing(self, sender: Address) -> None:
        """Of no interest here."""

    async def accept(self, raw: bytes, *, key: str = "") -> None:
        """Note *raw*, once; and have the platform keep it, too."""
        name = key or fingerprint(raw)
        again = name in self.raws
        if len(self.raws) < self._count:
            self.raws.setdefault(name, raw)
        if len(self.raws) >= self._count:
            self.enough.set()
        elif again and not self._hinted:
            self._hinted = True
            click.echo(HINT, err=True)
        if not self._takes:
            raise Busy("it is only being recorded")


async def _record(account: Account, recorder: Recorder, redacts: bool, into: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        channel, known = account.open(Path(folder))
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_served(channel))
            listening = asyncio.create_task(channel.listen(recorder))
            enough = asyncio.create_task(recorder.enough.wait())
            both: set[asyncio.Future[Any]] = {listening, enough}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
            ended = await asyncio.gather(*both, return_exceptions=True)
        for error in ended:
            if isinstance(error, OmniRouteError):
                raise error
        write(recorder.raws.values(), channel, known, redacts, into)


def _served(channel: Channel) -> Any:
    """The account's routes on the port that the settings' server would have, if it has any."""
    from contextlib import nullcontext

    from starlette.applications import Starlette
    from starlette.routing import Mount

    from omniroute.testing.fakes import serving

    routes = channel.routes()
    if not routes:
        return nullcontext()
    mount = f"/channels/{channel.kind}/{channel.account}"
    return serving(Starlette(routes=[Mount(mount, routes=routes)]), 8420)


def write(raws: Any, channel: Channel, known: list[str], redacts: bool, into: Path) -> list[Path]:
    """Write events down; says which one could not be, and why."""
    key, written = os.urandom(16), []
    for raw in raws:
        try:
            made = redact(raw, channel.parse, known, key) if redacts else raw
            kinds = {getattr(one, "kind", "undelivered") for one in channel.parse(made)}
        except StillTold as error:
            click.echo(f"left out: {error}", err=True)
            continue
        except Exception as error:  # noqa: BLE001 - what cannot be read cannot be redacted
            said = f"{type(error).__name__}, a dead letter; --as-it-is keeps it"
            click.echo(f"left out: {said}", err=True)
            continue
        path = into / f"{'-'.join(sorted(kinds)) or 'not-for-us'}-{fingerprint(made)}.raw"
        path.write_bytes(made)
        written.append(path)
        click.echo(str(path))
    return written
