"""A small IMAP4rev1 server for tests: real sockets, one account, mailboxes in memory.

It speaks what mail programs need (RFC 3501), with IDLE (RFC 2177), MOVE (RFC 6851), UIDPLUS'
expunge by UID (RFC 4315) and STARTTLS, and can be told to hang up, to forget its UIDs or to go
without an extension.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field

_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|([^\s()]+)')
_PARTIAL = re.compile(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)


@dataclass
class Stored:
    """A message in a mailbox."""

    uid: int
    message: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """Serves one account.  Use as an async context manager; `port` is known inside."""

    def __init__(
        self,
        user: str = "help",
        password: str = "hunter2",  # noqa: S107  of a server that lives for one test
        *,
        extensions: Iterable[str] = ("IDLE", "MOVE", "UIDPLUS"),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = 0
        self.extensions, self.tls = list(extensions), tls
        self.folders: dict[str, list[Stored]] = {"INBOX": [], "Done": []}
        self.uidvalidity = 1
        self.commands: list[str] = []  # as they came, without tags and passwords
        self.heard = asyncio.Condition()
        self._login = (user, password)
        self._next = 1
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> ImapServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put(self, message: bytes, *flags: str, folder: str = "INBOX") -> int:
        """A message arrives; gives its UID, and whoever waits is told."""
        uid, self._next = self._next, self._next + 1
        self.folders[folder].append(Stored(uid, message, set(flags)))
        async with self._news:
            self._news.notify_all()
        return uid

    def hang_up(self) -> None:
        """Drop every connection, as a restart does."""
        for writer in list(self._writers):
            writer.transport.abort()

    def renumber(self) -> None:
        """The UIDs mean other messages from now on, as after a mailbox was rebuilt."""
        self.uidvalidity += 1
        self._next = 1
        for stored in self.folders["INBOX"]:
            stored.uid, self._next = self._next, self._next + 1

    def messages(self, folder: str = "INBOX") -> list[tuple[bytes, set[str]]]:
        """What lies in a folder, with its flags."""
        return [(stored.message, stored.flags) for stored in self.folders[folder]]

    async def until_told(self, command: str, times: int = 1) -> None:
        """Wait until a command that begins so has come *times* times in all."""
        async with self.heard:
            await self.heard.wait_for(
                lambda: sum(told.startswith(command) for told in self.commands) >= times
            )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await _Connection(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # whoever is gone is gone
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()


class _Connection:
    def __init__(
        self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._signed_in = self._encrypted = False
        self._folder = ""
        self._told = 0  # how many messages the client knows of

    async def run(self) -> None:
        self._say("* OK ready")
        while line := await self._reader.readline():
            tag, command, given = await self._command(line)
            if not await self._obey(tag, command, given):
                break
            await self._writer.drain()

    async def _command(self, line: bytes) -> tuple[str, str, list[str]]:
        """A command with its literals in place of their lengths."""
        tokens: list[str] = []
        while True:
            literal = re.search(rb"\{(\d+)\}\r\n$", line)
            text = line[: literal.start()] if literal else line
            tokens += [_token(match) for match in _TOKEN.finditer(text)]
            if literal is None:
                break
            self._say("+ go on")
            tokens.append((await self._reader.readexactly(int(literal[1]))).decode("latin-1"))
            line = await self._reader.readline()
        tag, command, *given = [*tokens, "", ""][: max(len(tokens), 2)]
        command = command.upper()
        if command == "UID":
            command, given = f"UID {given[0].upper()}", given[1:]
        async with self._server.heard:
            shown = "" if command in ("LOGIN", "AUTHENTICATE") else " ".join(given)
            self._server.commands.append(f"{command} {shown}".strip())
            self._server.heard.notify_all()
        return tag, command, given

    async def _obey(self, tag: str, command: str, given: list[str]) -> bool:
        """Carry out a command; false ends the connection."""
        match command:
            case "CAPABILITY":
                tls = [] if self._encrypted or self._server.tls is None else ["STARTTLS"]
                names = ["IMAP4rev1", "AUTH=PLAIN", *tls, *self._server.extensions]
                self._say(f"* CAPABILITY {' '.join(names)}")
            case "STARTTLS" if self._server.tls is not None:
                self._say(f"{tag} OK begin")
                await self._writer.start_tls(self._server.tls)
                self._encrypted = True
                return True
            case "LOGIN" | "AUTHENTICATE":
                return await self._sign_in(tag, command, given)
            case "LOGOUT":
                self._say("* BYE", f"{tag} OK bye")
                return False
            case _ if not self._signed_in:
                self._say(f"{tag} NO sign in first")
                return True
            case "SELECT":
                return self._select(tag, given[0])
            case "STATUS":
                known = given[0] in self._server.folders
                self._say(f"{tag} OK done" if known else f"{tag} NO [NONEXISTENT] no such folder")
                return True
            case "IDLE" if "IDLE" in self._server.extensions:
                await self._idle()
            case "NOOP":
                pass
            case _:
                return self._on_messages(tag, command, given)
        self._say(f"{tag} OK done")
        return True

    async def _sign_in(self, tag: str, command: str, given: list[str]) -> bool:
        login = (given[0], given[-1])
        if command == "AUTHENTICATE":
            self._say("+ ")
            _, user, password = base64.b64decode(await self._reader.readline()).split(b"\0")
            login = (user.decode(), password.decode())
        self._signed_in = login == self._server._login
        good = f"{tag} OK welcome"
        self._say(good if self._signed_in else f"{tag} NO [AUTHENTICATIONFAILED] who are you?")
        return True

    def _select(self, tag: str, folder: str) -> bool:
        if folder not in self._server.folders:
            self._say(f"{tag} NO [NONEXISTENT] no such folder")
            return True
        self._folder = folder
        count = self._told = len(self._server.folders[folder])
        self._say(f"* {count} EXISTS", f"* OK [UIDVALIDITY {self._server.uidvalidity}] valid")
        self._say(f"{tag} OK [READ-WRITE] done")
        return True

    async def _idle(self) -> None:
        """Tell of news until told DONE."""
        self._say("+ idling")
        done = asyncio.ensure_future(self._reader.readline())
        try:
            while not done.done():
                async with self._server._news:
                    news = asyncio.ensure_future(self._server._news.wait())
                    count = len(self._server.folders[self._folder])
                    if count != self._told:
                        self._told = count
                        self._say(f"* {count} EXISTS")
                    await asyncio.wait({news, done}, return_when=asyncio.FIRST_COMPLETED)
                    news.cancel()
                    await asyncio.gather(news, return_exceptions=True)
        finally:
            done.cancel()

    def _on_messages(self, tag: str, command: str, given: list[str]) -> bool:
        folder = self._server.folders.get(self._folder, [])
        match command:
            case "UID SEARCH":
                found = " ".join(str(stored.uid) for stored in _found(folder, given))
                self._say(f"* SEARCH {found}".rstrip())
            case "UID FETCH":
                for number, stored in enumerate(folder, 1):
                    if stored in _of(folder, given[0]):
                        self._fetched(number, stored, given[1])
            case "UID STORE":
                for stored in _of(folder, given[0]):
                    stored.flags |= set(given[2].strip("()").split())
            case "UID COPY" | "UID MOVE" if given[1] not in self._server.folders:
                self._say(f"{tag} NO [TRYCREATE] no such folder")
                return True
            case "UID COPY" | "UID MOVE":
                for stored in _of(folder, given[0]):
                    self._server.folders[given[1]].append(stored)
                    if command == "UID MOVE":
                        self._expunge(folder, stored)
            case "UID EXPUNGE":
                for stored in _of(folder, given[0]):
                    if r"\Deleted" in stored.flags:
                        self._expunge(folder, stored)
            case _:
                self._say(f"{tag} BAD unknown command")
                return True
        self._say(f"{tag} OK done")
        return True

    def _expunge(self, folder: list[Stored], stored: Stored) -> None:
        self._say(f"* {folder.index(stored) + 1} EXPUNGE")
        folder.remove(stored)
        self._told -= 1

    def _fetched(self, number: int, stored: Stored, what: str) -> None:
        partial = _PARTIAL.search(what)
        body, label = stored.message, "BODY[]"
        if partial is not None and partial[1] is not None:
            start, length = int(partial[1]), int(partial[2])
            body, label = body[start : start + length], f"BODY[]<{start}>"
        self._writer.write(
            f"* {number} FETCH (UID {stored.uid} {label} {{{len(body)}}}\r\n".encode()
        )
        self._writer.write(body + b")\r\n")

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._writer.write(line.encode() + b"\r\n")


def _token(match: re.Match[bytes]) -> str:
    quoted, group, atom = match.groups()
    if quoted is not None:
        return re.sub(rb"\\(.)", rb"\1", quoted).decode("latin-1")
    return bytes(group or atom).decode("latin-1")


def _of(folder: list[Stored], uids: str) -> list[Stored]:
    first, _, last = uids.partition(":")
    highest = max((stored.uid for stored in folder), default=0)
    low, high = int(first), highest if last == "*" else int(last or first)
    low, high = sorted((low, high))  # “9:*” holds the last one, even if that is 7
    return [stored for stored in folder if low <= stored.uid <= high]


def _found(folder: list[Stored], criteria: list[str]) -> list[Stored]:
    match [word.upper() for word in criteria]:
        case ["UID", uids]:
            return _of(folder, uids)
        case ["UNSEEN"]:
            return [stored for stored in folder if r"\Seen" not in stored.flags]
    return folder  # ALL, and SINCE: everything here came today
