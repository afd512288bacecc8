"""Rule sets from a few lines of YAML, and what is said where they are wrong."""

from collections.abc import Callable

import pytest

from omniroute.core.rules import RuleSet
from omniroute.errors import ConfigErrors
from omniroute.rules import parse_rules

# What the examples stand on; theirs begin in line 10.
GROUND = """\
version: 1
calendars:
  office: {tz: Europe/Berlin, open: {mon-fri: "09:00-18:00"}}
skills: {lang.de: {}, lang.en: {}, refunds: {}, billing: {covers: {refunds: 1}}}
queues: {general: {}, billing: {}}
defaults: {queue: general}
replies: {later: {en: "We are back {calendar.office.next_open}."}}
facts: [topic, order.total]

"""


@pytest.fixture(scope="session")
def ground() -> str:
    """The lines before an example, for those who change them."""
    return GROUND


@pytest.fixture(scope="session")
def rules() -> Callable[..., RuleSet]:
    """Make a rule set: ``rules(example, ground=..., other_file=...)``."""

    def made(text: str, ground: str = GROUND, **more: str) -> RuleSet:
        files = {f"{name}.yaml": content.encode() for name, content in more.items()}
        return parse_rules({"support.yaml": (ground + text).encode(), **files})

    return made


@pytest.fixture(scope="session")
def faults(rules: Callable[..., RuleSet]) -> Callable[..., str]:
    """What is said of an example that is wrong, a line each."""

    def said(text: str, ground: str = GROUND, **more: str) -> str:
        with pytest.raises(ConfigErrors) as refused:
            rules(text, ground, **more)
        return str(refused.value)

    return said
