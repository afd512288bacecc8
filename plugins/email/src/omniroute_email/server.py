"""Serve SMTP on an account's port, in our event loop, until told to stop."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from omniroute import ConfigError, take_nobody_more
from omniroute_email.handshake import Handshake
from omniroute_email.reception import Reception
from omniroute_email.session import Session
from omniroute_email.settings import Config


@asynccontextmanager
async def serving(reception: Reception, place: str) -> AsyncIterator[int]:
    """Serve inside the block; gives the port.  Raises `ConfigError` naming the setting."""
    loop = asyncio.get_running_loop()
    config = reception.config
    servers: list[asyncio.Server] = []
    try:
        plain = await _served(lambda: Session(reception, loop), config, place, "listen_port")
        servers.append(plain)
        if config.tls_port:
            encrypted = await _served(lambda: Handshake(reception, loop), config, place, "tls_port")
            servers.append(encrypted)
        yield plain.sockets[0].getsockname()[1]
    finally:
        await take_nobody_more(servers)  # who was just taken can be told goodbye
        await reception.close()


async def _served(
    protocol: Callable[[], asyncio.BaseProtocol], config: Config, place: str, setting: str
) -> asyncio.Server:
    host, port = config.listen_host, getattr(config, setting)
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(protocol, host or None, port)
    except OSError as error:
        raise _cannot_serve(error, place, setting, host, port) from None


def _cannot_serve(error: OSError, place: str, setting: str, host: str, port: int) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        fix = "another program serves it; stop that one, or choose another port"
        return ConfigError(f"{place}.{setting}", f"port {port} is in use", fix)
    if error.errno in (errno.EACCES, errno.EPERM):
        fix = "take one above 1023 and let your mail server forward to it"
        return ConfigError(f"{place}.{setting}", f"port {port} is not for us to open", fix)
    fix = "name an address of this machine, such as 127.0.0.1 or 0.0.0.0"
    return ConfigError(f"{place}.listen_host", f"cannot serve on {host}: {error.strerror}", fix)
