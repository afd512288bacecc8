"""What if somebody is away: ``ana offline 12:00-14:00``."""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from omniroute.core.model import AgentId, Status
from omniroute.errors import ConfigError, did_you_mean
from omniroute.simulate.charts import clock

_FORM = re.compile(r"(\S+) +(\S+) +(\d{1,2}):(\d{2}) *[-–] *(\d{1,2}):(\d{2})")
_PLACE = "--what-if"


class WhatIf(msgspec.Struct, frozen=True):
    """An agent is of another status from one minute of the day to another; then online again."""

    agent: AgentId
    status: Status
    begins: float
    ends: float

    def __str__(self) -> str:
        return f"{self.agent} {self.status.value} {clock(self.begins)}-{clock(self.ends)}"


def parse(said: str, agents: Collection[AgentId]) -> WhatIf:
    """One change.  Raises `ConfigError` with what is wrong and what is meant perhaps."""
    found = _FORM.fullmatch(said.strip())
    if found is None:
        fix = "as in “ana offline 12:00-14:00”"
        raise ConfigError(_PLACE, f"“{said}” is no change of somebody's status", fix)
    agent, word, *times = found.groups()
    if agent not in agents:
        hint = did_you_mean(agent, agents) or f"there are: {', '.join(sorted(agents))}"
        raise ConfigError(_PLACE, f"nobody is called “{agent}”", hint)
    statuses = [status.value for status in Status]
    if word not in statuses:
        hint = did_you_mean(word, statuses) or f"one of {', '.join(statuses)}"
        raise ConfigError(_PLACE, f"“{word}” is no status", hint)
    hour, minute, end_hour, end_minute = map(int, times)
    begins, ends = 60.0 * hour + minute, 60.0 * end_hour + end_minute
    if minute > 59 or end_minute > 59 or ends > 1440 or begins >= ends:
        raise ConfigError(_PLACE, f"“{said}” ends before it begins", "from 00:00 to 24:00")
    return WhatIf(agent, Status(word), begins, ends)
