"""What platforms and programs post: events, with anything in them made something else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from jwt import PyJWS
from tests.fuzz.changed import payloads, texts
from tests.fuzz.targets import Target

from omniroute import Inbound, Undelivered
from omniroute_contactform import parse as contactform
from omniroute_frontdesk import parse as frontdesk
from omniroute_http import parse as http
from omniroute_meta import reading_messaging, reading_whatsapp
from omniroute_meta.batches import WHATSAPP, events
from omniroute_slack import parse as slack
from omniroute_slack import report as slack_report
from omniroute_slack.envelope import Envelope as SlackEnvelope
from omniroute_slack.formatting import to_html as slack_html
from omniroute_slack.formatting import to_marks, to_mrkdwn, to_text
from omniroute_telegram import parse as telegram
from omniroute_telegram import report as telegram_report
from omniroute_telegram.envelope import Envelope as TelegramEnvelope
from omniroute_telegram.formatting import to_html
from omniroute_twilio import parse as twilio
from omniroute_twilio.envelope import Envelope as TwilioEnvelope
from omniroute_webchat import parse as webchat
from omniroute_webchat import token

PLUGINS: Final = Path(__file__).parents[2] / "plugins"
AT: Final = 1_772_449_200_000
jws: Final = PyJWS()
KEY: Final = "not a secret, it is written in a test"


def recorded(plugin: str) -> list[Any]:
    """The events that lie with the plugin's tests."""
    folder = PLUGINS / plugin / "tests" / "events"
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def _slack_event(**event: object) -> dict[str, object]:
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event}


SAID: Final = {
    "type": "message",
    "channel": "D1",
    "channel_type": "im",
    "user": "U1",
    "text": "I was *charged* <https://x.example|twice>",
    "ts": "1795632040.000100",
}
SLACK: Final = [
    _slack_event(
        **SAID,
        thread_ts="1795632039.000100",
        files=[{"id": "F1", "name": "a", "size": 1}],
        blocks=[{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}],
    ),
    _slack_event(
        type="message",
        subtype="message_changed",
        channel="D1",
        channel_type="im",
        ts="2.1",
        message=SAID,
        previous_message=SAID,
    ),
    _slack_event(
        type="message",
        subtype="message_deleted",
        channel="D1",
        channel_type="im",
        ts="2.1",
        deleted_ts="1795632040.000100",
        previous_message=SAID,
    ),
    _slack_event(
        type="reaction_added",
        user="U1",
        reaction="tada",
        event_ts="2.1",
        item={"type": "message", "channel": "D1", "ts": "1795632040.000100"},
    ),
]
HTTP: Final = [
    {
        "type": "message",
        "id": "m1",
        "from": {"id": "joe", "name": "Joe", "email": "joe@x.example"},
        "text": "Where is it?",
        "at": "2026-03-02T12:00:00+01:00",
        "place": "topic",
        "subject": "x",
        "files": [{"name": "a.txt", "type": "text/plain", "data": "aGVsbG8="}],
    },
    {"type": "edit", "from": {"id": "joe"}, "message": "m1", "text": "There"},
    {"type": "reaction", "from": {"id": "joe"}, "message": "m1", "emoji": "🎉"},
    {"type": "undelivered", "message": "m1", "reason": "gone", "permanent": True},
]
VISITS: Final = [
    {
        "id": "1",
        "session": "s",
        "conversation": "c",
        "text": "Hello",
        "at": AT,
        "sub": "u",
        "v": 1,
        "visit": "7",
        "email": "joe@x.example",
        "phone": "+491701234567",
        "name": "Joe",
        "subject": "x",
    },
]
MARKS: Final = [
    "*bold* _it_ ~no~ `code` ```block``` <@U1> <#C1|place> <https://x.example|link> &amp; :tada:",
    "**bold** *it* [link](https://x.example) `code`\n```\nblock\n```\n> quoted\n- item",
]
CLAIMS: Final = [
    {
        "aud": "omniroute",
        "sub": "joe",
        "iat": AT // 1000,
        "nbf": 0,
        "exp": AT // 1000 + 3600,
        "jti": "n1",
        "email": "joe@x.example",
        "name": "Joe",
    },
]


def _sound(found: Sequence[Inbound | Undelivered]) -> None:
    """What a parser hands over can be written down: the spool, and whoever reads it, need that."""
    for one in found:
        msgspec.json.encode({"text": one.text if isinstance(one, Inbound) else one.reason})


def _slack(payload: Any) -> None:
    if not isinstance(payload, dict):
        return
    _sound(slack.read(SlackEnvelope(AT, payload)))
    slack_report.fields_of(json.dumps(payload).encode())


def _telegram(update: Any) -> None:
    telegram_report.fields_of(json.dumps(update).encode())
    if isinstance(update, dict):
        _sound(telegram.read(TelegramEnvelope(AT, (update, update))))


def _meta(body: Any) -> None:
    for event in events(body):
        read = reading_whatsapp if event.of == WHATSAPP else reading_messaging
        try:
            _sound(read.read(event))
        except ValueError:
            continue


def _twilio(envelope: Any) -> None:
    kept = msgspec.convert(envelope, TwilioEnvelope)
    _sound(twilio.read(msgspec.structs.replace(kept, at=AT)))  # by our own clock


def _http(event: Any) -> None:
    raw = msgspec.Raw(json.dumps(event).encode())
    _sound(http.read(http.pack(http.Envelope("shop", AT, raw)), "main"))


def _visit(said: Any) -> None:
    raw = json.dumps(said).encode()
    for read in (frontdesk.read, contactform.read, lambda raw: webchat.read(raw, "main")):
        try:
            _sound([read(raw)])
        except ValueError:
            continue


def _marks(text: str) -> None:
    names: Mapping[str, str] = {"U1": "Joe"}
    for found in (to_text(text, names), to_marks(text, names), to_mrkdwn(text)):
        found.encode()
    for html in (slack_html(text, names), to_html(text)):
        assert "<script" not in html


def _token(claims: Any) -> None:
    """Signed as it should be, whatever it claims: the one who signs is another's program."""
    token.verify(str(claims), [KEY], "omniroute", AT / 1000)
    signed = jws.encode(json.dumps(claims).encode(), KEY, algorithm="HS256")
    token.verify(signed, [KEY], "omniroute", AT / 1000)


REFUSES: Final = (ValueError,)
# Telegram's own library reads its updates, and takes their form for granted; whatever it raises
# sends the update to the dead letters.
SURPRISES: Final = (*REFUSES, TypeError, AttributeError, LookupError)
TARGETS: Final = {
    "slack": Target(payloads(SLACK), _slack, REFUSES),
    "telegram": Target(payloads(recorded("telegram")), _telegram, SURPRISES),
    "meta": Target(payloads(recorded("meta")), _meta, REFUSES),
    "twilio": Target(payloads(recorded("twilio")), _twilio, REFUSES),
    "http": Target(payloads(HTTP), _http, REFUSES),
    "visit": Target(payloads(VISITS), _visit, REFUSES),
    "token": Target(payloads(CLAIMS), _token),
    "marks": Target(texts(MARKS), _marks),
}
