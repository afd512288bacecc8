"""Who there is: customers with their handles, and agents."""

from __future__ import annotations

from omniroute.application import words
from omniroute.application.likeness import name_key
from omniroute.application.projections.fold import Fold, Folding, json
from omniroute.core import events as e
from omniroute.core.model import AgentId

NOBODY = "unknown sender"
"""Shown where an address is gone, because the person was erased."""


ADDRESS = 320
"""Characters shown of an address; no e-mail address is longer."""


def handle_seen(fold: Fold, event: e.HandleSeen) -> None:
    handle = event.handle
    fold.db.execute(
        "INSERT OR REPLACE INTO handles (id, customer, kind, since, verified)"
        " VALUES (?, ?, ?, ?, ?)",
        (handle.id, handle.customer, handle.kind, handle.since, handle.verified),
    )
    refresh_handle(fold, handle.id)


def refresh_handle(fold: Fold, handle: str) -> None:
    """Take over the address and the name as they stand now; the last name given counts."""
    row = fold.db.execute(
        "SELECT customer, value, display FROM handles WHERE id = ?", (handle,)
    ).fetchone()
    reached = fold.reached(handle)
    if row is None or reached is None:
        return
    value = words.one_line(reached.value, ADDRESS)
    # A message without a name does not make a known person nameless.
    display = words.person(reached.display) or row[2]
    if (value, display) != row[1:]:
        fold.db.execute(
            "UPDATE handles SET value = ?, display = ?, called = ? WHERE id = ?",
            (value, display, name_key(display), handle),
        )
        name_customer(fold, row[0])


def name_customer(fold: Fold, customer: str) -> None:
    """A customer is called as on the handle that tells most: vouched for first, named first."""
    row = fold.db.execute(
        "SELECT CASE display WHEN '' THEN value ELSE display END FROM handles WHERE customer = ?"
        " ORDER BY verified DESC, display = '', since, id LIMIT 1",
        (customer,),
    ).fetchone()
    name = row[0] if row is not None and row[0] else NOBODY
    fold.db.execute("INSERT OR REPLACE INTO customers VALUES (?, ?)", (customer, name))


def agent_joined(fold: Fold, event: e.AgentJoined) -> None:
    member = event.member
    fold.db.execute(
        "INSERT INTO agents (id, teams, skills, capacity, role, kind) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET teams = excluded.teams, skills = excluded.skills,"
        " capacity = excluded.capacity, role = excluded.role, kind = excluded.kind, employed = 1",
        (
            member.id, json(member.teams), json(member.skills), member.capacity, member.role,
            member.kind,
        ),
    )  # fmt: skip
    fold.touched.agents.add(member.id)


def agent_left(fold: Fold, event: e.AgentLeft) -> None:
    fold.db.execute(
        "UPDATE agents SET employed = 0, status = 'offline' WHERE id = ?",
        (event.agent,),
    )
    fold.touched.agents.add(event.agent)


def status_changed(fold: Fold, event: e.StatusChanged) -> None:
    fold.db.execute(
        "UPDATE agents SET status = ?, unresponsive = 0, unreachable = 0 WHERE id = ?",
        (event.status.value, event.agent),
    )
    fold.touched.agents.add(event.agent)


def unresponsive(fold: Fold, event: e.AgentUnresponsive) -> None:
    fold.db.execute("UPDATE agents SET unresponsive = 1 WHERE id = ?", (event.agent,))
    fold.touched.agents.add(event.agent)


def back(fold: Fold, event: e.AgentBack) -> None:
    fold.db.execute("UPDATE agents SET unresponsive = 0 WHERE id = ?", (event.agent,))
    if event.desks:
        _reach(fold, event.agent, True)
    fold.touched.agents.add(event.agent)


def desks_lost(fold: Fold, event: e.DesksLost) -> None:
    if event.flag_at:  # the last of theirs
        _reach(fold, event.agent, False)


def desk_reached(fold: Fold, event: e.DeskReached) -> None:
    _reach(fold, event.agent, True)


def _reach(fold: Fold, agent: AgentId, reached: bool) -> None:
    fold.db.execute("UPDATE agents SET unreachable = ? WHERE id = ?", (not reached, agent))
    fold.touched.agents.add(agent)


def no_view(
    fold: Fold, event: e.AgentGone | e.OwnerUnreachable | e.QueueDeep | e.QueueEased
) -> None:
    """What follows for threads are events of theirs; whoever must know is told by a card."""


def no_thread(fold: Fold, event: e.AutomaticRepliesPaused | e.AutomaticRepliesResumed) -> None:
    """The core's own row says where automatic replies pause."""


def rules_activated(fold: Fold, event: e.RulesActivated) -> None:
    """Versions are kept with every decision; pages need no table of them yet."""


def trial(fold: Fold, event: e.TrialBegan | e.TrialEnded) -> None:
    """The core's own row says what is on trial."""


def writer(fold: Fold, event: e.WriterChanged | e.WriterLeft) -> None:
    """The core's own row says who writes."""


FOLDS: dict[type[e.Event], Folding] = {
    e.HandleSeen: handle_seen,
    e.AgentJoined: agent_joined,
    e.AgentLeft: agent_left,
    e.StatusChanged: status_changed,
    e.AgentUnresponsive: unresponsive,
    e.AgentBack: back,
    e.DesksLost: desks_lost,
    e.DeskReached: desk_reached,
    e.AgentGone: no_view,
    e.OwnerUnreachable: no_view,
    e.QueueDeep: no_view,
    e.QueueEased: no_view,
    e.AutomaticRepliesPaused: no_thread,
    e.AutomaticRepliesResumed: no_thread,
    e.RulesActivated: rules_activated,
    e.TrialBegan: trial,
    e.TrialEnded: trial,
    e.WriterChanged: writer,
    e.WriterLeft: writer,
}
