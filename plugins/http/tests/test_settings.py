"""What an admin may write, and what is said to be wrong."""

from __future__ import annotations

import msgspec
import pytest

from omniroute import Secret
from omniroute_http.settings import Integration, Settings
from omniroute_http.testing import SECRET


def test_a_secret_in_the_wrong_form_is_told_with_its_fix() -> None:
    with pytest.raises(ValueError, match="secret does not begin with whsec_; make one with"):
        Integration(secret=Secret("hunter2"))
    with pytest.raises(ValueError, match="former_secret is not base64"):
        Integration(secret=Secret(SECRET), former_secret=Secret("whsec_?"))


@pytest.mark.parametrize("url", ["shop.example", "ftp://shop.example", "http://", "http://a:x/"])
def test_a_webhook_is_an_address(url: str) -> None:
    with pytest.raises(ValueError, match="webhook is no http"):
        Integration(secret=Secret(SECRET), webhook=url)


@pytest.mark.parametrize("name", ["", "Shop", "a/b", "-a", "é", "a" * 41])
def test_a_name_stands_in_addresses(name: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        Settings(integrations={name: Integration(secret=Secret(SECRET))})


def test_an_account_without_anybody_is_a_mistake() -> None:
    with pytest.raises(msgspec.ValidationError, match="length >= 1"):
        msgspec.convert({"integrations": {}}, Settings)
