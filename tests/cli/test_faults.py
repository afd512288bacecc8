"""``omniroute faults``."""

import json

import pytest
from tests.cli.terminal import omniroute


def test_seeds_that_hold() -> None:
    ran = omniroute("faults", "--seeds", "0:2", "--jobs", 1, "--events", 20)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "every promise held in every seed")


def test_a_mutant_that_is_caught_is_told_and_the_same_twice() -> None:
    asked = ("--seeds", "0:1", "--events", 60, "--jobs", 1, "--mutant", "noattempt", "--json")
    about = omniroute("faults", *asked).json
    assert about["ok"]
    assert about["broken"][0]["broken"][0].startswith("sent twice unmarked: a")
    assert omniroute("faults", *asked).json == about


def test_a_mutant_that_nobody_catches_is_a_fault_of_ours() -> None:
    ran = omniroute("faults", "--seeds", "0:1", "--events", 1, "--jobs", 1, "--mutant", "nodedup")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "mutant nodedup: survives: a fault of ours")


def test_one_seed_can_be_followed() -> None:
    ran = omniroute("faults", "--seeds", "3:4", "--trace")
    assert "life 1 " in ran.lines[0]


def test_mutants_are_listed() -> None:
    assert omniroute("faults", "--mutant", "list").lines[0].startswith("nocas ")


def test_bits_of_a_database_are_flipped_and_found() -> None:
    ran = omniroute("faults", "--flips", 3)
    assert ran.code == 0
    assert ran.out.startswith("3 bits flipped of ")
    assert ran.out.endswith(", 0 missed\n")


def test_what_cannot_be_meant() -> None:
    assert "write 0:100" in omniroute("faults", "--seeds", "5").misuse
    assert "did you mean “nocas”" in omniroute("faults", "--mutant", "nocsa").misuse
    assert "go with --real" in omniroute("faults", "--outage", 1).misuse
    assert "--store redis" in omniroute("faults", "--real", "--failovers").err


@pytest.mark.crash
def test_a_real_server_is_killed_and_judged() -> None:
    ran = omniroute("faults", "--real", "--rounds", 1, "--json")
    about = ran.json
    assert (ran.code, about["ok"], about["kills"], about["store"]) == (0, True, 1, "sqlite")
    assert about["acknowledged"] > 0


@pytest.mark.crash
@pytest.mark.redis
def test_a_real_primary_fails_over_and_the_desk_is_judged() -> None:
    ran = omniroute("faults", "--real", "--failovers", "--store", "redis", "--rounds", 1, "--json")
    about = ran.json
    assert (ran.code, about["ok"], about["killed"]) == (0, True, "the store's primary")
    assert about["acknowledged"] > 0


@pytest.mark.crash
@pytest.mark.redis
def test_a_real_database_goes_away_and_nobody_is_refused() -> None:
    asked = ("--real", "--outage", 0.02, "--rate", 20, "--store", "redis", "--json")
    ran = omniroute("faults", *asked)
    about = ran.json
    assert (ran.code, about["ok"], about["broken"]) == (0, True, "")
    assert about["acknowledged"] == about["decided"] > 50


def test_each_mutant_is_tried_and_one_that_survives_is_a_fault_of_ours() -> None:
    mutants = "shortrecord,nodedup,nocas"
    asked = ("--seeds", "0:1", "--events", 1, "--jobs", 1, "--mutant", mutants, "--json")
    ran = omniroute("faults", *asked)
    about = json.loads(ran.out)
    assert (ran.code, about["ok"]) == (1, False)
    assert about["caught"]["shortrecord"]["seed"] == 0
    assert "nodedup" in about["survive"]
