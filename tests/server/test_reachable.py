"""Whether browsers come to the server by its public address: name, way, certificate, and who."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from omniroute.errors import ConfigError
from omniroute.server.reachable import address

TLS = Path(__file__).parents[2] / "plugins/email/tests/tls"  # for localhost, good for a century


@contextmanager
def answering(said: bytes, *, tls: bool = False) -> Iterator[int]:
    """Somebody who answers one connection so; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    if tls:
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
                        with context.wrap_socket(connection, server_side=True) as over:
                            over.recv(4096)
                            over.sendall(said)
                    else:
                        connection.recv(4096)
                        connection.sendall(said)
                except OSError:
                    pass  # whoever does not trust us hangs up

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            thread.join()


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def test_by_http_it_is_looked_up_and_asked() -> None:
    with answering(OK) as port:
        assert address(f"http://127.0.0.1:{port}") == "127.0.0.1 is 127.0.0.1, a server answers"


def test_by_https_the_certificate_is_looked_at_too() -> None:
    trusting = ssl.create_default_context(cafile=TLS / "certificate.pem")
    with answering(OK, tls=True) as port:
        said = address(f"https://localhost:{port}", trusting)
    assert "certificate for " in said
    assert said.endswith(" more days, a server answers")


def test_a_certificate_that_nobody_vouches_for() -> None:
    with answering(OK, tls=True) as port, pytest.raises(ConfigError) as wrong:
        address(f"https://localhost:{port}")
    assert "the certificate of localhost is not valid: self-signed" in str(wrong.value)


def test_a_proxy_without_a_server_behind_it_is_none_of_its_faults() -> None:
    with answering(b"HTTP/1.1 502 Bad Gateway\r\n\r\n") as port:
        assert address(f"http://127.0.0.1:{port}").endswith("a proxy answers, and no server yet")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "/healthz answers 404 Not Found, as no OmniRoute does"),
        (b"220 mail.example ESMTP\r\n", "does not speak HTTP"),
        (b"", "does not speak HTTP"),
    ],
)
def test_somebody_else_who_answers(said: bytes, fault: str) -> None:
    with answering(said) as port, pytest.raises(ConfigError, match=fault):
        address(f"http://127.0.0.1:{port}")


def test_where_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(ConfigError, match=f"nobody answers at 127.0.0.1:{port} from here"):
        address(f"http://127.0.0.1:{port}")


def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigError, match=r"the name desk\.invalid is not known"):
        address("https://desk.invalid")
