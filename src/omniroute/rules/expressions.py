"""``cel:``: conditions in the Common Expression Language, compiled by Google's own library.

An expression sees the facts that are not private, each under its name and with its type, so that
a misspelt name or a comparison that makes no sense is a fault with its place.  It cannot loop
without end: the library counts iterations and stops.  An expression that fails at run time, for
want of a fact or by a number divided by zero, does not hold.  Needs the extra ``cel``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from omniroute.core.conditions import PRIVATE, Cel, Facts, Kind, Predicate
from omniroute.core.model import Fact
from omniroute.errors import did_you_mean
from omniroute.rules.secrets import shown

LONGEST = 2_000  # characters
NOW = "now"
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_AT = re.compile(r"ERROR: <input>:(\d+):(\d+): ([^\n]*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExpressionError(ValueError):
    """An expression that cannot be used; *fix* says what to write instead, where that is known."""

    def __init__(self, fault: str, fix: str = "") -> None:
        super().__init__(fault)
        self.fault, self.fix = fault, fix


@dataclass(slots=True)
class Expressions:
    """Compiles the expressions of a rule set against its facts."""

    facts: Mapping[str, Kind]
    compiled: dict[str, Predicate] = field(default_factory=dict)
    _environment: tuple[Any, Any] | None = None

    def test(self, text: str) -> Cel:
        """An expression as a test.  Raises `ExpressionError`."""
        if len(text) > LONGEST:
            raise ExpressionError(f"more than {LONGEST} characters", "spread it over several rules")
        if text not in self.compiled:
            self.compiled[text] = self._compile(text)
        bare = _QUOTED.sub("''", text)
        named = {match[0] for match in _NAME.finditer(bare)}
        facts = [fact for fact in self._visible() if _mentions(named, fact)]
        return Cel(text, tuple(facts), now=NOW in named)

    def _compile(self, text: str) -> Predicate:
        cel, environment = self._environment or self._made()
        try:
            expression = environment.compile(text)
        except (RuntimeError, ValueError) as error:
            raise self._fault(str(error)) from None
        if expression.return_type() != cel.Type.BOOL:
            kind = str(expression.return_type().name()).lower()
            raise ExpressionError(f"is no condition: it gives {kind}", "compare it with something")
        return _predicate(expression, cel.Type.BOOL, dict(self._visible()))

    def _made(self) -> tuple[Any, Any]:
        try:
            from cel_expr_python import cel  # 50 MB: only where an expression is used
        except ImportError:
            fix = "install it with: pip install 'omniroute[cel]'"
            raise ExpressionError("needs a library that is not installed", fix) from None
        types = {
            Kind.WORD: cel.Type.STRING,
            Kind.FLAG: cel.Type.BOOL,
            Kind.NUMBER: cel.Type.INT,
            Kind.SPAN: cel.Type.DURATION,
            Kind.SEVERAL: cel.Type.List(cel.Type.STRING),
        }
        variables = {fact: types.get(kind, cel.Type.DYN) for fact, kind in self._visible().items()}
        variables[NOW] = cel.Type.TIMESTAMP
        self._environment = cel, cel.NewEnv(variables=variables)
        return self._environment

    def _visible(self) -> Mapping[str, Kind]:
        return {
            fact: kind
            for fact, kind in self.facts.items()
            if fact not in PRIVATE and kind is not Kind.CLOCK and _NAME.fullmatch(fact)
        }

    def _fault(self, said: str) -> ExpressionError:
        match = _AT.search(said)
        if match is None:
            return ExpressionError(shown(said))
        where = f"at character {match[2]}" if match[1] == "1" else f"line {match[1]}"
        unknown = _UNDECLARED.search(match[3])
        if unknown is None:
            return ExpressionError(f"{where}: {shown(match[3])}")
        name = unknown[1]
        if name in PRIVATE:
            fix = "text, names and addresses are private: ask them by any_of, regex or domain"
            return ExpressionError(f"{where}: {name} is not to be seen by expressions", fix)
        near = did_you_mean(name, [*self._visible(), NOW])
        return ExpressionError(f"{where}: unknown fact “{shown(name)}”", near)


def _mentions(named: set[str], fact: str) -> bool:
    """Whether a name in an expression is this fact, or a call of something of it."""
    return any(name == fact or name.startswith(f"{fact}.") for name in named)


def _predicate(expression: Any, boolean: Any, kinds: Mapping[str, Kind]) -> Predicate:
    def holds(facts: Facts, at: int) -> bool:
        data: dict[str, object] = {NOW: _EPOCH + timedelta(milliseconds=at)}
        for fact, kind in kinds.items():
            value = facts.get(fact)
            if value is not None:
                data[fact] = _value(value, kind)
        try:
            result = expression.eval(data=data)
        except RuntimeError:  # more iterations than are allowed
            return False
        # What fails is a value of another type, and true in Python.
        return bool(result.type() == boolean and result.value())

    return holds


def _value(value: Fact | tuple[str, ...], kind: Kind) -> object:
    match kind:
        case Kind.SEVERAL:
            return list(value) if isinstance(value, tuple) else [str(value)]
        case Kind.SPAN if isinstance(value, int):
            return timedelta(milliseconds=value)
    return list(value) if isinstance(value, tuple) else value
