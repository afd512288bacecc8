from __future__ import annotations

import msgspec
import pytest

from omniroute import Secret
from omniroute_webchat.settings import Settings


def convert(**values: object) -> Settings:
    def secret(kind: type, value: object) -> Secret:
        assert kind is Secret
        return Secret(str(value))

    return msgspec.convert(values, Settings, dec_hook=secret)


def test_an_empty_table_is_enough() -> None:
    assert convert() == Settings()
    assert Settings().secrets == ()


def test_every_setting_is_described() -> None:
    for field in msgspec.json.schema(Settings, schema_hook=lambda _: {"type": "string"})["$defs"][
        "Settings"
    ]["properties"].values():
        assert field["description"].endswith(".")


def test_both_secrets_are_accepted_the_current_one_first() -> None:
    settings = convert(secret="n" * 32, former_secret="f" * 32)
    assert settings.secrets == ("n" * 32, "f" * 32)
    assert "nnn" not in repr(settings)


@pytest.mark.parametrize("name", ["secret", "former_secret"])
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"{name} is shorter than 32 bytes") as error:
        convert(**{name: "correct horse"})
    assert "openssl rand" in str(error.value)
    assert "horse" not in str(error.value)


@pytest.mark.parametrize(
    "origin", ["https://shop.example", "http://127.0.0.1:8000", "https://sub.shop.example:8443"]
)
def test_an_origin_is_scheme_and_host(origin: str) -> None:
    assert convert(allowed_origins=[origin]).allowed_origins == [origin]


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "https://shop.example/",
        "https://shop.example/help",
        "https://Shop.example",
        "https://*.shop.example",
        "*",
        "'unsafe-inline'",
        "https://shop.example; script-src *",
        "https://shop.example\nSet-Cookie: a=b",
        "https://user@shop.example",
        "https://shop.example:port",
        "ftp://shop.example",
        "",
    ],
)
def test_anything_else_is_no_origin(origin: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="is not an origin; write scheme and host"):
        convert(allowed_origins=[origin])


@pytest.mark.parametrize(
    "values",
    [
        {"accent": "blue"},
        {"accent": "#fff; } body { display: none"},
        {"max_message": 0},
        {"messages_per_minute": -1},
        {"session_days": 0},
        {"audience": ""},
        {"titel": "Chat"},
    ],
)
def test_nonsense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(**values)
