"""How long a takeover took, read from the journal after a trial."""

from omniroute.core.events import CustomerWrote, Event, WriterChanged
from omniroute.core.inputs import WritingTaken
from omniroute.runtime.record import Entry
from omniroute.testing.nodes_trial import takeovers

KILLED = 10_000


def decided(at: int, *events: Event) -> Entry:
    return Entry(1, at, WritingTaken(f"i{at}", at, "b"), events)  # type: ignore[arg-type]


def wrote(at: int) -> Entry:
    return decided(at, CustomerWrote(1, "m", "h", "email", "help"))


def takes_over(at: int, node: str = "b") -> Entry:
    return decided(at, WriterChanged(node, 2))


def test_it_is_the_time_to_the_first_message_that_the_next_writer_decides() -> None:
    journal = [wrote(9_900), takes_over(17_000), decided(17_050), wrote(17_100), wrote(17_200)]
    assert takeovers([KILLED], journal) == [7.1]


def test_what_the_one_that_was_killed_still_decided_does_not_count() -> None:
    assert takeovers([KILLED], [wrote(10_002), takes_over(16_000), wrote(16_500)]) == [6.5]


def test_each_kill_has_its_own() -> None:
    journal = [takes_over(16_000), wrote(16_500), takes_over(27_000, "a"), wrote(28_000)]
    assert takeovers([KILLED, 20_000], journal) == [6.5, 8.0]


def test_a_kill_after_which_nobody_decided_is_left_out() -> None:
    assert takeovers([KILLED, 20_000], [takes_over(16_000), wrote(16_500)]) == [6.5]
