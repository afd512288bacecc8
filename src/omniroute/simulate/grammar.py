"""The keys of a scenario: what the loader accepts and the reference page says come from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omniroute.core.rules import ORDER, PICKS
from omniroute.rules.grammar import Key, choice

KINDS: Final = (
    "exponential", "deterministic", "lognormal", "gamma", "erlang", "uniform", "empirical",
)  # fmt: skip
"""Distributions by name."""

_MINUTES = {"type": "number", "minimum": 0}
_ANY: Mapping[str, object] = {}

SHAPES: Final[Mapping[str, Mapping[str, Key]]] = {
    "scenario": {
        "seed": Key("The same seed gives the same run; `1` if left out.", {"type": "integer"}),
        "replications": Key("Independent runs, on several cores; `1` if left out.", _ANY),
        "arrivals_total": Key("The run ends after so many arrivals, of all classes.", _ANY),
        "horizon": Key("Or: arrivals end after so many minutes.", _MINUTES),
        "warmup": Key("Share at the beginning that is not counted; `0` if left out.", _ANY),
        "service_level": Key("Within which spans answers are counted; `20s` if left out.", _ANY),
        "queue": Key("The waiting line; there is one.", _ANY),
        "skills": Key("The skills graph, as in rules; only needed for `covers`.", _ANY),
        "classes": Key("Who comes and asks for what, by name.", _ANY, required=True),
        "groups": Key("The agents, a list of groups of equals.", _ANY, required=True),
    },
    "queue": {
        "order": Key(
            "What goes first; `[priority, routing_since]` if left out.", choice(*ORDER)
        ),
        "pick": Key("Who is asked first; `longest_idle` if left out.", choice(*PICKS)),
        "room": Key("Waiting places; who finds none free is blocked. Endless if left out.", _ANY),
        "promote_after": Key("Priority rises by one per so many minutes waited.", _MINUTES),
        "offer_timeout": Key("Offers end after so many minutes, and count as missed.", _MINUTES),
        "wrap_up": Key("Minutes after each for which the agent stays taken.", _MINUTES),
        "misses": Key("Offers missed in a row after which nobody is asked again.", _ANY),
    },
    "class": {
        "rate": Key("Arrivals a minute.", _ANY),
        "arrivals": Key("`{csv: FILE}`, or a distribution of the time between arrivals.", _ANY),
        "handling": Key("Minutes of work from accept to resolve, a distribution.", _ANY),
        "patience": Key("Minutes until a waiting customer leaves; for ever if left out.", _ANY),
        "priority": Key("Higher goes first; `normal`, which is 20, if left out.", _ANY),
        "require": Key("Skills asked for, with their levels; nothing if left out.", _ANY),
        "for": Key("Minutes until the first of `relax` begins.", _MINUTES),
        "relax": Key("Steps that follow, each a whole requirement.", _ANY),
        "deadline": Key("Minutes until the first answer is due, for `order`.", _MINUTES),
        "weight": Key("Units of capacity that one takes; `1` if left out.", _ANY),
    },
    "step": {
        "require": Key("What is asked for from here on; nothing if left out.", _ANY),
        "for": Key("Minutes until the next step; the last has none.", _MINUTES),
    },
    "group": {
        "name": Key("The group's name; its agents are NAME-1, NAME-2, …", _ANY, required=True),
        "agents": Key("How many.", _ANY, required=True),
        "skills": Key("What each of them knows, from 0 to 5.", _ANY),
        "capacity": Key("Units that each can hold at once; `1` if left out.", _ANY),
        "accept": Key("Minutes until an offer is accepted, a distribution; at once if left out.",
                      _ANY),
        "shifts": Key("When they are there: a list of [from, to] in minutes; always if left out.",
                      _ANY),
    },
    "skill": {
        "covers": Key("Skills that whoever has this one can stand in for, and levels lost.", _ANY),
    },
    "arrivals": {
        "csv": Key("A file with a row for each arrival, beside the scenario.", _ANY),
        "dist": Key("How the times between arrivals are distributed.", choice(*KINDS)),
    },
    "distribution": {
        "dist": Key("Which; `exponential` if left out.", choice(*KINDS)),
        "mean": Key("The mean, in minutes.", _MINUTES),
        "cv": Key("Standard deviation by mean, of lognormal and gamma; `1` if left out.", _ANY),
        "k": Key("Phases of erlang, or the shape of gamma.", _ANY),
        "low": Key("The least, of uniform; 0 if left out.", _MINUTES),
        "high": Key("The most, of uniform; twice the mean less `low` if left out.", _MINUTES),
        "sd": Key("The standard deviation, in minutes, instead of `cv`.", _MINUTES),
        "shape": Key("Another word for `k`.", _ANY),
        "min": Key("Another word for `low`.", _MINUTES),
        "max": Key("Another word for `high`.", _MINUTES),
        "values": Key("The values of empirical, each as likely.", _ANY),
        "csv": Key("Or a file with a value in each row.", _ANY),
    },
}  # fmt: skip
