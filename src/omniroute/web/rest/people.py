"""Customers: who somebody is taken for, who may be one person, and what is kept of them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from omniroute.application import commands as c
from omniroute.application.authorize import Action
from omniroute.application.customers import CustomerPage, CustomerRow, Erased, Everything
from omniroute.application.importing import People, Person, Reach, Taken
from omniroute.application.likeness import Likely
from omniroute.application.pages import LinkView
from omniroute.core.model import Evidence
from omniroute.web.rest.calls import Call, Operation, Page, operation
from omniroute.web.rest.threads import Text, Words, body_of, done


class Whom(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is meant."""

    who: Words


class Identified(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Addresses that are one person's, by what you know; *verified* joins them by itself."""

    addresses: Annotated[tuple[Reach, ...], msgspec.Meta(min_length=1, max_length=50)]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    evidence: Evidence = Evidence.ASSERTED


MergeBody, SplitBody, NotSameBody = body_of(c.Merge), body_of(c.Split), body_of(c.NotSame)


async def search_customers(call: Call, asked: Text) -> Page[CustomerRow]:
    """People whose name or address has something in it."""
    people = call.console.application.customers
    return Page(tuple(await people.search(call.actor, asked.q, asked.limit)))


async def find_customer(call: Call, asked: Whom) -> CustomerPage:
    """Who somebody is: by a thread (``#4812``), an address, or an id."""
    return await call.console.application.customers.show(call.actor, asked.who)


async def list_suggested(call: Call) -> Page[LinkView]:
    """Pairs of addresses that may be one person's, and wait for somebody to say so."""
    return Page(tuple(await call.console.application.customers.suggested(call.actor)))


async def get_customer(call: Call) -> CustomerPage:
    """One customer: addresses, why they are one person's, threads."""
    return await call.console.application.customers.show(call.actor, call.named("customer"))


async def list_likely(call: Call) -> Page[Likely]:
    """Who may be the same person, the likeliest first."""
    people = call.console.application.customers
    return Page(tuple(await people.likely(call.actor, call.named("customer"))))


async def export_customer(call: Call) -> Everything:
    """All that is kept of one person."""
    return await call.console.application.customers.export(call.actor, call.named("customer"))


async def erase_customer(call: Call) -> Erased:
    """Erase what somebody said, was sent and is called; decisions stay, without words."""
    return await call.console.application.customers.erase(call.actor, call.named("customer"))


async def identify_customer(call: Call, said: Identified) -> Taken:
    """Say that addresses are one person's, as a CRM knows it."""
    people = People((Person(said.addresses, said.name),), said.evidence, agent=call.actor.id)
    return (await call.console.application.importing.take_in(call.actor, people))[0]


async def merge_customers(call: Call, said: MergeBody) -> c.Outcome:  # type: ignore[valid-type]
    """Say that two handles are one person's."""
    return await done(call, c.Merge(key=call.key, **msgspec.structs.asdict(said)))


async def split_customer(call: Call, said: SplitBody) -> c.Outcome:  # type: ignore[valid-type]
    """Part some handles from the rest of their customer."""
    return await done(call, c.Split(key=call.key, **msgspec.structs.asdict(said)))


async def keep_apart(call: Call, said: NotSameBody) -> c.Outcome:  # type: ignore[valid-type]
    """Say that two handles are two people's."""
    return await done(call, c.NotSame(key=call.key, **msgspec.structs.asdict(said)))


def operations() -> list[Operation]:
    """All of this file."""
    one = "/customers/{customer}"
    return [
        operation("GET", "/customers", Action.PEOPLE, search_customers),
        operation("GET", "/customers/find", Action.PEOPLE, find_customer),
        operation("GET", "/customers/suggested", Action.PEOPLE, list_suggested),
        operation("POST", "/customers/identify", Action.PERSONAL, identify_customer),
        operation("POST", "/customers/merge", Action.MERGE, merge_customers, repeatable=True),
        operation("POST", "/customers/split", Action.SPLIT, split_customer, repeatable=True),
        operation("POST", "/customers/keep-apart", Action.SPLIT, keep_apart, repeatable=True),
        operation("GET", one, Action.PEOPLE, get_customer),
        operation("DELETE", one, Action.PERSONAL, erase_customer),
        operation("GET", f"{one}/likely", Action.PEOPLE, list_likely),
        operation("GET", f"{one}/export", Action.PERSONAL, export_customer),
    ]
