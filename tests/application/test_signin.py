"""From a browser's token to an actor with the role of today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from omniroute.application.accounts import LONGEST, Accounts
from omniroute.application.authorize import NOBODY, Actor, Kind
from omniroute.application.signin import SignIn
from omniroute.application.tokens import Tokens
from omniroute.core.inputs import Member
from omniroute.errors import Refused

if TYPE_CHECKING:
    from tests.application.conftest import Desk

ANA, DI = Actor(Kind.AGENT, "ana", "agent"), Actor(Kind.AGENT, "di", "admin")
PASSWORD = "correct horse battery"


@pytest.fixture
def signin(desk: Desk) -> Iterator[SignIn]:
    agents = desk.scene.state.agents
    accounts = Accounts(
        desk.scene.path.with_suffix(".accounts"),
        lambda agent: agent in agents and agents[agent].employed,
        hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1),
    )
    clock = desk.scene.clock.now
    tokens = Tokens(desk.scene.path.with_suffix(".tokens"), desk.application.actor, clock)
    yield SignIn(accounts, desk.application, clock, tokens)
    accounts.close()
    tokens.close()


async def test_a_link_made_on_the_machine(signin: SignIn) -> None:
    session = await signin.redeem(await signin.make_link("ana"))
    assert await signin.session(session) == ANA
    await signin.sign_out(session)
    assert await signin.session(session) is None


async def test_a_link_made_by_an_admin_and_by_nobody_else(signin: SignIn) -> None:
    assert await signin.make_link("bo", by=DI)
    for other in (ANA, Actor(Kind.AGENT, "cy", "lead"), NOBODY):
        with pytest.raises(Refused) as error:
            await signin.make_link("bo", by=other)
        assert error.value.code == "forbidden"


async def test_a_password_of_ones_own(signin: SignIn) -> None:
    await signin.set_password(ANA, "ana", PASSWORD)
    session = await signin.sign_in("ana", PASSWORD, "10.0.0.1")
    assert await signin.session(session) == ANA


async def test_a_password_for_somebody_else_is_the_admins_to_set(signin: SignIn) -> None:
    await signin.set_password(DI, "bo", PASSWORD)
    with pytest.raises(Refused) as error:
        await signin.set_password(ANA, "bo", PASSWORD)
    assert error.value.code == "forbidden"


async def test_the_role_is_that_of_today(desk: Desk, signin: SignIn) -> None:
    session = await signin.redeem(await signin.make_link("ana"))
    desk.scene.team(Member("ana", role="lead"))
    assert await signin.session(session) == Actor(Kind.AGENT, "ana", "lead")
    desk.scene.team(Member("bo"))
    assert await signin.session(session) is None


async def test_a_session_ends_by_the_clock(desk: Desk, signin: SignIn) -> None:
    session = await signin.redeem(await signin.make_link("ana"))
    desk.scene.clock.at += LONGEST
    assert await signin.session(session) is None


async def test_no_session(signin: SignIn) -> None:
    assert await signin.session("") is None
    assert await signin.session("guess") is None


async def test_a_program_comes_with_the_role_its_agent_has_today(
    desk: Desk, signin: SignIn
) -> None:
    made = await signin.tokens.make(DI, "CRM", ["threads:read"], agent="ana")
    scopes = frozenset({"threads:read"})
    assert await signin.bearer(made.token) == Actor(Kind.INTEGRATOR, "ana", "agent", scopes)
    desk.scene.team(Member("ana", role="lead"))
    assert await signin.bearer(made.token) == Actor(Kind.INTEGRATOR, "ana", "lead", scopes)
    desk.scene.team(Member("bo"))
    assert await signin.bearer(made.token) is None  # ana has left
