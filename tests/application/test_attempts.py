"""Guessing is slowed down, per agent and per address; who knows the password is not punished."""

from omniroute.application.attempts import KEPT, WINDOW, Attempts

NOW = 1_772_442_900_000


def test_strangers_who_guess_do_not_keep_out_the_agent() -> None:
    attempts = Attempts(per_agent=4, per_pair=2)
    attempts.succeeded("ana", "10.0.0.1")
    for number in range(4):
        attempts.failed("ana", f"192.0.2.{number // 2}", NOW)
    assert attempts.wait("ana", "192.0.2.0", NOW) == WINDOW  # of one address
    assert attempts.wait("ana", "192.0.2.9", NOW) == WINDOW  # of all together
    assert attempts.wait("ana", "10.0.0.1", NOW) == 0  # where she comes from
    attempts.failed("ana", "10.0.0.1", NOW)
    attempts.failed("ana", "10.0.0.1", NOW)
    assert attempts.wait("ana", "10.0.0.1", NOW) == WINDOW


def test_an_agent_can_be_guessed_at_so_many_times() -> None:
    attempts = Attempts(per_agent=3)
    for second in range(3):
        assert attempts.wait("ana", f"10.0.0.{second}", NOW) == 0
        attempts.failed("ana", f"10.0.0.{second}", NOW + second)
    assert attempts.wait("ana", "10.0.0.9", NOW + 10) == WINDOW - 10
    assert attempts.wait("bo", "10.0.0.9", NOW + 10) == 0


def test_the_window_moves_on() -> None:
    attempts = Attempts(per_pair=2)
    attempts.failed("ana", "", NOW)
    attempts.failed("ana", "", NOW + 100)
    assert attempts.wait("ana", "", NOW + WINDOW - 1) == 1
    assert attempts.wait("ana", "", NOW + WINDOW) == 0
    attempts.failed("ana", "", NOW + WINDOW)
    assert attempts.wait("ana", "", NOW + WINDOW) == 100


def test_an_address_can_guess_so_many_times_at_whomever() -> None:
    attempts = Attempts(per_address=3)
    for name in ("ana", "bo", "cy"):
        attempts.failed(name, "10.0.0.1", NOW)
    assert attempts.wait("di", "10.0.0.1", NOW) == WINDOW
    assert attempts.wait("di", "10.0.0.2", NOW) == 0


def test_a_network_of_one_subscriber_is_one_address() -> None:
    attempts = Attempts(per_address=1)
    attempts.failed("ana", "2001:db8:1:2::1", NOW)
    assert attempts.wait("bo", "2001:db8:1:2:ffff::9", NOW) == WINDOW
    assert attempts.wait("bo", "2001:db8:1:3::1", NOW) == 0
    attempts.failed("ana", "::ffff:10.0.0.1", NOW)
    assert attempts.wait("bo", "10.0.0.1", NOW) == WINDOW


def test_success_clears_the_agent_but_not_the_address() -> None:
    attempts = Attempts(per_agent=1, per_address=1)
    attempts.failed("ana", "10.0.0.1", NOW)
    attempts.succeeded("ana", "10.0.0.1")
    assert attempts.wait("ana", "", NOW) == 0
    assert attempts.wait("ana", "10.0.0.1", NOW) == WINDOW


def test_what_is_remembered_is_bounded() -> None:
    attempts = Attempts(per_agent=1)
    attempts.failed("ana", "", NOW)
    for number in range(KEPT):
        attempts.failed(f"guess{number}", "", NOW)
    assert attempts.wait("ana", "", NOW) == 0
    assert attempts.wait(f"guess{KEPT - 1}", "", NOW) == WINDOW
