"""One SMTP connection: take a message, keep it, and only then say 250.

aiosmtpd speaks the protocol, in our event loop.  What it leaves open is closed here: how slow a
peer may be, how much memory a message may take, where a message ends (only at CRLF.CRLF, so that
none can be smuggled inside another), and that no answer carries the text of an exception.  A
message is not read here; all that is looked at is its Message-ID, so that one delivered twice is
kept once.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import defaultdict
from contextlib import suppress

import msgspec
from aiosmtpd.smtp import SMTP

from omniroute import Busy
from omniroute_email.envelope import Envelope, pack
from omniroute_email.reception import Reception

log = logging.getLogger("omniroute.email")
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's; it tells whole sessions

LINE_LIMIT = 65_536  # bytes of a command; also what is buffered at a time
LEAST_PACE = 16 * 1024  # bytes of a message in each idle period; slower peers are cut off
MOST_PERIODS = 30  # idle periods that one message may take

NULL_SENDER = "<>"  # as aiosmtpd has it
_PATH = re.compile(r"(?:<(?:@[^:<>]*:)?([^<>]*)>|([^\s<>]+))(|\s.*)")
_UNPRINTED = re.compile(r"[^ -~]")
END_OF_DATA = b"\r\n.\r\n"
_BEGINNINGS = tuple(END_OF_DATA[:length] for length in range(1, len(END_OF_DATA)))
_MESSAGE_ID = re.compile(
    rb"^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^>\r\n]{1,998}>|\S{1,998})", re.I | re.M
)


class Session(SMTP):
    """One connection of a peer."""

    line_length_limit = LINE_LIMIT

    def __init__(
        self, reception: Reception, loop: asyncio.AbstractEventLoop, *, encrypted: bool = False
    ) -> None:
        """*encrypted* from the start, so that there is nothing to start."""
        offers = reception.certificate if not encrypted else None
        # aiosmtpd keeps this on the class, where every session clears what another has set.
        self.command_size_limits = defaultdict(lambda: self.command_size_limit)
        super().__init__(
            reception,
            data_size_limit=reception.config.max_size,
            enable_SMTPUTF8=True,
            hostname=reception.mailboxes.domain,
            ident="OmniRoute",
            timeout=reception.config.idle_timeout,
            command_call_limit=reception.config.max_commands,
            tls_context=offers.context() if offers else None,
            loop=loop,
        )
        self.peer = ""  # IP address
        self._reception = reception
        self._refusal = ""
        self._trusted = False
        self._held = 0  # bytes of the present message in memory
        self._taken = self._taken_before = 0  # bytes of it so far; as many at the last period
        self._periods = 0  # that the present message may still take
        self._keeping = self._leaving = False

    @property
    def task(self) -> asyncio.Task[None] | None:
        return self._handler_coroutine

    # --- the connection ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is not None:  # the same connection, encrypted from here on
            super().connection_made(transport)
            return
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) and name else ""
        self._trusted = self._reception.mailboxes.trusts(self.peer)
        self._refusal = self._reception.enter(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._reception.leave(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        with suppress(ConnectionError):  # a peer that is gone is nobody's error
            if self._refusal:
                await self.push(self._refusal)
                self.hang_up(politely=True)
            else:
                try:
                    await super()._handle_client()
                finally:
                    # A handshake that fails ends the session without a word that it is lost.
                    self._reception.leave(self)

    async def handle_exception(self, error: Exception) -> str:
        """What a peer hears when something failed: to come again, and nothing of the reason."""
        if isinstance(error, Busy):
            return "452 4.3.1 Cannot keep mail now, please come again later"
        log.error("mail from %s could not be kept", self.peer, exc_info=error)
        return "451 4.3.0 Something failed here, please come again later"

    async def push(self, status: str | bytes) -> None:
        """Answer; of what a peer said, which aiosmtpd repeats, nothing leaves the line.

        Raises `ConnectionResetError` once we have hung up: aiosmtpd would go on with what a peer
        has said in advance, and keep a message whose answer nobody hears.
        """
        if self.transport is None or self.transport.is_closing():
            raise ConnectionResetError("we have hung up")
        said = status.decode("utf-8", "replace") if isinstance(status, bytes) else status
        await super().push(_UNPRINTED.sub("?", said))

    def say_goodbye(self) -> None:
        """End the session; a message on its way to the disk gets its answer first."""
        self._leaving = True
        if self._keeping or self.transport is None:
            return
        if not self.transport.is_closing():
            self._writer.write(b"421 4.3.2 Closing down, please come again later\r\n")
            self.hang_up(politely=True)

    def hang_up(self, *, politely: bool = False) -> None:
        """Close the connection, *politely* after what was written has gone out."""
        if not isinstance(self.transport, asyncio.Transport):
            return
        if not politely:
            self.transport.abort()
        elif not self.transport.is_closing():  # TLS can be closed once
            self.transport.close()

    def _timeout_cb(self) -> None:
        """An idle period is over: cut off a peer who did not get on."""
        progress = self._taken - self._taken_before >= LEAST_PACE or self._keeping
        if self._periods > 0 and progress:
            self._periods -= 1
            self._taken_before = self._taken
            self._reset_timeout()
        else:
            super()._timeout_cb()  # type: ignore[no-untyped-call]

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address in a MAIL or RCPT command and what follows it.

        The standard library's parser, which aiosmtpd asks, raises IndexError for some input.
        """
        match = _PATH.fullmatch(arg)
        if match is None:
            return None, None
        bracketed, bare, rest = match.groups()
        return bare or bracketed.strip() or NULL_SENDER, rest

    # --- the message ------------------------------------------------------------------------------

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  aiosmtpd finds it by this name
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 RCPT first")
        elif arg:
            await self.push("501 5.5.4 DATA stands alone")
        else:
            await self.push("354 End with a line that holds one dot")
            try:
                answer = await self._take()
            finally:
                self._set_post_data_state()  # type: ignore[no-untyped-call]
            await self.push(answer)
            if self._leaving:
                self.hang_up(politely=True)

    async def _take(self) -> str:
        """Receive one message and keep it.  Raises what the intake raises."""
        self._taken = self._taken_before = 0
        self._periods = MOST_PERIODS
        try:
            content = await self._content()
            if content is None:
                too_large = self._taken > self._reception.config.max_size
                return "552 5.3.4 Message too large" if too_large else "452 4.3.1 Too busy now"
            self._keeping = True
            envelope = await self._checked(self._envelope(), content)
            key = delivery_key(envelope, content)
            await self._reception.intake.accept(pack(envelope, content), key=key)
            return "250 2.6.0 Message kept"
        finally:
            self._keeping = False
            self._periods = 0
            self._hold(0)

    async def _content(self) -> bytes | None:
        """The message with its dots unstuffed, or nothing if it is more than we can hold."""
        most = self._reception.config.max_size + len(END_OF_DATA)
        seen, refused = bytearray(b"\r\n"), False
        while not seen.endswith(END_OF_DATA):
            more = await self._more(seen)
            self._taken += len(more)
            seen += more
            refused = refused or len(seen) > most or self._reception.crowded()
            if refused:
                del seen[: -len(END_OF_DATA)]  # go on reading: the answer is due at the end
            self._hold(len(seen))
        if refused:
            return None
        content = bytes(memoryview(seen)[:-3])  # the line end before the dot belongs to the message
        return content.replace(b"\r\n.", b"\r\n")[2:] if b"\r\n." in content else content[2:]

    def _hold(self, size: int) -> None:
        self._reception.held += size - self._held
        self._held = size

    async def _more(self, seen: bytearray) -> bytes:
        """Bytes up to the end of data, or as many as there are."""
        if seen.endswith(_BEGINNINGS):
            return await self._reader.readexactly(1)
        try:
            return await self._reader.readuntil(END_OF_DATA)
        except asyncio.LimitOverrunError as more:
            return await self._reader.readexactly(more.consumed)

    async def _checked(self, envelope: Envelope, content: bytes) -> Envelope:
        """*envelope* with what our own check of the sender finds, if we make one."""
        verifier = self._reception.verifier
        if verifier is None:
            return envelope
        helo = str(self.session.host_name or "") if self.session is not None else ""
        found = await verifier.verify(envelope, content, helo)
        return msgspec.structs.replace(envelope, checked=found)

    def _envelope(self) -> Envelope:
        assert self.envelope is not None
        sender = (self.envelope.mail_from or "").encode("utf-8", "surrogateescape")
        return Envelope(
            peer=self.peer,
            trusted=self._trusted,
            mail_from=sender.decode("utf-8", "replace").removeprefix(NULL_SENDER),
            rcpt_to=tuple(dict.fromkeys(self.envelope.rcpt_tos)),
            received_at=self._reception.now(),
        )


def delivery_key(envelope: Envelope, message: bytes) -> str:
    """The same for a message that is delivered again, although relays add fields on the way.

    Without a Message-ID the whole message counts; and the return path always does: two people may
    well write the same few words, and some programs give each of their messages the same id.
    What came from a peer we do not trust never stands for the same message from one we do, nor one
    that nobody vouches for instead of the real one.
    """
    blank = message.find(b"\r\n\r\n")
    found = _MESSAGE_ID.search(message, 0, blank if blank >= 0 else len(message))
    of = hashlib.sha256(memoryview(message)[blank if found and blank >= 0 else 0 :])
    said = [found[1] if found else b"", envelope.mail_from.encode(), str(envelope.trusted).encode()]
    said += [envelope.checked.encode()] if envelope.checked else []
    to = [address.encode() for address in sorted(envelope.rcpt_to)]
    return hashlib.sha256(b"\0".join([*said, *to, of.digest()])).hexdigest()
