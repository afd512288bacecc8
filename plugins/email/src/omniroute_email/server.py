"""Serve SMTP on an account's port, in our event loop, until told to stop."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from omniroute import ConfigError
from omniroute_email.reception import Reception
from omniroute_email.session import Session


@asynccontextmanager
async def serving(reception: Reception, place: str) -> AsyncIterator[int]:
    """Serve inside the block; gives the port.  Raises `ConfigError` naming the setting."""
    loop = asyncio.get_running_loop()
    host, port = reception.config.listen_host, reception.config.listen_port
    try:
        server = await loop.create_server(lambda: Session(reception, loop), host or None, port)
    except OSError as error:
        raise _cannot_serve(error, place, host, port) from None
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await reception.close()


def _cannot_serve(error: OSError, place: str, host: str, port: int) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        fix = "another program serves it; stop that one, or choose another port"
        return ConfigError(f"{place}.listen_port", f"port {port} is in use", fix)
    if error.errno in (errno.EACCES, errno.EPERM):
        fix = "take one above 1023 and let your mail server forward to it"
        return ConfigError(f"{place}.listen_port", f"port {port} is not for us to open", fix)
    fix = "name an address of this machine, such as 127.0.0.1 or 0.0.0.0"
    return ConfigError(f"{place}.listen_host", f"cannot serve on {host}: {error.strerror}", fix)
