"""A thread's page as the plain values of the desks' contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from omniroute.application import words
from omniroute.application.pages import Item, ThreadPage, ThreadRow
from omniroute.desk import Kept, Line, Sheet, Way


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


def _lines(items: Sequence[Item], turns: int, clock: Callable[[int], str]) -> Iterator[Line]:
    """The timeline; where it begins late, the customer's lines are numbered from the end."""
    turn = turns - sum(item.kind == "customer" for item in items)
    for number, item in enumerate(items):
        turn += item.kind == "customer"
        yield Line(
            id=item.message or f"{item.seq}.{number}",
            # A participant's line is read as a customer's, and is no turn of theirs.
            kind="customer" if item.kind == "participant" else item.kind,
            text=item.text or item.subject,
            at=item.at,
            author=item.author,
            clock=clock(item.at),
            agent=item.agent,
            channel=item.channel,
            turn=turn if item.kind == "customer" else 0,
            state=item.state,
            reason=item.reason,
            edited=bool(item.edited),
            reactions=item.reactions,
            handle=item.handle,
            former=item.former,
            change=item.change,
            can=item.can,
            files=tuple(Kept(f.name, f.media_type, f.size, f.sha) for f in item.files),
        )


def queue_first(rows: Sequence[ThreadRow]) -> Sequence[ThreadRow]:
    """Threads in the order in which somebody should look at them."""
    return sorted(rows, key=lambda row: (not row.waiting, row.deadline or row.last_at, row.id))
