"""Ways of keeping the promise that are wrong in one place: the simulation must catch each.

A mutant that survives is a fault of the simulation (reliability.md 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from omniroute.channel import Outbound, Receipt
from omniroute.errors import Retry, StoreError
from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.platform import Line
from omniroute.faults.stepping import SteppedInbox, SteppedSpool
from omniroute.faults.store import FaultyStore
from omniroute.faults.wrong_archives import ARCHIVES
from omniroute.faults.wrong_commits import COMMITS
from omniroute.faults.wrong_erasures import ERASURES
from omniroute.faults.wrong_losses import LOSSES
from omniroute.faults.wrong_nodes import NODES
from omniroute.faults.wrong_sends import SENDS
from omniroute.faults.wrong_spools import SPOOLS
from omniroute.faults.wrong_trims import TRIMS
from omniroute.runtime.inbox import Work
from omniroute.runtime.node import Node
from omniroute.runtime.spool import Entry
from omniroute.stores.api import Head


class _NoCompare(FaultyStore):
    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        return super().get(keys, self._inner.head())

    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        return super().commit(self._inner.head(), records, puts)


class _GoesOn(SteppedInbox):
    def _fail(self, works: Sequence[Work], error: StoreError) -> None:
        self.failures += 1
        self._tell(works, error)


class _KnowsNoKeys(FaultyStore):
    def get(self, keys: Sequence[str], at: Head) -> dict[str, bytes]:
        return {k: row for k, row in super().get(keys, at).items() if not k.startswith("d/")}


class _Torn(FaultyStore):
    def commit(self, at: Head, records: Sequence[bytes], puts: Mapping[str, bytes | None]) -> Head:
        kept = {key: row for key, row in puts.items() if not key.startswith("t/")}
        return super().commit(at, records, puts if at[0] % 7 else kept)


def _in_memory(path: Path) -> SteppedSpool:
    for left in path.parent.glob(path.name + "*"):
        if left.is_file():
            left.unlink()
    return SteppedSpool(path)


class _AcksEarly(SteppedSpool):
    async def append(
        self, channel: str, account: str, raw: bytes, *, at: int, key: str = ""
    ) -> int:
        asyncio.get_running_loop().create_task(
            super().append(channel, account, raw, at=at, key=key)
        )
        return 0


class _NoHorizon(SteppedSpool):
    def pending(self, after: int = 0, limit: int = 256) -> list[Entry]:
        return self._gone(super().pending(after, limit))

    def _gone(self, entries: list[Entry]) -> list[Entry]:
        self.done(entry.id for entry in entries)
        return entries

    def subscribe(self, callback: object) -> None:
        assert callable(callback)
        super().subscribe(lambda entries: callback(self._gone(list(entries))))


class _NoAttempts(SteppedSpool):
    async def attempt(self, eid: str, at: int) -> int:
        await super().attempt(eid, at)
        return 0


class _Asleep(SteppedInbox):
    def _wake_for_timers(self) -> None: ...

    def _catch_up(self) -> None: ...


class _Hopeful(Line):
    async def send(self, out: Outbound) -> Receipt:
        try:
            return await super().send(out)
        except Retry:
            return Receipt(("hoped",))


def _no_recovery(node: Node) -> None:
    def nothing(doubtful: object = None, *, lost: bool = False, unsure: bool = False) -> None: ...

    node.outbox.recover = nothing  # type: ignore[method-assign]


def _no_rollback(node: Node) -> None:
    node.state.rollback = node.state.settle  # type: ignore[method-assign]


MUTANTS: Final[Mapping[str, Mutant]] = {
    "nocas": Mutant("a commit ignores the head, and doubt", Ways(_NoCompare, inbox=_GoesOn)),
    "nodedup": Mutant("nobody asks whether an input came before", Ways(_KnowsNoKeys)),
    "torn": Mutant("records and rows are not one transaction", Ways(_Torn)),
    "memspool": Mutant("the spool does not outlive the process", Ways(spool=_in_memory)),
    "ackearly": Mutant("a message is acknowledged before it is kept", Ways(spool=_AcksEarly)),
    "nohorizon": Mutant("a message leaves the spool when it is read", Ways(spool=_NoHorizon)),
    "noattempt": Mutant("an earlier attempt to send is not known", Ways(spool=_NoAttempts)),
    "norecover": Mutant("what was owed is not taken up at a start", Ways(changed=_no_recovery)),
    "norollback": Mutant("what failed to commit stays in the state", Ways(changed=_no_rollback)),
    "notimers": Mutant("nobody wakes for a timer", Ways(inbox=_Asleep)),
    "leaseonly": Mutant(
        "the lease is trusted, and the head not compared", Ways(_NoCompare, inbox=_GoesOn), nodes=3
    ),
    "hopeful": Mutant("no answer counts as a yes", Ways(line=_Hopeful)),
    **COMMITS,
    **NODES,
    **LOSSES,
    **SPOOLS,
    **SENDS,
    **ARCHIVES,
    **TRIMS,
    **ERASURES,
}
"""By name; the names are reliability.md's where it has one."""
