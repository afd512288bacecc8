"""An account that is read in a process of its own, under a real server."""

from pathlib import Path

from tests.server.house import House

from omniroute.testing.server_process import until


def test_mail_that_is_read_elsewhere_arrives_as_ever(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write(house.settings().replace('kind = "email"', 'kind = "email"\nisolated = true'))
    with house.running() as running:
        running.mail("Joe <joe@mail.example>", "My invoice", "I was charged twice")
        until("Joe's thread", 30, lambda: bool(running.threads()))
        (thread,) = running.threads()
        assert (thread["name"], thread["excerpt"]) == ("Joe", "I was charged twice")
        assert running.process.stop() == 0
