"""The past of the demo, played once for each moment that a test asks about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from omniroute.core.state import State
from omniroute.demo.desk import CUSTOMERS, copy_rules
from omniroute.demo.history import SEED, History
from omniroute.demo.stage import Accounts, ChatLine
from omniroute.runtime.keyed import Keyed
from omniroute.runtime.loading import load
from omniroute.server.desk import DeskFiles, read_desk
from omniroute.stores.memory import MemoryStore


@dataclass
class Past:
    """What a history left in its store."""

    store: MemoryStore
    chat: list[ChatLine]
    steps: list[tuple[int, int]]
    now: int
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = load(self.store)

    def records(self) -> list[bytes]:
        """The journal."""
        return [record.body for record in self.store.reader().tail(0, 100_000)]


@lru_cache(maxsize=1)
def desk() -> DeskFiles:
    """The rules and the team, as the demo writes them down."""
    with TemporaryDirectory() as folder:
        rules = Path(folder) / "routing_rules"
        copy_rules(rules)
        return read_desk(rules)


@lru_cache(maxsize=8)
def past(hour: int = 15, day: int = 4, seed: int = SEED, count: int = CUSTOMERS) -> Past:
    """The past of a visitor who comes on a day of March 2026 at an hour, UTC."""
    now = int(datetime(2026, 3, day, hour, 20, tzinfo=UTC).timestamp() * 1000)
    store, steps = MemoryStore(), list[tuple[int, int]]()
    accounts = Accounts("help", "site", lambda login: f"u:{login}")
    history = History(store, Keyed(b"k" * 32), desk(), accounts, now, seed=seed)
    history.play(count, lambda done, of: steps.append((done, of)))
    return Past(store, list(history.chat), steps, now)
