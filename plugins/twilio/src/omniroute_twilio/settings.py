"""The settings of a number, one sentence each: README, errors and the console are made of it."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

from omniroute import ConfigError, Secret, says

MIB: Final = 1024 * 1024
GREETING: Final = (
    "Hello, this is {organisation}. Nobody can take your call right now. Press 1 and we call you"
    " back, or leave a message after the tone."
)
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}", re.ASCII)
_ACCOUNT: Final = re.compile(r"AC[0-9a-f]{32}", re.ASCII)
_SERVICE: Final = re.compile(r"MG[0-9a-f]{32}", re.ASCII)


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both channels need."""

    account_sid: Annotated[
        str, says("SID of your Twilio account, from the console's first page; it begins with AC.")
    ]
    auth_token: Annotated[
        Secret,
        says("Its primary auth token, beside it; we call with it, Twilio signs with it."),
    ]
    number: Annotated[str, says("Your number at Twilio, in international form: +49301234567.")]
    messaging_service: Annotated[
        str, says("SID of the messaging service to send through; it begins with MG.")
    ] = ""
    max_file: Annotated[
        int, says("Largest file taken from a customer, in bytes.", at_least=0, at_most=100 * MIB)
    ] = 20 * MIB
    link_days: Annotated[
        int,
        says("How long a customer can open a file that goes as a link.", at_least=1, at_most=90),
    ] = 14
    catch_up: Annotated[
        int,
        says(
            "How many hours back messages are fetched that Twilio could not hand over; 0: none.",
            at_least=0,
            at_most=168,
        ),
    ] = 24
    api_url: Annotated[
        str, says("Where the API is; another for what speaks as Twilio does, or for tests.")
    ] = "https://api.twilio.com"


class Sms(Account, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number: texts both ways, and calls."""

    mms: Annotated[
        bool,
        says(
            "Whether the number can send MMS, as in the US and Canada; unless so, and for what MMS"
            " cannot carry, files go as links."
        ),
    ] = False
    help_text: Annotated[
        str,
        says("What HELP is answered with at once, where Twilio does not do so itself."),
    ] = ""
    caller_id: Annotated[
        Literal["asserted", "verified"],
        says(
            "What a caller's number is worth: `asserted` proposes that it is the customer with that"
            " number unless the carriers attest it, `verified` believes every call."
        ),
    ] = "asserted"
    greeting: Annotated[
        str,
        says("What a caller hears; `{organisation}` is the desk's. Press 1 asks for a call back."),
    ] = GREETING
    call_back_said: Annotated[str, says("What is said to whoever has asked to be called back.")] = (
        "Thank you. We will call you back. Goodbye."
    )
    goodbye: Annotated[str, says("What is said after a message.")] = "Thank you. Goodbye."
    voice: Annotated[
        str, says("Which of Twilio's voices speaks, such as Polly.Vicki; none: its own choice.")
    ] = ""
    voice_language: Annotated[str, says("The language of these words, such as de-DE.")] = "en-US"
    voicemail_seconds: Annotated[
        int, says("How long a message may be; 0: none can be left.", at_least=0, at_most=600)
    ] = 120
    transcribe: Annotated[
        bool,
        says("Whether Twilio writes down what was said: in English, up to 120 s, and it costs."),
    ] = True


class WhatsApp(Account, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One WhatsApp sender."""

    content_url: Annotated[str, says("Where the API of templates is; another for tests.")] = (
        "https://content.twilio.com"
    )


def check(config: Account, place: str) -> None:
    """Raise `ConfigError` for what types cannot say."""
    if not _ACCOUNT.fullmatch(config.account_sid):
        fix = "copy it from the console's first page: AC and 32 digits or letters a to f"
        raise ConfigError(f"{place}.account_sid", "this is no account's SID", fix)
    if not _NUMBER.fullmatch(config.number):
        fix = "write it as +49301234567, without spaces, and without whatsapp: before it"
        raise ConfigError(f"{place}.number", "this is no number in international form", fix)
    if config.messaging_service and not _SERVICE.fullmatch(config.messaging_service):
        fix = "copy it from Messaging, Services: MG and 32 digits or letters a to f"
        raise ConfigError(f"{place}.messaging_service", "this is no messaging service's SID", fix)
    if not config.auth_token:
        fix = "copy it from the console's first page"
        raise ConfigError(f"{place}.auth_token", "is empty", fix)
