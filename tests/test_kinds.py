"""Which package brings a kind of channel, and what a newcomer without it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniroute.kinds import PACKAGES, to_have
from omniroute.plugins import Plugins

PLUGINS = Path(__file__).parent.parent / "plugins"


def test_every_kind_of_ours_has_its_package() -> None:
    plugins = Plugins()
    plugins.load_installed()
    ours = {
        kind: f"omniroute-{each.__module__.partition('.')[0].removeprefix('omniroute_')}"
        for kind, each in plugins.channels().items()
        if each.__module__.startswith("omniroute_")
    }
    assert ours == PACKAGES
    assert set(PACKAGES.values()) == {f"omniroute-{folder.name}" for folder in PLUGINS.iterdir()}


@pytest.mark.parametrize(
    ("kind", "installed", "fix"),
    [
        ("email", [], "pip install omniroute-email; installed: none"),
        ("sms", ["webchat", "email"], "pip install omniroute-twilio; installed: email, webchat"),
        ("emial", ["email"], "did you mean “email”? installed: email"),
        ("emial", [], "did you mean “email”? pip install omniroute-email; installed: none"),
        ("fax", ["email"], "install the plugin that brings it; installed: email"),
    ],
)
def test_whoever_lacks_a_channel_is_told_how_to_have_it(
    kind: str, installed: list[str], fix: str
) -> None:
    assert to_have(kind, installed) == fix
