"""A server on real sockets in a folder of its own, for tests to talk to from outside.

`House` is the folder with its settings; `Running` is a process in it, with the clients that
customers, agents and admins have: SMTP, the web chat's pages, the console's API, the local socket.
"""

from __future__ import annotations

import json
import re
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from omniroute.cli.client import Client
from omniroute.testing.server_process import Browserless, ServerProcess, free_port, until

ROOT = Path(__file__).parents[2]
ADDRESS = "help@desk.example"
SECRET = "shared with the shop's backend, which signs who a visitor is"
CHAT = "/channels/webchat/site"


# Root may read and write everywhere, unless it gives that up (capabilities(7): CAP_DAC_OVERRIDE
# and CAP_DAC_READ_SEARCH; 24 is PR_CAPBSET_DROP).
OBEYING_MODES = (
    "import ctypes, os, sys\n"
    "for right in (1, 2) if os.geteuid() == 0 else ():\n"
    "    assert ctypes.CDLL(None).prctl(24, right, 0, 0, 0) == 0\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)


def serve(house: House, *, obeying_modes: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a server that is not expected to last."""
    command = ["-m", "omniroute", "serve", "--config", str(house.config)]
    if obeying_modes:
        command = ["-c", OBEYING_MODES, *command]
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=30, check=False
    )


@dataclass
class House:
    """A folder with settings and rules, where a server may run."""

    folder: Path
    http: int = field(default_factory=free_port)
    smtp: int = field(default_factory=free_port)
    more: str = ""  # lines of settings, after the others
    store: str = ""  # its URL, unless the SQLite in the folder
    channels: bool = True

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rules = self.folder / "routing_rules"
        if not self.rules.exists():
            shutil.copytree(ROOT / "routing_rules", self.rules)
            # No offer runs out while a slow machine comes to the next line of a test.
            text = self.rule_file().read_text()
            self.rule_file().write_text(re.sub(r"\btimeout: \d+s\b", "timeout: 1h", text))
        self.config = self.folder / "omniroute.toml"
        self.database = self.folder / "desk.db"
        self.url = f"http://127.0.0.1:{self.http}"
        self.write()

    def write(self, settings: str | None = None) -> None:
        """Write the settings file."""
        self.config.write_text(self.settings() if settings is None else settings)

    def settings(self) -> str:
        """The settings as they are written."""
        return f"""
[server]
port = {self.http}
organisation = "The Desk"
[store]
path = "desk.db"
url = {json.dumps(self.store)}
[replies]
undo_seconds = 0
{self.accounts() if self.channels else ""}
{self.more}
"""

    def accounts(self) -> str:
        """One account of e-mail, one of web chat."""
        return f"""
[channels.help]
kind = "email"
addresses = ["{ADDRESS}"]
listen_port = {self.smtp}
[channels.site]
kind = "webchat"
secret = {json.dumps(SECRET)}
"""

    def rule_file(self) -> Path:
        """The one file of rules."""
        return self.rules / "support.yaml"

    def team(self) -> str:
        """The team file's text."""
        return (self.rules / "team.yaml").read_text()

    def write_team(self, text: str) -> None:
        """Another team."""
        (self.rules / "team.yaml").write_text(text)

    def change(self, old: str, new: str, file: str = "support.yaml") -> int:
        """Change a text in a rules file, once; the number of its line."""
        path = self.rules / file
        text = path.read_text()
        assert text.count(old) == 1, f"“{old}” stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1

    @contextmanager
    def running(self) -> Iterator[Running]:
        """A server process, stopped at the end unless it was before; it must not have died."""
        server = ServerProcess(self.config)
        server.start()
        try:
            yield Running(self, server)
            assert server.is_alive() or server.stopped, server.log
        finally:
            if server.is_alive():
                server.kill()


class Running:
    """A server process and its clients."""

    def __init__(self, house: House, process: ServerProcess) -> None:
        self.house, self.process = house, process
        self.local = Client(house.database)
        self._agents: dict[str, Browserless] = {}

    def agent(self, name: str) -> Browserless:
        """Somebody of the team, signed in by a link; online."""
        if name not in self._agents:
            session = Browserless(self.house.url)
            url: str = self.local.post("/api/admin/links", {"agent": name})["url"]
            session.sign_in(url.partition("link=")[2])
            session.do({"do": "SetStatus", "status": "online"})
            self._agents[name] = session
        return self._agents[name]

    def clear_the_desk(self) -> None:
        """An admin resolves what is open; then everybody signs in anew."""
        frieda = self.agent("frieda")
        for row in self.threads():
            if row["phase"] not in ("resolved", "closed"):
                assert frieda.do({"do": "Resolve", "thread": row["id"]})["ok"]
        self._agents.clear()

    def mail(self, sender: str, subject: str, text: str) -> None:
        """An ordinary mail by SMTP; who has taken it may close down before the goodbye."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, ADDRESS, subject
        message.set_content(text)
        with closing(smtplib.SMTP("127.0.0.1", self.house.smtp, timeout=20)) as smtp:
            smtp.send_message(message, sender, [ADDRESS])
            with suppress(smtplib.SMTPServerDisconnected):
                smtp.docmd("QUIT")

    def raw_mail(self, raw: bytes, sender: str = "joe@mail.example") -> None:
        """Any bytes as a mail; raises what `smtplib` raises when they are refused."""
        with smtplib.SMTP("127.0.0.1", self.house.smtp, timeout=20) as smtp:
            smtp.sendmail(sender, [ADDRESS], raw)

    def threads(self) -> list[dict[str, Any]]:
        """Every thread, the latest first."""
        rows: list[dict[str, Any]] = self.local.get("/api/threads")
        return rows

    def row(self, thread: int) -> dict[str, Any]:
        """A thread as lists show it."""
        row: dict[str, Any] = self.local.get(f"/api/threads/{thread}")["row"]
        return row

    def dead_letters(self) -> list[dict[str, Any]]:
        """What was laid aside."""
        letters: list[dict[str, Any]] = self.local.get("/api/admin/dead-letters")
        return letters

    def settled(self) -> int:
        """How many mails are threads or dead letters, each from somebody new."""
        return len(self.threads()) + len(self.dead_letters())

    def thread_of(self, sender: str) -> dict[str, Any]:
        """The thread of a customer, by what they are called, once it is there."""
        until(f"a thread of {sender}", 10, lambda: any(r["name"] == sender for r in self.threads()))
        return next(row for row in self.threads() if row["name"] == sender)

    def threads_with(self, text: str) -> list[dict[str, Any]]:
        """The threads whose last message says this, once there is one."""

        def found() -> list[dict[str, Any]]:
            return [row for row in self.threads() if text in row["excerpt"]]

        until(f"a thread with “{text}”", 10, found)
        return found()

    def customer_lines(self, thread: int) -> list[dict[str, Any]]:
        """What the customer said in a thread."""
        items = self.local.get(f"/api/threads/{thread}")["items"]
        return [item for item in items if item["kind"] == "customer"]

    def wait_for_threads(self, count: int) -> list[dict[str, Any]]:
        """Every thread, once there are so many."""
        until(f"{count} threads", 20, lambda: len(self.threads()) >= count)
        return self.threads()
