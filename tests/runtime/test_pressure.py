"""What holds while others do not: a store that is slow or away, a platform that is down."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.runtime.house import House

from omniroute.errors import Retry
from omniroute.faults.stepping import SteppedSpool
from omniroute.runtime.backlog import READY
from omniroute.runtime.reading import OUTSTANDING
from omniroute.runtime.spool_file import LARGE
from omniroute.stores.api import Unavailable

TEN_MINUTES = 600_000  # ms
BURST = 10_000


async def test_f31_a_slow_store_keeps_nobody_waiting_for_an_acknowledgement(house: House) -> None:
    house.store.answers.clear()
    for number in range(20):
        await house.says(f"line {number}")  # acknowledged, although no commit comes back
    assert house.messages() == []
    house.store.answers.set()
    await house.read(20)


async def test_f34_a_store_that_is_away_for_ten_minutes_misses_nothing(house: House) -> None:
    """What is acknowledged meanwhile waits on the disk, and not in memory."""
    house.store.away, back = True, house.clock.at + TEN_MINUTES

    def half_a_minute_passes() -> None:
        house.clock.at += 30_000
        house.store.away = house.clock.at < back

    house.on_sleep = half_a_minute_passes
    house.awake.clear()
    said = [f"line {number}" for number in range(READY + OUTSTANDING + 100)]
    await asyncio.gather(*(house.says(text) for text in said))
    assert house.node.inbox.depth <= OUTSTANDING
    assert house.spool.depth == len(said)
    house.awake.set()
    await house.read(len(said))
    assert house.texts() == said
    assert house.clock.at >= back


async def test_a_platform_that_is_down_for_ten_minutes_gets_each_answer_once(house: House) -> None:
    back = house.clock.at + TEN_MINUTES
    for name in ("joe", "kim", "lou"):
        await house.says(sender=name)
    await house.read(3)
    house.pipe.answers.extend([Retry("503 Service Unavailable")] * 1000)

    def time_passes() -> None:
        house.clock.at += int(house.slept[-1] * 1000)
        if house.clock.at >= back:
            house.pipe.answers.clear()

    house.on_sleep = time_passes
    for number in (1, 2):
        for thread in (1, 2, 3):
            await house.replies(f"answer {number}", thread)
    await house.until(lambda: len(house.events("ReplySent")) == 6)
    arrived = [(out.to.value, out.text) for out in house.pipe.sent if out.text]
    for name in ("joe", "kim", "lou"):
        tries = [text for to, text in arrived if to == name]
        assert tries[-1] == "answer 2"
        assert tries == sorted(tries)  # the second waited for the first
    assert not any(out.repeat for out in house.pipe.sent)  # it said no each time
    assert len(house.pipe.sent) < 60  # and was asked less and less often


async def test_a_burst_of_ten_thousand_is_kept_or_refused_and_memory_is_bounded(
    tmp_path: Path,
) -> None:
    """What comes faster than the disk takes it is refused, so that it comes again."""
    room = 4 * 1024 * 1024
    spool = SteppedSpool(tmp_path / "spool", room=room)
    raw = json.dumps({"text": "x" * 1000}).encode()
    outcomes = await asyncio.gather(
        *(spool.append("pipe", "a", raw, at=1, key=str(n)) for n in range(BURST)),
        return_exceptions=True,
    )
    refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Unavailable)]
    assert str(outcomes[refused[0]]).endswith(
        "4 MB wait to be written already — its disk is slower than what arrives"
    )
    kept = {outcome for outcome in outcomes if isinstance(outcome, int)}
    assert spool.depth == len(kept) == BURST - len(refused)
    assert len(kept) * len(raw) < room
    for start in range(0, len(refused), 1000):  # they come again
        again = refused[start : start + 1000]
        await asyncio.gather(*(spool.append("pipe", "a", raw, at=1, key=str(n)) for n in again))
    assert spool.depth == BURST
    await spool.close()


async def test_what_was_refused_for_want_of_room_leaves_room_and_no_file(tmp_path: Path) -> None:
    spool = SteppedSpool(tmp_path / "spool", room=3000)
    for _ in range(3):
        await spool.append("pipe", "a", bytes(1000), at=1)
        for size in (3000, LARGE):
            with pytest.raises(Unavailable, match="its disk is slower than what arrives"):
                await spool.append("pipe", "a", bytes(size), at=1)
    assert spool.depth == 3
    assert list((tmp_path / "spool.large").iterdir()) == []
    await spool.close()
