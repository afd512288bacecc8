"""``omniroute channel try`` and ``replay``: a channel at work, without an account."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click
from starlette.applications import Starlette

from omniroute.cli.output import as_json, print_json
from omniroute.testing.fakes import serving
from omniroute.testing.stage import Stage
from omniroute.testing.subject import Subject, find
from omniroute.testing.talk import HELP, Talk, Told, described, printed
from omniroute.testing.talk_page import PATH, TalkPage

PATIENCE = 20.0  # s that a line of the conversation may take
PROMPT = "> "


@click.command("try")
@click.argument("target")
@click.option("--fake", is_flag=True, required=True, help="Over the fake that the plugin brings.")
@click.option("--browser", is_flag=True, help="On a page with two sides, at an address of its own.")
@click.option("--port", type=int, default=0, help="Where the page is; any free port unless given.")
def try_(target: str, fake: bool, browser: bool, port: int) -> None:
    """Talk to yourself over a channel: raw, read and sent, side by side.

    TARGET is an installed kind, the folder of a plugin's project, or one Python file.  Lines come
    from the terminal, or from standard input; /help tells what may stand in them.  With --browser
    a page has the customers on one side and an agent on the other.
    """
    subject = find(target)
    asyncio.run(_on_a_page(subject, port) if browser else _talk(subject))


async def _talk(subject: Subject) -> None:
    width = shutil.get_terminal_size((100, 24)).columns

    def tell(told: Told) -> None:
        click.echo(printed(told, width))

    async with _staged(subject) as stage:
        talk = Talk(stage, tell)
        click.echo(f"{subject.kind.kind} over its fake; nobody else hears you.\n{HELP}\n")
        while (line := await _line()) and await talk.do(line):
            pass


async def _on_a_page(subject: Subject, port: int) -> None:
    async with _staged(subject) as stage, serving(_app(stage), port) as url:
        kind = subject.kind.kind
        click.echo(f"{kind} over its fake: {url}{PATH}  (stop with Ctrl+C)")
        await asyncio.Event().wait()


def _app(stage: Stage) -> Starlette:
    return Starlette(routes=TalkPage(stage).routes())


@asynccontextmanager
async def _staged(subject: Subject) -> AsyncIterator[Stage]:
    """A stage on which an account listens, in a folder that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="omniroute-try-"))
    try:
        async with AsyncExitStack() as stack:
            platform = await stack.enter_async_context(subject.platform()())
            stage = Stage(subject.kind, platform, folder, PATIENCE)
            await stack.enter_async_context(stage.served())
            stage.open()
            await stack.enter_async_context(stage.listening())
            yield stage
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _line() -> str:
    """The next line; empty at the end.  Waits in a thread, so that the channel goes on."""
    if sys.stdin.isatty():
        click.echo(PROMPT, nl=False)
    line: str = await asyncio.to_thread(sys.stdin.readline)
    if line and not sys.stdin.isatty():
        click.echo(PROMPT + line.rstrip("\n"))
    return line


@click.command()
@click.argument("target")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@as_json
def replay(target: str, files: tuple[Path, ...], json_: bool) -> None:
    """Read recorded events again, as after a change of `parse`.

    TARGET is as for `try`; FILES hold raw events, as `record` writes them.
    """
    rows = asyncio.run(_read(find(target), files))
    if json_:
        print_json(rows)
    else:
        for row in rows:
            click.echo(f"{row['file']}\n{row['read'] or row['error'] or 'not for us'}\n")
    if any(row["error"] for row in rows):
        sys.exit(1)


async def _read(subject: Subject, files: tuple[Path, ...]) -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        async with subject.platform()() as platform:
            stage = Stage(subject.kind, platform, Path(folder), PATIENCE)
            channel = stage.open()
            rows = []
            for path in files:
                row = {"file": str(path), "read": "", "error": ""}
                try:
                    found = channel.parse(path.read_bytes())
                    row["read"] = "\n\n".join(map(described, found))
                except Exception as error:  # noqa: BLE001 - it becomes the file's row
                    row["error"] = f"dead letter: {type(error).__name__}: {error}"
                rows.append(row)
            return rows
