"""What is left of a person outside the store: files, dead letters, copies that channels keep."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence

from omniroute.channel import Forgets
from omniroute.desk import ForgetsThreads
from omniroute.runtime.erasures import Erasures, Search, names_any
from omniroute.runtime.node import Node
from omniroute.runtime.proofs import Proofs
from omniroute.stores.api import Logged

log = logging.getLogger(__name__)


class Leftovers:
    """Deletes it, once the store has forgotten the person."""

    def __init__(
        self, node: Node, proofs: Proofs | None = None, erasures: Erasures | None = None
    ) -> None:
        """By *erasures* nodes that follow hear of it."""
        self._node, self._proofs, self._erasures = node, proofs, erasures

    async def forget(self, values: Sequence[str], files: Sequence[str]) -> int:
        """Delete *files*, dead letters that name one of *values*, and what channels keep of them.

        How many letters went.  A channel that fails is named in the log, and keeps nobody else.
        """
        for sha in files:
            await asyncio.to_thread(self._node.parts.files.remove, sha)
        if self._erasures is not None:
            try:
                await asyncio.to_thread(self._erasures.note, values)
            except sqlite3.Error:
                log.exception("nodes that follow do not hear that somebody was erased")
        letters = await self._letters(values)
        if self._proofs is not None:
            await self._proofs.forget(set(values))
        for channel in self._node.parts.channels.values():
            if not isinstance(channel, Forgets):
                continue
            try:
                await channel.forget(values)
            except Exception:
                log.exception("%s “%s”: did not forget somebody", channel.kind, channel.account)
        self._clear_logs()
        return letters

    def _clear_logs(self) -> None:
        for kept in (self._node.parts.store, self._node.parts.spool):
            if isinstance(kept, Logged):
                kept.clear_log()

    async def catch_up(self) -> None:
        """Delete what lies here of people who were erased while another node wrote."""
        if self._erasures is not None:
            parts = self._node.parts
            marks = await asyncio.to_thread(self._erasures.marks)
            if gone := await Search(parts.spool, parts.keyed).drop(marks):
                log.info("%d messages of people who were erased are deleted here", gone)
                self._clear_logs()

    async def forget_threads(self, threads: Sequence[int]) -> tuple[int, int]:
        """Have desks take away what they show of *threads*: posts that went, and that stay."""
        gone = kept = 0
        for name, desk in self._node.parts.desks.items():
            if not isinstance(desk, ForgetsThreads):
                continue
            try:
                went, stay = await desk.forget_threads(threads)
            except Exception:
                log.exception("desk %s: did not forget somebody", name)
            else:
                gone, kept = gone + went, kept + stay
        return gone, kept

    async def _letters(self, values: Sequence[str]) -> int:
        spool = self._node.parts.spool

        async def naming(ids: Iterable[int]) -> list[int]:
            return [id for id in ids if names_any(await spool.raw(id) or b"", values)]

        if gone := await naming([letter.id for letter in await spool.dead()]):
            spool.done(gone)
        kept = [id for id, _ in await spool.kept()]
        if kept := await naming(kept):  # else a loss would bring them back
            await spool.drop(kept)
        return len(gone)
