"""What the measurement of identity counts."""

from __future__ import annotations

from omniroute.bench.identity import Case, Figures, joined, suggested


def case(id: str, entity: str, name: str = "", number: str = "") -> Case:
    given, _, surname = name.partition(" ")
    record = {"given_name": given, "surname": surname, "soc_sec_id": number}
    return Case(id, {key: value for key, value in record.items() if value}, {"entity": entity})


PEOPLE = [
    case("1a", "1", "joe miller", "7"),
    case("1b", "1", "jo miller", "7"),
    case("1c", "1", "miller joe"),
    case("2a", "2", "joe miller", "8"),
    case("3a", "3", "", "9"),
]


def test_one_number_is_one_person_and_nothing_else_joins() -> None:
    found = joined(PEOPLE)
    assert found == Figures(found=1, right=1, pairs=3)
    assert (found.precision, round(found.recall, 2)) == (1.0, 0.33)


def test_equal_names_are_only_asked_about() -> None:
    found = suggested(PEOPLE)
    assert found == Figures(found=3, right=1, pairs=3)
