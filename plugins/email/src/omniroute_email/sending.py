"""SMTP with the server that sends our mail, and what its answers mean to us."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
)

from omniroute import Health, NotAuthorised, Rejected, Retry
from omniroute_email.reading.charset import one_line
from omniroute_email.settings import Config

IMPLICIT_TLS = 465
NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
MOST_IDLE = 4  # connections kept for the next message
MOST_CARRIED = 100  # messages over one connection
IDLE_TIME = 20.0  # seconds that a connection waits for the next message
ENVELOPE_ID = re.compile(r"[A-Za-z0-9._-]{1,60}")  # needs no encoding (RFC 3461, 4.4)
MAX_REASON = 300


class Courier:
    """Hands mail to `smtp_host`, over connections that are kept a little for the next message.

    Signing in takes several round trips and servers count it; so what has carried one message
    carries the next.  A server may hang up on an idle connection at any time: one that does not
    answer RSET is replaced, before any message is under way.
    """

    def __init__(self, config: Config, place: str, domain: str) -> None:
        self._config, self._place, self._domain = config, place, domain
        self._idle: list[tuple[SMTP, int]] = []  # and how many messages each has carried
        self._timers: dict[SMTP, asyncio.TimerHandle] = {}
        self._closed = True

    async def transmit(
        self, sender: str, recipient: str, message: bytes, key: str = "",
        copies: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Hand over *message*, once.  Raises `Retry`, `Rejected` or `NotAuthorised`.

        *sender* is the return path, empty for none.  Reports will name *key*, if the server knows
        how to ask for that (RFC 3461).  Where one of *copies* is refused nobody gets it.
        """
        client, carried = await self._connection()
        try:
            receivers = [recipient, *copies]
            await _envelope(client, self._place, sender, receivers, len(message), key)
            await self._content(client, message)
        except BaseException:
            client.close()
            raise
        self._keep(client, carried + 1)

    def open(self) -> None:
        """From now on connections are kept."""
        self._closed = False

    def close(self) -> None:
        """Say goodbye on every connection that is kept, and keep none from now on."""
        self._closed = True
        for client, _ in self._idle:
            self._timers.pop(client).cancel()
            _part(client)
        self._idle.clear()

    async def _content(self, client: SMTP, message: bytes) -> None:
        try:
            await client.data(message)
        except SMTPResponseException as error:
            raise _answered(error, self._place, in_doubt=error.code < 400) from error
        except (SMTPException, OSError) as error:
            # It may have been taken although the answer did not come through.
            host = self._config.smtp_host
            raise Retry(f"{host} went away: {_text(error)}", in_doubt=True) from error

    async def _connection(self) -> tuple[SMTP, int]:
        while self._idle:
            client, carried = self._idle.pop()
            self._timers.pop(client).cancel()
            try:
                await client.rset()
            except (SMTPException, OSError):
                client.close()
            except BaseException:
                client.close()
                raise
            else:
                return client, carried
        return await _connected(self._config, self._place, self._domain), 0

    def _keep(self, client: SMTP, carried: int) -> None:
        if self._closed or carried >= MOST_CARRIED or len(self._idle) >= MOST_IDLE:
            _part(client)
            return
        self._idle.append((client, carried))
        loop = asyncio.get_running_loop()
        self._timers[client] = loop.call_later(IDLE_TIME, self._leave, client)

    def _leave(self, client: SMTP) -> None:
        self._idle = [(other, carried) for other, carried in self._idle if other is not client]
        del self._timers[client]
        _part(client)


async def probe(config: Config, place: str, domain: str) -> Health:
    """Whether `smtp_host` is there and lets us in."""
    server = f"{config.smtp_host}:{config.smtp_port}"
    try:
        _part(await _connected(config, place, domain))
        return Health(True, f"mail comes in, and answers go out by {server}")
    except NotAuthorised as error:
        return Health(False, f"{server} does not let us in", error.fix)
    except Retry as error:
        fix = f"see whether {place}.smtp_host and {place}.smtp_port are right and the server runs"
        return Health(False, error.reason, fix)


async def _connected(config: Config, place: str, domain: str) -> SMTP:
    """A client that has signed in.  Raises `Retry` or `NotAuthorised`."""
    try:
        secure = ssl.create_default_context(cafile=config.smtp_ca or None)
    except (OSError, ssl.SSLError) as error:
        fix = f"name a file with certificates (PEM) in {place}.smtp_ca"
        raise NotAuthorised(f"{config.smtp_ca} cannot be read; {fix}") from error
    implicit = config.smtp_port == IMPLICIT_TLS or config.smtp_tls_from_start
    client = SMTP(
        hostname=config.smtp_host,
        port=config.smtp_port,
        username=config.smtp_username or None,
        password=config.smtp_password.reveal() or None,
        local_hostname=domain,
        timeout=config.smtp_timeout,
        tls_context=secure,
        use_tls=implicit,
        start_tls=config.smtp_starttls and not implicit,
    )
    try:
        await _connect(client, config, place)
    except BaseException:
        client.close()
        raise
    return client


async def _connect(client: SMTP, config: Config, place: str) -> None:
    server = f"{config.smtp_host}:{config.smtp_port}"
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await _introduce(client)
    except SMTPAuthenticationError as error:
        if error.code < 500:
            raise Retry(_reason(error)) from None
        fix = f"see {place}.smtp_username and {place}.smtp_password"
        raise NotAuthorised(f"{server} refuses to sign us in ({_reason(error)}); {fix}") from None
    except ssl.SSLError as error:
        raise _insecure(server, error, place) from error
    except (OSError, SMTPResponseException) as error:
        if isinstance(error.__cause__, ssl.SSLError):  # of a handshake before the first word
            raise _insecure(server, error.__cause__, place) from error
        raise Retry(f"{server} cannot be reached: {_text(error)}") from error
    except SMTPException as error:
        fix = f"see {place}.smtp_starttls, {place}.smtp_username and {place}.smtp_port"
        raise NotAuthorised(f"{server}: {_text(error)} {fix}") from error


def _insecure(server: str, error: ssl.SSLError, place: str) -> NotAuthorised:
    fix = (
        "give the server a valid certificate for this name, name it as its certificate does, or"
        f" name your own authority in {place}.smtp_ca"
    )
    return NotAuthorised(f"no secure connection to {server} ({error.reason}); {fix}")


async def _introduce(client: SMTP) -> None:
    """Learn what the server can do, if it is one that tells."""
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


async def _envelope(
    client: SMTP, place: str, sender: str, receivers: Sequence[str], size: int, key: str
) -> None:
    notify = []
    options = [f"SIZE={size}"] if client.supports_extension("size") else []
    encoding = "ascii"
    if not "".join([sender, *receivers]).isascii():
        if not client.supports_extension("smtputf8"):
            raise Rejected("the mail server takes no address with such letters (no SMTPUTF8)")
        options.append("SMTPUTF8")
        encoding = "utf-8"
    if sender and client.supports_extension("dsn"):
        options += ["RET=HDRS", f"ENVID={key}"] if ENVELOPE_ID.fullmatch(key) else ["RET=HDRS"]
        notify = ["NOTIFY=FAILURE,DELAY"]
    try:
        await client.mail(sender, options=options, encoding=encoding)
        for number, receiver in enumerate(receivers):
            await _receiver(client, place, receiver, notify, encoding, is_copy=number > 0)
    except SMTPResponseException as error:
        raise _answered(error, place) from error
    except (SMTPException, OSError) as error:
        raise Retry(f"{client.hostname} went away: {_text(error)}") from error


async def _receiver(
    client: SMTP, place: str, address: str, notify: list[str], encoding: str, *, is_copy: bool
) -> None:
    try:
        await client.rcpt(address, options=notify, encoding=encoding)
    except SMTPResponseException as error:
        answer = _answered(error, place)
        if is_copy and isinstance(answer, Rejected):
            fault = f"the copy to {address} is refused: {answer.reason}"
            raise Rejected(fault, by_content=True) from error
        raise answer from error


def _part(client: SMTP) -> None:
    """Say goodbye and do not wait for the answer, which decides nothing."""
    line = client.transport
    if isinstance(line, asyncio.WriteTransport) and not line.is_closing():
        line.write(b"QUIT\r\n")
    client.close()


def _answered(
    error: SMTPResponseException, place: str, *, in_doubt: bool = False
) -> Retry | Rejected | NotAuthorised:
    """What an answer other than yes means."""
    if error.code in NOT_SIGNED_IN:
        fix = f"see {place}.smtp_username and {place}.smtp_password"
        return NotAuthorised(f"the mail server wants us to sign in ({_reason(error)}); {fix}")
    if error.code >= 500:
        return Rejected(_reason(error))
    return Retry(_reason(error), in_doubt=in_doubt)


def _reason(error: SMTPResponseException) -> str:
    return one_line(f"{error.code} {error.message}", MAX_REASON)


def _text(error: Exception) -> str:
    return one_line(str(error), MAX_REASON)
