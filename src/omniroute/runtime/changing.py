"""Changes at the customer's what was sent: an answer that its writer has edited or deleted.

A change waits in the lane of the message itself, so it comes after it and in the order in which
agents made it.  To make it twice is harmless, so after a crash it is simply made again.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from omniroute.channel import Address, Amendment, Cap, Channel, Deletes, Edits
from omniroute.core.effects import Change
from omniroute.core.inputs import Delivered
from omniroute.errors import NotAuthorised, Rejected, Retry, StoreError
from omniroute.runtime.clock import Clock
from omniroute.runtime.inbox import Inbox
from omniroute.runtime.patience import Overdue, within
from omniroute.runtime.pauses import Pauses
from omniroute.runtime.record import encode
from omniroute.runtime.rows import Body, Failure, Reached, Sent
from omniroute.runtime.splitting import split
from omniroute.stores.api import Reader

log = logging.getLogger(__name__)

GIVE_UP: Final = 3600.0  # seconds of trying before the agent is told that it stays as it was
FIRST, LONGEST = 1.0, 60.0  # seconds between tries
TOO_LONG: Final = "it is longer than what went out; write what is new as another message"
T = TypeVar("T")


class Changing:
    """The way of changes to customers."""

    def __init__(
        self,
        reader: Reader,
        inbox: Inbox,
        channels: Mapping[tuple[str, str], Channel],
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]],
        timeout: float,
    ) -> None:
        self._reader, self._inbox, self._channels = reader, inbox, channels
        self._clock, self._sleep, self._timeout = clock, sleep, timeout

    async def change(self, effect: Change) -> None:
        """Make a change, then say what came of it.

        Raises `StoreError`, after which it is to be called again.
        """
        try:
            for call in list(self._calls(effect)):  # all or none, where we know it beforehand
                await self._made(call)
        except StoreError:
            raise
        except Rejected as error:
            return await self._settle(effect, "rejected", error.reason)
        except NotAuthorised as error:
            log.error("a change was not authorised: %s", error.fix)
            return await self._settle(effect, "not_authorised", error.fix)
        except Retry as error:
            return await self._settle(effect, "gave_up", error.reason)
        except Exception as error:  # whatever a plugin raises ends here, by name
            log.exception("a change failed")
            return await self._settle(effect, "rejected", f"{type(error).__name__}: {error}")
        return await self._settle(effect, "sent")

    async def _made(self, call: Callable[[], Awaitable[None]]) -> None:
        """Try until it is made; raises the last `Retry` after an hour."""
        began, pauses = self._clock.now(), Pauses(FIRST, LONGEST)
        while True:
            try:
                return await within(self._timeout, call())
            except (Retry, Overdue, TimeoutError) as error:
                again = error if isinstance(error, Retry) else Retry("no answer in time")
                if self._clock.now() - began > GIVE_UP * 1000:
                    raise again from error
                await self._sleep(pauses.next(again.after))

    def _calls(self, effect: Change) -> Iterator[Callable[[], Awaitable[None]]]:
        """What is to be called, one after the other.  Raises `Rejected`."""
        sent = self._row("s/" + effect.effect, Sent)
        if sent is None:
            raise Rejected("it never went out")
        answers, reached = self._row("b/" + sent.answers, Body), self._reached(effect.handle)
        if answers is None or reached is None or not sent.parts:
            raise Rejected("it is not known any more where it went")
        kind, account = sent.begins or (answers.channel, answers.account)
        channel = self._channels.get((kind, account))
        if channel is None:
            raise Rejected(f"there is no {kind} channel “{account}” any more")
        where = reached.value if sent.begins else answers.conversation
        made = [Amendment(where, reached, ids) for ids in sent.parts]
        if effect.how == "deleted":
            for part in made:
                yield _deletion(channel, part)
            return
        body = self._row("b/" + effect.message, Body)
        if body is None:
            raise Rejected("the message has been erased")
        yield from _edits(channel, made, sent, body)

    def _reached(self, handle: str) -> Address | None:
        row = self._row("p/" + handle, Reached)
        return None if row is None else Address(row.kind, row.value, row.verified, row.display)

    def _row(self, key: str, kind: type[T]) -> T | None:
        found = self._reader.get([key]).get(key)
        return None if found is None else msgspec.json.decode(found, type=kind)

    async def _settle(self, effect: Change, outcome: str, reason: str = "") -> None:
        puts: dict[str, bytes | None] = {"o/" + effect.id: None}
        if reason:
            puts["x/" + effect.id] = encode(Failure(reason))
        await self._inbox.submit(
            lambda at: Delivered(
                f"outcome/{effect.id}",
                at,
                effect.id,
                effect.thread,
                outcome,
                message=effect.message,
                change=effect.how,
            ),
            puts,
        )


def _edits(
    channel: Channel, made: list[Amendment], sent: Sent, body: Body
) -> Iterator[Callable[[], Awaitable[None]]]:
    """New words for each part; parts for which none are left go."""
    words = made[:-1] if sent.apart else made
    texts = split(body.text, channel.max_text)
    captioned = bool(body.files) and not sent.apart
    most = getattr(channel, "max_caption", channel.max_text) if captioned else channel.max_text
    if len(texts) > len(words) or len(texts[0]) > most:
        raise Rejected(TOO_LONG)
    for number, part in enumerate(words):
        if number < len(texts):
            files = captioned and not number
            yield _edit(channel, dataclasses.replace(part, text=texts[number], with_files=files))
        else:
            yield _deletion(channel, part)


def _edit(channel: Channel, part: Amendment) -> Callable[[], Awaitable[None]]:
    able: object = channel
    if Cap.EDIT_OUT in channel.caps and isinstance(able, Edits):
        return functools.partial(able.edit, part)
    raise Rejected(f"{channel.kind} cannot change what has gone out")


def _deletion(channel: Channel, part: Amendment) -> Callable[[], Awaitable[None]]:
    able: object = channel
    if Cap.DELETE_OUT in channel.caps and isinstance(able, Deletes):
        return functools.partial(able.delete, part)
    raise Rejected(f"{channel.kind} cannot take back what has gone out")
