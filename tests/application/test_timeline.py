"""What happened, as a colleague would tell it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from omniroute.application.directory import Directory
from omniroute.application.timeline import STRANDED, Telling, sentence
from omniroute.core import events as e
from omniroute.core.inputs import Member
from omniroute.core.model import (
    Evidence,
    Handle,
    Held,
    Link,
    Offer,
    Pause,
    Sharing,
    Status,
    Step,
    Target,
    Turned,
    Urgency,
)
from omniroute.core.trials import Trial

DIRECTORY = Directory(agents={"ana": "Ana Ruiz", "bo": "Bo Berg"})
AT = 1_772_442_900_000
LINK = Link("h1", "h2", Evidence.VERIFIED, "webchat", AT)
ADDRESSES = {"h1": "joe@x.org", "h2": "Joe"}


def told(event: e.Event, actor: str = "") -> str:
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    telling = Telling(said, actor, AT, DIRECTORY, lambda handle: ADDRESSES.get(handle, "?"))
    return sentence(type(event).__name__, telling)


def routed(rule: str, **more: Any) -> e.ThreadRouted:
    steps = more.pop("steps", (Step(need={"refunds": 3.0}),))
    return e.ThreadRouted(1, rule, "r1", "billing", steps, 20, 0, 0, **more)


TOLD = [
    (routed("refunds"), "", "Queued in billing by rule refunds; needs refunds ≥ 3"),
    (routed("", steps=()), "", "Queued in billing, as no rule matched"),
    (routed("transfer"), "bo", "Waits in billing"),
    (e.SurveyAsked(1, "after", "csat", "m", "h", AT), "", "Asked the customer how it was"),
    (
        e.SurveyAnswered(1, "after", "csat", 4, AT, "page"),
        "",
        "The customer answered 4 of 5 (satisfaction)",
    ),
    (
        e.SurveyAnswered(1, "after", "nps", 9, AT, "page"),
        "",
        "The customer answered 9 of 10 (would recommend us)",
    ),
    (e.SurveyEnded(1, "after", "expired"), "", "The customer did not say how it was"),
    (e.ThreadReopened(1, "survey"), "", "Reopened: the customer was not satisfied"),
    (e.StepBegan(1, 1, AT), "", "Step 2: asks for less from now on"),
    (e.StepBegan(1, 2, AT, queue="tech"), "", "Step 3, in tech: asks for less from now on"),
    (
        e.StepBegan(1, 1, AT, skipped="nobody_present"),
        "",
        "Step 2 at once: nobody it asked for first is here",
    ),
    (e.ThreadStranded(1, "nobody_present"), "", "Stranded: nobody who could take it is here"),
    (e.OfferMade(1, Offer("1.1", "ana", AT, AT)), "", "Offered to Ana Ruiz"),
    (e.OfferEnded(1, "1.1", "ana", "accepted"), "ana", ""),
    (e.OfferEnded(1, "1.1", "ana", "declined"), "ana", "Ana Ruiz passed"),
    (e.OfferEnded(1, "1.1", "ana", "expired"), "", "Ana Ruiz did not answer in time"),
    (e.OfferEnded(1, "1.1", "ana", "rescinded"), "", "The offer to Ana Ruiz was taken back"),
    (e.OfferEnded(1, "1.1", "ana", "cancelled"), "", "The offer to Ana Ruiz was cancelled"),
    (e.OfferEnded(1, "1.1", "ana", "failed"), "", "Ana Ruiz could not be reached"),
    (e.ThreadAssigned(1, "ana", "accept"), "ana", "Ana Ruiz accepted"),
    (
        e.ThreadAssigned(1, "ana", "claim", over=True),
        "ana",
        "Ana Ruiz took it beyond their capacity",
    ),
    (e.ThreadAssigned(1, "ana", "reply"), "ana", "Ana Ruiz took it by answering"),
    (e.ThreadAssigned(1, "ana", "transfer"), "bo", "Ana Ruiz has it now"),
    (e.ThreadAssigned(1, "ana", "fold"), "", "Ana Ruiz goes on with it"),
    (e.ThreadAssigned(1, "ana", "auto"), "", "Given to Ana Ruiz"),
    (e.ThreadReleased(1, "ana", "transfer"), "bo", "Bo Berg handed it over"),
    (e.ThreadReleased(1, "ana", "left"), "", "Ana Ruiz left the team"),
    (e.ThreadReleased(1, "ana", "claim"), "bo", "Bo Berg took it over"),
    (e.ThreadReleased(1, "ana", "gone"), "", "Ana Ruiz is offline; it waits for others"),
    (e.HandedOff(1, "bo"), "bo", "Bo Berg handed it to people"),
    (e.StrandedReminded(1, AT), "", "Stranded still: leads were told again"),
    (e.CustomerTold(1), "", "The customer was told that it may take a while"),
    (e.Overflowed(1, 0, ("tech", "sales")), "", "tech and sales may help out"),
    (e.HandedBack(1, "bo"), "ana", "Given back to Bo Berg"),
    (e.ExclusionsEnded(1, ("ana", "bo")), "", "Ana Ruiz and Bo Berg may be asked again"),
    (e.ThreadReleased(1, "ana", "fold"), "", ""),
    (e.ThreadSnoozed(1, "ana", AT + 3_600_000), "ana", "Ana Ruiz snoozed it until 10:15"),
    (e.ThreadWoken(1, "time"), "", "The snooze is over"),
    (e.ThreadWoken(1, "customer"), "", "Awake: the customer wrote"),
    (e.ThreadWoken(1, "agent"), "ana", "Awake: an agent answered"),
    (e.ThreadSolved(1, "ana", AT), "ana", "Ana Ruiz solved it"),
    (e.ThreadSolved(1, "", AT, "deflected"), "", "The article has solved it"),
    (
        e.ArticleProposed(1, "password", "kb/password"),
        "",
        "Proposed the article kb/password by rule password",
    ),
    (
        e.StepBegan(1, 1, AT, skipped="answered"),
        "",
        "The article was no answer: an agent is asked",
    ),
    (e.ThreadReopened(1, "customer"), "", "Reopened: the customer wrote again"),
    (e.ThreadReopened(1, "agent"), "bo", "Bo Berg reopened it"),
    (e.ThreadReopened(1, "fold"), "", "Reopened: another thread was joined to it"),
    (e.ThreadAbandoned(1), "", "The customer left before anybody took it"),
    (e.ThreadClosed(1), "", "Closed"),
    (e.ThreadFolded(7, 1), "", "#7 was joined to this thread"),
    (e.TagsSet(1, ("vip", "refund")), "bo", "Bo Berg set the tags: vip, refund"),
    (e.TagsSet(1, ()), "bo", "Bo Berg set the tags: none"),
    (e.PrioritySet(1, 30, "bo"), "bo", "Bo Berg set the priority to high"),
    (
        e.ThreadPromoted(1, 21, AT, AT),
        "",
        "Waited long: goes before others of the same priority (21)",
    ),
    (
        e.ThreadDormant(1, "ana"),
        "",
        "The customer is silent: Ana Ruiz keeps it, at no weight",
    ),
    (e.ThreadRoused(1, "ana", AT), "", "The customer is back: Ana Ruiz goes on"),
    (
        e.ThreadRoused(1, "ana", AT, over=True),
        "",
        "The customer is back: Ana Ruiz goes on beyond their capacity",
    ),
    (
        e.CustomerAway(1, AT + 300_000),
        "",
        "The customer left; their place is kept until 09:20",
    ),
    (e.ThreadHeld(1, AT + 3_600_000), "", "Held while the queue is closed, until 10:15"),
    (e.ThreadUnheld(1), "", "The queue is open again"),
    (e.WrapUpEnded(1, "ana", "time"), "", "Ana Ruiz is done with it"),
    (
        e.ThreadReleased(1, "ana", "wake"),
        "",
        "The customer is back and Ana Ruiz did not answer: queued for others",
    ),
    (e.AgeMoved(1, AT, ""), "", ""),
    (
        e.Escalated(1, "vip-late", "first_reply", 40, ("late",)),
        "",
        "Escalated by rule vip-late",
    ),
    (e.TargetMissed(1, "first_reply", AT), "", "Too late: the first reply was due"),
    (e.TargetMissed(1, "next_reply", AT), "", "Too late: a reply was due"),
    (e.TargetMissed(1, "resolution", AT), "", "Too late: it should have been solved"),
    (
        e.AgeMoved(1, AT - 600_000, "ana"),
        "ana",
        "Ana Ruiz moved it in line, as if it waited since 09:05",
    ),
    (
        e.LinkAdded(LINK, "h1", "h2"),
        "",
        "joe@x.org and Joe belong to one person (verified by web chat)",
    ),
    (
        e.LinkSuggested(LINK),
        "",
        "joe@x.org and Joe may belong to one person (verified by web chat); not joined",
    ),
    (
        e.LinkSuggested(LINK, veto="not_same"),
        "",
        (
            "joe@x.org and Joe were not joined (verified by web chat): "
            "a colleague said they are two people"
        ),
    ),
    (
        e.LinkRetracted("h1", "h2", "h1", "ana"),
        "ana",
        "Ana Ruiz took back that joe@x.org and Joe belong to one person",
    ),
    (e.NotSame("h1", "h2", "bo"), "bo", "Bo Berg said that joe@x.org and Joe are two people"),
    (
        e.HandleCalled("h1", Sharing("suspected")),
        "",
        "joe@x.org is used under several names: do several people share it?",
    ),
    (
        e.HandleShared("h1", True, "di"),
        "",
        "joe@x.org is several people's: nobody is joined over it",
    ),
    (
        e.HandleShared("h1", False, "di"),
        "",
        "joe@x.org is one person's, whatever names they use",
    ),
    (
        e.ThreadUnfolded(7, 1, ("h2",), Urgency(), Urgency()),
        "ana",
        "#7 is apart from #1 again",
    ),
    (
        e.ThreadDivided(1, 9, "h2", "h1", ("h2",)),
        "ana",
        "What Joe wrote in #1 is #9 now",
    ),
    (
        e.TopicTurned(1, Turned("api", "r1", "tech", (), 20, 0)),
        "",
        "The customer turned to another matter: rule api would send it to tech",
    ),
    (e.ParticipantsChanged(1, ()), "", "More people take part in the conversation"),
    (e.ParticipantsChanged(1, (), "ana"), "ana", "Ana Ruiz changed who gets a copy"),
    (e.MatterSplit(1, 9, "ana"), "ana", "Ana Ruiz made #9 of what the customer wrote last"),
    (e.ThreadAssigned(1, "ana", "split"), "bo", "Ana Ruiz has it again"),
    (e.ThreadReleased(1, "ana", "split"), "bo", "Ana Ruiz goes on with the other one"),
    (
        e.ThreadReopened(1, "split"),
        "bo",
        "Reopened: it was joined to another one, where the customer wrote",
    ),
    (
        e.LinkSuggested(LINK, veto="crm"),
        "",
        "joe@x.org and Joe were not joined (verified by web chat): each has another crm",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("event", "actor", "text"), TOLD)
def test_told(event: e.Event, actor: str, text: str) -> None:
    assert told(event, actor) == text


SHOWN_AS_MESSAGES = [
    e.SurveyPlanned(1, "after", "csat", AT),
    e.SurveyRemarked(1, "after", "m", "h"),
    e.SurveyEnded(1, "after", "cancelled"),
    e.MessageAmended("m", "h", "edited"),
    e.PromotionPlanned(1, AT),
    e.OverflowPlanned(1, AT),
    e.TargetStarted(1, Target("first_reply", 1, AT), AT),
    e.TargetStopped(1, "first_reply", "met", 0),
    e.DeadlineSet(1, AT),
    e.DormancyPlanned(1, AT),
    e.WeightSet(1, 2),
    e.MarksPassed(1, "first_reply", ()),
    e.HoursPlanned(1, AT),
    e.WrapUpBegan(1, "ana", AT),
    e.CustomerWrote(1, "m", "h", "email", "main"),
    e.ParticipantWrote(1, "m", "h", "email", "main"),
    e.NoteAdded(1, "n", "ana"),
    e.ReplyHeld(1, Held("r", "ana", "h", AT, "k")),
    e.ReplyWithdrawn(1, "r", "ana"),
    e.ReplyReleased(1, "r", "ana", "h", "e"),
    e.AutomaticReplyReleased(1, "r", "h", "after_hours", "e"),
    e.ReplyRecalled(1, "r", "robby", "e"),
    e.WordsChanged(1, "r", "ana", "edited", "e2"),
    e.ChangeSettled(1, "r", "e2", "edited", "sent"),
    e.ReplySent(1, "r", "e"),
    e.ReplyFailed(1, "r", "e", "rejected"),
]
NOT_ABOUT_A_THREAD = [
    e.HandleSeen(Handle("h", "h", "email", AT)),
    e.ThreadOpened(1, "h"),  # what the customer wrote says it
    e.CustomerSplit("h1", "h2", ("h2",)),  # what it does to threads is said there
    e.CustomerErased(("h1",), ("m",)),
    e.AgentJoined(Member("ana")),
    e.QueueDeep("tech", 10),
    e.QueueEased("tech"),
    e.AutomaticRepliesPaused(Pause("", "sent", AT, AT, 5)),
    e.AutomaticRepliesResumed(""),
    e.AgentLeft("ana"),
    e.StatusChanged("ana", Status.ONLINE),
    e.AgentUnresponsive("ana"),
    e.AgentBack("ana"),
    e.ThreadMoved(1, "ana", "other"),  # the assignment or the queue says it
    e.DesksLost("ana", ("web",)),
    e.DeskReached("ana", "web"),
    e.AgentGone("ana"),
    e.OwnerUnreachable("ana"),
    e.RulesActivated("r1"),
    e.TrialBegan(Trial("r2", "shadow")),
    e.TrialEnded("r2", "stopped"),
    e.WriterChanged("n1", 1),
    e.WriterLeft("n1", 1),
]


@pytest.mark.parametrize("event", [*SHOWN_AS_MESSAGES, *NOT_ABOUT_A_THREAD])
def test_not_told(event: e.Event) -> None:
    assert told(event) == ""


def test_every_event_is_told_or_left_out_on_purpose() -> None:
    seen = {type(event) for event, _, _ in TOLD}
    seen |= {type(event) for event in (*SHOWN_AS_MESSAGES, *NOT_ABOUT_A_THREAD)}
    assert seen == set(e.AnyEvent.__args__)


def test_an_event_of_a_newer_version_is_not_told() -> None:
    assert sentence("MoonRose", Telling({}, "", AT, DIRECTORY, str)) == ""


def test_unknown_reasons_are_said_as_they_are() -> None:
    assert told(e.ThreadStranded(1, "eclipse")) == "Stranded: eclipse"
    assert told(e.ThreadAssigned(1, "ana", "lottery")) == "Ana Ruiz has it"
    assert "no_candidate" in STRANDED


def test_who_is_no_longer_known_is_named_by_id() -> None:
    assert told(e.ThreadAssigned(1, "zoe", "accept")) == "zoe accepted"
    assert told(e.TagsSet(1, ("x",))) == "Somebody set the tags: x"
