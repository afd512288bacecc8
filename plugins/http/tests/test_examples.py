"""The examples are short, and work as they stand, over a real socket."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omniroute.testing.fakes import serving
from omniroute_http.testing import SECRET

if TYPE_CHECKING:
    from plugins.http.tests.conftest import House

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("name", ["client.py", "client.mjs"])
def test_an_example_is_short(name: str) -> None:
    lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 30


async def test_python_joins_with_what_it_brings(house: House) -> None:
    await _joe_is_answered(house, [sys.executable, "client.py"])


@pytest.mark.node
async def test_javascript_joins_with_what_node_brings(house: House) -> None:
    await _joe_is_answered(house, ["node", "client.mjs"])


async def _joe_is_answered(house: House, program: Sequence[str]) -> None:
    async with serving(house.app) as url:
        more = {"OMNIROUTE_URL": f"{url}/channels/http/main/shop", "OMNIROUTE_SECRET": SECRET}
        running = await asyncio.create_subprocess_exec(
            *program,
            "Where is my order?",
            cwd=EXAMPLES,
            env={**os.environ, **more},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            await house.notebook.until(1, within=60)
            assert house.heard().text == "Where is my order?"
            await house.answers("On its way, Joe. ✓")
            async with asyncio.timeout(60):
                out, _ = await running.communicate()
        finally:
            if running.returncode is None:
                running.kill()
                await running.wait()
    assert (running.returncode, out.decode("utf-8").strip()) == (0, "Ana: On its way, Joe. ✓")
    assert (await house.polls())["items"] == []  # it has said that it arrived
