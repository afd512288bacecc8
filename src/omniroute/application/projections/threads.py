"""Where a thread stands: queue, offers, who has it, how it ends."""

from __future__ import annotations

from omniroute.application.projections.fold import Fold, Folding, decode, json
from omniroute.application.projections.parting import recount
from omniroute.core import events as e
from omniroute.core import states

SILENT = (e.ThreadOpened, e.ReplySent, e.ReplyFailed)
"""Events after which a thread is of the same version as before."""

_PENDING = "EXISTS (SELECT 1 FROM offers WHERE thread = threads.id AND state = 'pending')"


def _following(kind: type[e.ThreadEvent]) -> str:
    """The statement that moves a thread on after an event: the core's own table, as SQL."""
    phase = "phase"
    if moves := states.TABLE.get(kind):
        cases = " ".join(f"WHEN '{before}' THEN '{after}'" for before, after in moves.items())
        phase = f"CASE phase {cases} ELSE phase END"
    if kind is e.OfferEnded:  # queued again with the last one
        phase = f"CASE WHEN {_PENDING} THEN phase ELSE {phase} END"
    if kind is e.ThreadUnfolded:
        phase = f"CASE WHEN solved_at > 0 THEN 'resolved' ELSE {phase} END"
    # Nothing but words of our own is put in here.
    return f"UPDATE threads SET version = version + 1, phase = {phase} WHERE id = ?"  # noqa: S608


_FOLLOWING = {
    kind: _following(kind)
    for kind in e.AnyEvent.__args__
    if issubclass(kind, e.ThreadEvent) and kind not in SILENT
}


def follow(fold: Fold, event: e.ThreadEvent) -> None:
    """Move the thread's phase, and count its version."""
    if (statement := _FOLLOWING.get(type(event))) is not None:
        fold.db.execute(statement, (event.thread,))


def _end_offers(fold: Fold, thread: int) -> None:
    fold.db.execute(
        "UPDATE offers SET state = 'rescinded', ended_at = ?"
        " WHERE thread = ? AND state = 'pending'",
        (fold.at, thread),
    )


def opened(fold: Fold, event: e.ThreadOpened) -> None:
    fold.db.execute(
        "INSERT OR REPLACE INTO threads (id, root, customer, since, version)"
        " VALUES (?, ?, ?, ?, 1)",
        (event.thread, event.thread, event.customer, fold.at),
    )


def routed(fold: Fold, event: e.ThreadRouted) -> None:
    _end_offers(fold, event.thread)
    facts = fold.entry.input.get("facts") or {}
    topic = str(facts.get("topic") or "")
    fold.db.execute(
        "UPDATE threads SET queue = ?, rule = ?, rules = ?, priority = ?, deadline = ?,"
        # A hand-over keeps the deadline: one that was met does not come back.
        " due = CASE deadline WHEN ? THEN due ELSE ? END, routing_since = ?,"
        " queued_since = CASE phase WHEN 'new' THEN ? ELSE queued_since END, steps = ?,"
        " step = 0, stranded = '', weight = ?, tags = ?,"
        " topic = CASE ? WHEN '' THEN topic ELSE ? END WHERE id = ?",
        (
            event.queue, event.rule, event.rules, event.priority, *[event.deadline] * 3,
            event.routing_since, fold.at, json(event.steps), event.weight, json(event.tags), topic,
            topic, event.thread,
        ),
    )  # fmt: skip
    fold.happened(event.thread, event)


def step_began(fold: Fold, event: e.StepBegan) -> None:
    fold.db.execute(
        "UPDATE threads SET step = ?, queue = CASE ? WHEN '' THEN queue ELSE ? END, stranded = '',"
        " priority = coalesce(?, priority) WHERE id = ?",
        (event.step, event.queue, event.queue, event.priority, event.thread),
    )
    fold.happened(event.thread, event)


def stranded(fold: Fold, event: e.ThreadStranded) -> None:
    fold.db.execute("UPDATE threads SET stranded = ? WHERE id = ?", (event.reason, event.thread))
    fold.happened(event.thread, event)


def customer_away(fold: Fold, event: e.CustomerAway) -> None:
    fold.happened(event.thread, event)


def hours_planned(fold: Fold, event: e.HoursPlanned) -> None:
    """When a queue closes is in its calendar."""


def held(fold: Fold, event: e.ThreadHeld) -> None:
    fold.db.execute("UPDATE threads SET opens_at = ? WHERE id = ?", (event.until, event.thread))
    fold.happened(event.thread, event)


def unheld(fold: Fold, event: e.ThreadUnheld) -> None:
    fold.db.execute("UPDATE threads SET opens_at = 0, stranded = '' WHERE id = ?", (event.thread,))
    fold.happened(event.thread, event)


def offer_made(fold: Fold, event: e.OfferMade) -> None:
    offer = event.offer
    fold.db.execute(
        "INSERT OR REPLACE INTO offers (id, thread, agent, at, until, state)"
        " VALUES (?, ?, ?, ?, ?, 'pending')",
        (offer.id, event.thread, offer.agent, offer.at, offer.until),
    )
    fold.touched.agents.add(offer.agent)
    fold.touched.offered.add(offer.agent)
    fold.happened(event.thread, event)


def offer_ended(fold: Fold, event: e.OfferEnded) -> None:
    fold.db.execute(
        "UPDATE offers SET state = ?, ended_at = ? WHERE id = ?", (event.how, fold.at, event.offer)
    )
    fold.touched.agents.add(event.agent)
    fold.happened(event.thread, event)


def happened(fold: Fold, event: e.ThreadEvent) -> None:
    """For the timeline alone."""
    fold.happened(event.thread, event)


def assigned(fold: Fold, event: e.ThreadAssigned) -> None:
    fold.db.execute(
        "UPDATE threads SET agent = ?, agent_since = ?, dormant = 0, stranded = '' WHERE id = ?",
        (event.agent, fold.at, event.thread),
    )
    fold.touched.agents.add(event.agent)
    fold.happened(event.thread, event)


def released(fold: Fold, event: e.ThreadReleased) -> None:
    fold.db.execute(
        "UPDATE threads SET agent = '', agent_since = 0, snoozed_until = 0, dormant = 0,"
        " queued_since = ? WHERE id = ?",
        (fold.at, event.thread),
    )
    fold.touched.agents.add(event.agent)
    fold.happened(event.thread, event)


def snoozed(fold: Fold, event: e.ThreadSnoozed) -> None:
    fold.db.execute(
        "UPDATE threads SET snoozed_until = ?, dormant = 0 WHERE id = ?",
        (event.until, event.thread),
    )
    _touch_owner(fold, event.thread)
    fold.happened(event.thread, event)


def woken(fold: Fold, event: e.ThreadWoken) -> None:
    fold.db.execute("UPDATE threads SET snoozed_until = 0 WHERE id = ?", (event.thread,))
    _touch_owner(fold, event.thread)
    fold.happened(event.thread, event)


def solved(fold: Fold, event: e.ThreadSolved) -> None:
    """Whoever had it counts as the one who helped, not a lead who tidied up."""
    _touch_owner(fold, event.thread)
    fold.db.execute(
        "UPDATE threads SET agent = CASE agent WHEN '' THEN ? ELSE agent END, solved_at = ?,"
        " snoozed_until = 0, dormant = 0, waiting = 0 WHERE id = ?",
        (event.agent, fold.at, event.thread),
    )
    fold.happened(event.thread, event)


def reopened(fold: Fold, event: e.ThreadReopened) -> None:
    fold.db.execute(
        "UPDATE threads SET agent = '', agent_since = 0, solved_at = 0, wrap_until = 0,"
        " waiting = 1, step = 0 WHERE id = ?",
        (event.thread,),
    )
    fold.happened(event.thread, event)


def abandoned(fold: Fold, event: e.ThreadAbandoned) -> None:
    fold.db.execute("UPDATE threads SET waiting = 0 WHERE id = ?", (event.thread,))
    fold.happened(event.thread, event)


def article_proposed(fold: Fold, event: e.ArticleProposed) -> None:
    fold.happened(event.thread, event)


def closed(fold: Fold, event: e.ThreadClosed) -> None:
    fold.happened(event.thread, event)


# With whoever opened it a folded thread goes, whoever has written in it since: its own first
# message tells, and that of what was folded into it where it has none.
_OPENER = """
    UPDATE threads SET opener = COALESCE((
      SELECT handle FROM messages WHERE kind = 'customer'
        AND thread IN (SELECT id FROM threads WHERE root = :thread)
      ORDER BY thread != :thread, seq, n LIMIT 1
    ), handle) WHERE id = :thread
"""


def folded(fold: Fold, event: e.ThreadFolded) -> None:
    """The thread, and whatever was folded into it before, is shown in the surviving one."""
    fold.db.execute(_OPENER, {"thread": event.thread})
    fold.db.execute("UPDATE threads SET root = ? WHERE root = ?", (event.into, event.thread))
    pair = fold.db.execute(
        "SELECT tags FROM threads WHERE id IN (?, ?) ORDER BY id = ?",
        (event.into, event.thread, event.thread),
    ).fetchall()
    tags = dict.fromkeys(tag for (kept,) in pair for tag in decode(kept))
    fold.db.execute(
        "UPDATE threads SET version = threads.version + 1, tags = ?,"
        " turns = threads.turns + gone.turns, asides = threads.asides + gone.asides,"
        " replies = threads.replies + gone.replies,"
        " waiting = threads.waiting OR gone.waiting,"
        " last_at = MAX(threads.last_at, gone.last_at)"
        " FROM (SELECT * FROM threads WHERE id = ?) AS gone WHERE threads.id = ?",
        (json(list(tags)), event.thread, event.into),
    )
    fold.db.execute(
        "UPDATE threads SET priority = MAX(threads.priority, gone.priority),"
        " deadline = MIN(threads.deadline, gone.deadline),"
        " routing_since = MIN(threads.routing_since, gone.routing_since),"
        " due = CASE WHEN threads.due AND gone.due"
        "   THEN MIN(threads.due, gone.due) ELSE MAX(threads.due, gone.due) END"
        " FROM (SELECT * FROM threads WHERE id = ?) AS gone"
        # What is done makes nothing urgent.
        " WHERE threads.id = ? AND gone.phase != 'resolved'",
        (event.thread, event.into),
    )
    recount(fold, event.into)
    fold.touch(event.into)
    fold.happened(event.into, event)


def weight_set(fold: Fold, event: e.WeightSet) -> None:
    fold.db.execute("UPDATE threads SET weight = ? WHERE id = ?", (event.weight, event.thread))
    _touch_owner(fold, event.thread)


def turned(fold: Fold, event: e.TopicTurned) -> None:
    fold.happened(event.thread, event)


def tags_set(fold: Fold, event: e.TagsSet) -> None:
    fold.db.execute("UPDATE threads SET tags = ? WHERE id = ?", (json(event.tags), event.thread))
    fold.happened(event.thread, event)


def priority_set(fold: Fold, event: e.PrioritySet) -> None:
    fold.db.execute("UPDATE threads SET priority = ? WHERE id = ?", (event.priority, event.thread))
    fold.happened(event.thread, event)


def promoted(fold: Fold, event: e.ThreadPromoted) -> None:
    fold.db.execute("UPDATE threads SET priority = ? WHERE id = ?", (event.priority, event.thread))
    fold.happened(event.thread, event)


def promotion_planned(fold: Fold, event: e.PromotionPlanned | e.OverflowPlanned) -> None:
    """When a priority rises next is nobody's news."""


def age_moved(fold: Fold, event: e.AgeMoved) -> None:
    fold.db.execute(
        "UPDATE threads SET routing_since = ? WHERE id = ?", (event.routing_since, event.thread)
    )
    fold.happened(event.thread, event)


def target_started(fold: Fold, event: e.TargetStarted) -> None:
    fold.db.execute(
        "UPDATE threads SET deadline = ?, due = ? WHERE id = ?",
        (event.nearest, event.nearest, event.thread),
    )


def target_stopped(fold: Fold, event: e.TargetStopped) -> None:
    fold.db.execute(
        "UPDATE threads SET deadline = CASE ? WHEN 0 THEN deadline ELSE ? END, due = ?"
        " WHERE id = ?",
        (event.nearest, event.nearest, event.nearest, event.thread),
    )


def target_missed(fold: Fold, event: e.TargetMissed) -> None:
    _touch_owner(fold, event.thread)
    fold.happened(event.thread, event)


def marks_passed(fold: Fold, event: e.MarksPassed) -> None:
    """That rules were looked at is nobody's news; what they did is."""


def escalated(fold: Fold, event: e.Escalated) -> None:
    fold.db.execute(
        "UPDATE threads SET priority = ?, tags = ? WHERE id = ?",
        (event.priority, json(event.tags), event.thread),
    )
    fold.happened(event.thread, event)


def deadline_set(fold: Fold, event: e.DeadlineSet) -> None:
    """A place in line, and no promise to the customer."""
    fold.db.execute("UPDATE threads SET deadline = ? WHERE id = ?", (event.deadline, event.thread))


def dormancy_planned(fold: Fold, event: e.DormancyPlanned) -> None:
    """What may become of it later is nobody's news."""


def dormant(fold: Fold, event: e.ThreadDormant) -> None:
    fold.db.execute("UPDATE threads SET dormant = 1 WHERE id = ?", (event.thread,))
    fold.touched.agents.add(event.agent)
    fold.happened(event.thread, event)


def roused(fold: Fold, event: e.ThreadRoused) -> None:
    fold.db.execute("UPDATE threads SET dormant = 0 WHERE id = ?", (event.thread,))
    fold.touched.agents.add(event.agent)
    fold.happened(event.thread, event)


def wrap_up_began(fold: Fold, event: e.WrapUpBegan) -> None:
    fold.db.execute("UPDATE threads SET wrap_until = ? WHERE id = ?", (event.until, event.thread))
    fold.touched.agents.add(event.agent)


def wrap_up_ended(fold: Fold, event: e.WrapUpEnded) -> None:
    fold.db.execute("UPDATE threads SET wrap_until = 0 WHERE id = ?", (event.thread,))
    fold.touched.agents.add(event.agent)
    fold.happened(event.thread, event)


def _touch_owner(fold: Fold, thread: int) -> None:
    row = fold.db.execute("SELECT agent FROM threads WHERE id = ?", (thread,)).fetchone()
    if row is not None and row[0]:
        fold.touched.agents.add(row[0])


FOLDS: dict[type[e.Event], Folding] = {
    e.ThreadOpened: opened,
    e.ThreadRouted: routed,
    e.ThreadPromoted: promoted,
    e.PromotionPlanned: promotion_planned,
    e.AgeMoved: age_moved,
    e.TargetStarted: target_started,
    e.TargetStopped: target_stopped,
    e.TargetMissed: target_missed,
    e.MarksPassed: marks_passed,
    e.Escalated: escalated,
    e.DeadlineSet: deadline_set,
    e.StepBegan: step_began,
    e.ThreadStranded: stranded,
    e.CustomerAway: customer_away,
    e.HoursPlanned: hours_planned,
    e.ThreadHeld: held,
    e.ThreadUnheld: unheld,
    e.OfferMade: offer_made,
    e.OfferEnded: offer_ended,
    e.ThreadAssigned: assigned,
    e.ThreadReleased: released,
    e.ExclusionsEnded: happened,
    e.StrandedReminded: happened,
    e.CustomerTold: happened,
    e.Overflowed: happened,
    e.OverflowPlanned: promotion_planned,
    e.ThreadMoved: happened,
    e.HandedOff: happened,
    e.HandedBack: happened,
    e.ThreadSnoozed: snoozed,
    e.DormancyPlanned: dormancy_planned,
    e.ThreadDormant: dormant,
    e.ThreadRoused: roused,
    e.WrapUpBegan: wrap_up_began,
    e.WrapUpEnded: wrap_up_ended,
    e.ThreadWoken: woken,
    e.ThreadSolved: solved,
    e.ThreadReopened: reopened,
    e.ThreadAbandoned: abandoned,
    e.ArticleProposed: article_proposed,
    e.ThreadClosed: closed,
    e.ThreadFolded: folded,
    e.WeightSet: weight_set,
    e.TopicTurned: turned,
    e.TagsSet: tags_set,
    e.PrioritySet: priority_set,
}
