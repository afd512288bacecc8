"""OmniRoute: an omnichannel conversation routing engine as a plugin framework.

Everything a plugin author needs is imported from here; deeper modules may change.
"""

from omniroute.channel import (
    Address,
    Cap,
    Channel,
    File,
    Health,
    Inbound,
    Intake,
    Outbound,
    Receipt,
    Site,
)
from omniroute.core.model import Candidate, Evidence, Thread
from omniroute.desk import Card, CardKind, Desk, Door
from omniroute.errors import (
    Busy,
    ConfigError,
    NotAuthorised,
    OmniRouteError,
    PluginError,
    Refused,
    Rejected,
    Retry,
)
from omniroute.hookspecs import Claim, Notice, hookimpl
from omniroute.settings import Secret

__version__ = "0.1.0"

__all__ = [
    "Address",
    "Busy",
    "Candidate",
    "Cap",
    "Card",
    "CardKind",
    "Channel",
    "Claim",
    "ConfigError",
    "Desk",
    "Door",
    "Evidence",
    "File",
    "Health",
    "Inbound",
    "Intake",
    "NotAuthorised",
    "Notice",
    "OmniRouteError",
    "Outbound",
    "PluginError",
    "Receipt",
    "Refused",
    "Rejected",
    "Retry",
    "Secret",
    "Site",
    "Thread",
    "hookimpl",
]
