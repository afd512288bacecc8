"""The client in Python: every operation of the API, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import httpx2 as httpx
import msgspec
import pytest
from tests.web.rest.conftest import AtWork, working
from tests.web.site import URL

from omniroute.client import Client, Problem
from omniroute.web.rest.calls import Operation
from omniroute.web.rest.routes import OPERATIONS

OURS = {"close", "events"}  # of the client itself

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


def in_path(operation: Operation) -> list[str]:
    return re.findall(r"{(\w+)}", operation.path)


def fields(operation: Operation) -> dict[str, bool]:
    """What an operation takes beside its path and a file, and whether that must be given."""
    taken = msgspec.structs.fields(operation.takes) if operation.takes is not None else ()
    return {field.name: field.required for field in taken}


def test_every_operation_has_a_method_and_every_method_is_one() -> None:
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction)}
    assert {name for name in methods if not name.startswith("_")} - OURS == {
        each.name for each in OPERATIONS
    }


@each_operation
def test_a_method_takes_and_gives_what_its_operation_does(operation: Operation) -> None:
    method = getattr(Client, operation.name)
    assert get_type_hints(method)["return"] == operation.answers
    parameters = dict(list(inspect.signature(method).parameters.items())[1:])
    key = {"key": False} if operation.repeatable else {}
    file = {"data": True, "media_type": False} if operation.raw else {}
    asked = {name: each.default is each.empty for name, each in parameters.items()}
    assert asked == dict.fromkeys(in_path(operation), True) | fields(operation) | key | file
    for name, required in fields(operation).items():
        default = next(f for f in msgspec.structs.fields(operation.takes) if f.name == name).default
        if not required and default not in (msgspec.UNSET, msgspec.NODEFAULT):
            assert parameters[name].default == default


@each_operation
def test_a_method_asks_what_its_operation_is(operation: Operation) -> None:
    heard: list[httpx.Request] = []

    def hear(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(503, content=b"not JSON")

    values: dict[str, Any] = {
        name: f"{name}/?ü" for name in (*in_path(operation), *fields(operation))
    }
    if "thread" in values:
        values["thread"] = 4812
    file = {"data": b"x"} if operation.raw else {}
    asking = Client(URL, "omni_t", httpx.Client(transport=httpx.MockTransport(hear)))
    with asking as client, pytest.raises(Problem) as refused:
        getattr(client, operation.name)(**values, **file)
    assert (refused.value.status, str(refused.value)) == (503, "503")
    (request,) = heard
    assert request.method == operation.method
    assert request.headers["authorization"] == "Bearer omni_t"
    path = operation.path
    for name in in_path(operation):
        path = path.replace(f"{{{name}}}", "4812" if name == "thread" else f"{name}%2F%3F%C3%BC")
    assert request.url.raw_path.decode().partition("?")[0] == f"/api/v1{path}"
    said = {name: values[name] for name in fields(operation)}
    if operation.in_query:
        assert dict(request.url.params) == said
    elif said:
        assert msgspec.json.decode(request.content) == said


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    with working(tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture
def client(at_work: AtWork) -> Client:
    return Client(URL, at_work.token, at_work.http)


def test_a_thread_is_worked_on(client: Client) -> None:
    mine = client.list_threads(agent="ana", phase=["assigned"])
    assert [row.id for row in mine.items] == [3, 2, 1]
    assert client.list_threads(waiting=False).items == ()
    noted = client.note_thread(1, text="called back", key="k-1")
    assert client.note_thread(1, text="called back", key="k-1") == noted
    assert [item.text for item in client.list_messages(1).items] == ["a refund", "called back"]
    assert client.get_thread(1).row.name == "joe@mail.example"
    assert client.find_customer(who="#1").threads[0].id == 1


def test_what_is_refused_is_raised(client: Client) -> None:
    with pytest.raises(Problem) as refused:
        client.transfer_thread(1, why="knows more", to_queue="biling")
    problem = refused.value
    assert (problem.status, problem.code) == (422, "no_such_queue")
    assert str(problem) == "There is no queue biling — did you mean “billing”?"
    with pytest.raises(Problem) as refused:
        client.list_threads(limit=0)
    assert refused.value.place == "query.limit"


def test_events_follow_one_another(client: Client) -> None:
    events = client.events(after="0.0")
    types = [next(events).type for _ in range(3)]
    assert types[0] == "rules.activated"


def test_it_is_closed(tmp_path: Path) -> None:
    with Client(URL, "omni_t") as client:
        pass
    with pytest.raises(RuntimeError):
        client.who_am_i()
