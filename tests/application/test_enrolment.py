"""Who lets an agent work from a platform, and who ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from omniroute.application.authorize import SYSTEM, Actor, Kind
from omniroute.application.bindings import Bindings
from omniroute.application.enrolment import Enrolment
from omniroute.desk import Workplace
from omniroute.errors import Refused

ADMIN = Actor(Kind.AGENT, "frieda", "admin")
ANA = Actor(Kind.AGENT, "ana", "agent")


class Telephone:
    """A desk that binds accounts."""

    kind = "telegram"

    def invitation(self, code: str) -> str:
        return f"say {code}"


@pytest.fixture
def bindings(tmp_path: Path) -> Iterator[Bindings]:
    made = Bindings(tmp_path / "b", lambda agent: agent in ("ana", "bo"), lambda: 1_000_000)
    yield made
    made.close()


def enrolment(bindings: Bindings, *names: str) -> Enrolment:
    desks: dict[str, Any] = {name: cast(Workplace, Telephone()) for name in names}
    return Enrolment(bindings, desks)


async def test_an_admin_invites_and_the_agent_binds(bindings: Bindings) -> None:
    door = enrolment(bindings, "telegram")
    invitation = await door.invite(ADMIN, "ana")
    assert (invitation.desk, invitation.text) == ("telegram", f"say {invitation.code}")
    assert await bindings.redeem(invitation.code, "telegram", "5001") == "ana"
    assert [one.value for one in await door.accounts(ADMIN, "ana")] == ["5001"]
    told = [(one.what, one.by) for one in await door.audit(SYSTEM, "ana")]
    assert told == [("invited", "frieda"), ("bound", "ana")]


async def test_nobody_else_may(bindings: Bindings) -> None:
    door = enrolment(bindings, "telegram")
    for asked in (
        door.invite(ANA, "ana"), door.accounts(ANA, "bo"), door.audit(ANA, "bo"),
        door.revoke(ANA, "bo"),
    ):  # fmt: skip
        with pytest.raises(Refused) as error:
            await asked
        assert error.value.code == "forbidden"


async def test_an_agent_may_end_their_own(bindings: Bindings) -> None:
    door = enrolment(bindings, "telegram")
    code = (await door.invite(SYSTEM, "ana")).code
    await bindings.redeem(code, "telegram", "5001")
    assert await door.revoke(ANA, "ana", "telegram", "5001") == 1
    assert await bindings.who("telegram", "5001") == ""


async def test_which_desk_is_said_where_there_are_several(bindings: Bindings) -> None:
    with pytest.raises(Refused, match="connect Telegram"):
        await enrolment(bindings).invite(ADMIN, "ana")
    several = enrolment(bindings, "telegram", "second")
    with pytest.raises(Refused, match="there are: second, telegram"):
        await several.invite(ADMIN, "ana")
    with pytest.raises(Refused, match="did you mean “telegram”"):
        await several.invite(ADMIN, "ana", "telegramm")
    assert (await several.invite(ADMIN, "ana", "second")).desk == "second"


async def test_who_is_deactivated_loses_accounts_and_may_be_let_in_again(
    tmp_path: Path, bindings: Bindings
) -> None:
    changes: list[str] = []

    async def changed() -> None:
        changes.append("loaded")

    door = Enrolment(bindings, {"telegram": cast(Workplace, Telephone())}, changed)
    code = (await door.invite(ADMIN, "ana")).code
    await bindings.redeem(code, "telegram", "5001")
    await door.deactivate(ADMIN, "ana")
    assert bindings.inactive == {"ana"}
    assert await door.accounts(ADMIN, "ana") == []
    assert await bindings.who("telegram", "5001") == ""
    again = Bindings(tmp_path / "b", lambda agent: True, lambda: 1)
    assert again.inactive == {"ana"}
    again.close()
    await door.activate(ADMIN, "ana")
    assert (bindings.inactive, changes) == (frozenset(), ["loaded", "loaded"])
    told = [(one.what, one.by) for one in await door.audit(ADMIN, "ana")]
    assert told[2:] == [("revoked", "frieda"), ("deactivated", "frieda"), ("activated", "frieda")]


async def test_nobody_deactivates_themselves_or_somebody_unknown(bindings: Bindings) -> None:
    door = enrolment(bindings, "telegram")
    with pytest.raises(Refused, match="lock yourself out"):
        await door.deactivate(ADMIN, "frieda")
    with pytest.raises(Refused, match="Nobody on the team"):
        await door.deactivate(ADMIN, "zoe")
    with pytest.raises(Refused, match="Only an admin"):
        await door.deactivate(ANA, "bo")
