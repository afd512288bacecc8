"""What the form says by itself, in the languages it speaks; the browser's wish decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH: Final[Mapping[str, str]] = {
    "title": "Write to us",
    "greeting": "We answer by e-mail.",
    "name": "Your name",
    "optional": "optional",
    "email": "Your e-mail address",
    "subject": "What is it about?",
    "choose": "Please choose",
    "message": "Your message",
    "files": "Files",
    "files_limit": "at most {files}, {megabytes} MB together",
    "files_again": "Please choose your files again.",
    "send": "Send",
    "privacy": "What becomes of what you write",
    "trap": "Leave this empty",
    "wrong": "Not sent yet. Please look at:",
    "no_email": "Please give an e-mail address, so that we can answer.",
    "bad_email": "That is no e-mail address. Write it as joe@mail.example.",
    "no_message": "Please write a message.",
    "long_message": "The message is too long: {count} characters, of at most {most}.",
    "long": "At most 200 characters, please.",
    "no_files": "Files are not taken here; please send them by e-mail.",
    "many_files": "Those are too many files; at most {files} can come along.",
    "large_files": "Those files are too large: {megabytes} MB together are taken.",
    "too_fast": "That was a little fast. Please try again in a minute.",
    "busy": "Your message could not be kept just now. Please try again.",
    "too_big": "That was too much at once.",
    "sent": "Thank you, we have your message",
    "sent_more": "We answer by e-mail.",
    "look": "We have sent you a link. Please follow it, so that we know that it was you.",
    "again": "Write another message",
    "confirm": "Did you write to us?",
    "confirm_more": "Somebody filled in our form and gave this address. If it was you, say so.",
    "confirm_yes": "Yes, it was me",
    "confirmed": "Thank you: {email} is yours.",
    "stale": "This link is too old, or was used already.",
}

GERMAN: Final[Mapping[str, str]] = {
    "title": "Schreiben Sie uns",
    "greeting": "Wir antworten per E-Mail.",
    "name": "Ihr Name",
    "optional": "freiwillig",
    "email": "Ihre E-Mail-Adresse",
    "subject": "Worum geht es?",
    "choose": "Bitte wählen",
    "message": "Ihre Nachricht",
    "files": "Dateien",
    "files_limit": "höchstens {files}, zusammen {megabytes} MB",
    "files_again": "Bitte wählen Sie Ihre Dateien noch einmal aus.",
    "send": "Senden",
    "privacy": "Was mit Ihren Angaben geschieht",
    "trap": "Bitte leer lassen",
    "wrong": "Noch nicht gesendet. Bitte prüfen Sie:",
    "no_email": "Bitte geben Sie eine E-Mail-Adresse an, damit wir antworten können.",
    "bad_email": "Das ist keine E-Mail-Adresse. Schreiben Sie sie wie joe@mail.example.",
    "no_message": "Bitte schreiben Sie eine Nachricht.",
    "long_message": "Die Nachricht ist zu lang: {count} Zeichen, höchstens {most} sind möglich.",
    "long": "Bitte höchstens 200 Zeichen.",
    "no_files": "Hier gehen keine Dateien; bitte schicken Sie sie per E-Mail.",
    "many_files": "Das sind zu viele Dateien; höchstens {files} sind möglich.",
    "large_files": "Die Dateien sind zu groß: zusammen sind {megabytes} MB möglich.",
    "too_fast": "Das ging etwas schnell. Bitte versuchen Sie es in einer Minute noch einmal.",
    "busy": "Ihre Nachricht ließ sich gerade nicht speichern. Bitte versuchen Sie es noch einmal.",
    "too_big": "Das war zu viel auf einmal.",
    "sent": "Danke, wir haben Ihre Nachricht",
    "sent_more": "Wir antworten per E-Mail.",
    "look": "Wir haben Ihnen einen Link gesendet. Bitte folgen Sie ihm, damit wir wissen,"
    " dass Sie es waren.",
    "again": "Noch eine Nachricht schreiben",
    "confirm": "Haben Sie uns geschrieben?",
    "confirm_more": "Jemand hat unser Formular ausgefüllt und diese E-Mail-Adresse angegeben."
    " Wenn Sie das waren, sagen Sie es uns.",
    "confirm_yes": "Ja, das war ich",
    "confirmed": "Danke: {email} gehört Ihnen.",
    "stale": "Dieser Link ist zu alt oder wurde schon benutzt.",
}

LANGUAGES: Final = {"en": ENGLISH, "de": GERMAN}


def wished(accept: str) -> str:
    """The language of *accept* (`Accept-Language`) that we speak and that is wanted most."""
    for part in accept.split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in LANGUAGES:
            return language
    return "en"
