"""Live lines to browsers: Server-Sent Events.

A stream carries no lines of its own.  It reads the mailbox from the number its browser saw last,
then waits to be woken and reads again; so nothing can be lost or doubled between the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from omniroute_webchat.mailbox import Closed, Line

HEARTBEAT = 15.0  # s without a line, until a comment shows both sides that the way is open
MOST_PER_SESSION = 6  # streams; more would only hold connections
AT_ONCE = 200  # lines read in one go

Read = Callable[[int], Awaitable[Sequence[Line]]]


class Stream:
    """One browser that listens."""

    def __init__(self, visitor: str, conversations: frozenset[str]) -> None:
        self.visitor, self.conversations = visitor, conversations
        self.ended = False
        self._news = asyncio.Event()
        self._writing = False  # somebody answers; shown with the next wake, and forgotten

    def wake(self) -> None:
        self._news.set()

    def show_writing(self) -> None:
        self._writing = True
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    async def events(self, read: Read, after: int, heartbeat: float) -> AsyncIterator[bytes]:
        """The stream as bytes, until it is ended; *read* gives at most `AT_ONCE` lines."""
        yield b"retry: 1000\n: open\n\n"
        while not self.ended:
            self._news.clear()  # before reading: what comes in between wakes us again
            try:
                lines = await read(after)
            except Closed:
                return
            for line in lines:
                after = line.seq
                yield b"id: %d\ndata: %s\n\n" % (line.seq, msgspec.json.encode(line))
            if self._writing:
                self._writing = False
                yield b"event: writing\ndata: {}\n\n"
            if len(lines) < AT_ONCE and not await self._woken(heartbeat):
                yield b": still here\n\n"

    async def _woken(self, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            return False
        return True


class Streams:
    """All browsers that listen, by what they listen to."""

    def __init__(self) -> None:
        self._all: dict[str, set[Stream]] = {}  # by conversation

    def open(self, visitor: str, conversations: Sequence[str]) -> Stream | None:
        """A new stream of a session, or nothing when it has too many."""
        mine = [stream for stream in self._all.get(visitor, ()) if stream.visitor == visitor]
        if len(mine) >= MOST_PER_SESSION:
            return None
        stream = Stream(visitor, frozenset((visitor, *conversations)))
        for conversation in stream.conversations:
            self._all.setdefault(conversation, set()).add(stream)
        return stream

    def wake(self, conversation: str) -> None:
        """Tell those who listen that there is a line."""
        for stream in self._all.get(conversation, ()):
            stream.wake()

    def show_writing(self, conversation: str) -> None:
        """Tell those who listen now that somebody writes an answer."""
        for stream in self._all.get(conversation, ()):
            stream.show_writing()

    def end(self, visitor: str) -> None:
        """End the streams of a session that is no longer what it was."""
        for stream in self._all.get(visitor, ()):
            stream.end()

    def end_all(self) -> None:
        for listening in self._all.values():
            for stream in listening:
                stream.end()

    def listening(self, conversation: str) -> bool:
        """Whether some browser listens to it."""
        return bool(self._all.get(conversation))

    def let_go(self, stream: Stream) -> None:
        for conversation in stream.conversations:
            listening = self._all.get(conversation, set())
            listening.discard(stream)
            if not listening:
                self._all.pop(conversation, None)


class EventStream(StreamingResponse):
    """A response that lets go of its stream however it ends: by us, by the browser, by a fault."""

    media_type = "text/event-stream"

    def __init__(
        self, streams: Streams, stream: Stream, read: Read, after: int, heartbeat: float,
        closed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """*closed* is called once it has ended."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(stream.events(read, after, heartbeat), headers=headers)
        self._streams, self._stream, self._closed = streams, stream, closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.let_go(self._stream)
            self._closed()
