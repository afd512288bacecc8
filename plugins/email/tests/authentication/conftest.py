"""For the tests of who a message comes from: a DNS server, and questions put to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from plugins.email.tests.authentication.names import NameServer
from plugins.email.tests.authentication.signing import PUBLIC

from omniroute_email.authentication.names import Names, Questions


@pytest.fixture
def server() -> Iterator[NameServer]:
    """It knows x.example, which signs with the selector “s” and sends from this machine."""
    with NameServer() as server:
        server.says("s._domainkey.x.example", "TXT", f"v=DKIM1; k=rsa; p={PUBLIC}")
        server.says("x.example", "TXT", "v=spf1 ip4:127.0.0.1 -all")
        server.says("_dmarc.x.example", "TXT", "v=DMARC1; p=reject")
        yield server


@pytest.fixture
def names(server: NameServer) -> Names:
    return Names([server.address])


@pytest.fixture
def questions(names: Names) -> Questions:
    return names.questions(10)
