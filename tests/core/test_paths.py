"""Which way an answer goes: by the one that works, and never behind anybody's back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omniroute.core.events import ReplyReleased, ReplyWithdrawn
from omniroute.core.paths import FILES, TEMPLATE, WINDOW, Path, plan, trouble
from omniroute.testing.people import Agent, Customer
from omniroute.testing.rig import Rig

NOW = 1_000_000

paths = st.lists(
    st.builds(
        Path,
        handle=st.sampled_from("abcdef"),
        channel=st.sampled_from(["email", "telegram", "webchat"]),
        until=st.sampled_from([0, NOW - 1, NOW, NOW + 1]),
        failed=st.sampled_from(["", "", "rejected", "bounced"]),
        files=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda path: path.handle,
)


# --- the choice ---


def test_nothing_leads_nowhere() -> None:
    assert plan((), NOW) is None
    assert plan((Path("a", "email"),), NOW, chosen="b") is None


def test_time_is_over_at_its_end() -> None:
    assert trouble(Path("a", "whatsapp", until=NOW), NOW) == WINDOW
    assert trouble(Path("a", "whatsapp", until=NOW + 1), NOW) == ""
    assert trouble(Path("a", "webchat", files=False), NOW, files=True) == FILES


def test_a_template_goes_when_plain_words_do_not_any_more() -> None:
    closed = Path("a", "whatsapp", until=NOW - 1, templates=("order_update",))
    assert trouble(closed, NOW) == WINDOW
    assert trouble(closed, NOW, template="order_update") == ""
    assert trouble(closed, NOW, template="another") == TEMPLATE
    mail = Path("b", "email")
    assert trouble(mail, NOW, template="order_update") == TEMPLATE
    made = plan((mail, closed), NOW, template="order_update")
    assert made is not None
    assert made.path == closed


def test_a_template_goes_where_plain_words_came_too_late() -> None:
    mail, failed = Path("a", "email"), Path("b", "whatsapp", failed="bounced", templates=("hi",))
    made = plan((mail, failed), NOW, template="hi")
    assert made is not None
    assert made.path == failed


def test_of_two_ways_to_one_address_the_one_that_works_is_taken() -> None:
    sms, template = Path("a", "sms"), Path("a", "whatsapp", until=1, templates=("hi",))
    for named, path in (("", sms), ("hi", template)):
        made = plan((sms, template), NOW, chosen="a", template=named)
        assert made is not None
        assert (made.path, made.doubt) == (path, "")


@given(paths, st.booleans())
def test_a_way_that_works_is_taken_where_there_is_one(ways: list[Path], files: bool) -> None:
    made = plan(ways, NOW, files=files)
    assert (made is None) == (not ways)
    if made is not None:
        assert made.path in ways
        works = any(not trouble(path, NOW, files=files) for path in ways)
        assert (trouble(made.path, NOW, files=files) == "") == works


@given(paths, st.booleans())
def test_another_way_than_the_usual_is_never_taken_in_silence(
    ways: list[Path], files: bool
) -> None:
    made = plan(ways, NOW, files=files)
    if made is not None and made.path != ways[0]:
        assert made.instead == ways[0]
        assert made.why == trouble(ways[0], NOW, files=files) != ""
    elif made is not None:
        assert made.instead is None
        assert made.doubt == trouble(ways[0], NOW, files=files)


@given(paths)
def test_the_best_of_those_that_work_is_taken(ways: list[Path]) -> None:
    made = plan(ways, NOW)
    if made is not None and made.instead is not None:
        before = ways[: ways.index(made.path)]
        assert all(trouble(path, NOW) for path in before)


@given(paths, st.sampled_from("abcdef"))
def test_whoever_writes_may_choose(ways: list[Path], chosen: str) -> None:
    made = plan(ways, NOW, chosen=chosen)
    assert (made is not None) == (chosen in [path.handle for path in ways])
    if made is not None:
        assert (made.path.handle, made.instead) == (chosen, None)


# --- in a thread ---


def desk() -> tuple[Rig, Customer, Agent]:
    """Joe wrote by mail, then on Telegram; Ana has him.  That he has a web site's login is known,
    too, and that one of his mailboxes is for work."""
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", telegram="5001", email="joe@mail.example", verified=True)
    joe.on("email").says("I was charged twice")
    ana.accepts()
    joe.on("telegram").says("are you there?")
    return rig, joe, ana


def failing(joe: Customer) -> dict[str, str]:
    return {voice.channel: voice.failed for voice in joe.thread.voices if voice.failed}


def test_a_way_counts_as_broken_from_a_failure_until_the_customer_writes_there() -> None:
    rig, joe, ana = desk()
    ana.replies("yes")
    rig.fails(rig.deliveries[-1], "rejected")
    assert failing(joe) == {"telegram": "rejected"}
    ana.is_told("failed")
    joe.on("telegram").says("I had blocked you, sorry")
    assert failing(joe) == {}
    rig.fold()


def test_a_way_works_again_once_something_has_arrived() -> None:
    rig, joe, ana = desk()
    ana.replies("yes")
    rig.fails(rig.deliveries[-1], "bounced")
    ana.replies("again", to=joe.on("telegram"))
    rig.fails(rig.deliveries[-1], "sent")
    assert failing(joe) == {}
    rig.fold()


def test_what_was_called_back_breaks_no_way() -> None:
    rig, joe, ana = desk()
    ana.replies("yes")
    rig.fails(rig.deliveries[-1], "withdrawn")
    assert failing(joe) == {}


def test_an_answer_goes_where_the_agent_says() -> None:
    rig, joe, ana = desk()
    first, last = (voice.message for voice in joe.thread.voices)
    ana.replies("by mail, then", to=joe.on("email"))
    ana.replies("and here")
    joe.on("email").receives("by mail, then")
    joe.on("telegram").receives("and here")
    assert [delivery.answers for delivery in rig.deliveries] == [first, last]


def test_an_answer_may_begin_a_conversation_at_a_proved_address() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.replies("you had gone", to=joe.on("email"), refused="no_way")  # by which channel?
    ana.replies("you had gone", to=joe.on("email"), begins="email")
    (delivery,) = rig.deliveries
    assert (delivery.handle, delivery.begins) == ("email:joe@mail.example", ("email", "main"))
    rig.fold()


def test_nobody_is_written_to_on_somebody_s_word() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1")
    eve = rig.customer("eve", email="eve@mail.example")
    eve.on("email").says("mine")
    ana.accepts()
    ana.resolves()
    rig.wait(hours=24 * 30)
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.replies("for Joe", joe, to=eve.on("email"), begins="email", refused="no_way")
    ana.merges(joe.known_as("webchat"), eve.known_as("email"))
    ana.replies("for Joe", joe, to=eve.on("email"), begins="email", refused="no_way")
    assert not rig.happened(ReplyReleased)


def test_a_draft_whose_address_turns_out_to_be_somebody_else_s_is_not_sent() -> None:
    rig = Rig()
    ana = rig.agent("ana")
    joe = rig.customer("joe", webchat="v1", email="joe@mail.example", verified=True)
    joe.on("webchat").says("hello")
    ana.accepts()
    ana.replies("come back", to=joe.on("email"), begins="email", hold=20)
    ana.parts(joe.known_as("email"))
    assert [event.agent for event in rig.happened(ReplyWithdrawn)] == ["ana"]
    ana.is_told("astray")
    rig.wait(minutes=1)
    assert not rig.happened(ReplyReleased)
    rig.fold()


def test_a_draft_goes_with_its_address_where_that_has_written() -> None:
    rig, joe, ana = desk()
    ana.replies("for the mailbox", to=joe.on("email"), hold=20)
    ana.parts(joe.known_as("email"))
    rig.wait(minutes=1)
    joe.on("email").receives("for the mailbox")
