"""The keys of the rule language: what the loader accepts, the editor's schema and the reference
page all come from these tables, so none of them can drift from the others.

A *shape* is a mapping with fixed keys.  Each key has a sentence and the JSON Schema of its value;
``#/$defs/x`` names another shape or one of the value kinds in `VALUES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from omniroute.core.conditions import FACTS, ORDERS
from omniroute.core.model import Phase, Status
from omniroute.core.rules import AFTER_OFFER, PICKS, REQUEUE, SKIP_IF
from omniroute.core.urgency import ORDER, PRIORITIES, WEEK_DAYS
from omniroute.rules.stems import ALGORITHMS

JsonSchema: TypeAlias = Mapping[str, Any]

ROLES = ("agent", "lead", "admin")
AGENT_KINDS = ("human", "bot")
NEVER = "never"
PROMISES = ("first_reply", "next_reply", "resolution")
OWNER = "owner"
MEASURES = ("csat", "nps", "ces")
ALWAYS = "always"
FALL_THROUGH = "fall_through"
ANYONE = "anyone"
BESIDES_LEVELS = ("any", "all", "not", "agents")
"""What a requirement may hold besides levels of skills; no skill can have such a name."""
STATES = tuple(phase for phase in Phase if phase not in (Phase.NEW, Phase.FOLDED))


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a shape: what it says, what its value is, and whether it must be there."""

    doc: str
    value: JsonSchema
    required: bool = False


def ref(name: str) -> JsonSchema:
    """The schema of a shape or of a value kind."""
    return {"$ref": f"#/$defs/{name}"}


def listed(name: str) -> JsonSchema:
    """A list of that, or a single one."""
    return {"anyOf": [ref(name), {"type": "array", "items": ref(name)}]}


def by_name(name: str) -> JsonSchema:
    """A mapping from free names to that."""
    return {"type": "object", "propertyNames": ref("name"), "additionalProperties": ref(name)}


def choice(*words: str) -> JsonSchema:
    """One of these words."""
    return {"enum": list(words)}


UNITS: JsonSchema = {"type": "integer", "minimum": 0, "maximum": 1000}
NAME = r"^\w[\w.-]{0,63}$"
SPAN = r"^(\d+(ms|s|m|h|d))+$"
DAY = rf"({'|'.join(WEEK_DAYS)})"
DAYS = rf"^{DAY}(-{DAY})?(, *{DAY}(-{DAY})?)*$"
HOURS = r"^\d{1,2}:\d{2} *- *\d{1,2}:\d{2}$"
COST_SINCE = r"^\d+(\.\d+)?(@(\d+(ms|s|m|h|d))+)?$"
DATE = r"^(\d{4}-)?\d{2}-\d{2}$"
LANGUAGE = r"^[a-z]{2,3}$"
LOAD = r"^\d{1,3}(/\d{1,4})?$"
MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:?\d{2})$"

CONDITIONS: JsonSchema = {"type": "array", "items": ref("condition"), "minItems": 1}

REQUIREMENTS: JsonSchema = {"type": "array", "items": ref("requirement"), "minItems": 1}

TEXT = ref("text")

VALUES: Mapping[str, JsonSchema] = {
    "name": {"type": ["string", "number"], "pattern": NAME},
    "text": {"type": ["string", "number"], "minLength": 1},
    "span": {"type": "string", "pattern": SPAN},
    "level": {"type": "number", "exclusiveMinimum": 0, "maximum": 5},
    "flag": {"type": "boolean"},
    "value": {"type": ["string", "number", "boolean"]},
    "priority": {
        "anyOf": [choice(*PRIORITIES), {"type": "integer", "minimum": 0, "maximum": 1000}]
    },
    "needs": {"type": "object", "additionalProperties": ref("level")},
    "cost": {"type": "number", "minimum": 0, "maximum": 5},
    "cost since": {"type": ["string", "number"], "pattern": COST_SINCE},
    "hours": {"type": "string", "pattern": HOURS},
    "date": {"type": "string", "pattern": DATE},
    "bound": {"anyOf": [ref("span"), {"type": "number"}]},
    "load": {"type": ["string", "number"], "pattern": LOAD},
    "moment": {"type": "string", "pattern": MOMENT},
    "given value": {"type": ["string", "number", "boolean", "null"]},
    "maybe name": {"type": ["string", "number", "null"]},
}

SHAPES: Mapping[str, Mapping[str, Key]] = {
    "file": {
        "version": Key("The form the file is written in: 1.", {"const": 1}, required=True),
        "include": Key("Files or folders to read just before this file.", listed("text")),
        "calendars": Key("Opening hours, by name.", by_name("calendar")),
        "skills": Key("What agents can know, by name.", by_name("skill")),
        "facts": Key("Facts that plugins bring, so that a misspelt one is found.", listed("name")),
        "defaults": Key("What holds where no rule says otherwise.", ref("defaults")),
        "enrich": Key(
            "Rules that add to what is known; all that match apply, top to bottom.",
            {"type": "array", "items": ref("enrich rule")},
        ),
        "route": Key(
            "Rules that decide; the first that matches does.",
            {"type": "array", "items": ref("route rule")},
        ),
        "escalate": Key(
            "Rules that act when a promise is soon due, or late.",
            {"type": "array", "items": ref("escalation")},
        ),
        "surveys": Key(
            "Questions how it was, once a thread is solved; the first that fits is asked.",
            {"type": "array", "items": ref("survey")},
        ),
        "queues": Key("Waiting lines, by name.", by_name("queue")),
        "replies": Key("Automatic replies: by name, then by language.", by_name("reply")),
    },
    "calendar": {
        "tz": Key("The time zone, such as Europe/Berlin.", ref("text"), required=True),
        "open": Key(
            "Hours by day, in that zone's wall-clock time; an end before its start is next day.",
            {
                "type": "object",
                "propertyNames": {"pattern": DAYS},
                "additionalProperties": listed("hours"),
                "minProperties": 1,
            },
            required=True,
        ),
        "closed": Key(
            "Days without hours: `2026-12-24`, or `12-25` of every year.", listed("date")
        ),
    },
    "skill": {
        "covers": Key(
            "Skills that whoever has this one can stand in for, and the levels lost.",
            {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        ),
    },
    "defaults": {
        "queue": Key("Where a thread waits when no rule names a queue.", ref("name")),
        "priority": Key("Priority unless a rule sets it; `normal` if left out.", ref("priority")),
        "sla": Key("The promise unless a rule changes it.", ref("sla")),
        "weights": Key(
            "Units that a thread takes by its kind of channel; 1 for those not named.",
            {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 100},
            },
        ),
        "presence": Key("When an agent counts as gone, and what follows.", ref("presence")),
        "articles": Key("What stands before an article's path to make it a link.", TEXT),
        "transfers": Key("What follows when a thread is handed on.", ref("transfers")),
        "automatic": Key("How much machines of ours may say.", ref("automatic")),
    },
    "automatic": {
        "per_hour": Key(
            "Automatic replies within an hour where nobody waits on the other side, as by mail; "
            "200 if left out, and then they pause until the hour is over.",
            {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        ),
        "returned": Key(
            "Messages that come back from one domain within an hour until automatic replies to it "
            "pause; 20 if left out.",
            {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        ),
        "returned_all": Key(
            "The same from everywhere, until all automatic replies pause; 100 if left out.",
            {"type": "integer", "minimum": 1, "maximum": 1_000_000},
        ),
        "pause": Key("For how long, unless an admin ends it; `6h` if left out.", ref("span")),
        "answers": Key(
            "A bot's answers to one customer in a chat within a minute; 10 if left out.",
            {"type": "integer", "minimum": 1, "maximum": 60},
        ),
    },
    "transfers": {
        "no_return": Key(
            "How long who gave it to a queue is not asked for it; `10m` if left out.", ref("span")
        ),
        "alert_after": Key(
            "So many times handed on, and leads are told; 3 if left out.",
            {"type": "integer", "minimum": 1, "maximum": 10},
        ),
        "within": Key("In how long; `30m` if left out.", ref("span")),
    },
    "presence": {
        "misses": Key(
            "Missed offers in a row until an agent is not asked any more; 2 if left out.",
            {"type": "integer", "minimum": 1, "maximum": 100},
        ),
        "offline_grace": Key(
            "How long who goes offline keeps what waits for us; `60s` if left out.", ref("span")
        ),
        "requeue": Key(
            "What goes to others then: `live` threads, if left out; `all` or `never`.",
            choice(*REQUEUE),
        ),
        "heartbeat": Key(
            "How long after its last sign of life a desk counts as left; `60s` if left out.",
            ref("span"),
        ),
        "owner_unreachable": Key(
            "Beyond reach for so long, and leads are told; `5m` if left out.", ref("span")
        ),
    },
    "sla": {
        "first_reply": Key("Until a person has answered; `24h` if left out.", ref("span")),
        "next_reply": Key("Until each later message is answered.", ref("span")),
        "resolution": Key("Until it is solved, less the time the customer takes.", ref("span")),
        "clock": Key("The calendar whose hours count, or `always`.", ref("name")),
    },
    "enrich rule": {
        "id": Key("The rule's name, once in all files.", ref("name"), required=True),
        "when": Key("For which messages; `always` for all.", ref("condition"), required=True),
        "set": Key("What is added or set.", ref("set"), required=True),
    },
    "set": {
        "need": Key("Skills asked for; the higher level counts.", ref("requirement")),
        "priority": Key("Higher goes first.", ref("priority")),
        "sla": Key("What changes of the promise.", ref("sla")),
        "tags": Key("Tags added; rules below can ask for them.", listed("text")),
        "weight": Key(
            "Units of an agent's capacity that the thread takes.",
            {"type": "integer", "minimum": 1, "maximum": 100},
        ),
        "boost": Key("How much older the thread counts in line than it is.", ref("span")),
    },
    "escalation": {
        "id": Key("The rule's name, once in all files.", ref("name"), required=True),
        "when": Key("Of which promise, and when.", ref("escalation when"), required=True),
        "do": Key("What then happens; once for each promise.", ref("escalation do"), required=True),
    },
    "escalation when": {
        "promise": Key("Which promise; any if left out.", choice(*PROMISES)),
        "due_in": Key("So long before it is due, on its clock.", ref("span")),
        "late_by": Key("So long after it was due; neither: when it is due.", ref("span")),
        "queue": Key("Only of these queues.", listed("name")),
    },
    "escalation do": {
        "priority": Key("Raised to this, never lowered.", ref("priority")),
        "tags": Key("Tags added.", listed("text")),
        "add": Key("Teams that may serve it, too.", listed("name")),
        "queue": Key("Where it goes, while nobody has it.", ref("name")),
        "notify": Key("Whom to tell: agents, the leads of teams, or the `owner`.", listed("name")),
    },
    "survey": {
        "id": Key("The survey's name, once in all files.", ref("name"), required=True),
        "measure": Key(
            "`csat`, how satisfied (1 to 5), if left out; `nps`, whether they would recommend you "
            "(0 to 10); `ces`, how easy it was (1 to 7).",
            choice(*MEASURES),
        ),
        "when": Key("Of which threads; `always` for all.", ref("survey when"), required=True),
        "after": Key("How long after it was solved; `10m` if left out.", ref("span")),
        "at_most_every": Key(
            "How long whoever was asked is not asked again, answered or not; `30d` if left out.",
            ref("span"),
        ),
        "open_for": Key("How long an answer counts; `7d` if left out.", ref("span")),
        "ask": Key("The question, by its name in `replies`; ours if left out.", ref("name")),
        "thanks": Key("What follows a number in a chat, in the same way.", ref("name")),
        "follow_up": Key(
            "Whether what could be better is asked, and in which words: `true` if left out, "
            "`false`, or a name in `replies`.",
            {"anyOf": [ref("flag"), ref("name")]},
        ),
        "low": Key("What a bad answer leads to.", ref("survey low")),
    },
    "survey when": {
        "queue": Key("Only of these queues.", listed("name")),
    },
    "survey low": {
        "at_most": Key(
            "Answers up to this one.",
            {"type": "integer", "minimum": 0, "maximum": 10},
            required=True,
        ),
        "tags": Key("Tags added.", listed("text")),
        "priority": Key("Raised to this, never lowered.", ref("priority")),
        "notify": Key("Whom to tell: agents, the leads of teams, or the `owner`.", listed("name")),
        "reopen": Key("Whether it waits again where it waited.", ref("flag")),
    },
    "route rule": {
        "id": Key("The rule's name, once in all files.", ref("name"), required=True),
        "when": Key(
            "For which messages; the last rule may leave it out and matches all.", ref("condition")
        ),
        "to": Key("Where the thread waits, and for whom at first.", ref("to")),
        "relax": Key(
            "Steps after the first, each when the one before has run out.",
            {"type": "array", "items": ref("step")},
        ),
        "then": Key(
            "`fall_through`: ask whom `to` names first, and let the rules below decide. "
            "`anyone`: after the last step, anyone who serves the queue.",
            choice(FALL_THROUGH, ANYONE),
        ),
        "reply": Key("An automatic reply to send, by its name in `replies`.", ref("name")),
        "deflect": Key(
            "An article to propose, once, before agents are asked; instead of `to`.",
            ref("deflect"),
        ),
    },
    "deflect": {
        "article": Key(
            "A link, a path after `articles` of the defaults, or the name of a reply.",
            TEXT,
            required=True,
        ),
        "ask": Key(
            "The question whether it has helped: a text, or one by language.",
            {"anyOf": [TEXT, ref("reply")]},
            required=True,
        ),
        "if_no": Key(
            "What follows any answer but yes: the rules below decide.", choice(FALL_THROUGH)
        ),
        "for": Key("How long an answer is waited for; `10m` if left out.", ref("span")),
    },
    "to": {
        "queue": Key("The queue; the default one if left out.", ref("name")),
        "need": Key(
            "Skills asked for, besides those of enriching rules; each may have an end.",
            ref("requirement with ends"),
        ),
        "widen": Key(
            "How many levels may be lost where another skill stands in, and since when.",
            {
                "anyOf": [
                    ref("cost"),
                    {"type": "array", "items": ref("cost since"), "minItems": 1},
                    ref("widening"),
                ]
            },
        ),
        "agent": Key("Only this agent; skipped while they are not there.", ref("text")),
        "agents": Key("Only these agents; waited for even if none is there.", listed("text")),
        "regardless": Key("Ask the named agents whatever their skills.", ref("flag")),
        "ignore_capacity": Key("Ask the named agents though they are full.", ref("flag")),
        "prefer": Key("Who goes before all others, the first who can.", listed("text")),
        "wait_for": Key(
            "How long to wait for those preferred, while one of them is there.", ref("span")
        ),
        "for": Key("How long the step lasts, on the step clock.", ref("span")),
        "skip_if": Key("When the step is left early.", choice(*SKIP_IF, NEVER)),
        "broadcast": Key("Offer to everybody at once, first come, first served.", ref("flag")),
    },
    "step": {
        "need": Key("Levels from here on; the other skills stay as they were.", ref("requirement")),
        "drop": Key(
            "Skills no longer asked for, or `any` or `not`; `all` for everything.", listed("text")
        ),
        "widen": Key("Levels that may be lost from here on.", ref("cost")),
        "add": Key("Teams that may serve it from here on, besides the queue's.", listed("name")),
        "set_priority": Key("The thread's priority from here on.", ref("priority")),
        "notify": Key(
            "Who is told that the step began: agents, and teams, whose leads are.", listed("name")
        ),
        "queue": Key("Move to this queue.", ref("name")),
        "agent": Key("Only this agent; skipped while they are not there.", ref("text")),
        "agents": Key("Only these agents, during this step.", listed("text")),
        "regardless": Key("Ask the named agents whatever their skills.", ref("flag")),
        "ignore_capacity": Key("Ask the named agents though they are full.", ref("flag")),
        "prefer": Key("Who goes before all others, the first who can.", listed("text")),
        "for": Key("How long the step lasts; the last may be without end.", ref("span")),
        "skip_if": Key("When the step is left early.", choice(*SKIP_IF, NEVER)),
        "broadcast": Key("From here on, offer to everybody at once.", ref("flag")),
        "tell_agent": Key("What the agent reads about this step in the offer.", ref("text")),
    },
    "requirement": {
        "any": Key("At least one of these requirements.", REQUIREMENTS),
        "all": Key("All of these requirements.", REQUIREMENTS),
        "not": Key("None of these requirements.", {"anyOf": [ref("requirement"), REQUIREMENTS]}),
        "agents": Key("To be one of these agents.", listed("name")),
    },
    "need with an end": {
        "level": Key("The level asked for.", ref("level"), required=True),
        "for": Key("How long it is asked for, on the step clock.", ref("span"), required=True),
    },
    "widening": {
        "level_per": Key(
            "The span in which one level more may be lost.", ref("span"), required=True
        ),
        "up_to": Key("The most that may be lost; without end if left out.", ref("cost")),
    },
    "queue": {
        "pick": Key("Who is asked first; `longest_idle` if left out.", choice(*PICKS)),
        "order": Key(
            "What goes first: a later part decides between equals.",
            {"type": "array", "items": choice(*ORDER), "uniqueItems": True, "minItems": 1},
        ),
        "offer": Key("How an offer is made.", ref("offer")),
        "teams": Key("Who serves it; every team if left out.", listed("name")),
        "ranks": Key(
            "By team: its people take queues of a lower rank first; 1 if left out.",
            {
                "type": "object",
                "propertyNames": ref("name"),
                "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 100},
            },
        ),
        "auto_assign": Key("Assign without asking the agent.", ref("flag")),
        "hours": Key(
            "The calendar by which it is open; closed, its threads are held.", ref("name")
        ),
        "closed_reply": Key(
            "The automatic reply to those who wait while it is closed.", ref("name")
        ),
        "resume_window": Key(
            "How long who leaves a chat keeps their place; `0s` if left out.", ref("span")
        ),
        "wrap_up": Key(
            "How long a solved thread still weighs on its agent; `0s` if left out.", ref("span")
        ),
        "dormant_after": Key(
            "Silence after which a live thread weighs nothing; `10m` if left out, or `never`.",
            {"anyOf": [ref("span"), choice(NEVER)]},
        ),
        "wake_deadline": Key(
            "How long its agent has when the customer is back; `2m` if left out.", ref("span")
        ),
        "deadline": Key(
            "Where nothing is promised, how long after entry a thread is due; `24h` if left out.",
            ref("span"),
        ),
        "answer_within": Key(
            "What counts as answered in time, for the service level.", ref("span")
        ),
        "overflow": Key(
            "When other teams help out.",
            {"anyOf": [ref("overflow"), {"type": "array", "items": ref("overflow")}]},
        ),
        "alert": Key("Who is told when many wait.", ref("alert")),
        "stranded": Key("What is done where nobody can take a thread.", ref("stranded")),
        "reassign_on_reply": Key(
            "Whether what a customer takes up again is routed anew; `false` gives it to whoever "
            "had it.",
            ref("flag"),
        ),
        "promote_after": Key(
            "Priority rises by one per span waited; `30m` if left out, or `never`.",
            {"anyOf": [ref("span"), choice(NEVER)]},
        ),
        "reopen_window": Key(
            "How long a solved thread is reopened by a new message; `7d` if left out.", ref("span")
        ),
    },
    "overflow": {
        "add": Key("Teams that help out.", listed("name"), required=True),
        "waited": Key("When a thread has waited so long.", ref("span")),
        "queue_length": Key("When more than so many wait.", {"type": "integer", "minimum": 1}),
        "expected_wait": Key("When a thread will probably wait longer.", ref("span")),
        "nobody_present": Key("When nobody who could take it is there.", ref("flag")),
        "unless": Key("When the lender needs its people itself.", ref("guard")),
    },
    "guard": {
        "queue": Key("A queue of the lender's.", ref("name"), required=True),
        "service_level_below": Key(
            "The share of its threads that is answered in time, from 0 to 1.",
            {"type": "number", "minimum": 0, "maximum": 1},
            required=True,
        ),
    },
    "alert": {
        "depth": Key("When so many wait.", {"type": "integer", "minimum": 1}, required=True),
        "to": Key(
            "Agents, and teams, whose leads are told; leads who are there if left out.",
            listed("name"),
        ),
        "remind": Key("How often they are told again while it stays so.", ref("span")),
    },
    "stranded": {
        "remind": Key("How often leads are told of it again.", ref("span")),
        "reply": Key("An automatic reply for the customer, by its name in `replies`.", ref("name")),
    },
    "offer": {
        "timeout": Key("How long an agent has to answer; `60s` if left out.", ref("span")),
        "then": Key("Whom to ask after an offer that nobody took.", choice(*AFTER_OFFER)),
        "parallel": Key(
            "How many are asked at a time; 1 if left out.",
            {"type": "integer", "minimum": 1, "maximum": 20},
        ),
        "exclude_for": Key(
            "How long who passed or missed it is not asked again; else while it waits.",
            ref("span"),
        ),
    },
    "test": {
        "any_of": Key(
            "Contains one of these words or phrases, whole; a list, or one by language.",
            {
                "anyOf": [
                    *listed("text")["anyOf"],
                    {
                        "type": "object",
                        "propertyNames": {"pattern": LANGUAGE},
                        "additionalProperties": listed("text"),
                        "minProperties": 1,
                    },
                ]
            },
        ),
        "any_form_of": Key(
            "Contains one of these words in any of its forms; by language.",
            {
                "type": "object",
                "propertyNames": {"enum": sorted(ALGORITHMS)},
                "additionalProperties": listed("text"),
                "minProperties": 1,
            },
        ),
        "regex": Key("Matches a regular expression of RE2.", listed("text")),
        "domain": Key("The address is in one of these domains.", listed("text")),
        **{order: Key("Compares to a number or a span.", ref("bound")) for order in ORDERS},
        "known": Key("Whether there is a value at all.", ref("flag")),
        "inside": Key("`clock` only: within this calendar's hours.", ref("name")),
        "outside": Key("`clock` only: outside this calendar's hours.", ref("name")),
    },
    "condition": {
        "all": Key("All of these conditions.", CONDITIONS),
        "any": Key("At least one of these conditions.", CONDITIONS),
        "not": Key("Not this condition.", ref("condition")),
        "cel": Key("An expression of CEL over facts that are not private.", TEXT),
        **{fact: Key(f"A fact of kind {kind}.", ref("tested")) for fact, kind in FACTS.items()},
    },
    "team file": {
        "version": Key("The form the file is written in: 1.", {"const": 1}, required=True),
        "agents": Key("The agents, by name.", by_name("agent"), required=True),
    },
    "agent": {
        "name": Key("The name that colleagues and customers read.", ref("text"), required=True),
        "email": Key("Their address; no two agents have the same.", ref("text"), required=True),
        "teams": Key("The teams they are in.", listed("name")),
        "skills": Key("What they know, from 0 to 5.", ref("needs")),
        "capacity": Key(
            "Units they can hold at once; 5 if left out.", {"anyOf": [UNITS, ref("capacity")]}
        ),
        "role": Key("What they may do; `agent` if left out.", choice(*ROLES)),
        "desks": Key("Where they work, most used first; `web` if left out.", listed("name")),
        "kind": Key("`human`, if left out, or `bot`.", choice(*AGENT_KINDS)),
        "shift": Key("The calendar of their hours; at its end they drain.", ref("name")),
        "reads": Key("Queues that they may read and not reply in.", listed("name")),
    },
    "capacity": {
        "all": Key("Units in all; `chat` and `async` together, else 5, if left out.", UNITS),
        "chat": Key("Of them, the most for live work.", UNITS),
        "async": Key("Of them, the most for all other work.", UNITS),
        "queues": Key(
            "By queue, the most of them there.",
            {"type": "object", "propertyNames": ref("name"), "additionalProperties": UNITS},
        ),
    },
    "test file": {
        "rules": Key("The rules that are tested, from here; the folder above if left out.", TEXT),
        "agents": Key(
            "Who works here in these tests; if left out, the whole team, online and free.",
            by_name("test agent"),
        ),
        "tests": Key(
            "The tests, in the order in which they run.",
            {"type": "array", "items": ref("rule test"), "minItems": 1},
            required=True,
        ),
    },
    "test agent": {
        "skills": Key("What they know; of somebody in the team, this instead.", ref("needs")),
        "teams": Key("The teams they are in; those of the team file if left out.", listed("name")),
        "load": Key("Units in use, or those of how many: `2` or `2/5`.", ref("load")),
        "status": Key("`online` if left out.", choice(*Status)),
        "idle": Key("For how long they have had nothing to do.", ref("span")),
    },
    "rule test": {
        "name": Key("What is so, in a sentence.", TEXT, required=True),
        "at": Key(
            "When the message comes, with the zone; else Monday, 2 March 2026, 10:00 UTC.",
            ref("moment"),
        ),
        "given": Key(
            "The message and what is known of its customer, fact by fact.",
            {"type": "object", "additionalProperties": listed("given value")},
            required=True,
        ),
        "live": Key(
            "Whether somebody waits on the other side; on `email` nobody does.", ref("flag")
        ),
        "without": Key("Agents who are offline in this test.", listed("name")),
        "expect": Key("What is so at once.", ref("expectation")),
        "after": Key(
            "What is so later: by the span that has passed.",
            {
                "type": "object",
                "propertyNames": ref("span"),
                "additionalProperties": ref("expectation"),
                "minProperties": 1,
            },
        ),
    },
    "expectation": {
        "rule": Key("The routing rule that decided; `null`: none did.", ref("maybe name")),
        "enriched": Key("Enriching rules that apply, perhaps among others.", listed("name")),
        "queue": Key("Where the thread is.", ref("name")),
        "priority": Key("A word or a number.", ref("priority")),
        "tags": Key("Tags that it has, perhaps among others.", listed("text")),
        "need": Key(
            "Levels asked for now, and whatever else a need can say, each perhaps among others; "
            "what has `null` is not asked for.",
            {
                "type": "object",
                "properties": {
                    "any": {"anyOf": [REQUIREMENTS, {"type": "null"}]},
                    "all": REQUIREMENTS,
                    "not": {"anyOf": [ref("requirement"), REQUIREMENTS, {"type": "null"}]},
                    "agents": {"anyOf": [listed("name"), {"type": "null"}]},
                },
                "additionalProperties": {"anyOf": [ref("level"), {"type": "null"}]},
            },
        ),
        "agent": Key("Who has it or is asked; `null`: nobody.", ref("maybe name")),
        "agents": Key("All who are asked, where several are.", listed("name")),
        "tell": Key("What the agent reads about the step.", TEXT),
        "reply": Key("The last automatic reply so far; `null`: none.", ref("maybe name")),
        "article": Key("The article that was proposed; `null`: none.", ref("maybe name")),
        "survey": Key("The survey that is planned or was asked; `null`: none.", ref("maybe name")),
        "solved": Key(
            "Who answers the customer and solves it at that moment, before this is looked at.",
            ref("name"),
        ),
        "says": Key("What the customer writes at that moment, before this is looked at.", TEXT),
        "first_reply": Key("What is promised.", ref("span")),
        "state": Key("Where the thread stands.", choice(*STATES)),
    },
}
