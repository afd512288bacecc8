"""Settings: typed, from elsewhere where they are secret, and wrong ones named with their place."""

from __future__ import annotations

import copy
import traceback
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from omniroute import ConfigError, Secret
from omniroute.errors import ConfigErrors
from omniroute.settings import read, section

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Relay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table within a table."""

    host: str
    password: Secret = Secret("")


class Mail(msgspec.Struct, frozen=True):
    """A section as plugins have it."""

    addresses: list[str]
    password: Secret = Secret("")
    port: Port = 25
    starttls: bool = True
    folder: Path = Path("mail")
    level: Literal["plain", "strict"] = "plain"
    relays: list[Relay] = []

    def __post_init__(self) -> None:
        if self.port == 7:
            raise ValueError("port 7 only echoes")


def mail(**values: object) -> Mail:
    return section({"addresses": ["help@desk.example"], **values}, Mail, "channels.help")


def faults(**values: object) -> list[str]:
    """What is said of these settings, a line for each fault, less the section's name."""
    with pytest.raises(ConfigError) as refused:
        mail(**values)
    lines = str(refused.value).splitlines()
    assert all(line.startswith("channels.help") for line in lines)
    return [line.removeprefix("channels.help").removeprefix(".") for line in lines]


# --- a section ---


def test_values_become_what_the_section_says() -> None:
    found = mail(password="hunter2", port=2525, folder="~/mail", relays=[{"host": "mx"}])
    assert found == Mail(
        ["help@desk.example"],
        Secret("hunter2"),
        2525,
        folder=Path.home() / "mail",
        relays=[Relay("mx")],
    )


def test_a_misspelt_setting_is_named_with_the_right_one() -> None:
    assert faults(starttsl=True) == ["starttsl: no such setting — did you mean “starttls”?"]


def test_a_setting_like_no_other_is_answered_with_those_there_are() -> None:
    known = "addresses, folder, level, password, port, relays, starttls"
    assert faults(zzz=1) == [f"zzz: no such setting — known are: {known}"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"port": "25"}, "port: expected `int`, got `str`"),
        ({"port": 70_000}, "port: expected `int` <= 65535"),
        ({"addresses": ["a", 3]}, "addresses[1]: expected `str`, got `int`"),
        ({"password": 1234}, "password: a secret is text"),
        ({"folder": 3}, "folder: a path is text"),
        ({"level": "lax"}, "level: is none of the values it may have"),
        ({"relays": [{"host": 3}]}, "relays[0].host: expected `str`, got `int`"),
        ({"relays": [{}]}, "relays[0]: object missing required field `host`"),
        ({"port": 7}, ": port 7 only echoes"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(values: dict[str, object], said: str) -> None:
    assert faults(**values) == [said]


def test_what_is_missing_and_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigErrors) as refused:
        section({"port": "25", "adresses": []}, Mail, "channels.help")
    assert str(refused.value).splitlines() == [
        "channels.help.port: expected `int`, got `str`",
        "channels.help.adresses: no such setting — did you mean “addresses”?",
        "channels.help.addresses: is missing",
    ]


# --- from elsewhere ---


def test_a_value_may_come_from_a_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    monkeypatch.setenv("MAIL_TO", "mx.example")
    relay = {"host": {"env": "MAIL_TO"}, "password": {"file": str(tmp_path / "password")}}
    found = mail(password={"file": str(tmp_path / "password")}, relays=[relay])
    assert found.password == Secret("hunter2")
    assert found.relays == [Relay("mx.example", Secret("hunter2"))]


def test_a_variable_may_stand_for_a_number_or_a_truth_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", "2525")
    monkeypatch.setenv("TLS", "false")
    found = mail(port={"env": "PORT"}, starttls={"env": "TLS"})
    assert (found.port, found.starttls) == (2525, False)
    monkeypatch.setenv("PORT", "smtp")
    assert faults(port={"env": "PORT"}) == ["port: expected `int`, got `str`"]


def test_an_unset_variable_and_an_unreadable_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    nowhere = str(tmp_path / "nowhere")
    assert faults(password={"env": "NO_SUCH_VARIABLE"}, folder={"file": nowhere}) == [
        "password: the environment variable NO_SUCH_VARIABLE is not set",
        f"folder: cannot read {nowhere}: No such file or directory",
    ]
    assert faults(password={"file": str(tmp_path / "bytes")}) == [
        f"password: {tmp_path / 'bytes'} is not UTF-8 text"
    ]


def test_a_place_with_more_to_say_is_not_guessed_at() -> None:
    assert faults(password={"env": "HOME", "default": "hunter2"}) == ["password: a secret is text"]


# --- secrets ---


def test_a_secret_shows_itself_to_nobody_who_does_not_ask() -> None:
    secret = Secret("hunter2")
    assert secret.reveal() == "hunter2"
    for shown in (repr(secret), str(secret), f"{secret}", repr([secret]), repr(mail(password="x"))):
        assert "hunter2" not in shown
    assert "Secret(…)" in repr(Mail([], secret))
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)


def test_secrets_are_values() -> None:
    assert Secret("a") == Secret("a") == copy.copy(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a")
    assert not Secret("")


@pytest.mark.parametrize(
    "values",
    [
        {"port": "hunter2"},
        {"level": "hunter2"},
        {"folder": {"hunter2": 1}},
        {"password": ["hunter2"]},
        {"relays": ["hunter2"]},
    ],
)
def test_a_value_in_the_wrong_place_is_not_repeated(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as refused:
        mail(**values)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


# --- the file ---


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_file_is_read_as_toml(tmp_path: Path) -> None:
    path = write(tmp_path / "omniroute.toml", "[server]\nport = 8420\n")
    assert read(path) == {"server": {"port": 8420}}


def test_a_file_that_is_not_there_is_named_with_what_needs_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path / "omniroute.toml")
    fix = "name yours by --config; `omniroute demo` needs none"
    assert str(refused.value) == f"{tmp_path / 'omniroute.toml'}: no such file — {fix}"


def test_a_fault_is_named_by_its_line_and_the_line_is_not_repeated(tmp_path: Path) -> None:
    path = write(tmp_path / "omniroute.toml", "[server]\npassword = hunter2\n")
    with pytest.raises(ConfigError) as refused:
        read(path)
    assert str(refused.value) == f"{path}:2: cannot be read as TOML: Invalid value"
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_fault_at_the_end_is_named_by_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "omniroute.toml", "[server")
    with pytest.raises(ConfigError) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: cannot be read as TOML: Expected ']'")


def test_a_folder_or_another_encoding_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes("[server]\norganisation = 'Bäcker'".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin.toml: is not UTF-8"):
        read(path)


def test_a_secret_in_a_file_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "omniroute.toml").write_text('[mail]\npassword = {file = "keys/mail"}\n')
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "mail").write_text("correct horse\n")
    tables = read(tmp_path / "omniroute.toml")
    assert mail(**tables["mail"]).password == Secret("correct horse")
