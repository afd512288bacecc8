"""What kinds of channel are called."""

from __future__ import annotations

from pathlib import Path

from tests.channel_names import LABELS

from omniroute.application import words
from omniroute.channel import ICONS
from omniroute.plugins import Plugins
from omniroute.web import words as marks


def test_an_installed_channel_says_what_it_is_called_and_how_it_is_shown() -> None:
    assert (words.channel("fax:office"), marks.channel("fax").word) == ("fax", "fax")
    assert marks.channel("fax") == marks.Mark("fax", "chat", "other")
    words.name_channels({"fax": "Fax"}, {"fax": "phone"})
    assert words.channel("fax:office") == "Fax"
    assert marks.channel("fax:office") == marks.Mark("Fax", "phone", "phone")
    assert words.label("pigeon") == ""


def test_what_is_installed_no_more_is_called_by_its_key() -> None:
    assert words.channel("carrier_pigeon:7") == "carrier pigeon"
    assert marks.channel("carrier_pigeon:7") == marks.Mark("carrier pigeon", "chat", "other")
    assert words.channel("") == "unknown channel"
    assert marks.channel("").word == "elsewhere"


def test_a_kind_of_handle_is_called_as_its_channel_is() -> None:
    words.name_channels({"fax": "Fax"}, {"fax": "phone"})
    assert marks.channel("fax-guest:1") == marks.Mark("Fax", "phone", "phone")


def test_every_sign_is_drawn_and_every_channel_of_ours_has_one() -> None:
    drawn = (Path(marks.__file__).parent / "static" / "icons.svg").read_text()
    assert all(f'<symbol id="{icon}"' in drawn for icon in ICONS)
    plugins = Plugins()
    plugins.load_installed()
    installed = plugins.channels()
    assert [kind for kind, each in installed.items() if not hasattr(each, "icon")] == []
    assert {kind: getattr(installed[kind], "label", "") for kind in LABELS} == LABELS
