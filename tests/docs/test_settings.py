"""Settings that pages show are settings that a server takes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, Block, page

from omniroute.server.channels import own_table
from omniroute.server.composition import load_plugins
from omniroute.server.settings import SECTIONS, load
from omniroute.settings import section

SHOWN = [b for each in PAGES for b in each.blocks if b.language == "toml" and b.left_alone is None]


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.place)
def test_settings_that_are_shown_can_be_loaded(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HELP_MAIL_PASSWORD", "DESK_STORE", "DESK_ARCHIVE", "DESK_METRICS"):
        monkeypatch.setenv(name, "a password")
    for secret in ("chat.secret", "mail.password", "telegram.token", "lobby.key", "twilio.token"):
        Path(secret).write_text("x" * 40)
    Path("shop.secret").write_text("whsec_" + "x" * 32)
    Path("slack.bot").write_text("xoxb-of-no-value")
    Path("slack.app").write_text("xapp-of-no-value")
    path = tmp_path / "omniroute.toml"
    path.write_text(block.text)
    settings = load(path)
    kinds = load_plugins().channels()
    for account, table in settings.channels.items():
        kind = table.get("kind", account)
        if kind in ("acme", "pigeon"):  # channels that their pages bring themselves
            continue
        assert section(own_table(table), kinds[kind].Config, f"channels.{account}")


def test_every_section_has_its_heading() -> None:
    headings = page("reference/settings.md").headings
    assert [heading for heading in headings if heading in {*SECTIONS, "channels"}] == [
        *SECTIONS,
        "channels",
    ]


def test_the_example_names_every_section_that_is_set_often() -> None:
    (example,) = [b for b in page("reference/settings.md").blocks if b.file == "omniroute.toml"]
    assert {*SECTIONS, "channels"} - tomllib.loads(example.text).keys() == {"plugins"}
