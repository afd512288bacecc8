"""Which account is whose: by a code, once, for a while, and to be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from omniroute.application.bindings import LASTS, Bindings
from omniroute.errors import Refused
from omniroute.stores.api import Corrupt, Unavailable

NOW = 1_772_442_900_000


class Desk:
    """The file, a team, a clock."""

    def __init__(self, path: Path) -> None:
        self.path, self.at, self.team = path, NOW, {"ana", "bo"}
        self.bindings = self.opened()

    def opened(self) -> Bindings:
        return Bindings(self.path, lambda agent: agent in self.team, lambda: self.at)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "desk.bindings")
    yield desk
    desk.bindings.close()


async def test_a_code_binds_an_account_once(desk: Desk) -> None:
    code = await desk.bindings.invite("ana", "telegram", "frieda")
    assert await desk.bindings.who("telegram", "5001") == ""
    assert await desk.bindings.redeem(code, "telegram", "5001", "Ana Ruiz") == "ana"
    assert await desk.bindings.who("telegram", "5001") == "ana"
    assert await desk.bindings.redeem(code, "telegram", "5001") == "ana"  # the same press again
    with pytest.raises(Refused) as error:
        await desk.bindings.redeem(code, "telegram", "5002")
    assert error.value.code == "bad_code"
    assert await desk.bindings.who("telegram", "5002") == ""


async def test_a_code_ends_and_is_for_one_kind_of_desk(desk: Desk) -> None:
    code = await desk.bindings.invite("ana", "telegram", "frieda")
    with pytest.raises(Refused):
        await desk.bindings.redeem(code, "slack", "U1")
    with pytest.raises(Refused):
        await desk.bindings.redeem("made up", "telegram", "5001")
    desk.at += LASTS
    with pytest.raises(Refused):
        await desk.bindings.redeem(code, "telegram", "5001")


async def test_whoever_leaves_the_team_is_nobody(desk: Desk) -> None:
    code = await desk.bindings.invite("bo", "telegram", "frieda")
    await desk.bindings.redeem(code, "telegram", "5003")
    unused = await desk.bindings.invite("bo", "telegram", "frieda")
    desk.team.discard("bo")
    assert await desk.bindings.who("telegram", "5003") == ""
    with pytest.raises(Refused):
        await desk.bindings.redeem(unused, "telegram", "5004")
    with pytest.raises(Refused, match="Nobody on the team"):
        await desk.bindings.invite("bo", "telegram", "frieda")


async def test_bindings_are_listed_taken_back_and_written_down(desk: Desk) -> None:
    for account in ("5001", "5002"):
        code = await desk.bindings.invite("ana", "telegram", "frieda")
        await desk.bindings.redeem(code, "telegram", account, "Ana")
    unused = await desk.bindings.invite("ana", "telegram", "frieda")
    assert [b.value for b in await desk.bindings.of("ana")] == ["5001", "5002"]
    assert await desk.bindings.revoke("ana", "frieda", "telegram", "5001") == 1
    assert await desk.bindings.who("telegram", "5001") == ""
    assert await desk.bindings.who("telegram", "5002") == "ana"
    assert await desk.bindings.revoke("ana", "frieda") == 1
    with pytest.raises(Refused):
        await desk.bindings.redeem(unused, "telegram", "5001")
    told = [(one.what, one.value, one.by) for one in await desk.bindings.audit("ana")]
    assert told[:2] == [("invited", "", "frieda"), ("bound", "5001", "ana")]
    assert told[-2:] == [("revoked", "5001", "frieda"), ("revoked", "5002", "frieda")]


async def test_the_file_keeps_no_code_and_survives_a_restart(desk: Desk) -> None:
    code = await desk.bindings.invite("ana", "telegram", "frieda")
    await desk.bindings.redeem(code, "telegram", "5001")
    desk.bindings.close()
    assert code.encode() not in desk.path.read_bytes()
    assert desk.path.stat().st_mode & 0o077 == 0
    desk.bindings = desk.opened()
    assert await desk.bindings.who("telegram", "5001") == "ana"


def test_what_is_no_file_of_ours(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"no database" * 100)
    with pytest.raises(Corrupt):
        Bindings(tmp_path / "other", lambda agent: True, lambda: NOW)
    with pytest.raises(Unavailable):
        Bindings(tmp_path / "no" / "folder", lambda agent: True, lambda: NOW)
