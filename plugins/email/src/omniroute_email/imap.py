"""An IMAP mailbox, as far as fetching mail needs one: a thread does each step, the loop waits.

The standard library speaks the protocol.  It blocks, so every step runs in a thread of its own,
while the long wait for new mail (IDLE, RFC 2177) is a wait for the socket in the event loop: it
ends at once when the account is closed.
"""

from __future__ import annotations

import asyncio
import base64
import imaplib
import re
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from omniroute import NotAuthorised, Retry
from omniroute_email.reading.charset import one_line
from omniroute_email.settings import Config

IMPLICIT_TLS: Final = 993
IDLE_AGAIN: Final = 25 * 60.0  # seconds; servers may hang up after 30 minutes (RFC 2177)
GREATEST_UID: Final = 2**32 - 1
PARTING_TIME: Final = 2.0  # seconds for the server's goodbye, which decides nothing
LET_BY: Final = 4  # times the largest message: so much of one is read to get past it
PIECE: Final = 64 * 1024  # bytes
FOR_NOW: Final = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")  # RFC 5530

imaplib.Commands.setdefault("IDLE", ("SELECTED",))
imaplib.Commands.setdefault("MOVE", ("SELECTED",))
T = TypeVar("T")
_UIDS = re.compile(rb"\d{1,10}")


class _Bounded(imaplib.IMAP4):
    """The library takes a literal as long as the server announces; of ours no more than *most*."""

    most = 64 * 1024  # bytes of a literal that are kept

    def read(self, size: int) -> bytes:
        if not 0 <= size <= LET_BY * self.most:
            raise self.abort(f"a literal of {str(size)[:20]} bytes, which nobody asked for")
        kept: bytes = super().read(min(size, self.most))
        left = size - len(kept)
        while left > 0 and (passed := super().read(min(left, PIECE))):
            left -= len(passed)
        return kept


class _Plain(_Bounded): ...


class _Secure(_Bounded, imaplib.IMAP4_SSL): ...


class Postbox:
    """One connection, signed in, with its folder open."""

    def __init__(self, config: Config, place: str) -> None:
        self._config, self._place = config, place
        self._client: imaplib.IMAP4 | None = None
        self._waiting = self._closed = False  # for an answer of the server
        self.uidvalidity = 0  # while it is the same, UIDs mean the same messages

    @property
    def idles(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return "IDLE" in self._connected.capabilities

    async def open(self) -> None:
        """Connect, sign in, open the folder.  Raises `Retry` or `NotAuthorised`."""
        await self._step(self._open)

    async def after(self, uid: int) -> Sequence[int]:
        """The UIDs above *uid*, lowest first.  Raises `Retry`."""
        if uid >= GREATEST_UID:
            return ()
        found = await self._search("UID", f"{uid + 1}:*")
        return [each for each in found if each > uid]  # “n:*” always holds the last message

    async def unseen(self) -> Sequence[int]:
        """The UIDs of what nobody has read, lowest first.  Raises `Retry`."""
        return await self._search("UNSEEN")

    async def since(self, day: str) -> Sequence[int]:
        """The UIDs of what came on *day* (“25-Nov-2026”) or later.  Raises `Retry`."""
        return await self._search("SINCE", day)

    async def fetch(self, uid: int) -> bytes | None:
        """A message, up to the largest that we take; nothing if it is gone.  Raises `Retry`."""
        part = f"(BODY.PEEK[]<0.{self._config.max_size}>)"
        found = await self._step(lambda: self._uid("FETCH", str(uid), part))
        bodies = [item[1] for item in found if isinstance(item, tuple)]
        return bytes(bodies[0][: self._config.max_size]) if bodies else None

    async def done_with(self, uid: int) -> None:
        """Mark a message read, and move it away where the settings say so.  Raises `Retry`."""
        await self._step(lambda: self._done_with(str(uid)))

    async def wait(self, seconds: float) -> None:
        """Wait for new mail: until the server tells of it, or for *seconds*.  Raises `Retry`."""
        if not self.idles:
            await asyncio.sleep(seconds)
            await self._step(self._noop)
            return
        tag, news = await self._step(self._begin_idle)
        self._waiting = True
        if not news:
            await _readable(self._connected.sock, IDLE_AGAIN)
        await self._step(lambda: self._end_idle(tag))

    async def close(self) -> None:
        """Sign out; where the server owes us an answer, just hang up."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(_hang_up if self._waiting else _part, client)

    # --- in a thread ---

    @property
    def _connected(self) -> imaplib.IMAP4:
        if self._client is None:
            raise Retry("the connection is closed")
        return self._client

    def _open(self) -> None:
        config, secure = (
            self._config,
            ssl.create_default_context(cafile=self._config.imap_ca or None),
        )
        host, port, timeout = config.imap_host, config.imap_port, config.imap_timeout
        if (port == IMPLICIT_TLS and config.imap_tls) or config.imap_tls_from_start:
            client: _Plain | _Secure = _Secure(host, port, ssl_context=secure, timeout=timeout)
        else:
            client = _Plain(host, port, timeout=timeout)
        client.most = max(client.most, config.max_size)
        self._client = client
        if self._closed:  # meanwhile
            _hang_up(client)
            raise Retry("the account is closed")
        if not isinstance(client, imaplib.IMAP4_SSL) and config.imap_tls:
            if "STARTTLS" not in client.capabilities:
                fix = f"take port 993, or see {self._place}.imap_tls_from_start"
                raise NotAuthorised(f"{host}:{port} offers no TLS (STARTTLS); {fix}")
            client.starttls(secure)
        self._sign_in(client)
        _, answer = client.select(_quoted(config.imap_folder))
        if client.state != "SELECTED":
            fix = f"see {self._place}.imap_folder"
            raise NotAuthorised(
                f"there is no folder “{config.imap_folder}” ({_said(answer)}); {fix}"
            )
        aside = config.imap_processed_folder
        if aside and client.status(_quoted(aside), "(MESSAGES)")[0] != "OK":
            fix = f"create it, or see {self._place}.imap_processed_folder"
            raise NotAuthorised(f"there is no folder “{aside}” to move mail to; {fix}")
        _, validity = client.response("UIDVALIDITY")
        said = validity[0] if validity else None
        self.uidvalidity = int(said) if said and _UIDS.fullmatch(said) else 0

    def _sign_in(self, client: imaplib.IMAP4) -> None:
        user, password = self._config.imap_username, self._config.imap_password.reveal()
        secret = f"\0{user}\0{password}".encode()
        try:
            if "AUTH=PLAIN" in client.capabilities:
                client.authenticate("PLAIN", lambda _: secret)
            else:
                client.login(user, password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if _said(error).upper().startswith(FOR_NOW):
                raise Retry(_said(error)) from None
            fix = f"see {self._place}.imap_username and {self._place}.imap_password"
            where = f"{self._config.imap_host}:{self._config.imap_port}"
            raise NotAuthorised(f"{where} refuses to sign us in ({_said(error)}); {fix}") from None
        _, listed = client.capability()  # there may be more now
        client.capabilities = tuple(listed[0].decode("ascii", "replace").upper().split())

    async def _search(self, *criteria: str) -> Sequence[int]:
        def search() -> list[Any]:
            self._connected.untagged_responses.pop("EXISTS", None)  # whatever comes now is news
            return self._uid("SEARCH", *criteria)

        found = await self._step(search)
        lines = [line for line in found if isinstance(line, bytes)]
        return sorted(int(uid) for line in lines for uid in _UIDS.findall(line))

    def _done_with(self, uid: str) -> None:
        folder = self._config.imap_processed_folder
        self._uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
        if not folder:
            return
        if "MOVE" in self._connected.capabilities:
            self._uid("MOVE", uid, _quoted(folder))
            return
        self._uid("COPY", uid, _quoted(folder))
        self._uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._connected.capabilities:
            self._uid("EXPUNGE", uid)  # without it we would remove what others have marked

    def _uid(self, command: str, *given: str) -> list[Any]:
        status, answer = self._connected.uid(command, *given)
        if status != "OK":
            raise Retry(f"{self._config.imap_host} refuses {command}: {_said(answer)}")
        return answer

    def _noop(self) -> None:
        self._connected.noop()

    def _begin_idle(self) -> tuple[bytes, bool]:
        """The command's tag, and whether there is news already, said before the wait begins."""
        client: Any = self._connected
        tag: bytes = client._command("IDLE")
        while client._get_response() is not None:
            pass  # untagged; what ends it is the “+”
        return tag, "EXISTS" in client.untagged_responses or self._buffered(client)

    def _buffered(self, client: Any) -> bool:
        """Whether something has been read from the socket that nobody has looked at."""
        client.sock.settimeout(0)
        try:
            file = getattr(client, "_file", None) or client.file  # by the version of Python
            return bool(file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            client.sock.settimeout(self._config.imap_timeout)

    def _end_idle(self, tag: bytes) -> None:
        client: Any = self._connected
        client.send(b"DONE\r\n")
        client._command_complete("IDLE", tag)

    async def _step(self, step: Callable[[], T]) -> T:
        where = f"{self._config.imap_host}:{self._config.imap_port}"
        self._waiting = True
        try:
            answer = await asyncio.to_thread(step)
        except ssl.SSLError as error:
            unknown = isinstance(error, ssl.SSLCertVerificationError)
            names = ("imap_host", "imap_ca") if unknown else ("imap_host", "imap_port", "imap_tls")
            fix = "see " + " and ".join(f"{self._place}.{name}" for name in names)
            raise NotAuthorised(
                f"no secure connection to {where} ({error.reason}); {fix}"
            ) from None
        except (OSError, imaplib.IMAP4.error) as error:
            raise Retry(f"{where} cannot be reached: {_said(error)}") from error
        except (ValueError, LookupError, TypeError) as error:  # out of the library's own reading
            raise Retry(f"{where} says what is no IMAP: {_said(error)}") from error
        self._waiting = False
        return answer


async def _readable(sock: Any, seconds: float) -> None:
    """Wait until there is something to read on *sock*, or for *seconds*."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return
    loop.add_reader(sock.fileno(), ready.set)
    try:
        async with asyncio.timeout(seconds):
            await ready.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(sock.fileno())


def _part(client: imaplib.IMAP4) -> None:
    try:
        client.sock.settimeout(PARTING_TIME)
        client.logout()
    except (OSError, imaplib.IMAP4.error):
        _hang_up(client)


def _hang_up(client: imaplib.IMAP4) -> None:
    with suppress(OSError):
        client.shutdown()


def _quoted(folder: str) -> str:
    """A folder's name on the line; letters beyond ASCII in IMAP's own UTF-7 (RFC 3501, 5.1.3)."""
    name = re.sub(r"[^ -~]+|&", _in_utf7, folder)
    return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'


def _in_utf7(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    encoded = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
    return f"&{encoded.replace('/', ',')}-"


def _said(what: object) -> str:
    if isinstance(what, list):
        what = b" ".join(part for part in what if isinstance(part, bytes)).decode(
            "utf-8", "replace"
        )
    if isinstance(what, imaplib.IMAP4.error) and what.args and isinstance(what.args[0], bytes):
        what = what.args[0].decode("utf-8", "replace")
    return one_line(str(what), 300)
