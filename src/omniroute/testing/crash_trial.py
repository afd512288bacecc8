"""Traffic on a server that is killed again and again, and the judgement at the end.

Customers write by mail and in the web chat, an agent answers them all.  Whatever was acknowledged
(SMTP 250, HTTP 200, a command's ok) is noted on this side; whatever was not is tried again after
the restart with the same id, as mail servers and browsers do.  The judges are the receiving sides'
own records: the mail sink's file and the chat's lines.

The desk lies in SQLite, or on a database server that is killed, too.
"""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Final, Protocol

import msgspec

from omniroute.cli.client import Client
from omniroute.cli.stored import stored
from omniroute.core.events import CustomerWrote
from omniroute.runtime.record import Entry, decode
from omniroute.server.settings import load
from omniroute.stores.api import Reader
from omniroute.testing.server_process import Browserless, ServerProcess, free_port, until

ADDRESS = "help@desk.example"
CHAT = "/channels/webchat/site"
RULES: Final = """
version: 1
defaults: {queue: general}
queues: {general: {}}
route:
  - {id: everything, to: {queue: general}}
"""  # as little as can be: a hundred starts take their time
TEAM: Final = "version: 1\nagents: {ana: {name: Ana Ruiz, email: ana@desk.example}}\n"
TROUBLES: Final = (OSError, HTTPException, smtplib.SMTPException, json.JSONDecodeError)
SHORTEST, LONGEST = 0.02, 0.6  # seconds from a start to a kill
DATABASE_DIES: Final = 0.3  # of the times, its database before the server


class Database(Protocol):
    """A database server of our own, where a desk may lie."""

    @property
    def url(self) -> str: ...

    def start(self) -> None: ...

    def kill(self) -> None: ...


@dataclass
class Trial:
    """One desk under fire, in *folder*; on *database* if there is one, else on SQLite."""

    folder: Path
    database: Database | None = None
    acknowledged: list[str] = field(default_factory=list)  # customers' texts
    answered: list[str] = field(default_factory=list)  # agents' texts
    pending_reply: tuple[int, str, int] | None = None
    number: int = 0

    def __post_init__(self) -> None:
        self.http, self.smtp, self.sink = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        self.record = self.folder / "sink.jsonl"
        self.record.touch()
        command = [sys.executable, "-m", "omniroute.testing.mail_sink"]
        self._sink = subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "--port", str(self.sink), "--record", str(self.record)],
            stdout=subprocess.DEVNULL,
        )
        rules = self.folder / "rules"
        rules.mkdir()
        (rules / "desk.yaml").write_text(RULES)
        (rules / "team.yaml").write_text(TEAM)
        self.config = self.folder / "omniroute.toml"
        self.config.write_text(self._settings())
        self.server = ServerProcess(self.config)
        self.ana, self.visitor = Browserless(self.url), Browserless(self.url)

    def _settings(self) -> str:
        return f"""
[server]
port = {self.http}
[store]
path = "desk.db"
url = {json.dumps(_space(self.database.url) if self.database else "")}
[rules]
folder = "rules"
[replies]
undo_seconds = 0
[channels.help]
kind = "email"
addresses = ["{ADDRESS}"]
listen_port = {self.smtp}
smtp_host = "127.0.0.1"
smtp_port = {self.sink}
smtp_starttls = false
[channels.site]
kind = "webchat"
messages_per_minute = 0
new_sessions_per_minute = 0
"""

    def open(self) -> None:
        """Start, let Ana in, open the visitor's chat."""
        self.server.start()
        self._let_in()
        self.visitor.post(f"{CHAT}/session", {})

    def _let_in(self) -> None:
        """Have Ana sign in, where the server is."""
        answer = self.local().post("/api/admin/links", {"agent": "ana"})
        self.ana.sign_in(answer["url"].partition("link=")[2])
        self.ana.do({"do": "SetStatus", "status": "online"})

    def close(self) -> None:
        """End the mail sink, and the server if it still runs."""
        if self.server.is_alive():
            self.server.kill()
        self._sink.kill()
        self._sink.wait()

    # --- traffic ---

    def act(self) -> None:
        """The next thing that happens; raises `OSError` or `SMTPException` if nobody answers."""
        kind = self.number % 3
        if kind == 0:
            self._mail(f"mail {self.number}")
        elif kind == 1:
            self._chat(f"chat {self.number}")
        else:
            self._reply(self.number)
        self.number += 1

    def _mail(self, text: str) -> None:
        # Each third customer comes back, the others are new.
        sender = f"c{self.number % 9}@mail.example" if self.number % 2 else f"{text[5:]}@x.example"
        message = (
            f"From: {sender}\r\nTo: {ADDRESS}\r\nSubject: {text}\r\n"
            f"Message-ID: <{text.replace(' ', '-')}@mail.example>\r\n\r\n{text}\r\n"
        )
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=10) as smtp:
            smtp.sendmail(sender, [ADDRESS], message)
        self.acknowledged.append(text)

    def _chat(self, text: str) -> None:
        id = str(uuid.uuid5(uuid.NAMESPACE_OID, text))
        answer = self.visitor.post(f"{CHAT}/messages", {"id": id, "text": text})
        if answer.get("id") != id:
            raise OSError(f"not taken: {answer}")
        self.acknowledged.append(text)

    def _reply(self, number: int) -> None:
        """Ana answers the thread that waits for her longest; a second try has the same key."""
        if self.pending_reply is None:
            threads = self.ana.get("/api/threads")
            if isinstance(threads, dict):
                raise OSError(f"not told: {threads}")  # the database is away
            rows = [row for row in threads if row["waiting"]]
            if not rows:
                return
            row = min(rows, key=lambda row: row["last_at"])
            self.pending_reply = row["id"], f"reply {number}", row["turns"]
        thread, text, seen = self.pending_reply
        command = {"do": "Reply", "thread": thread, "text": text, "seen": seen, "anyway": True}
        outcome = self.ana.do({**command, "key": text.replace(" ", "-")})
        if outcome.get("ok"):
            self.answered.append(text)
        elif outcome.get("code") not in ("unknown_thread", "not_yours", "closed"):
            raise OSError(f"not done: {outcome}")
        self.pending_reply = None

    def act_until_dead(self, seconds: float = 60) -> None:
        """Go on until nobody answers; what was not acknowledged is tried again later."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.act()
            except TROUBLES:
                if self.server.is_alive():
                    continue  # asked to come again: come again
                return
        raise AssertionError(f"still alive after {seconds:.0f} s")

    def act_for(self, seconds: float) -> None:
        """Go on for a while; what was not acknowledged is tried again."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(*TROUBLES):
                self.act()

    def kill_at_random(
        self, times: int, chance: Random, move: Callable[[int, int], None] = lambda done, all: None
    ) -> None:
        """Kill the server so many times, at any moment, and start it again.

        Now and then its database dies before it and is back first.
        """
        for done in range(times):
            killer = threading.Timer(chance.uniform(SHORTEST, LONGEST), self._kill, (chance,))
            killer.start()
            self.act_until_dead()
            killer.join()
            self.server.start()
            move(done + 1, times)
        self.act()

    def _kill(self, chance: Random) -> None:
        self._database_dies(chance)
        self.server.kill()

    def _database_dies(self, chance: Random) -> bool:
        """Whether it did, this time; then it is back."""
        if self.database is None or chance.random() >= DATABASE_DIES:
            return False
        self.database.kill()
        self.database.start()
        return True

    # --- judgement ---

    def judge(self) -> None:
        """Nothing acknowledged is gone, nothing is twice, no repeat is unmarked.

        Waits until everything has been delivered.  Raises `AssertionError` naming what is wrong.
        """
        until("every answer is delivered", 60, lambda: not self._undelivered())
        until("every message is decided", 60, lambda: not self._undecided())
        said = self._decided()
        lost = [text for text in self.acknowledged if said[text] == 0]
        twice = [text for text, times in said.items() if times > 1]
        assert not lost, f"acknowledged and gone: {lost}"
        assert not twice, f"decided twice: {twice}"
        unmarked = Counter(text for text, repeat in self._mails() if not repeat)
        repeated = [text for text, times in unmarked.items() if times > 1]
        assert not repeated, f"sent twice, unmarked: {repeated}"
        chat = Counter(self._chat_lines())
        assert not [t for t, times in chat.items() if times > 1], "a chat line is shown twice"
        verdict = self.local().get("/api/admin/verify")
        assert verdict["ok"], verdict

    def local(self) -> Client:
        """The command line's way to the server."""
        return Client(self.folder / "desk.db")

    def repeats(self) -> int:
        """How many mails were marked as possible repeats."""
        return sum(repeat for _, repeat in self._mails())

    def _undelivered(self) -> list[str]:
        arrived = {text for text, _ in self._mails()} | set(self._chat_lines())
        return [text for text in self.answered if text not in arrived]

    def _mails(self) -> list[tuple[str, bool]]:
        lines = map(json.loads, self.record.read_text().splitlines())
        return [(line["text"].strip(), line["repeat"] is not None) for line in lines]

    def _chat_lines(self) -> list[str]:
        found: list[str] = []
        after = 0
        while lines := self.visitor.get(f"{CHAT}/lines?after={after}").get("lines", []):
            found += [line["text"] for line in lines]
            after = lines[-1]["seq"]
        return found

    def _undecided(self) -> list[str]:
        said = self._decided()
        return [text for text in self.acknowledged if said[text] == 0]

    def _decided(self) -> Counter[str]:
        """How often the journal has each text as a customer's message."""
        with stored(load(self.config)) as reader:
            messages = _written(reader)
            rows = reader.get(messages)
        texts = {key: msgspec.json.decode(row)["text"] for key, row in rows.items()}
        return Counter(texts[message].strip() for message in messages)


def entries_of(reader: Reader) -> Iterator[Entry]:
    """The journal."""
    after = 0
    while records := reader.tail(after):
        yield from (decode(record.body) for record in records)
        after = records[-1].seq


def _space(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}space=trial"


def _written(reader: Reader) -> list[str]:
    """The rows of the bodies of all that customers wrote, in the journal's order."""
    events = (event for entry in entries_of(reader) for event in entry.ev)
    return [f"b/{event.message}" for event in events if isinstance(event, CustomerWrote)]
