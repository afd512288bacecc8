"""What reports say: each measure's name, meaning, unit and source, in one table.

To add one, write its samples where they happen (`projections.measuring`), or give a *source* that
finds them, and add a row here: page, command, CSV, API and reference follow.  Definitions are
those of routing.md 1, "Measures".
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from omniroute.application import satisfaction
from omniroute.application.words import span


class Unit(enum.StrEnum):
    """What a figure is of its samples."""

    COUNT = "count"  # how many there are
    SPAN = "span"  # their median, with p90 and p95, in ms
    SHARE = "share"  # of those that say yes, from 0 to 1
    ESTIMATE = "estimate"  # the same of a few of many, with what the share of all may be
    MEAN = "mean"  # their mean
    WITHIN = "within"  # the share of those no longer than the limit that was asked for
    TIME = "time"  # of agents, in ms
    OCCUPANCY = "occupancy"  # busy, of busy and idle


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a report.

    *samples* are those it counts, its own name unless said.  *source* is a SELECT that finds
    samples in the views, with the columns of the table ``samples``, where they are not written
    down as they happen.  *per* names the measure by whose number a time is divided.
    """

    name: str
    title: str
    unit: Unit
    part: str
    definition: str
    samples: tuple[str, ...] = ()
    source: str = ""
    per: str = ""

    @property
    def counted(self) -> tuple[str, ...]:
        """The names of the samples."""
        return self.samples or (self.name,)


_RECEIVED: Final = """
    SELECT messages.at, 'received' AS measure, 1 AS value, messages.thread, '' AS agent,
      threads.queue, messages.channel, '' AS about
    FROM messages JOIN threads ON threads.id = messages.thread WHERE messages.kind = 'customer'
"""

PARTS: Final = {
    "flow": "What came and went",
    "speed": "How fast",
    "promises": "What was promised",
    "satisfaction": "How it was",
    "work": "Work",
}
"""The parts of a report, in their order."""

MEASURES: Final = (
    Measure(
        name="opened", title="Threads opened", unit=Unit.COUNT, part="flow",
        definition="Threads that began: a customer without open work wrote, or one was split off.",
    ),
    Measure(
        name="resolved", title="Threads resolved", unit=Unit.COUNT, part="flow",
        samples=("resolution", "deflected"),
        definition="Each time a thread was resolved, by whoever had it. One that was taken up "
        "again and resolved again counts twice.",
    ),
    Measure(
        name="reopened", title="Taken up again", unit=Unit.COUNT, part="flow",
        definition="The customer wrote in a resolved thread while it could be taken up again. It "
        "counts for whoever had resolved it.",
    ),
    Measure(
        name="received", title="Messages of customers", unit=Unit.COUNT, part="flow",
        source=_RECEIVED,
        definition="Messages that customers wrote, machines of theirs included.",
    ),
    Measure(
        name="replies", title="Answers to them", unit=Unit.COUNT, part="flow",
        definition="Answers that went out, of people and of bots; one that was undone did not.",
    ),
    Measure(
        name="abandoned", title="Abandoned", unit=Unit.COUNT, part="flow",
        definition="The customer left a chat before anybody took it.",
    ),
    Measure(
        name="deflected", title="Deflected", unit=Unit.COUNT, part="flow",
        definition="Resolved without an agent: the customer said that a proposed article had "
        "helped.",
    ),
    Measure(
        name="transfers", title="Handed on", unit=Unit.COUNT, part="flow",
        definition="A thread was handed to another agent or queue. It counts for who did it, on "
        "the day and in the queue it was handed on from.",
    ),
    Measure(
        name="handed_off", title="From bot to people", unit=Unit.COUNT, part="flow",
        definition="A bot gave a thread to people, or somebody took it from one.",
    ),
    Measure(
        name="asked_twice", title="Asked twice", unit=Unit.COUNT, part="flow",
        definition="An answer of ours asked what one in the same thread had asked before, in the "
        "same words. What was asked again in other words is not found; neither is what was erased "
        "before the views were made anew.",
    ),
    Measure(
        name="first_reply", title="First reply", unit=Unit.SPAN, part="speed",
        definition="From the customer's first message to the first answer of a person, in real "
        "time, by the moment of the answer. Bots and automatic replies do not end it.",
    ),
    Measure(
        name="first_answer", title="First answer of any kind", unit=Unit.SPAN, part="speed",
        definition="The same, to the first answer of anybody: a person, a bot or an automatic "
        "reply.",
    ),
    Measure(
        name="next_reply", title="Next reply", unit=Unit.SPAN, part="speed",
        definition="From a later turn of the customer to a person's answer. Several messages in a "
        "row are one turn, which begins with the first of them.",
    ),
    Measure(
        name="resolution", title="Resolution", unit=Unit.SPAN, part="speed",
        definition="From the opening of a thread, or from its being taken up again, until an "
        "agent resolved it. What an article resolved is not in it.",
    ),
    Measure(
        name="wait", title="Wait in the queue", unit=Unit.SPAN, part="speed",
        definition="Real time from entering the queue until somebody took the thread, hours in "
        "which the queue was closed included. What is handed straight to an agent does not wait.",
    ),
    Measure(
        name="service_level", title="Service level", unit=Unit.WITHIN, part="speed",
        samples=("wait", "abandoned"),
        definition="(Taken within the limit + abandoned within the limit) / (taken + abandoned). "
        "The limit is asked for with the report.",
    ),
    Measure(
        name="taken_within", title="Taken in time", unit=Unit.WITHIN, part="speed",
        samples=("wait",),
        definition="Taken within the limit / taken.",
    ),
    Measure(
        name="first_reply_clock", title="First reply, open hours", unit=Unit.SPAN,
        part="promises",
        definition="What ran on the calendar of a promised first reply until it was given. "
        "Promises on the wall clock are not in it.",
    ),
    Measure(
        name="next_reply_clock", title="Next reply, open hours", unit=Unit.SPAN, part="promises",
        definition="The same of a promised next reply.",
    ),
    Measure(
        name="resolution_clock", title="Resolution, open hours", unit=Unit.SPAN, part="promises",
        definition="The same of a promised resolution; its clock stands while we wait for the "
        "customer.",
    ),
    Measure(
        name="first_reply_kept", title="First reply as promised", unit=Unit.SHARE,
        part="promises",
        definition="Kept / (kept + broken). Kept counts with the answer, broken at the moment it "
        "fell due. What was resolved or abandoned before either is not in it.",
    ),
    Measure(
        name="next_reply_kept", title="Next reply as promised", unit=Unit.SHARE, part="promises",
        definition="The same of the next reply.",
    ),
    Measure(
        name="resolution_kept", title="Resolution as promised", unit=Unit.SHARE, part="promises",
        definition="The same of the resolution.",
    ),
    Measure(
        name="csat", title="Satisfied", unit=Unit.ESTIMATE, part="satisfaction",
        source=satisfaction.SATISFIED,
        definition="CSAT: answers of 4 and 5 / answers from 1 to 5, to questions that were asked "
        "in the period, for the agent who had resolved the thread. Beside it stands between what "
        "shares that of all customers lies, with 95 percent confidence (Wilson's interval).",
    ),
    Measure(
        name="nps", title="Would recommend us", unit=Unit.MEAN, part="satisfaction",
        source=satisfaction.PROMOTERS,
        definition="NPS: the percentage of 9 and 10 less that of 0 to 6, from -100 to 100.",
    ),
    Measure(
        name="ces", title="Ease", unit=Unit.MEAN, part="satisfaction", source=satisfaction.EASE,
        definition="CES: the mean of answers from 1, very hard, to 7, very easy.",
    ),
    Measure(
        name="responses", title="Answered how it was", unit=Unit.SHARE, part="satisfaction",
        source=satisfaction.RESPONSES,
        definition="Questions that were answered / questions that arrived, of every survey.",
    ),
    Measure(
        name="fcr", title="Resolved at first contact", unit=Unit.SHARE, part="satisfaction",
        source=satisfaction.FIRST_CONTACT,
        definition="Threads that one agent resolved for good / threads that an agent resolved for "
        "the first time: not handed on, not taken up again, and not followed by a thread of the "
        "customer in the same queue within 7 days. Unknown, and not in it, until those are over.",
    ),
    Measure(
        name="taken", title="Threads taken", unit=Unit.COUNT, part="work",
        definition="An agent became responsible: by accepting, taking, answering, by itself, or "
        "because it was handed to them.",
    ),
    Measure(
        name="offers_accepted", title="Offers accepted", unit=Unit.COUNT, part="work",
        definition="Offers that the agent accepted.",
    ),
    Measure(
        name="offers_passed", title="Offers passed", unit=Unit.COUNT, part="work",
        definition="Offers that the agent passed on.",
    ),
    Measure(
        name="offers_missed", title="Offers missed", unit=Unit.COUNT, part="work",
        definition="Offers that ran out unanswered. What we took back is none of these.",
    ),
    Measure(
        name="handling", title="Handling", unit=Unit.TIME, part="work",
        definition="Time in which an agent had a thread in hand: it is theirs, they are here, and "
        "its customer waits for us, or chats with us and has not fallen silent, or it is wrapped "
        "up. Snoozed and dormant time is not in it. Threads side by side count each.",
    ),
    Measure(
        name="handling_each", title="Handling of a thread", unit=Unit.TIME, part="work",
        samples=("handling",), per="resolution",
        definition="Handling / threads that agents resolved.",
    ),
    Measure(
        name="occupancy", title="Occupancy", unit=Unit.OCCUPANCY, part="work",
        definition="Busy / (busy + idle). Busy is the time with one thread in hand or more, "
        "however many; idle the time online, within reach, with none. Bots do not count.",
    ),
)  # fmt: skip
"""Every measure, in the order of the report."""

BY_NAME: Final = {measure.name: measure for measure in MEASURES}


def promise(about: str) -> str:
    """A promise, as samples name it.

    >>> promise("first_reply/14400000/office"), promise("resolution/259200000/")
    ('First reply within 4 h (office)', 'Resolution within 3 d')
    """
    kind, _, rest = about.partition("/")
    length, _, clock = rest.partition("/")
    if kind not in BY_NAME or not length.isdigit():
        return about
    on = f" ({clock})" if clock else ""
    return f"{BY_NAME[kind].title} within {span(int(length))}{on}"
