"""A list of people, taken in record by record; and what it would do, without doing it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import msgspec

from omniroute.application.authorize import Action, Actor, authorize
from omniroute.application.ports import Answered, Clock, Inbox
from omniroute.channel import Address
from omniroute.core import inputs as i
from omniroute.core.engine import decide, keys
from omniroute.core.model import Evidence, HandleId
from omniroute.core.state import State
from omniroute.errors import Refused
from omniroute.runtime.rows import Reached
from omniroute.stores.api import Reader

MOST: Final = 500  # records in one go
MOST_ADDRESSES: Final = 50  # of one person

_reached = msgspec.json.Decoder(Reached)


class Reach(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address of somebody, as a list has it; *unique* where a person has one of its kind."""

    kind: str
    value: str
    unique: bool = False


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record: addresses that are one person's."""

    addresses: tuple[Reach, ...]
    name: str = ""


class People(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Records, how sure their list is (asserted or verified), and whether to do it."""

    people: tuple[Person, ...]
    evidence: Evidence = Evidence.ASSERTED
    dry_run: bool = False
    agent: str = ""  # in whose name


class Taken(msgspec.Struct, frozen=True):
    """What became of a record: new addresses, and pairs of them by what was done."""

    new: int = 0
    joined: int = 0
    suggested: int = 0
    against: int = 0


class Importing:
    """Takes lists in for admins."""

    def __init__(
        self, reader: Reader, inbox: Inbox, clock: Clock, shown: Callable[[int], Awaitable[None]]
    ) -> None:
        self._reader, self._inbox, self._clock = reader, inbox, clock
        self._shown = shown
        self.handle: Callable[[Address], HandleId] = lambda address: address.value
        """How an address becomes a handle's id; set by whoever puts the server together."""
        self.realm: Callable[[str, str], str] = lambda kind, value: ""
        """How a kind and a value become the id of a domain, likewise."""

    async def take_in(self, actor: Actor, people: People) -> Sequence[Taken]:
        """What became of each record, in their order; whoever looks afterwards sees it.

        Raises `Refused` (``invalid``) for what cannot be meant, before anything is done.
        """
        authorize(actor, Action.PERSONAL)
        _check(people)
        if people.dry_run:
            return await asyncio.to_thread(self._rehearsed, people)
        answers = [await self._answer(people, person) for person in people.people]
        if answers:
            await self._shown(answers[-1].seq)
        return [msgspec.convert(dict(answer.values), Taken) for answer in answers]

    async def _answer(self, people: People, person: Person) -> Answered:
        key = f"import/{secrets.token_hex(12)}"
        seen = self._seen(person)
        rows = await asyncio.to_thread(self._rows, person, seen)
        return await self._inbox.submit(
            lambda at: i.PersonImported(key, at, seen, people.evidence, people.agent), rows
        )

    def _rehearsed(self, people: People) -> Sequence[Taken]:
        """The same decisions, on a copy of what they look at."""
        state, at = State(), self._clock()
        for key, row in _pages(self._reader, "a/"):
            state.absorb(key, row)
        found = []
        for number, person in enumerate(people.people):
            seen = self._seen(person)
            asked = i.PersonImported(f"rehearsal/{number}", at, seen, people.evidence)
            self._absorb(state, asked)
            values = decide(state, asked).answer.values
            found.append(msgspec.convert(dict(values), Taken))
        return found

    def _absorb(self, state: State, asked: i.PersonImported) -> None:
        while wanted := keys(state, asked):
            rows = self._reader.get(wanted)
            for key in wanted:
                state.absorb(key, rows.get(key))
            open = [
                f"t/{id}"
                for customer in list(state.customers.values())
                for id in (customer.open, *customer.beside)
                if id is not None and id not in state.threads
            ]
            for key, row in self._reader.get(open).items() if open else ():
                state.absorb(key, row)

    def _seen(self, person: Person) -> tuple[i.Seen, ...]:
        return tuple(
            i.Seen(self.handle(_address(a)), a.kind, a.unique, realm=self.realm(a.kind, a.value))
            for a in person.addresses
        )

    def _rows(self, person: Person, seen: Sequence[i.Seen]) -> dict[str, bytes | None]:
        """Rows of addresses that have none, or no name; what their owner wrote is left as it is."""
        known = self._reader.get([f"p/{handle.id}" for handle in seen])
        rows: dict[str, bytes | None] = {}
        for handle, address in zip(seen, person.addresses, strict=True):
            row = known.get(f"p/{handle.id}")
            old = _reached.decode(row) if row is not None else None
            if old is None or not old.value:
                new = Reached(address.kind, address.value, person.name)
            elif person.name and not old.display:
                new = msgspec.structs.replace(old, display=person.name)
            else:
                continue
            rows[f"p/{handle.id}"] = msgspec.json.encode(new)
        return rows


def _address(reach: Reach) -> Address:
    return Address(reach.kind, reach.value, verified=True, unique=reach.unique)


def _check(people: People) -> None:
    if len(people.people) > MOST:
        raise Refused("invalid", f"At most {MOST} records are taken in one go.")
    if people.evidence is Evidence.INFERRED:
        raise Refused("invalid", "A list is asserted or verified.")
    for person in people.people:
        if not person.addresses or len(person.addresses) > MOST_ADDRESSES:
            raise Refused("invalid", f"A record has 1 to {MOST_ADDRESSES} addresses.")
        if not all(a.kind.strip() and a.value.strip() for a in person.addresses):
            raise Refused("invalid", "An address has a kind and a value.")


def _pages(reader: Reader, prefix: str) -> Iterable[tuple[str, bytes]]:
    after = ""
    while rows := reader.scan(prefix, after):
        yield from rows
        after = rows[-1][0]
