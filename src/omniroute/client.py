"""A client of the API in Python: a method for each operation, with the types that it answers.

Waits for each answer; give it an `httpx2.Client` of your own for proxies, certificates and pools.

>>> client = Client("https://desk.example", "omni_…")  # doctest: +SKIP
>>> client.note_thread(4812, text="called back")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar
from urllib.parse import quote

import httpx2 as httpx
import msgspec

from omniroute.application.commands import Outcome
from omniroute.application.customers import CustomerPage, CustomerRow, Erased, Everything
from omniroute.application.feed import Happening, Happenings
from omniroute.application.importing import Reach, Taken
from omniroute.application.likeness import Likely
from omniroute.application.pages import AgentView, Hit, Item, LinkView, ThreadPage, ThreadRow
from omniroute.application.reporting import LIMIT, By, Report
from omniroute.application.stats import Stats
from omniroute.application.tokens import NewToken, TokenView
from omniroute.application.webhooks import NewWebhook, WebhookView
from omniroute.core.model import Evidence
from omniroute.runtime.rows import Attachment
from omniroute.web.rest.access import Ended, Tried
from omniroute.web.rest.calls import Page
from omniroute.web.rest.team import Who
from omniroute.web.rest.threads import Why

T = TypeVar("T")

PATIENCE = 40.0
"""Seconds that an answer may take; a question for events waits 30 at most."""


class Problem(Exception):
    """What was asked was not done: *code* is stable, *detail* a sentence for people.

    *place* is what in the request was at fault, *fix* what to do about it, where that is known.
    """

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        self.status, self.code = status, str(said.get("code", status))
        self.detail, self.place = str(said.get("detail", "")), str(said.get("place", ""))
        self.fix = str(said.get("fix", ""))
        super().__init__(" — ".join(filter(None, (self.detail or str(status), self.fix))))


class Client:
    """The API of the desk at *url*, as the program whose *token* it is.

    Every method raises `Problem`, and what `httpx2` raises where there is no answer.  A change that
    takes a *key* is done once, however often it is repeated with the same one.
    """

    def __init__(self, url: str, token: str, http: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = http or httpx.Client(timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def events(self, after: str = "latest") -> Iterator[Happening]:
        """What happens, as it happens and without end; begin *after* the id of the last one seen.

        A break of the connection is raised; go on after the last one that was yielded.
        """
        while True:
            page = self.list_events(after=after, wait=30)
            yield from page.items
            after = page.next

    def _get(self, path: str, kind: type[T], **asked: object) -> T:
        return self._ask("GET", path, kind, asked=_query(asked))

    def _post(self, path: str, kind: type[T], **said: object) -> T:
        return self._ask("POST", path, kind, said=_given(said))

    def _do(self, path: str, key: str, **said: object) -> Outcome:
        return self._ask("POST", path, Outcome, said=_given(said), key=key)

    def _delete(self, path: str, kind: type[T]) -> T:
        return self._ask("DELETE", path, kind)

    def _ask(
        self, method: str, path: str, kind: type[T], *, asked: Sequence[tuple[str, str]] = (),
        said: Mapping[str, object] | None = None, key: str = "",
    ) -> T:  # fmt: skip
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        content = b""
        if said:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(said)
        answer = self._http.request(
            method, self._url + path, params=list(asked), content=content, headers=headers
        )
        return _read(answer, kind)

    def list_threads(
        self,
        *,
        phase: Sequence[
            Literal[
                "new",
                "queued",
                "offered",
                "assigned",
                "snoozed",
                "stranded",
                "held",
                "resolved",
                "closed",
            ]
        ] = (),
        agent: str = "",
        queue: str = "",
        customer: str = "",
        tag: str = "",
        waiting: bool | None = None,
        limit: int = 50,
        after: str = "",
    ) -> Page[ThreadRow]:
        """Threads, the latest message first."""
        return self._get(
            "/threads",
            Page[ThreadRow],
            phase=phase,
            agent=agent,
            queue=queue,
            customer=customer,
            tag=tag,
            waiting=waiting,
            limit=limit,
            after=after,
        )

    def search_threads(self, *, q: str, limit: int = 20) -> Page[Hit]:
        """Threads in which something was said, or of that name or number, the best first."""
        return self._get("/threads/search", Page[Hit], q=q, limit=limit)

    def get_thread(self, thread: int) -> ThreadPage:
        """Everything about one thread; of one that was joined to another, the page of that."""
        return self._get(f"/threads/{thread}", ThreadPage)

    def list_messages(self, thread: int) -> Page[Item]:
        """What was said in a thread, notes included, the oldest first."""
        return self._get(f"/threads/{thread}/messages", Page[Item])

    def get_timeline(self, thread: int) -> Page[Item]:
        """What was said and what happened in a thread, the oldest first."""
        return self._get(f"/threads/{thread}/timeline", Page[Item])

    def explain_thread(self, thread: int) -> Why:
        """Why a thread went where it went: in words, and every decision as it was recorded."""
        return self._get(f"/threads/{thread}/why", Why)

    def accept_thread(self, thread: int, *, offer: str, key: str = "") -> Outcome:
        """Take an offered thread."""
        return self._do(f"/threads/{thread}/accept", key, offer=offer)

    def pass_thread(self, thread: int, *, offer: str, why: str = "", key: str = "") -> Outcome:
        """Decline an offer, with a reason if one likes."""
        return self._do(f"/threads/{thread}/pass", key, offer=offer, why=why)

    def take_thread(self, thread: int, *, key: str = "") -> Outcome:
        """Claim a thread that was not offered."""
        return self._do(f"/threads/{thread}/take", key)

    def reply_thread(
        self,
        thread: int,
        *,
        text: str,
        seen: int,
        anyway: bool = False,
        files: Sequence[Attachment] = (),
        quotes: str = "",
        to: str = "",
        everybody: bool = False,
        template: str = "",
        values: Sequence[str] = (),
        key: str = "",
    ) -> Outcome:
        """Answer the customer."""
        return self._do(
            f"/threads/{thread}/reply",
            key,
            text=text,
            seen=seen,
            anyway=anyway,
            files=files,
            quotes=quotes,
            to=to,
            everybody=everybody,
            template=template,
            values=values,
        )

    def undo_thread(self, thread: int, *, message: str, key: str = "") -> Outcome:
        """Take back a reply that is still held."""
        return self._do(f"/threads/{thread}/undo", key, message=message)

    def edit_thread(self, thread: int, *, message: str, text: str, key: str = "") -> Outcome:
        """Change an answer or a note that one wrote; an answer also at the customer's."""
        return self._do(f"/threads/{thread}/edit", key, message=message, text=text)

    def delete_thread(self, thread: int, *, message: str, key: str = "") -> Outcome:
        """Delete an answer or a note that one wrote; an answer also at the customer's."""
        return self._do(f"/threads/{thread}/delete", key, message=message)

    def note_thread(
        self, thread: int, *, text: str, files: Sequence[Attachment] = (), key: str = ""
    ) -> Outcome:
        """Write to colleagues only."""
        return self._do(f"/threads/{thread}/note", key, text=text, files=files)

    def upload_file(
        self, thread: int, data: bytes, *, name: str, media_type: str = "application/octet-stream"
    ) -> Attachment:
        """Bring a file, to go into the *files* of a reply or a note."""
        answer = self._http.post(
            f"{self._url}/threads/{thread}/files",
            params={"name": name},
            content=data,
            headers=self._headers | {"Content-Type": media_type},
        )
        return _read(answer, Attachment)

    def download_file(self, thread: int, sha: str) -> bytes:
        """The bytes of a file of a message, named by its *sha*."""
        url = f"{self._url}/threads/{thread}/files/{_part(sha)}"
        answer = self._http.get(url, headers=self._headers)
        if answer.is_success:
            return answer.content
        raise Problem(answer.status_code, _said(answer))

    def transfer_thread(
        self,
        thread: int,
        *,
        why: str,
        to_agent: str = "",
        to_queue: str = "",
        warm: bool = False,
        restart: bool = False,
        key: str = "",
    ) -> Outcome:
        """Hand over to an agent or a queue; the reason is required."""
        return self._do(
            f"/threads/{thread}/transfer",
            key,
            why=why,
            to_agent=to_agent,
            to_queue=to_queue,
            warm=warm,
            restart=restart,
        )

    def snooze_thread(self, thread: int, *, until: int, key: str = "") -> Outcome:
        """Put aside until *until* (ms since the epoch) or until the customer writes."""
        return self._do(f"/threads/{thread}/snooze", key, until=until)

    def resolve_thread(self, thread: int, *, key: str = "") -> Outcome:
        """The customer has what they came for."""
        return self._do(f"/threads/{thread}/resolve", key)

    def reopen_thread(self, thread: int, *, key: str = "") -> Outcome:
        """Take a resolved thread up again."""
        return self._do(f"/threads/{thread}/reopen", key)

    def new_matter_thread(self, thread: int, *, key: str = "") -> Outcome:
        """Make a thread of its own of what the customer wrote last."""
        return self._do(f"/threads/{thread}/new-matter", key)

    def tag_thread(
        self, thread: int, *, add: Sequence[str] = (), remove: Sequence[str] = (), key: str = ""
    ) -> Outcome:
        """Add and remove tags."""
        return self._do(f"/threads/{thread}/tag", key, add=add, remove=remove)

    def copy_thread(
        self, thread: int, *, add: Sequence[str] = (), remove: Sequence[str] = (), key: str = ""
    ) -> Outcome:
        """Have people in copy of every answer from now on, or no longer, by address."""
        return self._do(f"/threads/{thread}/copy", key, add=add, remove=remove)

    def prioritise_thread(self, thread: int, *, priority: int, key: str = "") -> Outcome:
        """Set the priority, 10 low to 40 urgent."""
        return self._do(f"/threads/{thread}/prioritise", key, priority=priority)

    def end_wrap_up(self, thread: int, *, key: str = "") -> Outcome:
        """End the work after a solved thread."""
        return self._do(f"/threads/{thread}/done", key)

    def boost_thread(self, thread: int, *, by: int, key: str = "") -> Outcome:
        """Have a waiting thread count as *by* ms older in line; below 0, as younger."""
        return self._do(f"/threads/{thread}/boost", key, by=by)

    def search_customers(self, *, q: str, limit: int = 20) -> Page[CustomerRow]:
        """People whose name or address has something in it."""
        return self._get("/customers", Page[CustomerRow], q=q, limit=limit)

    def find_customer(self, *, who: str) -> CustomerPage:
        """Who somebody is: by a thread (``#4812``), an address, or an id."""
        return self._get("/customers/find", CustomerPage, who=who)

    def list_suggested(self) -> Page[LinkView]:
        """Pairs of addresses that may be one person's, and wait for somebody to say so."""
        return self._get("/customers/suggested", Page[LinkView])

    def identify_customer(
        self, *, addresses: Sequence[Reach], name: str = "", evidence: Evidence = Evidence.ASSERTED
    ) -> Taken:
        """Say that addresses are one person's, as a CRM knows it."""
        return self._post(
            "/customers/identify", Taken, addresses=addresses, name=name, evidence=evidence
        )

    def merge_customers(self, *, a: str, b: str, why: str = "", key: str = "") -> Outcome:
        """Say that two handles are one person's."""
        return self._do("/customers/merge", key, a=a, b=b, why=why)

    def split_customer(self, *, handles: Sequence[str], key: str = "") -> Outcome:
        """Part some handles from the rest of their customer."""
        return self._do("/customers/split", key, handles=handles)

    def keep_apart(self, *, a: str, b: str, key: str = "") -> Outcome:
        """Say that two handles are two people's."""
        return self._do("/customers/keep-apart", key, a=a, b=b)

    def get_customer(self, customer: str) -> CustomerPage:
        """One customer: addresses, why they are one person's, threads."""
        return self._get(f"/customers/{_part(customer)}", CustomerPage)

    def erase_customer(self, customer: str) -> Erased:
        """Erase what somebody said, was sent and is called; decisions stay, without words."""
        return self._delete(f"/customers/{_part(customer)}", Erased)

    def list_likely(self, customer: str) -> Page[Likely]:
        """Who may be the same person, the likeliest first."""
        return self._get(f"/customers/{_part(customer)}/likely", Page[Likely])

    def export_customer(self, customer: str) -> Everything:
        """All that is kept of one person."""
        return self._get(f"/customers/{_part(customer)}/export", Everything)

    def who_am_i(self) -> Who:
        """Who asks, and what they may."""
        return self._get("/me", Who)

    def list_agents(self) -> Page[AgentView]:
        """The team, by name."""
        return self._get("/agents", Page[AgentView])

    def get_agent(self, agent: str) -> AgentView:
        """One of the team."""
        return self._get(f"/agents/{_part(agent)}", AgentView)

    def set_status(
        self,
        agent: str,
        *,
        status: Literal["online", "away", "transfers", "draining", "offline"],
        key: str = "",
    ) -> Outcome:
        """Say whether somebody can be asked: oneself, or as a lead a colleague."""
        return self._do(f"/agents/{_part(agent)}/status", key, status=status)

    def list_events(self, *, after: str = "", limit: int = 100, wait: int = 0) -> Happenings:
        """What happened after a place in the record, the oldest first."""
        return self._get("/events", Happenings, after=after, limit=limit, wait=wait)

    def get_stats(self, *, since: int | None = None, until: int | None = None) -> Stats:
        """How it stands now, and what came and went in a span of time."""
        return self._get("/stats", Stats, since=since, until=until)

    def get_report(
        self,
        *,
        since: int | None = None,
        until: int | None = None,
        by: By = "",
        limit: int = LIMIT,
        queue: str | None = None,
        channel: str | None = None,
        agent: str | None = None,
        tag: str | None = None,
        topic: str | None = None,
        zone: str = "",
    ) -> Report:
        """Every measure over a period, beside the period before, in groups if wanted."""
        of = {"queue": queue, "channel": channel, "agent": agent, "tag": tag, "topic": topic}
        span = {"since": since, "until": until, "by": by, "limit": limit, "zone": zone}
        return self._get("/reports", Report, **span, **of)

    def list_tokens(self) -> Page[TokenView]:
        """Tokens that work, the oldest first; never the tokens themselves."""
        return self._get("/tokens", Page[TokenView])

    def make_token(
        self, *, name: str, scopes: Sequence[str], agent: str = "", days: int = 90
    ) -> NewToken:
        """Make a token; it is shown in this answer and never again."""
        return self._post("/tokens", NewToken, name=name, scopes=scopes, agent=agent, days=days)

    def revoke_token(self, token: str) -> Ended:
        """End a token."""
        return self._delete(f"/tokens/{_part(token)}", Ended)

    def list_webhooks(self) -> Page[WebhookView]:
        """Where events go, and how that works."""
        return self._get("/webhooks", Page[WebhookView])

    def make_webhook(
        self, *, url: str, types: Sequence[str] = (), personal: bool = False
    ) -> NewWebhook:
        """Have events sent somewhere from now on; the secret is shown in this answer alone."""
        return self._post("/webhooks", NewWebhook, url=url, types=types, personal=personal)

    def delete_webhook(self, webhook: str) -> Ended:
        """Send nothing more there."""
        return self._delete(f"/webhooks/{_part(webhook)}", Ended)

    def enable_webhook(self, webhook: str) -> WebhookView:
        """Send again what happens from now on, after it was switched off."""
        return self._post(f"/webhooks/{_part(webhook)}/enable", WebhookView)

    def test_webhook(self, webhook: str) -> Tried:
        """Send an event that says nothing, now and once."""
        return self._post(f"/webhooks/{_part(webhook)}/test", Tried)


def _part(text: str) -> str:
    """*text* as one part of a path."""
    return quote(text, safe="")


def _given(said: Mapping[str, object]) -> dict[str, object]:
    """What was given: what is left empty is left out, so that an older server knows the rest."""
    return {
        name: value for name, value in said.items() if value is not None and value not in ("", ())
    }


def _query(asked: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (name, _text(each))
        for name, value in _given(asked).items()
        for each in (value if isinstance(value, list | tuple) else (value,))
    ]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(answer: httpx.Response, kind: type[T]) -> T:
    if answer.is_success:
        return msgspec.json.decode(answer.content, type=kind)
    raise Problem(answer.status_code, _said(answer))


def _said(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        said = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}
