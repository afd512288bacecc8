"""Mutants of the spool, and of reading from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from omniroute.errors import StoreError
from omniroute.faults.life import Ways
from omniroute.faults.mutant import Mutant
from omniroute.faults.stepping import SteppedInbox, SteppedSpool
from omniroute.runtime.inbox import Work
from omniroute.runtime.node import Node
from omniroute.runtime.spool import Entry, Sends


class _NeverDone(SteppedSpool):
    def done(self, ids: Iterable[int]) -> None: ...


class _SkipsFirst(SteppedSpool):
    def pending(self, after: int = 0, limit: int = 256) -> list[Entry]:
        return super().pending(after, limit)[1:]


class _OnePage(SteppedSpool):
    def pending(self, after: int = 0, limit: int = 256) -> list[Entry]:
        return super().pending(after, 1) if not after else []


class _AcksRefusals(SteppedSpool):
    async def append(
        self, channel: str, account: str, raw: bytes, *, at: int, key: str = ""
    ) -> int:
        try:
            return await super().append(channel, account, raw, at=at, key=key)
        except StoreError:
            return 0


class _KeysTooWide(SteppedSpool):
    """What one customer sends is taken for what they sent before."""

    async def append(
        self, channel: str, account: str, raw: bytes, *, at: int, key: str = ""
    ) -> int:
        return await super().append(channel, account, raw, at=at, key=key[:9])


class _NoNotes(SteppedSpool):
    def attempts(self, settled: bool = False) -> dict[str, Sends]:
        return {}


class _BuriesFaults(SteppedInbox):
    """A store that fails is taken for a bug in the message."""

    def _tell(self, works: Sequence[Work], error: Exception) -> None:
        super()._tell(works, RuntimeError(str(error)))


def _done_at_put(node: Node) -> None:
    """An entry leaves when it is handed in, not when it is committed."""
    read, spool = node.reading._read, node.parts.spool

    async def reading(entry: Entry) -> None:
        await read(entry)
        spool.done([entry.id])

    node.reading._read = reading  # type: ignore[method-assign]


def _settled_at_failure(node: Node) -> None:
    """What the store would not take counts as over."""
    hand = node.reading._hand
    put = hand.put

    async def putting(work: Work, settled: Callable[[Exception | None], None]) -> None:
        await put(work, settled)
        done = work.done
        assert done is not None

        def over(answer: Any) -> None:
            if isinstance(answer, StoreError):
                settled(None)
            done(answer)

        work.done = over

    hand.put = putting  # type: ignore[method-assign]


def _keys_anew(node: Node) -> None:
    """Ids of messages are made anew in each life."""
    messages = node.reading._messages
    life = id(node)
    messages._keyed = _Salted(messages._keyed, life)  # type: ignore[assignment]


class _Salted:
    def __init__(self, keyed: Any, life: int) -> None:
        self._keyed, self._life = keyed, life

    def message(self, kind: str, account: str, external: str, *more: Any) -> Any:
        return self._keyed.message(kind, account, f"{external}/{self._life}", *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keyed, name)


SPOOLS: Final[Mapping[str, Mutant]] = {
    "neverdone": Mutant("nothing leaves the spool", Ways(spool=_NeverDone)),
    "skipsfirst": Mutant("of what waits the first is not read", Ways(spool=_SkipsFirst)),
    "onepage": Mutant("of what waits only a page is read", Ways(spool=_OnePage)),
    "acksrefusals": Mutant("what the disk refused is acknowledged", Ways(spool=_AcksRefusals)),
    "keystoowide": Mutant("different messages count as one", Ways(spool=_KeysTooWide)),
    "nonotes": Mutant("receipts are not read after a start", Ways(spool=_NoNotes)),
    "buriesfaults": Mutant("a fault of the store kills a message", Ways(inbox=_BuriesFaults)),
    "doneatput": Mutant("an entry leaves before its commit", Ways(changed=_done_at_put)),
    "onlyonce": Mutant("what failed is not handed in again", Ways(changed=_settled_at_failure)),
    "idsanew": Mutant("a message has another id in each life", Ways(changed=_keys_anew)),
}
