"""``omniroute serve``: the server for real."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import click
from msgspec.structs import replace

from omniroute.server.composition import Server, load_plugins
from omniroute.server.logs import set_up
from omniroute.server.settings import Settings, load
from omniroute.server.several import Member, open_exchange
from omniroute.settings import Secret


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("omniroute.toml"),
    show_default=True,
    help="Settings; see docs/reference/settings.md.",
)
@click.option(
    "--store",
    metavar="URL",
    default="",
    help="postgresql://… or redis://… instead of what the settings name.",
)
@click.option(
    "--archive",
    metavar="PLACE",
    default="",
    help="A file or postgresql://… that the journal is copied into for search and reports.",
)
@click.option(
    "--plugin",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A plugin that is not installed: a Python file, or a project's folder.",
)
def serve(config: Path, store: str, archive: str, files: tuple[Path, ...]) -> None:
    """Serve channels, console and API until stopped."""
    settings = load(config)
    set_up(settings.server.log_format)
    if store:
        settings = replace(settings, store=replace(settings.store, url=Secret(store)))
    if archive:
        settings = replace(settings, store=replace(settings.store, archive=Secret(archive)))
    asyncio.run(_serve(settings, files))


async def _serve(settings: Settings, files: tuple[Path, ...]) -> None:
    stopped, plugins = stop_signals(), load_plugins(settings.plugins.blocked)
    for file in files:
        plugins.load_path(file)
    exchange = open_exchange(settings, plugins)
    if exchange is None:
        return await run(Server(settings, plugins=plugins), stopped)
    member = asyncio.create_task(Member(settings, plugins, exchange).run(click.echo))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({member, stopping}, return_when=asyncio.FIRST_COMPLETED)
    member.cancel()
    with suppress(asyncio.CancelledError):
        await member
    return None


def stop_signals() -> asyncio.Event:
    """An event that is set when the process is asked to stop."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped


async def run(server: Server, stopped: asyncio.Event) -> None:
    """Start, say so, wait, stop."""
    try:
        await server.start()
        click.echo(f"OmniRoute serves {server.url}  (stop with Ctrl+C)")
        server.failed.add_done_callback(lambda _: stopped.set())
        await stopped.wait()
    finally:
        await server.stop()
    if server.failed.done():
        raise server.failed.result()
