"""The page that an admin reads says what the settings say."""

from __future__ import annotations

from pathlib import Path

from omniroute.testing.pages import PluginPages

from omniroute_example.settings import Config


class TestPages(PluginPages):
    home = Path(__file__).parents[1]
    config = Config
