"""What admins do to a running server: verify, explain, look at channels, read again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from omniroute.application.authorize import SYSTEM
from omniroute.application.door import Application
from omniroute.application.enrolment import Enrolment
from omniroute.application.past import explained
from omniroute.application.rulebook import Rulebook
from omniroute.application.tokens import Tokens
from omniroute.application.workbench import Workbench
from omniroute.channel import Channel, Health
from omniroute.errors import Refused
from omniroute.runtime.node import Node
from omniroute.runtime.verify import verify
from omniroute.server.webhooks import Hooks
from omniroute.stores.api import Store

log = logging.getLogger(__name__)

CHECK: Final = 45.0  # seconds for a channel to say how it is


class ServerOperations:
    """The console's and the command line's way to the node."""

    def __init__(
        self,
        node: Node,
        application: Application,
        store: Store,
        rulebook: Rulebook,
        workbench: Workbench,
        enrolment: Enrolment,
        tokens: Tokens,
        webhooks: Hooks,
    ) -> None:
        self._webhooks = webhooks
        self._tokens = tokens
        self._enrolment = enrolment
        self._node, self._application, self._store = node, application, store
        self._rulebook, self._workbench = rulebook, workbench

    @property
    def rulebook(self) -> Rulebook:
        """The rule sets: versions, trials, what is live."""
        return self._rulebook

    @property
    def enrolment(self) -> Enrolment:
        """Who may work from where."""
        return self._enrolment

    @property
    def tokens(self) -> Tokens:
        """Tokens of other people's programs."""
        return self._tokens

    @property
    def webhooks(self) -> Hooks:
        """Who is told of events by HTTP."""
        return self._webhooks

    @property
    def workbench(self) -> Workbench:
        """Where rules are tried before they decide."""
        return self._workbench

    async def verify(self) -> Mapping[str, object]:
        """Fold the journal and compare it with the rows, on a snapshot."""
        return (await asyncio.to_thread(verify, self._store.reader())).as_json()

    async def explain(self, thread: int) -> Mapping[str, object]:
        """Why a thread went where it went, from its record.  Raises `Refused`."""
        reasons = await self._application.query.reasons(SYSTEM, thread)
        routed = [reason.seq for reason in reasons if reason.why.get("about") == "route"]
        return await asyncio.to_thread(explained, self._node.reader, thread, routed[::-1])

    async def channels(self) -> Sequence[Mapping[str, object]]:
        """Every channel account with its health."""
        channels = list(self._node.parts.channels.values())
        found = await asyncio.gather(*map(_checked, channels))
        return [
            {"kind": channel.kind, "account": channel.account, **_shown(health)}
            for channel, health in zip(channels, found, strict=True)
        ]

    async def dead_letters(self) -> Sequence[Mapping[str, object]]:
        """What could not be read or decided, with the reason."""
        return [letter._asdict() for letter in await self._node.dead_letters()]

    async def retry(self, id: str) -> Mapping[str, object]:
        """Read a dead letter again.  Raises `Refused`."""
        if not id.isdecimal():
            raise Refused("unknown_letter", f"There is no dead letter “{id}”.")
        await self._node.retry(int(id))
        return {"id": int(id), "state": "new"}


async def _checked(channel: Channel) -> Health:
    """What a channel says of itself; one that cannot say hides none of the others."""
    try:
        async with asyncio.timeout(CHECK):
            return await channel.check()
    except TimeoutError:
        return Health(False, f"its check took longer than {CHECK:.0f} s", "try again later")
    except Exception as error:
        log.exception("%s “%s”: its check failed", channel.kind, channel.account)
        return Health(False, f"its check failed: {type(error).__name__}", "see the server's log")


def _shown(health: Health) -> dict[str, object]:
    return {"ok": health.ok, "found": health.found, "fix": health.fix}
