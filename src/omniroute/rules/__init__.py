"""Rules as files: loading, checking, explaining.  The core decides by what comes out of here."""

from omniroute.rules.check import Finding, Report, check
from omniroute.rules.explain import Explanation, explain, standing
from omniroute.rules.load import canonical, load, parse_rules, sources
from omniroute.rules.replies import reply_text
from omniroute.rules.schema import schema, team_schema
from omniroute.rules.team import Member, load_team
from omniroute.rules.tell import tell

__all__ = [
    "Explanation",
    "Finding",
    "Member",
    "Report",
    "canonical",
    "check",
    "explain",
    "load",
    "load_team",
    "parse_rules",
    "reply_text",
    "schema",
    "sources",
    "standing",
    "team_schema",
    "tell",
]
