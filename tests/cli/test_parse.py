"""``omniroute parse``, with a channel made on the spot."""

from __future__ import annotations

import io
import json
import types
from pathlib import Path

import pytest
from tests.cli.terminal import omniroute

PLUGIN = """
from omniroute import OmniRouteError, hookimpl
from tests.plugin_objects import Chat

class Note(Chat):
    kind = "note"
    forms = {"loud": "It was shouted.", "soft": "It was whispered."}

    @classmethod
    def read_file(cls, raw, form):
        text = raw.decode().strip()
        if text == "refused":
            raise OmniRouteError("nobody may read it")
        if text == "half":
            return {"text": "hal", "error": "the rest is missing"}
        if text.startswith("Guten"):
            return {"text": text, "language": None}
        if text == "strange":
            return {"text": object()}
        return {"text": text, "form": form}

@hookimpl
def omniroute_channels():
    return [Note, Chat]
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin as an installer leaves it, where Python finds it."""
    folder = tmp_path / "site"
    about = folder / "omniroute_notes-1.dist-info"
    about.mkdir(parents=True)
    (folder / "omniroute_notes.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: omniroute-notes\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[omniroute]\nnotes = omniroute_notes\n")
    monkeypatch.syspath_prepend(folder)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "a.note"
    path.write_text("hello\n")
    return path


def lines(output: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in output.splitlines()]
    for line in found:
        assert 0 <= line.pop("seconds") < 10
    return found


def test_a_line_for_each_file(note: Path) -> None:
    ran = omniroute("parse", "note", note, note)
    assert ran.code == 0
    assert lines(ran.out) == [{"id": "a.note", "text": "hello", "form": "", "error": None}] * 2


def test_a_file_may_be_meant_otherwise(note: Path) -> None:
    [line] = lines(omniroute("parse", "note", "--soft", note).out)
    assert line["form"] == "soft"
    assert omniroute("parse", "note", "--soft", "--loud", note).misuse == (
        "--soft and --loud exclude one another"
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"refused", "nobody may read it"),
        (b"half", "the rest is missing"),
        (b"\xff", "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0"),
        (b"strange", "TypeError: Encoding objects of type object is unsupported"),
    ],
)
def test_what_cannot_be_read_says_why_and_stops_no_other(
    note: Path, content: bytes, error: str
) -> None:
    bad = note.with_name("bad.note")
    bad.write_bytes(content)
    ran = omniroute("parse", "note", bad, note)
    assert ran.code == 1
    first, second = lines(ran.out)
    assert str(first["error"]).startswith(error)
    assert (first["id"], second["text"]) == ("bad.note", "hello")
    assert ran.err == ""


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    ran = omniroute("parse", "note", tmp_path / "none.note", tmp_path)
    assert ran.code == 1
    errors = [line["error"] for line in lines(ran.out)]
    assert errors == ["No such file or directory", "Is a directory"]


def test_the_language_is_that_of_the_words(note: Path) -> None:
    note.write_text("Guten Tag, meine Bestellung ist leider noch nicht angekommen.")
    [line] = lines(omniroute("parse", "note", note).out)
    assert line["language"] == "de"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    given = types.SimpleNamespace(buffer=io.BytesIO(b"hello"))
    monkeypatch.setattr("sys.stdin", given)
    [line] = lines(omniroute("parse", "note", "-").out)
    assert (line["id"], line["text"]) == ("-", "hello")


def test_only_channels_that_read_files_are_offered() -> None:
    assert omniroute("parse", "--help").out.count("  note  ") == 1
    assert omniroute("parse", "nite", "x").misuse == (
        "no channel “nite” reads files — did you mean “note”?"
    )
    assert omniroute("parse", "chat", "x").misuse.startswith(
        "no channel “chat” reads files — there are: "
    )
    assert omniroute("parse", "note").misuse == "Missing argument 'FILE...'."
