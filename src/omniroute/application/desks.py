"""The door as a desk is handed it: an action by its word, arguments as the platform gave them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from omniroute.application import commands as c
from omniroute.application import words
from omniroute.application.door import Application
from omniroute.errors import Refused, did_you_mean

ACTIONS: Mapping[str, type[c.Command]] = {
    "accept": c.Accept,
    "pass": c.Pass,
    "take": c.Take,
    "reply": c.Reply,
    "undo": c.Undo,
    "note": c.Note,
    "transfer": c.Transfer,
    "snooze": c.Snooze,
    "resolve": c.Resolve,
    "reopen": c.Reopen,
    "tag": c.Tag,
    "priority": c.Prioritise,
    "status": c.SetStatus,
}
"""The agents' verbs, the same words on every desk."""


class DeskDoor:
    """An `omniroute.Door` for one desk; *hold* (ms) is how long an answer can be taken back there.

    Who acts is for the desk to know: it has recognised the agent by the platform's own account.
    """

    def __init__(self, application: Application, *, hold: int | None = None) -> None:
        self._application, self._hold = application, hold

    async def act(self, agent: str, action: str, arguments: Mapping[str, object]) -> str:
        """Do *action* as *agent*; returns a sentence for them.

        Raises `Refused` for what is not permitted, not understood, or no longer possible.
        """
        command = read(action, arguments)
        actor = await self._application.actor(agent)
        outcome = await self._application.do(actor, command, hold=self._hold)
        if not outcome.ok:
            raise Refused(outcome.code, outcome.text)
        return outcome.text


def read(action: str, arguments: Mapping[str, object]) -> c.AnyCommand:
    """The command that a desk's words mean.

    Numbers may come as text, as buttons carry them.  Raises `Refused` (``bad_action``,
    ``bad_arguments``) naming the word at fault.
    """
    kind = ACTIONS.get(action)
    if kind is None:
        hint = did_you_mean(action, ACTIONS) or f"known are {', '.join(ACTIONS)}"
        raise Refused("bad_action", f"There is no action “{action}” — {hint}")
    fields = msgspec.structs.fields(kind)
    known = {field.encode_name for field in fields}
    for name in arguments:
        if name not in known:
            hint = did_you_mean(name, known) or f"known are {', '.join(sorted(known))}"
            raise Refused("bad_arguments", f"{action} takes no “{name}” — {hint}")
    missing = [f.encode_name for f in fields if f.required and f.encode_name not in arguments]
    if missing:
        raise Refused("bad_arguments", f"{action} needs {words.listed(missing)}")
    try:
        command = msgspec.convert(dict(arguments), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("bad_arguments", f"{action} was not understood: {_said(error)}") from None
    return cast(c.AnyCommand, command)


def _said(error: msgspec.ValidationError) -> str:
    fault, _, place = str(error).partition(" - at `$.")
    return f"{place.rstrip('`')}: {fault[:1].lower()}{fault[1:]}" if place else fault
