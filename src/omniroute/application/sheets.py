"""A thread's page as the plain values of the desks' contract."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from typing import Final

from omniroute.application import words
from omniroute.application.likeness import Likely
from omniroute.application.pages import Item, ThreadPage, ThreadRow
from omniroute.desk import Kept, Line, SamePerson, Sheet, Way

OUTSIDE: Final = ("customer", "participant")
"""Kinds of lines that somebody wrote to us, whom an answer must not cross unseen."""

PAIR: Final = 10  # hex digits that stand for two addresses; a button has little room


def sheet(page: ThreadPage, now: int, zone: tzinfo) -> Sheet:
    """What a desk needs of *page*, looked at *now* where the hour is that of *zone*."""
    row, offer = page.row, page.offer
    return Sheet(
        thread=row.id,
        version=row.version,
        phase=row.phase,
        title=row.name,
        card=page.card,
        lines=tuple(_lines(page.items, row.turns, lambda at: words.moment(at, now, zone))),
        turns=row.turns,
        owner=row.agent if row.phase in ("assigned", "snoozed", "resolved") else "",
        owner_name=row.agent_name,
        can=page.can,
        to=_to(page),
        ways=tuple(Way(way.handle, way.text, way.doubt, way.until) for way in page.ways),
        templates=page.templates,
        people=tuple(_people(page)),
        lasting=page.lasting,
        offer=offer.id if offer is not None else "",
        until=offer.until if offer is not None else 0,
        clock=words.moment(now, now, zone),
    )


def _to(page: ThreadPage) -> str:
    """Where an answer goes, with what there is to know of it before it goes."""
    why = f" ({page.instead})" if page.instead else ""
    copies = f"; cc {', '.join(page.copies)}" if page.copies else ""
    return page.replying_to + why + copies


def _people(page: ThreadPage) -> Iterator[SamePerson]:
    """Who may be the same person, then who counts as one; each pair once."""
    told = [
        *((link.a, link.b, link.text, False) for link in page.links if link.state == "suggested"),
        *((who.mine, who.handle, _likely(who), False) for who in page.likely),
        *((link.a, link.b, link.text, True) for link in page.links if link.state == "live"),
    ]
    seen = set[str]()
    for a, b, text, joined in told:
        id = hashlib.sha256("\0".join(sorted((a, b))).encode()).hexdigest()[:PAIR]
        if id not in seen:
            seen.add(id)
            yield SamePerson(id, a, b, text, joined)


def _likely(who: Likely) -> str:
    named = f"{who.name} #{who.thread}" if who.thread else who.name
    return f"May be {named}: {'; '.join(who.reasons)}"


def _lines(items: Sequence[Item], turns: int, clock: Callable[[int], str]) -> Iterator[Line]:
    """The timeline; where it begins late, what came from outside is numbered from the end."""
    turn = turns - sum(item.kind in OUTSIDE for item in items)
    for number, item in enumerate(items):
        turn += item.kind in OUTSIDE
        yield Line(
            id=item.message or f"{item.seq}.{number}",
            kind="customer" if item.kind in OUTSIDE else item.kind,
            text=item.text or item.subject,
            at=item.at,
            author=item.author,
            clock=clock(item.at),
            agent=item.agent,
            channel=item.channel,
            turn=turn if item.kind in OUTSIDE else 0,
            state=item.state,
            reason=item.reason,
            edited=bool(item.edited),
            reactions=item.reactions,
            received=item.received,
            handle=item.handle,
            former=item.former,
            change=item.change,
            can=item.can,
            files=tuple(Kept(f.name, f.media_type, f.size, f.sha) for f in item.files),
        )


def queue_first(rows: Sequence[ThreadRow]) -> Sequence[ThreadRow]:
    """Threads in the order in which somebody should look at them."""
    return sorted(rows, key=lambda row: (not row.waiting, row.deadline or row.last_at, row.id))
