"""Coming in: links that work once, passwords, sessions; and a file that lets nobody in (I20)."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from omniroute.application.accounts import DAY, LINK, LONGEST, Accounts
from omniroute.application.attempts import Attempts
from omniroute.errors import Refused
from omniroute.stores.api import Corrupt, Unavailable

NOW = 1_772_442_900_000
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # what a test can wait for


@pytest.fixture
def team() -> set[str]:
    return {"ana", "bo"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.accounts"


@pytest.fixture
def accounts(path: Path, team: set[str]) -> Iterator[Accounts]:
    accounts = Accounts(path, team.__contains__, hasher=QUICK, attempts=Attempts(per_agent=3))
    yield accounts
    accounts.close()


def rejected(accounts: Accounts, token: str, now: int = NOW) -> bool:
    try:
        accounts.redeem(token, now)
    except Refused as error:
        return error.code == "bad_link"
    return False


# --- links ---


def test_a_link_lets_its_agent_in(accounts: Accounts) -> None:
    session = accounts.redeem(accounts.make_link("ana", NOW), NOW)
    assert accounts.session(session, NOW) == "ana"


def test_a_link_works_once(accounts: Accounts) -> None:
    link = accounts.make_link("ana", NOW)
    accounts.redeem(link, NOW)
    assert rejected(accounts, link)


def test_a_link_ends_after_a_day(accounts: Accounts) -> None:
    assert LINK == DAY
    assert rejected(accounts, accounts.make_link("ana", NOW), NOW + DAY)
    assert not rejected(accounts, accounts.make_link("ana", NOW), NOW + DAY - 1)


def test_no_link_lasts_longer_than_a_week(accounts: Accounts) -> None:
    link = accounts.make_link("ana", NOW, lasts=365 * DAY)
    assert rejected(accounts, link, NOW + LONGEST)


def test_tokens_are_long_and_never_the_same(accounts: Accounts) -> None:
    links = {accounts.make_link("ana", NOW) for _ in range(100)}
    assert len(links) == 100
    assert all(len(link) >= 43 for link in links)  # 256 bits


@pytest.mark.parametrize("token", ["", "x", "\x00", "\ud800", "x" * 10_000])
def test_what_is_no_link(accounts: Accounts, token: str) -> None:
    assert rejected(accounts, token)
    assert accounts.session(token, NOW) is None


def test_every_other_token_is_refused(accounts: Accounts) -> None:
    link = accounts.make_link("ana", NOW)
    for place in range(len(link)):
        other = link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]
        assert rejected(accounts, other)
    assert rejected(accounts, link[:-1])
    assert rejected(accounts, link + "A")
    assert not rejected(accounts, link)


def test_a_link_is_no_session_and_a_session_no_link(accounts: Accounts) -> None:
    link = accounts.make_link("ana", NOW)
    assert accounts.session(link, NOW) is None
    session = accounts.redeem(link, NOW)
    assert rejected(accounts, session)


def test_two_browsers_cannot_use_one_link(path: Path, accounts: Accounts) -> None:
    other = Accounts(path, {"ana"}.__contains__, hasher=QUICK)
    link = accounts.make_link("ana", NOW)
    accounts.redeem(link, NOW)
    assert rejected(other, link)
    other.close()


def test_links_are_for_the_team(accounts: Accounts, team: set[str]) -> None:
    with pytest.raises(Refused) as error:
        accounts.make_link("zoe", NOW)
    assert error.value.code == "no_such_agent"
    link = accounts.make_link("ana", NOW)
    team.remove("ana")
    assert rejected(accounts, link)


# --- passwords ---


async def test_a_password_lets_in(accounts: Accounts) -> None:
    await accounts.set_password("ana", PASSWORD, NOW)
    session = await accounts.sign_in("ana", PASSWORD, NOW)
    assert accounts.session(session, NOW) == "ana"


@pytest.mark.parametrize(
    ("agent", "password"),
    [("ana", "wrong"), ("ana", ""), ("bo", PASSWORD), ("zoe", PASSWORD), ("ana", "x" * 100_000)],
)
async def test_wrong_is_wrong_and_says_no_more(
    accounts: Accounts, agent: str, password: str
) -> None:
    await accounts.set_password("ana", PASSWORD, NOW)
    with pytest.raises(Refused) as error:
        await accounts.sign_in(agent, password, NOW)
    assert error.value.code == "wrong_sign_in"
    assert error.value.text == "The name or the password is wrong."


async def test_somebody_unknown_costs_a_hash_too(path: Path, team: set[str]) -> None:
    class Counting(PasswordHasher):
        verified = 0

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            self.verified += 1
            return super().verify(hash, password)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    accounts = Accounts(path, team.__contains__, hasher=hasher)
    await accounts.set_password("ana", PASSWORD, NOW)
    for agent in ("ana", "bo", "zoe"):
        with pytest.raises(Refused):
            await accounts.sign_in(agent, "wrong password", NOW)
    assert hasher.verified == 3
    accounts.close()


@pytest.mark.parametrize("password", ["", "short", "123456789", "x" * 501])
async def test_a_weak_password(accounts: Accounts, password: str) -> None:
    with pytest.raises(Refused) as error:
        await accounts.set_password("ana", password, NOW)
    assert error.value.code == "weak_password"
    assert error.value.text == "A password has 10 to 500 characters and is not the name."


async def test_passwords_are_for_the_team(accounts: Accounts, team: set[str]) -> None:
    with pytest.raises(Refused) as error:
        await accounts.set_password("zoe", PASSWORD, NOW)
    assert error.value.code == "no_such_agent"
    await accounts.set_password("ana", PASSWORD, NOW)
    team.remove("ana")
    with pytest.raises(Refused) as error:
        await accounts.sign_in("ana", PASSWORD, NOW)
    assert error.value.code == "wrong_sign_in"


async def test_a_new_password_ends_what_was_open(accounts: Accounts) -> None:
    session = accounts.redeem(accounts.make_link("ana", NOW), NOW)
    link = accounts.make_link("ana", NOW)
    others = accounts.redeem(accounts.make_link("bo", NOW), NOW)
    await accounts.set_password("ana", PASSWORD, NOW)
    assert accounts.session(session, NOW) is None
    assert rejected(accounts, link)
    assert accounts.session(others, NOW) == "bo"


async def test_guessing_is_stopped_and_says_for_how_long(accounts: Accounts) -> None:
    await accounts.set_password("ana", PASSWORD, NOW)
    for _ in range(3):
        with pytest.raises(Refused, match="is wrong"):
            await accounts.sign_in("ana", "a wrong guess", NOW, address="10.0.0.1")
    with pytest.raises(Refused) as error:
        await accounts.sign_in("ana", PASSWORD, NOW + 60_000, address="10.0.0.2")
    assert error.value.code == "too_many"
    assert error.value.text == "Too many attempts; try again in 14 min."
    assert await accounts.sign_in("ana", PASSWORD, NOW + 15 * 60_000, address="10.0.0.2")


async def test_many_guesses_at_once_do_not_slip_by(accounts: Accounts) -> None:
    await accounts.set_password("ana", PASSWORD, NOW)
    guesses = [accounts.sign_in("ana", f"guess number {n}", NOW) for n in range(20)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [error.code for error in answers if isinstance(error, Refused)]
    assert codes.count("wrong_sign_in") == 3
    assert codes.count("too_many") == 17


async def test_a_hash_made_with_less_effort_is_renewed(path: Path, team: set[str]) -> None:
    weak = Accounts(path, team.__contains__, hasher=QUICK)
    await weak.set_password("ana", PASSWORD, NOW)
    weak.close()
    harder = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    accounts = Accounts(path, team.__contains__, hasher=harder)
    await accounts.sign_in("ana", PASSWORD, NOW)
    accounts.close()
    with sqlite3.connect(path) as db:
        (hashed,) = db.execute("SELECT hash FROM passwords").fetchone()
    db.close()
    assert not harder.check_needs_rehash(hashed)


# --- sessions ---


def test_a_session_ends(accounts: Accounts) -> None:
    session = accounts.redeem(accounts.make_link("ana", NOW), NOW)
    assert accounts.session(session, NOW + LONGEST - 1) == "ana"
    assert accounts.session(session, NOW + LONGEST) is None


def test_signing_out_ends_one_session(accounts: Accounts) -> None:
    one, two = (accounts.redeem(accounts.make_link("ana", NOW), NOW) for _ in range(2))
    accounts.sign_out(one)
    accounts.sign_out("unknown")
    assert accounts.session(one, NOW) is None
    assert accounts.session(two, NOW) == "ana"


def test_everything_of_an_agent_can_be_revoked(accounts: Accounts) -> None:
    session = accounts.redeem(accounts.make_link("ana", NOW), NOW)
    link = accounts.make_link("ana", NOW)
    accounts.revoke("ana")
    assert accounts.session(session, NOW) is None
    assert rejected(accounts, link)


def test_who_leaves_the_team_is_out_for_good(accounts: Accounts, team: set[str]) -> None:
    session = accounts.redeem(accounts.make_link("ana", NOW), NOW)
    team.remove("ana")
    assert accounts.session(session, NOW) is None
    team.add("ana")
    assert accounts.session(session, NOW) is None


def test_what_has_ended_is_not_kept(path: Path, accounts: Accounts) -> None:
    for day in range(20):
        accounts.redeem(accounts.make_link("ana", NOW + day * DAY), NOW + day * DAY)
    with sqlite3.connect(path) as db:
        counts = [
            db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("links", "sessions")
        ]
    db.close()
    assert counts == [1, 7]


# --- the file ---


async def test_a_copy_of_the_file_lets_nobody_in(path: Path, accounts: Accounts) -> None:
    link = accounts.make_link("ana", NOW)
    session = accounts.redeem(accounts.make_link("ana", NOW), NOW)
    await accounts.set_password("bo", PASSWORD, NOW)
    kept = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for secret in (link, session, PASSWORD):
        assert secret.encode() not in kept


def test_the_file_is_for_its_owner_alone(path: Path, accounts: Accounts) -> None:
    accounts.make_link("ana", NOW)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    path.touch(mode=0o644)
    path.chmod(0o644)
    Accounts(path, bool).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_accounts_survive_a_restart(path: Path, team: set[str]) -> None:
    first = Accounts(path, team.__contains__, hasher=QUICK)
    await first.set_password("ana", PASSWORD, NOW)
    session = await first.sign_in("ana", PASSWORD, NOW)
    link = first.make_link("bo", NOW)
    first.close()

    second = Accounts(path, team.__contains__, hasher=QUICK)
    assert second.session(session, NOW) == "ana"
    assert second.session(second.redeem(link, NOW), NOW) == "bo"
    assert await second.sign_in("ana", PASSWORD, NOW)
    second.close()
    second.close()


def test_a_file_that_is_none(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Corrupt, match=r"desk\.accounts: is no accounts file.*move it away"):
        Accounts(path, bool)


def test_a_file_of_the_future(path: Path) -> None:
    Accounts(path, bool).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(Unavailable, match="newer OmniRoute"):
        Accounts(path, bool)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        Accounts(tmp_path / "nowhere" / "accounts", bool)


def test_secrets_do_not_show(accounts: Accounts) -> None:
    assert "hash" not in repr(accounts)
