"""Ids that say nothing, and the key that makes them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from omniroute.channel import Address
from omniroute.errors import ConfigError
from omniroute.runtime.keyed import KEY_BYTES, Keyed, open_key

KEYED = Keyed(bytes(KEY_BYTES))
JOE = Address("email", "joe@mail.example", verified=True)


def test_an_address_has_the_same_id_for_ever() -> None:
    assert KEYED.handle(JOE) == KEYED.handle(Address("email", "joe@mail.example", verified=True))
    assert len(KEYED.handle(JOE)) == 26


def test_how_somebody_is_shown_makes_no_other_of_them() -> None:
    shown = Address("email", "joe@mail.example", verified=True, display="Joe", unique=True)
    assert KEYED.handle(shown) == KEYED.handle(JOE)


def test_an_address_that_nobody_vouches_for_is_another_handle() -> None:
    assert KEYED.handle(Address("email", "joe@mail.example")) != KEYED.handle(JOE)


def test_the_same_value_elsewhere_is_somebody_else() -> None:
    assert KEYED.handle(Address("slack:T1", "joe@mail.example", verified=True)) != KEYED.handle(JOE)


def test_without_the_key_nobody_can_tell_who_is_behind_an_id() -> None:
    assert Keyed(b"1" * KEY_BYTES).handle(JOE) != KEYED.handle(JOE)


def test_d11_message_5_in_two_accounts_is_two_messages() -> None:
    ids = {
        KEYED.message("telegram", "one", "5", "chat1"),
        KEYED.message("telegram", "two", "5", "chat1"),
        KEYED.message("telegram", "one", "5", "chat2"),
        KEYED.message("slack", "one", "5", "chat1"),
        KEYED.message("telegram", "one", "6", "chat1"),
    }
    assert len(ids) == 5
    assert KEYED.message("telegram", "one", "5", "chat1") in ids


@pytest.mark.parametrize("sign", ["\x1f", "\x00", "/", ":"])
def test_what_a_sender_writes_into_an_id_does_not_run_into_the_next_part(sign: str) -> None:
    one = KEYED.message("email", "main", f"a{sign}b", "c")
    other = KEYED.message("email", "main", "a", f"b{sign}c")
    assert one != other
    forged = Address("email", f"joe@mail.example{sign}unverified", verified=True)
    assert KEYED.handle(forged) != KEYED.handle(Address("email", "joe@mail.example"))


def test_whatever_a_platform_calls_an_id_has_an_id() -> None:
    assert KEYED.message("email", "main", "\udcff\U0001f4a9" * 10_000, "")
    assert KEYED.message("", "", "", "") != KEYED.message("", "", "", " ")


def test_keys_for_other_purposes_are_others() -> None:
    derived = {KEYED.derive("chat"), KEYED.derive("login"), bytes(KEY_BYTES)}
    assert len(derived) == 3
    assert {len(key) for key in derived} == {KEY_BYTES}


def test_the_key_is_not_shown() -> None:
    assert repr(Keyed(b"secret" * 6)) == "Keyed(…)"


# --- the file ---


def test_the_key_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    made = open_key(path)
    assert open_key(path).handle(JOE) == made.handle(JOE)
    assert path.stat().st_size == KEY_BYTES
    assert [file.name for file in tmp_path.iterdir()] == ["desk.key"]


def test_nobody_else_on_the_machine_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    open_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_desks_have_two_keys(tmp_path: Path) -> None:
    one, two = open_key(tmp_path / "one.key"), open_key(tmp_path / "two.key")
    assert one.handle(JOE) != two.handle(JOE)


def test_what_a_dead_process_left_half_written_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    path.with_name("desk.key.new").write_bytes(b"half")
    assert open_key(path).handle(JOE) == open_key(path).handle(JOE)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match=r"is not a key file.*32 bytes"):
        open_key(path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "desk.key"
    with pytest.raises(ConfigError, match=r"nowhere.*cannot be used: No such file"):
        open_key(path)
