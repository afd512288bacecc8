"""OmniRoute: an omnichannel conversation routing engine as a plugin framework.

Everything a plugin author needs is imported from here; deeper modules may change.  The names from
`omniroute.stores.api` are for whoever brings a store.
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
    ReadsFiles,
    Receipt,
    Site,
)
from omniroute.core.model import AgentId, Candidate, Evidence, Fact, Thread
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
    StoreError,
)
from omniroute.hookspecs import Claim, Notice, StoreFactory, hookimpl
from omniroute.settings import Secret
from omniroute.stores.api import (
    GENESIS,
    Corrupt,
    Head,
    InDoubt,
    Moved,
    Reader,
    Record,
    Store,
    Unavailable,
    chain,
    chained,
    check_keys,
    check_page,
)

__version__ = "0.1.0"

__all__ = [
    "GENESIS",
    "Address",
    "AgentId",
    "Busy",
    "Candidate",
    "Cap",
    "Card",
    "CardKind",
    "Channel",
    "Claim",
    "ConfigError",
    "Corrupt",
    "Desk",
    "Door",
    "Evidence",
    "Fact",
    "File",
    "Head",
    "Health",
    "InDoubt",
    "Inbound",
    "Intake",
    "Moved",
    "NotAuthorised",
    "Notice",
    "OmniRouteError",
    "Outbound",
    "PluginError",
    "Reader",
    "ReadsFiles",
    "Receipt",
    "Record",
    "Refused",
    "Rejected",
    "Retry",
    "Secret",
    "Site",
    "Store",
    "StoreError",
    "StoreFactory",
    "Thread",
    "Unavailable",
    "chain",
    "chained",
    "check_keys",
    "check_page",
    "hookimpl",
]
