"""What a call hears, as TwiML (https://www.twilio.com/docs/voice/twiml).  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from omniroute_twilio.settings import Sms

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
NOTHING: Final = f"{HEAD}<Response/>"
CHOICE: Final = "1"  # the key that asks for a call back
THINKING: Final = 2  # s after the greeting in which the key may still be pressed
CALLER: Final = ("From", "CallerName", "StirVerstat")
"""What Twilio says of a caller as the call comes in."""
SILENCE: Final = 8  # s without a word that end a message


def greet(config: Sms, organisation: str, urls: Urls) -> str:
    """The greeting, during which a call back can be asked for; then the tone."""
    words = config.greeting.replace("{organisation}", organisation)
    asked = _verb("Gather", say(config, words), action=urls.choice, numDigits=1, timeout=THINKING)
    return _response(asked, _record(config, urls))


def record(config: Sms, urls: Urls) -> str:
    """The tone, for whoever pressed another key."""
    return _response(_record(config, urls))


def end(config: Sms, words: str) -> str:
    """Last words."""
    return _response(say(config, words), _verb("Hangup"))


def message(text: str) -> str:
    """An answer to a text, given at once."""
    return _response(_verb("Message", escape(text)))


class Urls:
    """Where Twilio goes on, below the account's public address; each tells who is calling.

    Of a recording Twilio says later on which call it was made, and not who called.
    """

    def __init__(self, base: str, caller: Mapping[str, str]) -> None:
        self._base = base
        self._query = urlencode({name: caller[name] for name in CALLER if caller.get(name)})
        self.choice, self.left = self._at("choice"), self._at("left")
        self.voicemail, self.transcript = self._at("voicemail"), self._at("transcript")

    def _at(self, step: str) -> str:
        return f"{self._base}/call/{step}?{self._query}"


def say(config: Sms, words: str) -> str:
    """Words, in the voice and language of the settings."""
    more = {"voice": config.voice} if config.voice else {}
    return _verb("Say", escape(words), language=config.voice_language, **more)


def _record(config: Sms, urls: Urls) -> str:
    if not config.voicemail_seconds:
        return say(config, config.goodbye) + _verb("Hangup")
    more = {"transcribe": "true", "transcribeCallback": urls.transcript}
    return _verb(
        "Record",
        action=urls.left,
        maxLength=config.voicemail_seconds,
        timeout=SILENCE,
        recordingStatusCallback=urls.voicemail,
        **(more if config.transcribe else {}),
    )


def _verb(name: str, inside: str = "", **attributes: object) -> str:
    said = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def _response(*verbs: str) -> str:
    return f"{HEAD}<Response>{''.join(verbs)}</Response>"
