"""The rules of a desk, and what they make of a thread.

Enriching rules all apply, top to bottom: they add needs and tags, and set priority, urgency and
weight (a later one wins).  Of the routing rules the first that matches decides; one that falls
through before only names somebody to be asked first.  Everything here is a pure function of the
rule set, the facts, the private conditions that were observed, and the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from omniroute.core.answers import SCORES, SOLVED
from omniroute.core.conditions import (
    FACTS,
    Always,
    Cel,
    Check,
    Clock,
    Condition,
    Expressions,
    Facts,
    Kind,
    Leaf,
    Order,
    View,
    compile_condition,
    leaves,
)
from omniroute.core.conditions import asked as asks
from omniroute.core.forms import Stems
from omniroute.core.ladder import Stage, asked, climb, filled, holes, joined
from omniroute.core.lasting import Lasting, lasting, of_the_moment
from omniroute.core.model import Ask, Fact, Needs, Step
from omniroute.core.model import Sla as Sla
from omniroute.core.observations import Observer, Texts
from omniroute.core.requirements import both, every_skill
from omniroute.core.sieve import Sieve
from omniroute.core.skills import Skills
from omniroute.core.spans import show_span
from omniroute.core.urgency import DAY, HOUR, MINUTE, PRIORITIES, Calendar, due
from omniroute.core.urgency import ORDER as ORDER

PICKS = ("least_loaded", "most_spare", "longest_idle", "round_robin", "best_skill", "fair")
AFTER_OFFER = ("next_best", "broadcast")
REQUEUE = ("live", "all", "never")
SKIP_IF = ("nobody_present", "nobody_free")

EXPECTED_WAIT = "{expected_wait}"  # in an automatic reply
WAIT = "wait."  # and a queue's name: the fact that says how long a wait is expected there
_KEPT = 4_096  # ladders, and judgements


class SlaChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an enriching rule says of the promise; the rest stays."""

    first_reply: int | None = None
    clock: str | None = None
    next_reply: int | None = None
    resolution: int | None = None


class Presence(msgspec.Struct, frozen=True, omit_defaults=True):
    """When somebody counts as gone, and what then becomes of what they have; spans in ms."""

    misses: int = 2  # missed offers in a row, after which an agent is not asked until they act
    offline_grace_ms: int = MINUTE
    requeue: str = "live"  # what goes to others when its owner is offline
    heartbeat_ms: int = MINUTE  # so long after its last sign of life a desk counts as left
    owner_unreachable_ms: int = 5 * MINUTE


class Transfers(msgspec.Struct, frozen=True, omit_defaults=True):
    """What follows when a thread is handed on; spans in ms."""

    no_return_ms: int = 10 * MINUTE  # so long whoever gave it to a queue is not asked for it
    alert_after: int = 3  # so many times …
    within_ms: int = HOUR // 2  # … in such a time, and leads are told


class Automatic(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much machines of ours may say; spans in ms.

    Where nobody waits on the other side, so that anybody may have forged the sender: so many
    automatic replies go out within an hour, and they pause where so many messages came back
    within one, in a realm or in all.  *answers* is for bots where somebody waits.
    """

    per_hour: int = 200
    returned: int = 20  # from one realm
    returned_all: int = 100
    pause_ms: int = 6 * HOUR
    answers: int = 10  # of a bot's to one customer within a minute


class Defaults(msgspec.Struct, frozen=True, omit_defaults=True):
    """What holds where no rule says otherwise."""

    queue: str
    priority: int = PRIORITIES["normal"]
    sla: Sla = Sla()
    weights: Mapping[str, int] = {}  # by kind of channel, unless a rule sets it; 1 for others
    presence: Presence = Presence()
    transfers: Transfers = Transfers()
    automatic: Automatic = Automatic()

    def weight_of(self, channel: str) -> int:
        """What a thread on this kind of channel takes of an agent's capacity."""
        return self.weights.get(channel, 1)


class Overflow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Teams that help a queue out while all that is said holds; spans in ms.

    Not while *lender*, a queue of theirs, answers less than the share *below* in time.
    """

    add: tuple[str, ...]
    waited_ms: int | None = None
    length: int | None = None
    expected_wait_ms: int | None = None
    nobody_present: bool = False
    lender: str = ""
    below: float = 0.0


class Alert(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is told that a queue is deep: once, and every *again_ms* that it stays so."""

    depth: int  # so many wait
    to: tuple[str, ...] = ()  # agents, and teams whose leads are told; empty: leads as ever
    again_ms: int | None = None


class EscalateRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Acts on a thread of which a promise is soon due, or late; once for each such promise."""

    id: str
    promise: str = ""  # first_reply, next_reply or resolution; empty: any
    left_ms: int = 0  # so long before it is due on its clock; below 0: so late
    queues: tuple[str, ...] = ()  # of these; empty: of any
    priority: int | None = None  # raised to this; never lowered
    add_tags: tuple[str, ...] = ()
    add_teams: tuple[str, ...] = ()  # may serve it, too
    queue: str = ""  # where it goes, while nobody has it
    notify: tuple[str, ...] = ()  # agents, and the leads of teams
    when: Condition = Always()  # what else must be so; see `lasting`


class Low(msgspec.Struct, frozen=True, omit_defaults=True):
    """What follows an answer of at most so much; once in a survey."""

    at_most: int
    tags: tuple[str, ...] = ()
    priority: int | None = None  # raised to this; never lowered
    notify: tuple[str, ...] = ()  # agents, the leads of teams, and the owner
    reopen: bool = False  # it waits again where it waited


class SurveyRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Asks customers how it was, once an agent has solved a thread; spans in ms.

    *ask*, *thanks* and, where words are asked for, *more* are automatic replies.
    """

    id: str
    measure: str = "csat"
    queues: tuple[str, ...] = ()  # of these; empty: of any
    when: Condition = Always()  # what else must be so; see `lasting`
    after_ms: int = 10 * MINUTE
    every_ms: int = 30 * DAY  # whoever was asked within so long is not asked
    open_ms: int = 7 * DAY  # for an answer
    ask: str = ""
    thanks: str = ""
    more: str = ""  # empty: no words are asked for
    low: Low | None = None

    @property
    def sends(self) -> tuple[str, ...]:
        """Its automatic replies."""
        return tuple(filter(None, (self.ask, self.thanks, self.more)))


class Queue(msgspec.Struct, frozen=True, omit_defaults=True):
    """A waiting line: in which order, served by whom, how an offer is made."""

    name: str
    pick: str = "longest_idle"
    order: tuple[str, ...] = ORDER
    offer_timeout_ms: int = MINUTE
    then: str = "next_best"  # after an offer that nobody took; or "broadcast"
    teams: tuple[str, ...] = ()  # empty: every team
    ranks: Mapping[str, int] = {}  # by team: what has a lower one goes before in their eyes
    auto_assign: bool = False
    reassign_on_reply: bool = True  # what a customer takes up again may go to somebody else
    parallel: int = 1  # offers at a time
    exclude_for_ms: int | None = None  # how long who passed or missed is not asked again
    hours: str = ""  # the calendar by which it is open; no name: always
    closed_reply: str = ""  # what customers are told who wait while it is closed
    resume_window_ms: int = 0  # for who leaves a chat to be back, and keep their place
    wrap_up_ms: int = 0  # how long the weight stays once it is solved
    dormant_after_ms: int | None = 10 * MINUTE  # of silence in a live thread, our word the last
    wake_deadline_ms: int = 2 * MINUTE  # for its agent to answer when the customer is back
    deadline_ms: int = DAY  # of a thread to which nothing is promised
    promote_after_ms: int | None = HOUR // 2  # priority rises by one per span waited
    reopen_window_ms: int = 7 * DAY
    overflow: tuple[Overflow, ...] = ()
    aim_ms: int | None = None  # an answer within so long is in time; None measures nothing
    alert: Alert | None = None
    remind_ms: int | None = None  # how often leads are told of what is stranded
    stranded_reply: str = ""  # what a customer is told who is stranded


class EnrichRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Adds to what is known of a thread.  Skills in *need* may be templates."""

    id: str
    when: Condition
    need: Needs = {}
    priority: int | None = None
    sla: SlaChange = SlaChange()
    tags: tuple[str, ...] = ()
    weight: int | None = None
    boost: int | None = None  # ms that the thread counts as older in line
    ask: Ask | None = None  # what else is asked, besides levels


class Deflection(msgspec.Struct, frozen=True):
    """An article is proposed before agents are asked, once in a thread.

    *reply* names the automatic reply that proposes it and asks whether it has helped.
    """

    article: str
    reply: str


class RouteRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Decides where a thread waits and for whom; the first stage is where it begins."""

    id: str
    when: Condition
    queue: str = ""
    stages: tuple[Stage, ...] = ()
    falls_through: bool = False
    reply: str = ""
    deflect: Deflection | None = None


class Routing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the rules make of a thread.

    *rule* is the id of the rule that decided, empty where none did and the default queue serves;
    *passed* are those that matched and fell through; *deadline* is when the first reply is due;
    *deflect* is the rule among *passed* whose article is proposed.
    """

    rules: str
    queue: str
    rule: str
    steps: tuple[Step, ...]
    priority: int
    deadline: int
    sla: Sla
    enriched: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    reply: str = ""
    weight: int = 1
    deflect: str = ""
    boost: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """Everything an admin wrote, compiled.

    *version* is the hash of what was written; *places* maps a rule's id to ``file:line``.  Raises
    `KeyError` where a condition or a promise names a calendar that is not there.
    """

    version: str
    defaults: Defaults
    enrich: tuple[EnrichRule, ...] = ()
    route: tuple[RouteRule, ...] = ()
    escalate: tuple[EscalateRule, ...] = ()
    surveys: tuple[SurveyRule, ...] = ()
    queues: Mapping[str, Queue] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    skills: Skills = field(default_factory=Skills)
    replies: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    expressions: Expressions = field(default_factory=dict)
    stems: Stems = field(default_factory=dict)  # of the languages whose forms are asked for

    observer: Observer = field(init=False, repr=False)
    topical: frozenset[str] = field(init=False, repr=False)  # rules that ask what it is about
    waits: tuple[str, ...] = field(init=False, repr=False)  # queues whose expected wait is asked
    waiting_told: frozenset[str] = field(init=False, repr=False)  # replies that say how long
    _enriching: Sieve[EnrichRule] = field(init=False, repr=False)
    _routing: Sieve[RouteRule] = field(init=False, repr=False)
    _holes: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    _ladders: dict[tuple[object, ...], tuple[Step, ...]] = field(init=False, repr=False)
    _sameness: _Sameness = field(init=False, repr=False)
    _judged: dict[tuple[object, ...], Routing] = field(init=False, repr=False)
    lasting: Lasting = field(init=False, repr=False)  # what escalation rules ask of the message
    _late: Mapping[str, Check] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        every: list[EnrichRule | RouteRule] = [*self.enrich, *self.route]
        keep("_enriching", Sieve(self.enrich, self.calendars, self.expressions))
        keep("_routing", Sieve(self.route, self.calendars, self.expressions))
        keep("_holes", {rule.id: tuple(_asked(rule.stages)) for rule in self.route})
        keep("_ladders", {})
        keep("_sameness", _Sameness(every, self.calendars, self.expressions))
        keep("_judged", {})
        keep("topical", frozenset(rule.id for rule in self.route if _topical(rule)))
        keep("waiting_told", frozenset(name for name in self.replies if self._tells_wait(name)))
        later: list[EscalateRule | SurveyRule] = [*self.escalate, *self.surveys]
        keep("waits", tuple(dict.fromkeys(_waits([*every, *later]))))
        late = [rule.when for rule in later]
        keep("lasting", Lasting(late, self.calendars, self.expressions))
        keep("_late", {rule.id: self._check_of(rule) for rule in later})
        private = [leaf for rule in every for leaf, _ in leaves(rule.when)]
        private += lasting(late)
        if any(rule.deflect is not None for rule in self.route):
            private.append(SOLVED)
        if self.surveys:
            private += SCORES
        keep("observer", Observer(private, self.stems))

    def _check_of(self, rule: EscalateRule | SurveyRule) -> Check:
        return compile_condition(of_the_moment(rule.when), self.calendars, self.expressions)

    def survey(self, id: str) -> SurveyRule | None:
        """The survey of that name."""
        return next((rule for rule in self.surveys if rule.id == id), None)

    def holds(self, rule: EscalateRule | SurveyRule, facts: Facts, at: int) -> bool:
        """Whether the rest of such a rule's condition holds of what a thread has kept."""
        return self._late[rule.id](View(facts, frozenset(), at))

    def _tells_wait(self, reply: str) -> bool:
        return any(EXPECTED_WAIT in text for text in self.replies[reply].values())

    def clock(self, name: str) -> Calendar | None:
        """As `calendar`, of a clock that may stem from earlier rules; it is the wall then."""
        return self.calendars.get(name)

    def calendar(self, clock: str) -> Calendar | None:
        """The calendar that a promise runs on; None for the wall clock.  Raises `KeyError`."""
        return self.calendars[clock] if clock else None


def observe(
    rules: RuleSet,
    *,
    text: str,
    subject: str,
    emails: Sequence[str],
    name: str,
    language: str = "",
) -> tuple[int, ...]:
    """Numbers of the private conditions that hold for a message.

    *emails* are the customer's addresses that somebody vouches for, and no others: a forged sender
    must not pass for a customer of rank.  *language* is that of the message, where it is known.
    """
    return rules.observer.observe(Texts(text, subject, tuple(emails), name, language))


def route(rules: RuleSet, facts: Facts, observed: Iterable[int], at: int) -> Routing:
    """Where a thread waits, for whom, and how urgently."""
    view = View(facts, frozenset(observed), at)
    key = rules._sameness.of(view)
    known = rules._judged.get(key)
    if known is None:
        if len(rules._judged) >= _KEPT:
            rules._judged.clear()
        known = rules._judged[key] = _judge(rules, view)
    due_at = due(rules.calendar(known.sla.clock), at, known.sla.first_reply)
    weight = known.weight or rules.defaults.weight_of(str(facts.get("channel") or ""))
    return msgspec.structs.replace(known, deadline=due_at, weight=weight)


def _judge(rules: RuleSet, view: View) -> Routing:
    """All that the rules say, less the deadline, which alone depends on when they say it."""
    found = _Enriched(rules.defaults)
    passed: list[RouteRule] = []
    decided: RouteRule | None = None
    deflecting = ""
    for rule, _ in _walk(rules, view, every=False):
        if isinstance(rule, EnrichRule):
            found.add(rule, view.facts, rules.skills.known)
        elif rule.deflect is not None:
            if not deflecting and _may_propose(view.facts):
                deflecting = rule.id
                passed.append(rule)
        elif rule.falls_through:
            passed.append(rule)
        else:
            decided = rule
    reply = next((rule.reply for rule in (*passed, decided) if rule and rule.reply), "")
    steps = _steps(rules, passed, decided, found, view.facts)
    return Routing(
        rules=rules.version,
        queue=(decided.queue if decided else "") or rules.defaults.queue,
        rule=decided.id if decided else "",
        steps=steps,
        priority=found.priority if steps[0].priority is None else steps[0].priority,
        deadline=0,
        sla=found.sla,
        enriched=tuple(found.ids),
        passed=tuple(rule.id for rule in passed),
        tags=tuple(found.tags),
        reply=reply,
        weight=found.weight,
        deflect=deflecting,
        boost=found.boost,
    )


_PROPOSING = ("thread.deflected", "message.verified", "message.automatic")


def _may_propose(facts: Facts) -> bool:
    """Whether an article may be proposed: once in a thread, to a person who can be answered."""
    deflected, verified, automatic = map(facts.get, _PROPOSING)
    return not deflected and verified is not False and not automatic


class _Sameness:
    """What the rules can tell messages apart by; messages alike in it are judged alike.

    Facts that are compared to a bound, and the clock, count by the answer and not by the value,
    of which there are too many.
    """

    __slots__ = ("_answers", "_facts")

    def __init__(
        self,
        rules: Iterable[EnrichRule | RouteRule],
        calendars: Mapping[str, Calendar],
        expressions: Expressions,
    ) -> None:
        asked: dict[str, None] = {}
        answers: dict[object, Callable[[View], object]] = {}
        for rule in rules:
            if isinstance(rule, RouteRule) and rule.deflect is not None:
                asked.update(dict.fromkeys(_PROPOSING))
            if isinstance(rule, EnrichRule):
                templates: Iterable[str] = (*rule.need, *every_skill(rule.ask))
            else:
                templates = _templates(rule.stages)
            asked.update(dict.fromkeys(hole for one in templates for hole in holes(one)))
            for leaf, _ in leaves(rule.when):
                if leaf.private:
                    continue
                if isinstance(leaf.test, Cel) and "tags" in leaf.test.facts:
                    asked.update(dict.fromkeys(leaf.test.facts))  # tags change on the way
                    if leaf.test.now:
                        answers["now"] = _never_the_same
                elif isinstance(leaf.test, Order | Clock | Cel):
                    check = compile_condition(leaf, calendars, expressions)
                    answers[leaf.fact, leaf.test] = check
                else:
                    asked.update(dict.fromkeys(asks(leaf)))
        self._facts, self._answers = tuple(asked), tuple(answers.values())

    def of(self, view: View) -> tuple[object, ...]:
        """The same for messages that no rule tells apart."""
        facts = view.facts
        return (
            view.observed,
            *[
                # As text other than strings: 1, 1.0 and True are one in Python, not in a rule.
                value if (value := facts.get(fact)).__class__ is str else (repr(value),)
                for fact in self._facts
            ],
            *[check(view) for check in self._answers],
        )


def _never_the_same(view: View) -> int:
    return view.at


class LeafSeen(msgspec.Struct, frozen=True):
    """A leaf as it stood; *ok* says that it spoke for the rule, *shown* what the fact was.

    A private fact is not shown: the decision has never seen it.
    """

    number: int
    fact: str
    ok: bool
    shown: str | None
    negated: bool
    asks: tuple[str, ...] = ()  # the facts


class RuleSeen(msgspec.Struct, frozen=True):
    """A rule as it was met on the way to the decision."""

    id: str
    stage: str
    place: str
    matched: bool
    leaves: tuple[LeafSeen, ...]


def trail(rules: RuleSet, facts: Facts, observed: Iterable[int], at: int) -> tuple[RuleSeen, ...]:
    """Every rule that `route` asks for the same arguments, in order, up to the one that decides."""
    view = View(facts, frozenset(observed), at)
    return tuple(
        RuleSeen(
            id=rule.id,
            stage="enrich" if isinstance(rule, EnrichRule) else "route",
            place=rules.places.get(rule.id, ""),
            matched=matched,
            leaves=tuple(
                _leaf_seen(rules, leaf, negated, view) for leaf, negated in leaves(rule.when)
            ),
        )
        for rule, matched in _walk(rules, view, every=True)
    )


def _walk(rules: RuleSet, view: View, every: bool) -> Iterator[tuple[EnrichRule | RouteRule, bool]]:
    """The rules that match, or *every* one, up to the one that decides.

    Tags that a rule sets are facts for those after it.
    """
    for enriching, matched in rules._enriching.sift(view, every):
        yield enriching, matched
        if matched and enriching.tags:
            before = view.facts.get("tags") or ()
            tags = before if isinstance(before, tuple) else (str(before),)
            view.facts = {**view.facts, "tags": tuple(dict.fromkeys((*tags, *enriching.tags)))}
    for routing, matched in rules._routing.sift(view, every):
        yield routing, matched
        if matched and not routing.falls_through:
            return


class _Enriched:
    """What the enriching rules have said so far."""

    __slots__ = ("ask", "boost", "ids", "need", "priority", "sla", "tags", "weight")

    def __init__(self, defaults: Defaults) -> None:
        self.ids: list[str] = []
        self.need: Needs = {}
        self.ask: Ask | None = None
        self.priority = defaults.priority
        self.sla = defaults.sla
        self.tags: dict[str, None] = {}
        self.weight = 0
        self.boost = 0

    def add(self, rule: EnrichRule, facts: Facts, known: frozenset[str]) -> None:
        self.ids.append(rule.id)
        if rule.need:
            self.need = joined(self.need, filled(rule.need, facts, known))
        if rule.ask is not None:
            self.ask = both(self.ask, asked(rule.ask, facts, known))
        if rule.priority is not None:
            self.priority = rule.priority
        if rule.weight is not None:
            self.weight = rule.weight
        if rule.boost is not None:
            self.boost = rule.boost
        self.tags.update(dict.fromkeys(rule.tags))
        change = rule.sla
        self.sla = Sla(
            self.sla.first_reply if change.first_reply is None else change.first_reply,
            self.sla.clock if change.clock is None else change.clock,
            self.sla.next_reply if change.next_reply is None else change.next_reply,
            self.sla.resolution if change.resolution is None else change.resolution,
        )


def _steps(
    rules: RuleSet,
    passed: Sequence[RouteRule],
    decided: RouteRule | None,
    found: _Enriched,
    facts: Facts,
) -> tuple[Step, ...]:
    """The ladder, kept: threads with the same requirement share one."""
    matched = [*passed, decided] if decided else list(passed)
    key = (
        *(rule.id for rule in matched),
        decided is None,
        *sorted(found.need.items()),
        found.ask,
        *(repr(facts.get(fact)) for rule in matched for fact in rules._holes[rule.id]),
    )
    known = rules._ladders.get(key)
    if known is None:
        if len(rules._ladders) >= _KEPT:
            rules._ladders.clear()
        ahead = [stage for rule in passed for stage in rule.stages]
        stages = decided.stages if decided else ()
        known = rules._ladders[key] = climb(
            ahead, stages, found.need, facts, rules.skills.known, rules.skills, found.ask
        )
    return known


def _topical(rule: RouteRule) -> bool:
    """Whether a routing rule asks what a message is about: for something in its text, or for what
    only a plugin can tell."""
    return any(
        fact in ("message.text", "message.subject")
        or (fact not in FACTS and not fact.startswith(WAIT))
        for leaf, _ in leaves(rule.when)
        for fact in asks(leaf)
    )


def _waits(
    rules: Iterable[EnrichRule | RouteRule | EscalateRule | SurveyRule],
) -> Iterator[str]:
    for rule in rules:
        for leaf, _ in leaves(rule.when):
            yield from (fact.removeprefix(WAIT) for fact in asks(leaf) if fact.startswith(WAIT))


def _asked(stages: Iterable[Stage]) -> Iterator[str]:
    for template in _templates(stages):
        yield from holes(template)


def _templates(stages: Iterable[Stage]) -> Iterator[str]:
    for stage in stages:
        yield from (*stage.need, *stage.drop, *stage.lapse, *stage.agents, *stage.prefer)
        yield from every_skill(stage.ask)


def _leaf_seen(rules: RuleSet, leaf: Leaf, negated: bool, view: View) -> LeafSeen:
    holds = compile_condition(leaf, rules.calendars, rules.expressions)(view)
    shown = None if leaf.private else _shown(rules, leaf, view)
    return LeafSeen(leaf.number, leaf.fact, holds is not negated, shown, negated, asks(leaf))


def _shown(rules: RuleSet, leaf: Leaf, view: View) -> str:
    if isinstance(leaf.test, Clock):
        inside = rules.calendars[leaf.test.calendar].is_open(view.at)
        return f"{'inside' if inside else 'outside'} {leaf.test.calendar}"
    if isinstance(leaf.test, Cel):
        met = [f"{fact} = {_told(fact, view.facts.get(fact))}" for fact in leaf.test.facts]
        return f"{leaf.test.expression} ({', '.join(met)})" if met else leaf.test.expression
    return _told(leaf.fact, view.facts.get(leaf.fact))


def _told(fact: str, value: Fact | tuple[str, ...]) -> str:
    span = FACTS.get(fact) is Kind.SPAN or fact.startswith(WAIT)
    if span and isinstance(value, int):
        return show_span(value)
    if isinstance(value, tuple):
        return ", ".join(value) or "None"
    return str(value)
