"""Who may ask what: every route of the site × everybody who may come, cell by cell.

The rows are held against the application's own routes, so a route without a row fails.  A cell
says what becomes of a request that is well formed, about a thread that is Bo's:

* ``y`` it is let through (whatever becomes of it then)
* ``s`` sign in first
* ``n`` you may not

Columns: nobody, a visitor of the web chat with their token, an agent, a lead, an admin, and a
program whose token has every scope and acts for an admin.  What single scopes allow is below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from starlette.routing import Route
from tests.web.rest.conftest import AtWork, House, working

from omniroute.application import commands as c
from omniroute.application.authorize import SCOPES
from omniroute.web.app import console_routes
from omniroute.web.rest.calls import PREFIX, Operation
from omniroute.web.rest.description import scope_of
from omniroute.web.rest.routes import OPERATIONS

WHO = ("nobody", "visitor", "ana", "cy", "di", "program")

MATRIX = """
    GET    /                                                s s y y y s
    GET    /refresh                                         s s y y y s
    GET    /search                                          s s y y y s
    GET    /team                                            s s y y y s
    GET    /report                                          s s y y y s
    GET    /report.csv                                      s s y y y s
    GET    /help                                            s s y y y s
    POST   /status                                          s s y y y s
    GET    /threads/{thread:int}                            s s y y y s
    GET    /threads/{thread:int}/refresh                    s s y y y s
    GET    /threads/{thread:int}/why                        s s y y y s
    GET    /threads/{thread:int}/messages/{message}         s s y y y s
    GET    /threads/{thread:int}/messages/{message}/frame  s s y y y s
    GET    /threads/{thread:int}/messages/{message}/change  s s y y y s
    GET    /threads/{thread:int}/files/{sha}                s s y y y s
    POST   /threads/{thread:int}/files                      s s y y y s
    POST   /threads/{thread:int}/writing                    s s y y y s
    POST   /threads/{thread:int}/{verb}                     s s y y y s
    GET    /live                                            s s y y y s
    GET    /settings                                        s s y y y s
    POST   /settings                                        s s y y y s
    POST   /settings/password                               s s y y y s
    POST   /team/link                                       s s n n y s
    GET    /team/{agent}                                    s s n n y s
    POST   /team/{agent}/invite                             s s n n y s
    POST   /team/{agent}/revoke                             s s n n y s
    POST   /team/{agent}/deactivate                         s s n n y s
    POST   /team/{agent}/activate                           s s n n y s
    GET    /admin/channels                                  s s n n y s
    POST   /admin/retry                                     s s n n y s
    POST   /admin/pauses/end                                s s n n y s
    GET    /admin/programs                                  s s n n y s
    POST   /admin/programs/tokens                           s s n n y s
    POST   /admin/programs/revoke                           s s n n y s
    POST   /admin/programs/webhooks                         s s n n y s
    POST   /admin/programs/webhook                          s s n n y s
    GET    /admin/rules                                     s s n n y s
    GET    /admin/rules/{version}                           s s n n y s
    POST   /admin/rules/promote                             s s n n y s
    POST   /admin/rules/rollback                            s s n n y s
    POST   /admin/rules/stop                                s s n n y s
    POST   /admin/rules/reload                              s s n n y s
    GET    /admin/compare                                   s s n n y s
    GET    /admin/backtest                                  s s n n y s
    GET    /admin/backtest/progress                         s s n n y s
    POST   /admin/backtest                                  s s n n y s
    GET    /admin/record/{thread:int}                       s s n n y s
    POST   /admin/record/{thread:int}                       s s n n y s
    GET    /admin/try                                       s s n n y s
    POST   /admin/try                                       s s n n y s
    GET    /sign-in                                         y y y y y y
    POST   /sign-in                                         n n n n n n
    POST   /sign-out                                        s s y y y s
    POST   /demo/switch                                     s s y y y s
    GET    /api/session                                     s s y y y s
    GET    /api/board                                       s s y y y s
    GET    /api/threads                                     s s y y y s
    GET    /api/threads/{thread:int}                        s s y y y s
    GET    /api/threads/{thread:int}/why                    s s y y y s
    GET    /api/search                                      s s y y y s
    GET    /api/customers                                   s s y y y s
    GET    /api/customers/suggested                         s s y y y s
    GET    /api/customers/shared                            s s y y y s
    POST   /api/admin/customers/shared                      s s n n y s
    GET    /api/admin/customers/export                      s s n n y s
    POST   /api/admin/customers/erase                       s s n n y s
    POST   /api/admin/customers/import                      s s n n y s
    GET    /api/admin/pauses                                s s n n y s
    POST   /api/admin/pauses/end                            s s n n y s
    GET    /api/agents                                      s s y y y s
    POST   /api/commands                                    s s y y y s
    GET    /api/admin/verify                                s s n n y s
    GET    /api/admin/channels                              s s n n y s
    GET    /api/admin/dead-letters                          s s n n y s
    GET    /api/admin/rules/versions                        s s n n y s
    GET    /api/admin/rules/versions/{version}              s s n n y s
    GET    /api/admin/rules/trial                           s s n n y s
    GET    /api/admin/rules/usage                           s s n n y s
    POST   /api/admin/rules/reload                          s s n n y s
    POST   /api/admin/rules/promote                         s s n n y s
    POST   /api/admin/rules/rollback                        s s n n y s
    POST   /api/admin/rules/stop                            s s n n y s
    POST   /api/admin/dead-letters/{id}/retry               s s n n y s
    GET    /api/v1/openapi.json                             y y y y y y
    GET    /api/v1/threads                                  s s y y y y
    GET    /api/v1/threads/search                           s s y y y y
    GET    /api/v1/threads/{thread:int}                     s s y y y y
    GET    /api/v1/threads/{thread:int}/messages            s s y y y y
    GET    /api/v1/threads/{thread:int}/timeline            s s y y y y
    GET    /api/v1/threads/{thread:int}/why                 s s y y y y
    POST   /api/v1/threads/{thread:int}/files               s s y y y y
    GET    /api/v1/threads/{thread:int}/files/{sha}         s s y y y y
    POST   /api/v1/threads/{thread:int}/accept              s s y y y y
    POST   /api/v1/threads/{thread:int}/pass                s s y y y y
    POST   /api/v1/threads/{thread:int}/take                s s y y y y
    POST   /api/v1/threads/{thread:int}/reply               s s n y y y
    POST   /api/v1/threads/{thread:int}/undo                s s y y y y
    POST   /api/v1/threads/{thread:int}/edit                s s y y y y
    POST   /api/v1/threads/{thread:int}/delete              s s y y y y
    POST   /api/v1/threads/{thread:int}/note                s s y y y y
    POST   /api/v1/threads/{thread:int}/transfer            s s n y y y
    POST   /api/v1/threads/{thread:int}/snooze              s s n y y y
    POST   /api/v1/threads/{thread:int}/resolve             s s n y y y
    POST   /api/v1/threads/{thread:int}/reopen              s s y y y y
    POST   /api/v1/threads/{thread:int}/new-matter          s s n y y y
    POST   /api/v1/threads/{thread:int}/tag                 s s y y y y
    POST   /api/v1/threads/{thread:int}/copy                s s n y y y
    POST   /api/v1/threads/{thread:int}/prioritise          s s n y y y
    POST   /api/v1/threads/{thread:int}/done                s s n y y y
    POST   /api/v1/threads/{thread:int}/boost               s s n y y y
    GET    /api/v1/customers                                s s y y y y
    GET    /api/v1/customers/find                           s s y y y y
    GET    /api/v1/customers/suggested                      s s y y y y
    POST   /api/v1/customers/identify                       s s n n y y
    POST   /api/v1/customers/merge                          s s y y y y
    POST   /api/v1/customers/split                          s s y y y y
    POST   /api/v1/customers/keep-apart                     s s y y y y
    DELETE /api/v1/customers/{customer}                     s s n n y y
    GET    /api/v1/customers/{customer}                     s s y y y y
    GET    /api/v1/customers/{customer}/likely              s s y y y y
    GET    /api/v1/customers/{customer}/export              s s n n y y
    GET    /api/v1/me                                       s s y y y y
    GET    /api/v1/agents                                   s s y y y y
    GET    /api/v1/agents/{agent}                           s s y y y y
    POST   /api/v1/agents/{agent}/status                    s s n y y y
    GET    /api/v1/events                                   s s n y y y
    GET    /api/v1/stats                                    s s y y y y
    GET    /api/v1/reports                                  s s y y y y
    GET    /api/v1/tokens                                   s s n n y n
    POST   /api/v1/tokens                                   s s n n y n
    DELETE /api/v1/tokens/{token}                           s s n n y n
    GET    /api/v1/webhooks                                 s s n n y y
    POST   /api/v1/webhooks                                 s s n n y y
    DELETE /api/v1/webhooks/{webhook}                       s s n n y y
    POST   /api/v1/webhooks/{webhook}/enable                s s n n y y
    POST   /api/v1/webhooks/{webhook}/test                  s s n n y y
"""

ROWS = {
    (line.split()[0], line.split()[1]): line.split()[2:] for line in MATRIX.strip().splitlines()
}
FORMS: dict[str, dict[str, str]] = {
    "/threads/{thread:int}/{verb}": {"text": "x"},
    "/status": {"status": "online"},
}
BODIES: dict[str, Any] = {
    "accept": {"offer": "1.1"}, "pass": {"offer": "1.1"}, "reply": {"text": "x", "seen": 1},
    "undo": {"message": "m"}, "edit": {"message": "m", "text": "x"}, "delete": {"message": "m"},
    "note": {"text": "x"}, "transfer": {"why": "x", "to_queue": "general"},
    "snooze": {"until": 1_772_500_000_000}, "tag": {"add": ["x"]}, "prioritise": {"priority": 20},
    "boost": {"by": 1}, "copy": {"add": ["x@mail.example"]},
    "merge": {"a": "x", "b": "y"}, "split": {"handles": ["x"]}, "keep-apart": {"a": "x", "b": "y"},
    "identify": {"addresses": [{"kind": "email", "value": "x"}]}, "status": {"status": "online"},
    "tokens": {"name": "x", "scopes": ["threads:read"]}, "webhooks": {"url": "https://x.example/"},
}  # fmt: skip
IN_PATH = {
    "verb": "note", "message": "m1", "sha": "5ha", "agent": "bo",
    "version": "r1", "id": "3", "customer": "h:joe@mail.example", "token": "x", "webhook": "beef",
}  # fmt: skip
QUERIES = {"/customers": "?q=x", "/customers/find": "?who=x", "/threads/search": "?q=x"}
QUERIES["/threads/{thread:int}/files"] = "?name=a.txt"


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    with working(tmp_path_factory.mktemp("desk")) as found:
        found.house.closing.set()  # a live page ends as soon as it has begun
        yield found


def routes() -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in console_routes()
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def test_every_route_has_a_row_and_every_row_is_a_route() -> None:
    assert set(ROWS) == routes()


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_who_may(at_work: AtWork, row: tuple[str, str]) -> None:
    found = [letter(ask(at_work, *row, credentials(at_work, who))) for who in WHO]
    assert dict(zip(WHO, found, strict=True)) == dict(zip(WHO, ROWS[row], strict=True))


def ask(at_work: AtWork, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """A request that nothing is wrong with, by whoever has these *headers*."""
    where = path
    for name, value in IN_PATH.items():
        where = where.replace(f"{{{name}}}", value)
    if "{thread:int}" in path:
        where = where.replace("{thread:int}", str(at_work.portal.call(bos, at_work.house)))
    asked: dict[str, Any] = {}
    if path.startswith(PREFIX):
        where += QUERIES.get(path.removeprefix(PREFIX), "")
        if method == "POST":
            asked["json"] = BODIES.get(path.rpartition("/")[2], {})
    elif method == "POST":
        form = FORMS.get(path, {})
        asked["data"] = {**form, "token": headers.get("X-CSRF-Token", "")}
    at_work.http.cookies.clear()
    return at_work.http.request(method, where, headers=headers, follow_redirects=False, **asked)


async def bos(house: House) -> int:
    """A thread that Bo has, and nobody has touched."""
    thread = house.scene.writes(f"{house.scene.next()}@mail.example", "hello")
    assert (await house.desk.does("bo", c.Take(thread=thread))).ok
    return thread


def credentials(at_work: AtWork, who: str) -> dict[str, str]:
    """What somebody comes with."""
    if who == "nobody":
        return {}
    if who == "visitor":
        return {"Authorization": "Bearer v1.eyJ2IjoiNDcxMSJ9.c2lnbmVk", "Cookie": "omniroute=v1"}
    if who == "program":
        return {"Authorization": f"Bearer {at_work.token}"}
    return at_work.portal.call(at_work.house.session, who)


def letter(answer: httpx.Response) -> str:
    """What became of a request."""
    assert answer.status_code < 500, answer.text
    door = answer.request.method == "GET" and answer.status_code == 303
    if door and answer.headers["location"].startswith("/sign-in"):
        return "s"
    return {401: "s", 403: "n"}.get(answer.status_code, "y")


each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


@each_operation
def test_a_scope_lets_do_what_it_names_and_the_others_do_not(
    at_work: AtWork, operation: Operation
) -> None:
    scope = scope_of(operation)
    path = PREFIX + operation.path.replace("{thread}", "{thread:int}")
    others = [each for each in SCOPES if each != scope]
    without = at_work.portal.call(lambda: at_work.house.token(*others, agent="di"))
    answer = ask(at_work, operation.method, path, {"Authorization": f"Bearer {without}"})
    assert letter(answer) == ("y" if operation.action is None else "n")
    if scope:
        only = at_work.portal.call(lambda: at_work.house.token(scope, agent="di"))
        answer = ask(at_work, operation.method, path, {"Authorization": f"Bearer {only}"})
        assert letter(answer) == "y"


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.takes], ids=lambda each: each.name
)
def test_incident_28_nobody_brings_a_field_of_their_own(
    at_work: AtWork, operation: Operation
) -> None:
    """Mass assignment: whoever adds a role to what they send gets neither it nor anything else."""
    path = PREFIX + operation.path.replace("{thread}", str(at_work.portal.call(bos, at_work.house)))
    for name, value in IN_PATH.items():
        path = path.replace(f"{{{name}}}", value)
    headers, head = credentials(at_work, "di"), at_work.house.scene.reader.head()
    if operation.in_query:
        answer = at_work.http.request(operation.method, f"{path}?role=admin", headers=headers)
    else:
        body = {**BODIES.get(operation.path.rpartition("/")[2], {}), "role": "admin"}
        answer = at_work.http.request(operation.method, path, headers=headers, json=body)
    assert answer.status_code == 422, answer.text
    assert "role" in answer.json()["detail"]
    assert at_work.house.scene.reader.head() == head
