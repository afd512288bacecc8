"""What folds are made of: a table of them, and how one changes a thread or an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from msgspec.structs import replace

from omniroute.core import events as e
from omniroute.core.model import AgentId, Thread
from omniroute.core.state import State
from omniroute.core.states import TABLE, after

E = TypeVar("E", bound=e.Event)
Folding: TypeAlias = Callable[[State, Any, int], None]


class Folds(dict[type[e.Event], Folding]):
    """The meaning of each kind of event, for the kinds of one subject."""

    def of(self, kind: type[E]) -> Callable[[Callable[[State, E, int], None]], Folding]:
        """Enter the function below as what *kind* means."""

        def register(fold: Callable[[State, E, int], None]) -> Folding:
            self[kind] = fold
            return fold

        return register


def change(state: State, event: e.ThreadEvent, **values: object) -> Thread:
    """The thread of *event* with new values, the next version and the phase that follows.

    What every thread goes through is written out instead, by `replace` and `after`: to pass values
    on as a dictionary costs as much again as the copy.
    """
    old = state.threads[event.thread]
    kind = type(event)
    if kind in TABLE and "phase" not in values:
        values["phase"] = after(old.phase, kind)
    new = replace(old, version=old.version + 1, **values)
    state.put_thread(new)
    return new


def ran(thread: Thread, at: int) -> int:
    """What has run of the present step, with the clock stopped at *at*."""
    return thread.step_used + (at - thread.clock_since if thread.clock_since is not None else 0)


def change_agent(state: State, id: AgentId, **values: object) -> None:
    """The agent with new values; of one who was never seen nothing changes."""
    if (agent := state.agents.get(id)) is not None:
        state.put_agent(replace(agent, **values))


def change_load(state: State, id: AgentId, **values: object) -> None:
    """The same of values that say what the agent has or had; see `State.put_load`."""
    if (agent := state.agents.get(id)) is not None:
        state.put_load(replace(agent, **values))
