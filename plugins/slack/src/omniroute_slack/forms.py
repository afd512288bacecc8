"""Forms (Slack's modals): to hand a thread over, put it aside, write a note, tag it.

To open one is to read; nothing is done until it is handed in, and Slack insists on a reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from omniroute import Receiver, Sheet
from omniroute_slack.envelope import Json, part, text_at

SNOOZES: Final = (("1 hour", "1h"), ("4 hours", "4h"), ("Until tomorrow", "1d"), ("3 days", "3d"))
ANSWER: Final = "omniroute_answer"
"""The message shortcut, by the name that the manifest gives it."""

TITLES: Final = {"transfer": "Transfer", "snooze": "Snooze", "note": "Note", "tag": "Tags"}


def form(verb: str, sheet: Sheet, receivers: Sequence[Receiver], place: str, data: str) -> Json:
    """The form of a verb; *data* is what the button carried."""
    match verb:
        case "transfer":
            people = [(f"{one.name} ({one.status or 'queue'})", one.id) for one in receivers]
            inputs = [_choice("who", "To", people), _text("why", "Why", _last_note(sheet))]
        case "snooze":
            inputs = [_choice("when", "For how long", SNOOZES)]
        case "note":
            inputs = [_text("text", "What shall colleagues know?", "")]
        case _:
            inputs = [_text("tags", "Tags; -word takes one off", "", multiline=False)]
    return {
        "type": "modal",
        "callback_id": verb,
        "title": _plain(f"{TITLES[verb]} #{sheet.thread}"[:24]),
        "submit": _plain(TITLES[verb]),
        "close": _plain("Cancel"),
        "private_metadata": json.dumps({"place": place, "data": data}),
        "blocks": inputs,
    }


def answer(sheet: Sheet, said: str, place: str, data: str) -> Json:
    """The form of the message shortcut: an answer to *said* in particular, or a note about it."""
    ways = [("Answer: the customer reads it", "reply"), ("Note: stays inside", "note")]
    if "reply" not in sheet.can:
        ways = ways[1:]
    about = _section(f"> {said[:500]}\n_To {sheet.to or sheet.title}_")
    text = _text("text", "What you say", "")
    return {
        "type": "modal",
        "callback_id": "answer",
        "title": _plain(f"Answer #{sheet.thread}"[:24]),
        "submit": _plain("Send"),
        "close": _plain("Cancel"),
        "private_metadata": json.dumps({"place": place, "data": data}),
        "blocks": [about, _choice("way", "How", ways), text],
    }


def handed_in(view: Json) -> tuple[str, str, str]:
    """Place, the button's data, and what was filled in, in the words of the agents' grammar."""
    about = json.loads(text_at(view, "private_metadata") or "{}")
    values: dict[str, str] = {}
    for block in part(part(view, "state"), "values").values():
        for name, given in block.items():
            chosen = text_at(given, "selected_option", "value")
            values[name] = chosen or text_at(given, "value")
    words = " ".join(values.get(name, "") for name in ("way", "who", "why", "when", "text", "tags"))
    line = f"{text_at(view, 'callback_id')} {' '.join(words.split(' '))}".strip()
    return text_at(about, "place"), text_at(about, "data"), line


def home(name: str, sheets: Sequence[Sheet]) -> Json:
    """An agent's App Home: their queue, what waits for us first."""
    rows: list[Any] = [
        _section(f"*{len(sheets)} with {name}*" if sheets else "*Nothing is yours.*")
    ]
    for sheet in sheets[:20]:
        lines = "\n".join(sheet.card[:3])
        rows += [{"type": "divider"}, _section(lines[:2900])]
    rows.append(_section("`/omni status online` to be asked · `/omni help` for what can be said"))
    return {"type": "home", "blocks": rows}


def stranger() -> Json:
    """The App Home of whoever is no agent."""
    return {"type": "home", "blocks": [_section("Write to us under *Messages*; a person answers.")]}


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _choice(name: str, label: str, options: Sequence[tuple[str, str]]) -> Json:
    rows = [{"text": _plain(text[:75]), "value": value} for text, value in options[:100]]
    element = {"type": "static_select", "action_id": name, "options": rows}
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _text(name: str, label: str, initial: str, *, multiline: bool = True) -> Json:
    element = {"type": "plain_text_input", "action_id": name, "multiline": multiline}
    if initial:
        element["initial_value"] = initial[:2000]
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _last_note(sheet: Sheet) -> str:
    notes = [line.text for line in sheet.lines if line.kind == "note"]
    return notes[-1] if notes else ""
