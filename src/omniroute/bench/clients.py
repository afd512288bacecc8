"""The other side of a connection: a process of its own that sends as fast as it is answered.

Standard input brings jobs, a line of JSON each; standard output answers each with a line: how many
messages were taken, in how many seconds.  The same process serves ours and the floor in turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Final, Literal

import msgspec

LONGEST: Final = 120.0  # seconds beyond its own until a job has failed


class Job(msgspec.Struct, frozen=True):
    """What to send: messages of *size* bytes, about, over *connections* at a time."""

    kind: Literal["smtp", "http"]
    port: int
    connections: int
    seconds: float  # at least one message on each connection, however few there are
    size: int
    path: str = ""  # of messages
    session: str = ""  # path by which a session is begun before; empty for none
    telegram: str = ""  # the secret to show, where messages are updates of Telegram's
    slack: str = ""  # the secret to sign with, where they are events of Slack's
    account: str = ""  # who writes there
    rate: float = 0.0  # messages a second that come, whether taken or not; 0: as fast as taken


class Outcome(msgspec.Struct, frozen=True):
    """How it went; *fault* is what was answered instead, if anything."""

    taken: int = 0
    seconds: float = 0.0
    fault: str = ""
    waits: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """From its time to its answer, in ms: the median, p99, and the longest."""


class Unexpected(Exception):
    """The server gave another answer than the one that takes a message."""


Send = Callable[[], Awaitable[None]]
Hello = Callable[[Job], Awaitable[tuple[Send, asyncio.StreamWriter]]]


async def perform(job: Job) -> Outcome:
    """Connect, and then, timed, send."""
    hello = {"smtp": _smtp, "http": _http}[job.kind]
    try:
        async with asyncio.timeout(LONGEST + job.seconds):
            opened = [await hello(job) for _ in range(job.connections)]
            began = time.perf_counter()
            if job.rate:
                waits = await _paced([send for send, _ in opened], job)
                taken = [len(waits)]
            else:
                waits, end = [], began + job.seconds
                taken = await asyncio.gather(*(_repeat(send, end) for send, _ in opened))
            took = time.perf_counter() - began
            for _, writer in opened:
                writer.close()
    except (Unexpected, OSError, EOFError, TimeoutError) as error:
        return Outcome(fault=f"{type(error).__name__}: {error}")
    return Outcome(sum(taken), took, waits=_percentiles(waits))


async def _paced(sends: list[Send], job: Job) -> list[float]:
    """Each message at its time, by whoever is free; how long each waited for its answer, in ms.

    One that finds nobody free waits from its time on, too: else a server that stands still would
    look quick.
    """
    numbers, waits = iter(range(max(len(sends), int(job.rate * job.seconds)))), list[float]()
    began = time.perf_counter()

    async def work(send: Send) -> None:
        for number in numbers:
            due = began + number / job.rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            await send()
            waits.append(1000 * (time.perf_counter() - due))

    await asyncio.gather(*map(work, sends))
    return waits


def _percentiles(waits: list[float]) -> tuple[float, float, float]:
    ordered = sorted(waits) or [0.0]
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1]


async def _repeat(send: Send, end: float) -> int:
    sent = 0
    while not sent or time.perf_counter() < end:
        await send()
        sent += 1
    return sent


# --- SMTP ---


async def _smtp(job: Job) -> tuple[Send, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port)

    async def ask(line: bytes, code: bytes) -> None:
        writer.write(line)
        answer = await reader.readline()
        while answer[3:4] == b"-":
            answer = await reader.readline()
        if not answer.startswith(code):
            raise Unexpected(answer.decode(errors="replace").strip() or "the connection was closed")

    async def send() -> None:
        await ask(b"MAIL FROM:<customer@mail.example>\r\n", b"250")
        await ask(b"RCPT TO:<help@desk.example>\r\n", b"250")
        await ask(b"DATA\r\n", b"354")
        await ask(_mail(job.size), b"250")

    await ask(b"", b"220")
    await ask(b"EHLO client.mail.example\r\n", b"250")
    return send, writer


def _mail(size: int) -> bytes:
    head = (
        f"Message-ID: <{uuid.uuid4()}@mail.example>\r\n"
        "From: A Customer <customer@mail.example>\r\n"
        "To: help@desk.example\r\n"
        "Subject: A question about the second order\r\n"
        "Date: Tue, 03 Mar 2026 12:00:00 +0100\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "\r\n"
    ).encode()
    line = b"Where is the parcel that was to come on Monday? Thank you for looking.\r\n"
    return head + line * max(1, (size - len(head)) // len(line)) + b".\r\n"


# --- HTTP ---


async def _http(job: Job) -> tuple[Send, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port)
    cookie = ""
    secret = f"X-Telegram-Bot-Api-Secret-Token: {job.telegram}\r\n" if job.telegram else ""

    async def post(path: str, body: bytes) -> str:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{job.port}\r\n"
            f"Content-Type: application/json\r\n{cookie}{secret}{_signature(job, body)}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = _fields(answer)
        said = await reader.readexactly(int(fields.get("content-length", "0")))
        if " 200 " not in answer.partition("\r\n")[0]:
            raise Unexpected(f"{answer.partition(chr(13))[0]} {said.decode(errors='replace')}")
        return fields.get("set-cookie", "").partition(";")[0]

    async def send() -> None:
        text = "Where is the parcel that was to come on Monday? " * max(1, job.size // 48)
        said: dict[str, object] = {"id": str(uuid.uuid4()), "text": text}
        if job.telegram:
            said = _update(text)
        elif job.slack:
            said = _event(text, job.account)
        await post(job.path, msgspec.json.encode(said))

    if job.session:
        cookie = f"Cookie: {await post(job.session, b'{}')}\r\n"
    return send, writer


_updates = itertools.count(1)


def _update(text: str) -> dict[str, object]:
    number = next(_updates)
    joe = {"id": 5000 + number, "is_bot": False, "first_name": "Joe", "last_name": "Miller"}
    chat = {"id": 5000 + number, "type": "private", "first_name": "Joe", "last_name": "Miller"}
    message = {"message_id": 1, "date": 1_795_632_040, "from": joe, "chat": chat, "text": text}
    return {"update_id": number, "message": message}


def _event(text: str, user: str) -> dict[str, object]:
    number = next(_updates)
    stamp, chat = f"{1_795_632_040 + number}.000100", f"D{number}"
    event = {"type": "message", "channel": chat, "channel_type": "im", "user": user, "text": text,
             "ts": stamp, "event_ts": stamp}  # fmt: skip
    return {"type": "event_callback", "team_id": "T0001", "event_id": f"Ev{number}", "event": event}


def _signature(job: Job, body: bytes) -> str:
    if not job.slack:
        return ""
    stamp = str(int(time.time()))
    whole = f"v0:{stamp}:".encode() + body
    mac = hmac.digest(job.slack.encode(), whole, hashlib.sha256).hex()
    return f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={mac}\r\n"


def _fields(head: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in head.split("\r\n")[1:])
    return {name.lower(): value for name, _, value in lines}


# --- the process ---


def main() -> None:
    """Perform jobs until there are no more."""
    for line in sys.stdin.buffer:
        outcome = asyncio.run(perform(msgspec.json.decode(line, type=Job)))
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
