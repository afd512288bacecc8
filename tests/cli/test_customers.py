"""``omniroute customers``, beside a server that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute
from tests.server.house import House, Running

JOE, WORK = "joe@mail.example", "joe.miller@work.example"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A desk of its own: people are joined, parted and erased here."""
    with House(tmp_path_factory.mktemp("house")).running() as running:
        running.agent("ana")
        running.mail(f"Joe Miller <{JOE}>", "Order 1182", "I was charged twice, please")
        running.wait_for_threads(1)
        running.mail(f"J. Miller <{WORK}>", "Order 1182", "Any news of order 1182?")
        running.wait_for_threads(2)
        yield running


@pytest.fixture
def config(running: Running) -> tuple[str, Path]:
    return ("--config", running.house.config)


def test_who_somebody_is_taken_for(config: tuple[str, Path]) -> None:
    head, address, thread = omniroute("customers", "show", JOE, *config).lines
    assert head.startswith("Joe Miller  (")
    assert address == f"  e-mail  {JOE}  ✓"
    assert thread.startswith("  #1  ")
    assert thread.endswith("I was charged twice, please")
    shown = omniroute("customers", "show", "#1", *config, "--json").json
    assert [handle["value"] for handle in shown["handles"]] == [JOE]
    said = omniroute("customers", "show", "nobody@mail.example", *config).err
    assert "Nobody is known as “nobody@mail.example”" in said
    assert omniroute("customers", "suggest", *config).lines == ["nobody waits to be joined"]


def test_whoever_may_be_somebody_is_listed_with_a_score(config: tuple[str, Path]) -> None:
    said = omniroute("customers", "suggest", JOE, *config).lines
    assert said == ["nobody else is much like them"]
    assert omniroute("customers", "suggest", JOE, *config, "--json").json == []


def test_people_are_taken_in_from_a_list_and_twice_is_once(
    config: tuple[str, Path], tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    rows = f"Joe Miller,{JOE},+49 170 1234567\nEve,eve@x.org,\nKim,kim at x.org,\n"
    people.write_text("name,email,phone\n" + rows)
    rehearsed = omniroute("customers", "import", people, "--dry-run", *config)
    assert rehearsed.code == 1  # as a line is wrong
    assert rehearsed.out.splitlines() == [
        f"{people}:2  Joe Miller: 1 new, 1 joined",
        f"{people}:3  Eve: 1 new",
        "2 people: 2 new, 1 joined, 0 suggested, 0 against, 0 would be as they are; 1 errors",
    ]
    assert f"error  {people}:4: “kim at x.org” is no e-mail address" in rehearsed.err
    assert "Nobody is known as" in omniroute("customers", "show", "eve@x.org", *config).err
    done = omniroute("customers", "import", people, *config).out.splitlines()
    assert done[:2] == rehearsed.out.splitlines()[:2]
    shown = "\n".join(omniroute("customers", "show", JOE, *config).lines)
    assert "+491701234567" in shown
    assert "asserted by a list" in shown
    again = omniroute("customers", "import", people, *config).out.splitlines()
    assert again[-1].startswith("2 people: 0 new, 0 joined, 0 suggested, 0 against, 2 were as they")
    part = omniroute("customers", "split", JOE, "+491701234567", "--as", "ana", *config)
    assert part.code == 0


def test_two_are_joined_and_parted_in_an_agents_name(config: tuple[str, Path]) -> None:
    said = omniroute("customers", "merge", JOE, "#2", "--as", "ana", *config).lines
    assert said == ["They are one customer now; a split undoes it."]
    shown = "\n".join(omniroute("customers", "show", WORK, *config).lines)
    assert f"{WORK} and {JOE} are one person: Ana Ruiz said so" in shown
    odd = omniroute("customers", "split", JOE, "x@y.example", "--as", "ana", *config)
    assert "no address “x@y.example” — theirs are" in odd.err
    said = omniroute("customers", "split", JOE, WORK, "--as", "ana", *config).lines
    assert said == ["They are two customers now, each with what they wrote; a merge undoes it."]
    again = omniroute("customers", "merge", JOE, WORK, "--as", "ana", *config).err
    assert "say why they are one after all" in again


def test_an_address_is_declared_several_peoples_and_one_persons_again(
    config: tuple[str, Path],
) -> None:
    assert omniroute("customers", "shared", *config).lines == ["no address is several people's"]
    (said,) = omniroute("customers", "shared", WORK, *config).lines
    assert said.startswith("Nobody is joined over that address now")
    assert omniroute("customers", "shared", *config).lines == [f"{WORK}  shared"]
    assert f"  e-mail  {WORK}  ✓  shared" in omniroute("customers", "show", WORK, *config).lines
    (listed,) = omniroute("customers", "shared", *config, "--json").json
    assert listed["sharing"] == "shared"
    outcome = omniroute("customers", "shared", WORK, "--not", *config, "--json").json
    assert outcome["text"].startswith("Noted: one person's address")
    assert "Nobody is known as" in omniroute("customers", "shared", "x@y.example", *config).err


def test_a_person_is_given_everything_and_then_forgotten(
    running: Running, config: tuple[str, Path]
) -> None:
    everything = omniroute("customers", "export", WORK, *config).json
    assert [said["text"] for said in everything["messages"]] == ["Any news of order 1182?"]
    still = omniroute("customers", "erase", WORK, "--yes", *config).err
    assert "#2 is still open; solve it first" in still
    ana = running.agent("ana")
    ana.do({"do": "Resolve", "thread": 2})
    said = omniroute("customers", "erase", WORK, "--yes", *config).lines
    assert said == ["erased: 1 messages, 1 addresses, 0 files, 0 unread letters, 0 posts at desks"]
    assert omniroute("customers", "show", WORK, *config).err
    assert omniroute("verify", *config).lines
