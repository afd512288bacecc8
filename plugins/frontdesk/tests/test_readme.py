"""The pages that an admin reads say what is so."""

from __future__ import annotations

from pathlib import Path

from omniroute.testing.pages import PluginPages
from omniroute_frontdesk.channel import FrontDeskChannel


class TestPages(PluginPages):
    home = Path(__file__).parents[1]
    channel = FrontDeskChannel
