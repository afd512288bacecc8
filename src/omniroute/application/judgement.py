"""Whether a command may be asked of the core: does its object exist, and may they do this to it.

Judged on the rows of the last commit.  Rights come first, so that who may not act does not learn
what exists.
"""

from __future__ import annotations

from collections.abc import Mapping

from omniroute.application import commands as c
from omniroute.application.authorize import Action, Actor, Kind, Object, authorize
from omniroute.application.bounds import Invalid
from omniroute.application.directory import Directory
from omniroute.application.present import Standing
from omniroute.application.verbs import owner_of
from omniroute.core.model import Phase, Thread

ACTIONS: Mapping[type[c.Command], Action] = {
    c.Accept: Action.ACCEPT,
    c.Pass: Action.PASS,
    c.Take: Action.TAKE,
    c.Reply: Action.REPLY,
    c.Undo: Action.UNDO,
    c.Edit: Action.CHANGE,
    c.Delete: Action.CHANGE,
    c.Note: Action.NOTE,
    c.Transfer: Action.TRANSFER,
    c.Snooze: Action.SNOOZE,
    c.Resolve: Action.RESOLVE,
    c.Reopen: Action.REOPEN,
    c.Tag: Action.TAG,
    c.Copy: Action.COPY,
    c.Prioritise: Action.PRIORITISE,
    c.Done: Action.DONE,
    c.Boost: Action.BOOST,
    c.NewMatter: Action.NEW_MATTER,
    c.SetStatus: Action.STATUS,
    c.Merge: Action.MERGE,
    c.NotSame: Action.SPLIT,
    c.Split: Action.SPLIT,
}
"""What each command is, to `authorize`."""


def asked_for(actor: Actor, command: c.AnyCommand) -> tuple[int, str, str]:
    """The rows a command is judged by: its thread, who asks, and the agent it names."""
    thread = command.thread if isinstance(command, c.OnThread) else 0
    return thread, actor.id, named(command)


def named(command: c.AnyCommand) -> str:
    """The agent that a command names, if any."""
    match command:
        case c.Transfer(to_agent=agent) | c.SetStatus(agent=agent):
            return agent
    return ""


def judge(
    actor: Actor,
    command: c.AnyCommand,
    standing: Standing,
    directory: Directory,
    author: str = "",
) -> None:
    """Return if the core may be asked; *author* wrote what is to be changed.

    Raises `Refused` (``forbidden``) if they may not, `Invalid` if there is nothing to act on.
    """
    if actor.kind is not Kind.SYSTEM and actor.id:
        _check_employed(actor.id, standing)
    name = f"#{command.thread}" if isinstance(command, c.OnThread) else ""
    owner = author or owner_for(actor, command, standing.thread)
    authorize(actor, ACTIONS[type(command)], Object(name, owner, directory.name(owner)))
    if actor.kind is Kind.INTEGRATOR and not actor.id:
        raise Invalid("acts_for_nobody")
    if isinstance(command, c.OnThread):
        _check_thread(standing.thread)
    if meant := named(command):
        _check_employed(meant, standing)
    queue = command.to_queue if isinstance(command, c.Transfer) else ""
    if queue and directory.queues and queue not in directory.queues:
        raise Invalid("no_such_queue", queue=queue)


def owner_for(actor: Actor, command: c.AnyCommand, thread: Thread | None) -> str:
    """Whose the object of *command* is: the thread, the offer, the answer, the status.

    An offer that has ended, or an answer that has gone, protects nobody: it counts as the
    actor's own, and the core says what became of it.
    """
    match command:
        case c.SetStatus(agent=agent):
            return agent or actor.id
        case c.Accept(offer=offer) | c.Pass(offer=offer):
            offers = thread.offers if thread is not None else ()
            return next((o.agent for o in offers if o.id == offer), actor.id)
        case c.Undo(message=message):
            held = thread.held if thread is not None else ()
            return next((h.agent for h in held if h.message == message), actor.id)
    return owner_of(thread.phase, thread.agent) if thread is not None else ""


def _check_employed(agent: str, standing: Standing) -> None:
    known = standing.agents.get(agent)
    if known is None or not known.employed:
        raise Invalid("no_such_agent", agent=agent)


def _check_thread(thread: Thread | None) -> None:
    if thread is None:
        raise Invalid("unknown_thread")
    if thread.phase is Phase.FOLDED:
        raise Invalid("folded", into=thread.folded_into)
    if thread.phase is Phase.CLOSED:
        raise Invalid("closed")
