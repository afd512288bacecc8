"""``omniroute demo``: a populated desk without accounts, servers or a network."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
import shutil
import sys
import time
from pathlib import Path

import click

from omniroute import __version__
from omniroute.cli.demo_keys import KEYS, keys
from omniroute.cli.output import progress
from omniroute.cli.serve import stop_signals
from omniroute.demo.chats import token
from omniroute.demo.desk import ADDRESS, CUSTOMERS, Demo, smtp_port
from omniroute.demo.last_hour import YOU
from omniroute.demo.player import Player
from omniroute.demo.scenes import SCENES
from omniroute.demo.script import JOE
from omniroute.server.composition import Server

FOLDER = Path("omniroute-demo")


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--port", default=8420, show_default=True, help="Of the console; 0 takes any.")
@click.option("--smtp-port", default=2525, show_default=True, help="Of the mail server; 0: any.")
@click.option("--keep", is_flag=True, help="Keep the folder at the end.")
@click.option("--quiet", is_flag=True, help="No colleagues, no new customers: only you.")
@click.option(
    "--scene",
    type=click.IntRange(1, len(SCENES)),
    metavar="N",
    help=f"Play this scene as soon as it is there: 1 to {len(SCENES)}.",
)
def demo(
    folder: Path, port: int, smtp_port: int, keep: bool, quiet: bool, scene: int | None
) -> None:
    """Show a small desk at work: agents, customers, three days of history."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    kept = "kept" if keep else "deleted on exit; --keep to keep"
    click.echo(f"OmniRoute {__version__} · SQLite in {place_of(folder)} ({kept})")
    desk = Demo(folder, port, smtp_port)
    with progress("seeding") as move:
        inputs, seconds = desk.prepare(move)
    click.echo(f"{CUSTOMERS} customers · 3 days of history · {inputs} inputs in {seconds:.1f} s")
    try:
        asyncio.run(_show(desk, quiet, scene))
    finally:
        if not keep:
            desk.remove()


def place_of(folder: Path) -> str:
    """A folder as its reader finds it: from here, or by its whole path."""
    return str(folder) if folder.is_absolute() else f"./{folder}"


async def _show(desk: Demo, quiet: bool, scene: int | None) -> None:
    stopped = stop_signals()
    async with desk.serve(_say) as server:
        assert desk.player is not None
        player = desk.player
        with keys(lambda key: _pressed(player, key, stopped)) as heard:
            await _introduce(server, desk, heard)
            playing = None if quiet else asyncio.create_task(desk.play(server, _say))
            if scene is not None:
                player.start(scene)
            await stopped.wait()
        if playing is not None:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing
    click.echo("stopped")


def _pressed(player: Player, key: str, stopped: asyncio.Event) -> None:
    """Do what a key asks for."""
    match key:
        case "q":
            stopped.set()
        case "p":
            player.pause()
            click.echo("paused; p goes on" if player.paused else "it goes on")
        case "f":
            click.echo(f"{player.faster():.0f} times as fast")
        case number if number.isdigit() and not player.start(int(number)):
            click.echo("one scene at a time, 1 to 6")


async def _introduce(server: Server, desk: Demo, heard: bool) -> None:
    link, here = await server.accounts.make_link(YOU), desk.windows
    click.echo(
        f"""
  Stage     {server.url}/stage/
            (a customer and an agent side by side, and six scenes to be played)
  Console   {server.url}/sign-in?link={link}
            (you are Ana, an agent; switch to another at the top right)
  Slack     {here.client(here.ana)}
            (you are Ana again, who need not leave it; a stand-in for Slack, without an account)
  Telegram  {here.phone(here.joe.chat())}
            (you are {JOE.name}, a customer with a telephone; a stand-in again)
  Web chat  {desk.chat(server)}#token={token(JOE, desk.chat_secret)}
            (you are {JOE.name}, whom the shop vouches for; without #token… a visitor)
  E-mail    printf 'From: {JOE.name} <{JOE.email}>\\n\\nHere is the receipt\\n' \\
              | curl -s smtp://127.0.0.1:{smtp_port(server)} --mail-from {JOE.email} \\
                --mail-rcpt {ADDRESS} -T -
            (answers to customers appear at {server.url}/stage/mail)
            (work by mail alone there, as Dora: send #status online, then answer her cards)
  Terminal  {_ourselves()} threads --config {shlex.quote(str(desk.config))}
            (or: why, rules explain, channel list, verify)
"""
    )
    if heard:
        click.echo(KEYS)
    click.echo("Stop with Ctrl+C.")


def _ourselves() -> str:
    """How this command was called, as far as it can be called so again."""
    if shutil.which("omniroute") is not None:
        return "omniroute"
    called = Path(sys.argv[0])
    return str(called) if called.name == "omniroute" else f"{sys.executable} -m omniroute"


def _say(line: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')}  {line}")
