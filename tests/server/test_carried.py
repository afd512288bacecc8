"""What lies beside the journal moves with the writer: who is let in, who is told, what is known."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.server.house import CHAT, House
from tests.server.shared import Shared, moved, serving

from omniroute.application.authorize import SYSTEM
from omniroute.channel import Address
from omniroute.plugins import Plugins
from omniroute.server.composition import load_plugins
from omniroute.stores.shelf import Displaced
from omniroute.testing.postgres_server import postgres
from omniroute.testing.server_process import Browserless

PASSWORD = "correct horse battery"


@dataclass
class Site:
    """Two machines on one store, each with a disk of its own."""

    first: House
    second: House
    plugins: Plugins


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "memory":
        yield site_on(tmp_path, "shared:", Shared().plugins())
    else:
        with postgres() as database:
            yield site_on(tmp_path, database.url, load_plugins())


def site_on(folder: Path, url: str, plugins: Plugins) -> Site:
    return Site(House(folder / "a", store=url), House(folder / "b", store=url), plugins)


async def test_the_next_writer_knows_whom_the_one_before_knew(site: Site) -> None:
    async with serving(site.first, site.plugins) as server:
        await server.accounts.set_password(SYSTEM, "ana", PASSWORD)
        session = await server.accounts.sign_in("ana", PASSWORD)
        token = (await server.tokens.make(SYSTEM, "crm", ["threads:read"])).token
        code = await server.bindings.invite("ana", "telegram", "frieda")
        await server.bindings.redeem(code, "telegram", "5001", "Ana Ruiz")
        await server.bindings.deactivate("bo", "frieda")
        hook = await server.webhooks.make(SYSTEM, "https://hook.example/in")
        visitor = Browserless(site.first.url)
        await asyncio.to_thread(visitor.post, f"{CHAT}/session", {})
        await asyncio.to_thread(says, visitor, "Hello")
        link = await server.proofs.make_link(an_address())
    moved(site.first, site.second)

    async with serving(site.second, site.plugins) as server:
        actor = await server.accounts.session(session)
        assert actor is not None
        assert actor.id == "ana"
        assert await server.accounts.sign_in("ana", PASSWORD)
        assert await server.tokens.actor(token) is not None
        assert await server.bindings.who("telegram", "5001") == "ana"
        assert server.bindings.inactive == {"bo"}
        assert [view.id for view in await server.webhooks.list(SYSTEM)] == [hook.about.id]
        assert server.webhooks.secret(hook.about.id) == hook.secret
        visitor.to(site.second.url)
        told = await asyncio.to_thread(visitor.get, f"{CHAT}/lines")
        assert told["lines"][0]["text"] == "Hello"
        assert await server.proofs.redeem_link(link, an_address("other"))
    kept = {path.suffix for path in site.second.folder.iterdir()}
    assert not kept & {".accounts", ".tokens", ".bindings", ".webhooks", ".proofs"}


async def test_what_a_machine_kept_by_itself_is_taken_up(tmp_path: Path) -> None:
    """A desk that lay in one file goes on with its passwords on a store that is shared."""
    async with serving(House(tmp_path), load_plugins()) as server:
        await server.accounts.set_password(SYSTEM, "ana", PASSWORD)
    async with serving(House(tmp_path, store="shared:"), Shared().plugins()) as server:
        assert await server.accounts.sign_in("ana", PASSWORD)


async def test_a_writer_whose_books_were_taken_stops(tmp_path: Path) -> None:
    store = Shared()
    async with serving(House(tmp_path, store="shared:"), store.plugins()) as server:
        store.beside.claim("another")
        with pytest.raises(Exception, match="another node has taken over"):
            await server.accounts.set_password(SYSTEM, "ana", PASSWORD)
        assert isinstance(await asyncio.wait_for(server.failed, 60), Displaced)


def an_address(value: str = "s:joe") -> Address:
    return Address("webchat", value)


def says(visitor: Browserless, text: str) -> None:
    assert "id" in visitor.post(f"{CHAT}/messages", {"id": str(uuid.uuid4()), "text": text})
