"""One SMTP transaction with the server that sends our mail, and what its answers mean to us."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
PARTING_TIME = 5.0  # seconds for the server's goodbye, which decides nothing
MAX_REASON = 300


async def transmit(config: Config, place: str, sender: str, recipient: str, message: bytes) -> None:
    """Hand *message* to `smtp_host`, once.  Raises `Retry`, `Rejected` or `NotAuthorised`."""
    async with _connected(config, place, sender.rpartition("@")[2]) as client:
        await _envelope(client, place, sender, recipient, len(message))
        try:
            await client.data(message)
        except SMTPResponseException as error:
            raise _answered(error, place, in_doubt=error.code < 400) from error
        except (SMTPException, OSError) as error:
            # It may have been taken although the answer did not come through.
            raise Retry(f"{config.smtp_host} went away: {_text(error)}", in_doubt=True) from error


async def probe(config: Config, place: str, domain: str) -> Health:
    """Whether `smtp_host` is there and lets us in."""
    server = f"{config.smtp_host}:{config.smtp_port}"
    try:
        async with _connected(config, place, domain):
            return Health(True, f"mail comes in, and answers go out by {server}")
    except NotAuthorised as error:
        return Health(False, f"{server} does not let us in", error.fix)
    except Retry as error:
        fix = f"see whether {place}.smtp_host and {place}.smtp_port are right and the server runs"
        return Health(False, error.reason, fix)


@asynccontextmanager
async def _connected(config: Config, place: str, domain: str) -> AsyncIterator[SMTP]:
    """A client that has signed in, with a polite end.  Raises `Retry` or `NotAuthorised`."""
    implicit = config.smtp_port == IMPLICIT_TLS
    client = SMTP(
        hostname=config.smtp_host,
        port=config.smtp_port,
        username=config.smtp_username or None,
        password=config.smtp_password.reveal() or None,
        local_hostname=domain,
        timeout=config.smtp_timeout,
        use_tls=implicit,
        start_tls=config.smtp_starttls and not implicit,
    )
    try:
        await _connect(client, config, place)
        yield client
        await _part(client)
    finally:
        client.close()


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
        fix = (
            "give the server a valid certificate for this name, or name it as its certificate does"
        )
        raise NotAuthorised(f"no secure connection to {server} ({error.reason}); {fix}") from error
    except (OSError, SMTPResponseException) as error:
        raise Retry(f"{server} cannot be reached: {_text(error)}") from error
    except SMTPException as error:
        fix = f"see {place}.smtp_starttls, {place}.smtp_username and {place}.smtp_port"
        raise NotAuthorised(f"{server}: {_text(error)} {fix}") from error


async def _introduce(client: SMTP) -> None:
    """Learn what the server can do, if it is one that tells."""
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


async def _envelope(client: SMTP, place: str, sender: str, recipient: str, size: int) -> None:
    options = [f"SIZE={size}"] if client.supports_extension("size") else []
    encoding = "ascii"
    if not f"{sender}{recipient}".isascii():
        if not client.supports_extension("smtputf8"):
            raise Rejected("the mail server takes no address with such letters (no SMTPUTF8)")
        options.append("SMTPUTF8")
        encoding = "utf-8"
    try:
        await client.mail(sender, options=options, encoding=encoding)
        await client.rcpt(recipient, encoding=encoding)
    except SMTPResponseException as error:
        raise _answered(error, place) from error
    except (SMTPException, OSError) as error:
        raise Retry(f"{client.hostname} went away: {_text(error)}") from error


async def _part(client: SMTP) -> None:
    """Say goodbye; the message has been taken, whatever becomes of this."""
    try:
        await client.execute_command(b"QUIT", timeout=PARTING_TIME)
    except (SMTPException, OSError):
        pass  # nothing hangs on it


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
