"""The demo put together: a folder, a seeded desk, a server, and somebody to play with."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from starlette.routing import Mount, Router

from omniroute.demo import bymail, chats, mailbox, stage_page
from omniroute.demo.colleagues import PLAYED, work
from omniroute.demo.history import History
from omniroute.demo.player import Player
from omniroute.demo.script import JOE
from omniroute.demo.stage import Accounts
from omniroute.demo.visitors import Visitors
from omniroute.demo.windows import DESKS, Windows
from omniroute.errors import ConfigError
from omniroute.runtime.keyed import open_key
from omniroute.runtime.node import files_of
from omniroute.server.composition import Server
from omniroute.server.desk import DeskFiles, read_desk
from omniroute.server.settings import load
from omniroute.stores.api import GENESIS
from omniroute.stores.memory import MemoryStore
from omniroute.stores.sqlite import SqliteStore
from omniroute.testing.fakes.at_home import AtHome
from omniroute.testing.mail_sink import MailSink
from omniroute_slack import testing as slack
from omniroute_telegram import testing as telegram
from omniroute_webchat.sessions import conversation_of

DATABASE, RULES = "omniroute.db", "routing_rules"
MAIL, CHAT, TELEGRAM, SLACK = "help", "site", "telegram", "slack"
ADDRESS: Final = "help@demo.example"
CUSTOMERS: Final = 240
PATIENT: Final = re.compile(r"\btimeout: \d+s\b")  # a visitor may look around before accepting
OURS: Final = """\
# What the desk that ships does not have: a rule that gives way while one watches.
version: 1
route:
  - id: returns
    when: {message.text: {any_of: [Rücksendung, Retoure]}}
    to: {queue: general, for: PATIENCE}
    relax:
      - {drop: [lang.de], tell_agent: "customer writes German", for: 10m}
      - {queue: overflow}
"""
HASTENED, HURRIED = 8, 500  # times what the platforms let through
MANY: Final = 1_000_000  # rows; more than a demo ever has


class Demo:
    """What `make demo` shows."""

    def __init__(self, folder: Path, port: int, smtp_port: int, *, patience: str = "15s") -> None:
        """*patience* is how long the rule of a scene waits for somebody who speaks German."""
        self.folder, self._port, self._smtp_port = folder, port, smtp_port
        self._patience = patience
        self.chat_secret = secrets.token_urlsafe(36)
        self.player: Player | None = None  # while it serves
        self.sink = MailSink()  # where customers read their mail, while it serves
        self.start_secret = secrets.token_urlsafe(24)
        self.windows = Windows(self.start_secret)  # Telegram and Slack, and who is there

    @property
    def config(self) -> Path:
        """The settings file, while it serves."""
        return self.folder / "omniroute.toml"

    def prepare(self, progress: Callable[[int, int], None]) -> tuple[int, float]:
        """Make the folder, its rules and three days of history; inputs decided, and seconds.

        Raises `ConfigError` if the folder is not for us; whatever fails later leaves none behind.
        """
        self._take_folder()
        try:
            copy_rules(self.folder / RULES, self._patience)
            began = time.monotonic()
            desk = read_desk(self.folder / RULES)
            return self._seed(desk, progress), time.monotonic() - began
        except BaseException:
            self.remove()
            raise

    def _take_folder(self) -> None:
        fix = "name another with --folder"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            taken = any(self.folder.iterdir())
        except FileExistsError:
            raise ConfigError(str(self.folder), "is a file", fix) from None
        except OSError as error:
            raise ConfigError(str(self.folder), f"cannot be made: {error.strerror}", fix) from None
        if taken:
            fix = f"remove it, or {fix}"
            if self.config.exists():
                fix = f"remove it, or go on there: omniroute serve --config {self.config}"
            raise ConfigError(str(self.folder), "is there already and not empty", fix)

    def _seed(self, desk: DeskFiles, progress: Callable[[int, int], None]) -> int:
        paths = files_of((self.folder / DATABASE).resolve())
        self.windows.bind(paths["bindings"])
        memory = MemoryStore()  # in one commit to the disk, rather than in hundreds
        here = datetime.now(UTC).astimezone()
        history = History(
            memory,
            open_key(paths["key"]),
            desk,
            Accounts(MAIL, CHAT, conversation_of),
            int(here.timestamp() * 1000),
            zone=here.tzinfo or UTC,
        )
        history.play(CUSTOMERS, progress)
        chat = paths["channels"] / CHAT
        chat.mkdir(parents=True, mode=0o700)
        asyncio.run(chats.keep(chat, self.chat_secret, history.chat))
        store = SqliteStore(paths["database"])
        try:
            reader = memory.reader()
            records = [record.body for record in reader.tail(0, MANY)]
            store.commit(GENESIS, records, dict(reader.scan("", limit=MANY)))
        finally:
            store.close()
        return len(records)

    @contextlib.asynccontextmanager
    async def serve(
        self, say: Callable[[str], None] = lambda line: None, *, hurry: bool = False
    ) -> AsyncIterator[Server]:
        """The server, with the platforms and the customers' mailbox beside it, and a `Player`.

        *say* is told what goes on in a scene; scenes in a *hurry* wait for nobody who watches.
        """
        here = self.windows
        async with (
            MailSink() as sink,
            telegram.serving(here.telegram),
            slack.serving(here.slack),
        ):
            self.sink = sink
            self._write_settings(sink.port)

            def hand_in(mail: EmailMessage) -> Awaitable[None]:
                return bymail.hand_in(smtp_port(server), mail)

            stage = Router([*stage_page.routes(self), *mailbox.routes(sink, hand_in)])
            mounts = {"/stage": [Mount("/", AtHome(stage))]}
            server = Server(load(self.config), demo=True, mounts=mounts)
            here.hasten(server, HURRIED if hurry else HASTENED)
            try:
                await server.start()
                await bymail.let_her_in(server)
                await here.connected()
                here.comes(JOE, here.joe)
                visitors = self._visitors(server, say)
                self.player = Player(server, here, sink, visitors, say, hurry=hurry)
                yield server
            finally:
                if self.player is not None:
                    await self.player.close()
                await server.stop()

    async def play(self, server: Server, say: Callable[[str], None]) -> None:
        """Colleagues at work and customers who write, until cancelled; they rest during a scene."""
        assert self.player is not None
        at_ease = self.player.at_ease
        visitors = self._visitors(server, say, at_ease)
        async with asyncio.TaskGroup() as group:
            group.create_task(visitors.arrive())
            group.create_task(visitors.read(self.sink))
            for agent in PLAYED:
                group.create_task(work(server.application, agent, say, at_ease=at_ease))

    def _visitors(
        self, server: Server, say: Callable[[str], None], at_ease: asyncio.Event | None = None
    ) -> Visitors:
        secret = self.chat_secret
        return Visitors(ADDRESS, smtp_port(server), self.chat(server), secret, say, at_ease)

    def chat(self, server: Server) -> str:
        """The page of the web chat."""
        return f"{server.url}/channels/webchat/{CHAT}/"

    def _write_settings(self, sink_port: int) -> None:
        """As an admin would write them: the command line finds the desk by them."""
        chat_secret = json.dumps(self.chat_secret)
        here, start_secret = self.windows, json.dumps(self.start_secret)
        settings = f"""# The settings of the demo.  While it runs, commands find it by this file:
# omniroute threads --config {self.config}
# If the folder was kept: omniroute serve --config {self.config}

[server]
port = {self._port}
organisation = "Demo Desk"

[store]
path = "{DATABASE}"

[rules]
folder = "{RULES}"

[channels.{MAIL}]
kind = "email"
addresses = ["{ADDRESS}"]
desk_address = "{bymail.DESK}"  # where Dora works, who does so by mail alone
listen_port = {self._smtp_port}
smtp_host = "127.0.0.1"  # the customers' mailbox, at /stage/mail while the demo runs
smtp_port = {sink_port}
smtp_starttls = false

[channels.{CHAT}]
kind = "webchat"
secret = {chat_secret}
title = "Demo Desk"
greeting = "Hello! Ask us anything; a person will answer."

[channels.{TELEGRAM}]
kind = "telegram"
token = {json.dumps(here.telegram.token)}
api_url = "{here.telegram.url}"  # a stand-in for Telegram, while the demo runs
start_secret = {start_secret}
start_kind = "webchat:{CHAT}"  # the shop's logins, as the web chat knows them

[channels.{SLACK}]
kind = "slack"
bot_token = {json.dumps(here.slack.bot_token)}
app_token = {json.dumps(here.slack.app_token)}
api_url = "{here.slack.api_url}"  # a stand-in for Slack, while the demo runs
triage_channel = "{here.team.id}"  # where the team sees each thread
"""
        self.config.touch(mode=0o600)
        self.config.write_text(settings, encoding="utf-8")

    def remove(self) -> None:
        """Take the folder away again."""
        shutil.rmtree(self.folder, ignore_errors=True)


def smtp_port(server: Server) -> int:
    """The port on which the demo takes mail."""
    port: int = server.node.parts.channels["email", MAIL].port  # type: ignore[attr-defined]
    return port


def copy_rules(target: Path, patience: str = "15s") -> None:
    """The desk that ships, for the visitor to change, and a rule that a scene is about."""
    packaged = files("omniroute.demo") / "routing_rules"
    beside = Path(__file__).parents[3] / "routing_rules"  # in a checkout
    if packaged.is_dir():
        with as_file(packaged) as source:
            shutil.copytree(source, target)
    elif beside.is_dir():
        shutil.copytree(beside, target)
    else:
        raise ConfigError("routing_rules", "are not part of this installation", "install it anew")
    for path in target.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(PATIENT.sub("timeout: 10m", text), encoding="utf-8")
    (target / "demo.yaml").write_text(OURS.replace("PATIENCE", patience), encoding="utf-8")
    team = target / "team.yaml"
    text = team.read_text(encoding="utf-8")
    for agent, desk in DESKS.items():
        text = text.replace(
            f"    email: {agent}@", f"    desks: [{desk}, web]\n    email: {agent}@"
        )
    team.write_text(bymail.with_her_desk(text), encoding="utf-8")
