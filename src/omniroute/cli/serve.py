"""``omniroute serve``: the server for real."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

import click

from omniroute.server.composition import Server
from omniroute.server.settings import load


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("omniroute.toml"),
    show_default=True,
    help="Settings; see docs/reference/settings.md.",
)
def serve(config: Path) -> None:
    """Serve channels, console and API until stopped."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    asyncio.run(_serve(config))


async def _serve(config: Path) -> None:
    stopped = stop_signals()
    server = Server(load(config))
    await run(server, stopped)


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
