"""What kinds of channel are called."""

from __future__ import annotations

from omniroute.application import words
from omniroute.web import words as marks


def test_an_installed_channel_says_what_it_is_called() -> None:
    assert (words.channel("fax:office"), marks.channel("fax").word) == ("fax", "fax")
    words.name_channels({"fax": "Fax"})
    assert (words.channel("fax:office"), marks.channel("fax").word) == ("Fax", "Fax")
    assert words.label("pigeon") == ""


def test_what_is_installed_no_more_keeps_its_name() -> None:
    assert words.channel("whatsapp") == "WhatsApp"
    assert marks.channel("telegram") == marks.Mark("Telegram", "plane", "telegram")
