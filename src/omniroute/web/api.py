"""The API for programs and for the command line: the same door, as JSON.

A program signs in as anyone does and sends its session's form token in ``X-CSRF-Token``
(``GET /api/session`` tells it); on the local socket neither is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from omniroute.application.commands import AnyCommand
from omniroute.application.importing import People
from omniroute.application.pages import Filter
from omniroute.errors import Refused, did_you_mean
from omniroute.web import rules_api
from omniroute.web.answers import answer, console_of
from omniroute.web.faults import status_of
from omniroute.web.pages.admin import operations_of
from omniroute.web.ports import Operations
from omniroute.web.routing import action, page
from omniroute.web.visits import Visit

Work: TypeAlias = Callable[[Operations, Request], Coroutine[Any, Any, object]]

_decoder = msgspec.json.Decoder(AnyCommand)


def routes() -> list[BaseRoute]:
    """Everything under ``/api``."""
    return [
        page("/api/session", session),
        page("/api/board", board),
        page("/api/threads", threads),
        page("/api/threads/{thread:int}", thread),
        page("/api/threads/{thread:int}/why", why),
        page("/api/search", search),
        page("/api/customers", customer),
        page("/api/customers/suggested", suggested),
        page("/api/customers/shared", shared),
        action("/api/admin/customers/shared", share, admin=True),
        page("/api/admin/customers/export", export, admin=True),
        action("/api/admin/customers/erase", erase, admin=True),
        action("/api/admin/customers/import", take_in, admin=True),
        page("/api/admin/pauses", pauses, admin=True),
        action("/api/admin/pauses/end", end_pause, admin=True),
        page("/api/agents", agents),
        action("/api/commands", commands),
        page("/api/admin/verify", _operation(verify), admin=True),
        page("/api/admin/channels", _operation(channels), admin=True),
        page("/api/admin/dead-letters", _operation(dead_letters), admin=True),
        *rules_api.routes(),
        action("/api/admin/dead-letters/{id}/retry", _operation(retry), admin=True),
    ]


async def session(request: Request, visit: Visit) -> Response:
    """Who asks, and the token for calls that change something."""
    return answer({"agent": visit.actor.id, "role": visit.actor.role, "token": visit.token})


async def board(request: Request, visit: Visit) -> Response:
    """The live page of the agent who asks."""
    return answer(await console_of(request).application.query.board(visit.actor))


async def threads(request: Request, visit: Visit) -> Response:
    """Threads, latest first; choose with ``?phase=queued&agent=ana&queue=…&waiting=true``."""
    wanted = asked(request.query_params)
    return answer(await console_of(request).application.query.threads(visit.actor, wanted))


async def thread(request: Request, visit: Visit) -> Response:
    """Everything about one thread."""
    query = console_of(request).application.query
    return answer(await query.thread(visit.actor, request.path_params["thread"]))


async def why(request: Request, visit: Visit) -> Response:
    """How a thread stands in a sentence, one screen of text, and every decision."""
    query = console_of(request).application.query
    number = request.path_params["thread"]
    screen = await query.why(visit.actor, number)
    return answer({"text": screen, "reasons": await query.reasons(visit.actor, number)})


async def search(request: Request, visit: Visit) -> Response:
    """Threads by their text, ``?q=``."""
    text = request.query_params.get("q", "").strip()
    if not text:
        raise Refused("invalid", "Say what to look for: /api/search?q=…")
    return answer(await console_of(request).application.query.search(visit.actor, text))


async def customer(request: Request, visit: Visit) -> Response:
    """Who somebody is taken for, ``?who=`` a thread (``#4812``), an address or an id."""
    people = console_of(request).application.customers
    return answer(await people.show(visit.actor, _who(request)))


async def suggested(request: Request, visit: Visit) -> Response:
    """Addresses that may be one person's; with ``?who=``, people who may be that one."""
    if who := request.query_params.get("who", "").strip():
        return answer(await console_of(request).application.customers.likely(visit.actor, who))
    return answer(await console_of(request).application.customers.suggested(visit.actor))


async def shared(request: Request, visit: Visit) -> Response:
    """Addresses that several people write from, or may."""
    return answer(await console_of(request).application.customers.shared(visit.actor))


async def share(request: Request, visit: Visit) -> Response:
    """Say whether an address is several people's, ``{"address": …, "shared": true}``."""
    try:
        said = msgspec.json.decode(await request.body(), type=_Share)
    except msgspec.DecodeError:
        raise Refused("invalid", "Give an address, and whether it is shared.") from None
    people = console_of(request).application.customers
    return answer({"text": await people.share(visit.actor, _named(said.address), said.shared)})


class _Share(msgspec.Struct):
    address: str
    shared: bool = True


async def pauses(request: Request, visit: Visit) -> Response:
    """Where automatic replies pause, and why."""
    return answer(await console_of(request).application.pauses.show(visit.actor))


async def end_pause(request: Request, visit: Visit) -> Response:
    """End a pause, ``{"realm": …}``; the realm is empty for the one that is everywhere."""
    try:
        said = msgspec.json.decode(await request.body(), type=_Realm)
    except msgspec.DecodeError:
        raise Refused("invalid", "Give the realm of a pause.") from None
    done = await console_of(request).application.pauses.end(visit.actor, said.realm)
    return answer({"text": done})


class _Realm(msgspec.Struct):
    realm: str


async def export(request: Request, visit: Visit) -> Response:
    """All that is kept of one person."""
    people = console_of(request).application.customers
    return answer(await people.export(visit.actor, _who(request)))


async def erase(request: Request, visit: Visit) -> Response:
    """Erase one person, ``{"who": …}``."""
    try:
        who = msgspec.json.decode(await request.body(), type=dict[str, str]).get("who", "")
    except msgspec.DecodeError:
        who = ""
    people = console_of(request).application.customers
    return answer(await people.erase(visit.actor, _named(who)))


async def take_in(request: Request, visit: Visit) -> Response:
    """Take in records of people, as `omniroute.application.importing.People` has them."""
    try:
        people = msgspec.json.decode(await request.body(), type=People)
    except msgspec.DecodeError as error:
        raise Refused("invalid", f"These are no records of people: {error}.") from None
    taken = await console_of(request).application.importing.take_in(visit.actor, people)
    return answer({"taken": taken})


def _who(request: Request) -> str:
    return _named(request.query_params.get("who", ""))


def _named(who: str) -> str:
    if not who.strip():
        raise Refused("invalid", "Say who: a thread (#4812), an address, or a customer's id.")
    return who.strip()


async def agents(request: Request, visit: Visit) -> Response:
    """The team."""
    return answer(await console_of(request).application.query.agents(visit.actor))


async def commands(request: Request, visit: Visit) -> Response:
    """Do one command, such as ``{"do": "Note", "thread": 7, "text": "…"}``."""
    try:
        command = _decoder.decode(await request.body())
    except msgspec.DecodeError as error:  # not JSON, or not a command
        raise Refused("invalid", f"That is no command: {_lower(str(error))}.") from None
    outcome = await console_of(request).application.do(visit.actor, command)
    return answer(outcome, 200 if outcome.ok else status_of(outcome.code))


async def verify(operations: Operations, request: Request) -> object:
    """Fold the journal and compare it with the state."""
    return await operations.verify()


async def channels(operations: Operations, request: Request) -> object:
    """Channels with their state."""
    return await operations.channels()


async def dead_letters(operations: Operations, request: Request) -> object:
    """What could not be read, with the reason."""
    return await operations.dead_letters()


async def retry(operations: Operations, request: Request) -> object:
    """Try a dead letter again."""
    return await operations.retry(request.path_params["id"])


def asked(parameters: QueryParams) -> Filter:
    """The filter that a query string describes.  Raises `Refused` for what it does not know."""
    values: dict[str, object] = dict(parameters)
    if "phase" in values:
        values["phases"] = tuple(parameters.getlist("phase"))
        del values["phase"]
    for name in values:
        if name not in Filter.__struct_fields__:
            hint = did_you_mean(name, Filter.__struct_fields__) or "see /api/threads in the docs"
            raise Refused("invalid", f"There is no filter “{name}” — {hint}")
    try:
        return msgspec.convert(values, Filter, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("invalid", f"That is no filter: {_lower(str(error))}.") from None


def _operation(work: Work) -> Callable[[Request, Visit], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request, visit: Visit) -> Response:
        return answer(await work(operations_of(request), request))

    endpoint.__name__ = work.__name__
    return endpoint


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
