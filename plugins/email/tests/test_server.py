"""What an admin reads when SMTP cannot be served."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable

import pytest

from omniroute import ConfigError
from omniroute_email.reception import Reception

Serve = Callable[..., Awaitable[tuple[Reception, int]]]


async def test_a_port_in_use_is_named_with_its_setting(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            await serve(listen_port=port)
    assert str(refused.value) == (
        f"channels.email.listen_port: port {port} is in use"
        " — another program serves it; stop that one, or choose another port"
    )


async def test_an_address_of_another_machine_is_named_with_its_setting(serve: Serve) -> None:
    with pytest.raises(ConfigError, match=r"channels\.email\.listen_host: cannot serve on 192\.0"):
        await serve(listen_host="192.0.2.1")


async def test_any_free_port_will_do(serve: Serve) -> None:
    (_, one), (_, two) = await serve(), await serve(listen_host="")
    assert one != two
