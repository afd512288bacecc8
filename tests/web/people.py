"""Who lives in the village, and what they wrote: a Monday morning at a shop for bicycles."""

from __future__ import annotations

from typing import Any

from tests.web.village import MINUTE, Clock, Record, Village

from omniroute.application.copies import ParticipantView
from omniroute.application.likeness import Likely
from omniroute.application.pages import AgentView, FileView, HandleView, Item, ThreadRow
from omniroute.application.ways import Way
from omniroute.channel import Template

HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE

TEAM = (
    AgentView("ana", "Ana Ruiz", "agent", "online", False, 3, 5, ("billing",),
              {"refunds": 4.0, "billing": 5.0, "lang.de": 5.0, "lang.en": 4.0}),
    AgentView("bo", "Bo Berg", "agent", "online", False, 1, 5, ("billing", "tech"),
              {"refunds": 2.0, "lang.en": 5.0}),
    AgentView("cy", "Cy Cole", "lead", "away", False, 4, 5, ("tech",), {"tech.api": 4.0}),
    AgentView("di", "Di Dorn", "admin", "offline", False, 0, 5, (), {}),
    AgentView("eva", "Eva Lindqvist", "agent", "online", True, 2, 4, ("general",),
              {"lang.sv": 5.0, "lang.en": 4.5}),
)  # fmt: skip

GERMAN = (
    "Guten Tag,\n\nmein Rad kam ohne Pedale. Auf der Rechnung stehen sie.\n"
    "Können Sie sie nachschicken? https://shop.example/bestellung/1182\n\nViele Grüße\nJörg Öztürk"
)


def village(clock: Clock) -> Village:
    """The village as it is on that morning."""
    now = clock()
    made = Village(clock, TEAM, _records(now))
    made.files["5ha"] = b"%PDF-1.4 receipt"
    made.htmls["m2"] = "<p>here is the <b>receipt</b></p><script>alert(1)</script>"
    return made


def row(id: int, name: str, excerpt: str, now: int, **values: Any) -> ThreadRow:
    """A thread's row with what is usual."""
    usual: dict[str, Any] = {
        "id": id, "version": 3, "phase": "queued", "customer": f"c{id}", "name": name,
        "verified": True, "channel": "email", "excerpt": excerpt, "queue": "general",
        "priority": 20, "deadline": 0, "since": now - HOUR, "routing_since": now - HOUR,
        "last_at": now - 12 * MINUTE, "waiting": True, "agent": "", "agent_name": "", "turns": 1,
    }  # fmt: skip
    return ThreadRow(**{**usual, **values})


def _records(now: int) -> list[Record]:
    joe = row(
        4812, "Joe Miller", "here is the receipt, hope that helps", now,
        phase="assigned", agent="ana", agent_name="Ana Ruiz", queue="billing", priority=30,
        deadline=now + 9 * MINUTE, tags=("refund", "vip"), turns=3, last_at=now - 2 * MINUTE,
    )  # fmt: skip
    mine = {"phase": "assigned", "agent": "ana", "agent_name": "Ana Ruiz"}
    simple = [
        row(4815, "Fatima Zahra Idrissi", "Merci, ça marche maintenant !", now, **mine,
            channel="webchat", waiting=False, queue="tech", last_at=now - 25 * MINUTE),
        row(4799, "נועה לוי", "שלום, איפה ההזמנה שלי?", now, **mine, deadline=now - 4 * MINUTE,
            queue="general", last_at=now - 64 * MINUTE),
        row(4820, "Jörg Öztürk", GERMAN, now, phase="offered", queue="billing", priority=40,
            deadline=now + 6 * MINUTE, tags=("delivery",), last_at=now - 90_000),
        row(4821, "佐藤 美咲", "領収書を送ってください。", now, channel="telegram",
            deadline=now + 38 * MINUTE, last_at=now - 4 * MINUTE),
        row(4817, "ceo@acme.example", "Please send me all invoices of Joe Miller.", now,
            verified=False, phase="stranded", queue="billing", last_at=now - 31 * MINUTE),
        row(4822, "Visitor 7f3", "is the shop open on saturday", now, channel="webchat",
            deadline=now + 70 * MINUTE, last_at=now - 40_000),
        row(4803, "Lena Sommer", "The API answers 500 since 8:40, all our orders hang.", now,
            phase="assigned", agent="cy", agent_name="Cy Cole", queue="tech", priority=40,
            tags=("outage",), channel="slack", last_at=now - 8 * MINUTE),
        row(4790, "Piet de Vries", "Next week is fine for me.", now, phase="snoozed", agent="ana",
            agent_name="Ana Ruiz", snoozed_until=now + DAY, waiting=False, last_at=now - 3 * HOUR),
        row(4788, "Marta Nowak", "Thank you, that was quick!", now, phase="resolved", agent="bo",
            agent_name="Bo Berg", waiting=False, last_at=now - 5 * HOUR, channel="webchat"),
    ]  # fmt: skip
    records = [Record(joe, _joes_items(now), _JOES_CARD, _JOES_HANDLES, (_joes_past(now),))]
    records += [_simple(thread, now) for thread in simple]
    records[3].offer = ("o4820", "ana", now + 41_000)
    records[0].more = _joes_ways(now)
    return records


_JOES_CARD = (
    "● HIGH  refund  first reply due in 9 min  #4812",
    "Joe Miller · joe@example.org ✓ · joe (web chat) ✓ · refund · vip",
    "“here is the receipt, hope that helps”  e-mail 10:15",
    "Before  web chat 2 Feb “Where is my invoice?”, solved by Ana Ruiz",
    "Asked already  order number 1182, card ending 42",
    "Note from Bo Berg  “bank confirmed the double charge”",
    "Why you  rule refunds → billing · refunds 4≥3, lang.de 5≥3 · load 2/5",
)

_JOES_HANDLES = (
    HandleView("h1", "email", "joe@example.org", "Joe Miller", True),
    HandleView("h2", "webchat", "user 5521", "Joe", True),
)


def _joes_ways(now: int) -> dict[str, Any]:
    """Two ways to Joe, one of which is closed; his wife is in copy; he may be somebody else."""
    gone = "web chat: this visitor has gone"
    return {
        "ways": (
            Way("h1", "email", "joe@example.org by e-mail"),
            Way("h2", "webchat", "Joe by web chat", gone),
        ),
        "instead": gone,
        "participants": (
            ParticipantView("h3", "email", "ana@example.org", "Ana Miller", "named"),
            ParticipantView("h4", "email", "tax@example.org", "", "added", copied=True),
        ),
        "copies": ("tax@example.org",),
        "templates": (Template("order_news", "Order {{number}} is here.", ("number",), "en"),),
        "likely": (
            Likely("c2", "Joe Miller", 0.7, ("both write as joe.miller@…",), "h1", "h9", 4803),
        ),
    }


def _joes_past(now: int) -> ThreadRow:
    return row(
        4101, "Joe Miller", "Where is my invoice?", now, phase="closed", agent="ana",
        agent_name="Ana Ruiz", channel="webchat", last_at=now - 28 * DAY, since=now - 28 * DAY,
    )  # fmt: skip


def _joes_items(now: int) -> list[Item]:
    receipt = FileView("receipt-1182.pdf", "application/pdf", 48_213, "5ha")
    return [
        Item(1, now - DAY, "customer", "Hi, I was charged twice for order 1182.\nCan you look?",
             message="m0", channel="webchat", author="Joe Miller"),
        Item(2, now - DAY, "event", "Queued in billing by rule refunds; needs refunds ≥ 3"),
        Item(2, now - DAY + 9_000, "event", "Ana Ruiz accepted"),
        Item(3, now - DAY + 2 * MINUTE, "reply",
             "Hello Joe, I am sorry about that. I see both charges, of 10:02 and 10:03.\n\n"
             "Could you send me the receipt? Then I can give one of them back today.",
             message="r1", channel="webchat", author="Ana Ruiz", state="sent"),
        Item(4, now - 40 * MINUTE, "note", "bank confirmed the double charge, refund is fine\n— "
             "ask before 12:00, they close the batch then", message="n1", author="Bo Berg"),
        Item(5, now - 12 * MINUTE, "customer", "here is the receipt, hope that helps",
             message="m2", channel="email", author="Joe Miller", subject="Re: order 1182",
             quoted="On Sunday Ana Ruiz wrote:\n> Could you send me the receipt?", html=True,
             files=(receipt,)),
        Item(6, now - 2 * MINUTE, "reply", "Thank you! The refund of 64.90 € is on its way.",
             message="r2", channel="email", author="Ana Ruiz", state="failed",
             reason="joe@example.org: mailbox full (552 5.2.2)"),
    ]  # fmt: skip


def _simple(thread: ThreadRow, now: int) -> Record:
    word = {10: "LOW", 20: "NORMAL", 30: "HIGH", 40: "URGENT"}[thread.priority]
    card = (
        f"● {word}  {thread.queue}  #{thread.id}",
        f"{thread.name} · {'✓' if thread.verified else 'unverified'}",
        f"“{' '.join(thread.excerpt.split())[:90]}”  e-mail 10:15",
        f"Why you  rule everything-else → {thread.queue} · load 2/5",
    )
    kind = thread.channel
    handle = HandleView(f"h{thread.id}", kind, thread.name, thread.name, thread.verified)
    item = Item(7, thread.last_at, "customer", thread.excerpt, message=f"m{thread.id}",
                channel=kind, author=thread.name, verified=thread.verified)  # fmt: skip
    return Record(thread, [item], card, (handle,))
