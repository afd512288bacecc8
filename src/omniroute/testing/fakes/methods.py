"""The table of what a fake implements: each method with what it keeps to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Do = TypeVar("Do", bound=Callable[..., Any])


@dataclass(frozen=True)
class Method(Generic[Do]):
    """An implemented method: how near it is to the real one, its errors and its limits."""

    do: Do
    status: str  # faithful | partial: what is left out
    errors: str
    limits: str


class Methods(dict[str, Method[Do]]):
    """Methods by name; with *any_case* however the name is written."""

    def __init__(self, *, any_case: bool = False) -> None:
        super().__init__()
        self._any_case = any_case

    def enter(
        self, name: str, *, status: str = "faithful", errors: str = "", limits: str = ""
    ) -> Callable[[Do], Do]:
        """Enter the function below into the table."""

        def entered(do: Do) -> Do:
            self[self._key(name)] = Method(do, status, errors, limits)
            return do

        return entered

    def find(self, name: str) -> Method[Do] | None:
        """The method that is called so, if it is there."""
        return self.get(self._key(name))

    def _key(self, name: str) -> str:
        return name.lower() if self._any_case else name
