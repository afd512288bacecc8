"""A site for each test."""

from collections.abc import Iterator

import pytest
from tests import channel_names
from tests.web.site import Site

channel_names.tell()


@pytest.fixture
def site() -> Iterator[Site]:
    """The site, with Ana signed in."""
    made = Site()
    with made.client:
        yield made.sign_in()


@pytest.fixture
def outside() -> Iterator[Site]:
    """The site, with nobody signed in."""
    made = Site()
    with made.client:
        yield made
