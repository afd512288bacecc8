"""What the page says by itself, in the languages it speaks; the browser's wish decides."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "title": "Chat with us",
    "greeting": "Hello! How can we help you?",
    "conversation": "Conversation",
    "message": "Your message",
    "placeholder": "Write a message…",
    "send": "Send",
    "you": "You",
    "team": "Support",
    "connecting": "Connecting…",
    "online": "Connected",
    "offline": "No connection. Your messages are kept and sent later.",
    "starting": "The chat is not available just now. Trying again…",
    "signed_in": "You write as {name}",
    "prove": "Do we know you? Show that it is you",
    "prove_address": "Your e-mail address",
    "prove_send": "Send me a code",
    "prove_code": "The code from the e-mail",
    "prove_check": "Check",
    "prove_telegram": "Go on in Telegram",
    "prove_sent": "A code is on its way to {email}.",
    "prove_done": "Thank you: {email} is yours.",
    "prove_bad_code": "This code is wrong, too old, or was tried too often.",
    "prove_too_many": "Too many codes were asked for. Try again in an hour.",
    "prove_email": "That is no e-mail address.",
    "prove_failed": "That did not work. Try again later.",
    "prove_link": "You come from our mail: write, and we know that it is you.",
    "prove_linked": "Thank you: we know that it is you.",
    "prove_bad_link": "This link was used before or is too old. Your message is sent all the same.",
    "earlier": "Show earlier messages",
    "newer": "New messages",
    "sending": "Sending…",
    "sent": "Sent",
    "writing": "An answer is being written…",
    "edited": "Edited",
    "deleted": "This message was deleted.",
    "waiting": "Waiting to be sent",
    "not_sent": "Not sent: it was not accepted",
    "not_sent_long": "Not sent: it is too long",
    "edit": "Edit",
    "left": "{count} characters left",
    "too_long": "{count} characters too many",
    "today": "Today",
    "yesterday": "Yesterday",
    "close": "Close chat",
    "open": "Open chat",
    "open_unread": "Open chat, {count} unread",
    "unread": "({count}) {title}",
    "script": "This chat needs JavaScript. Please allow it for this page.",
    "hint": "Enter sends, Shift and Enter begin a new line.",
}

GERMAN: Mapping[str, str] = {
    "title": "Chatten Sie mit uns",
    "greeting": "Guten Tag! Wie können wir helfen?",
    "conversation": "Unterhaltung",
    "message": "Ihre Nachricht",
    "placeholder": "Nachricht schreiben …",
    "send": "Senden",
    "you": "Sie",
    "team": "Support",
    "connecting": "Verbindung wird aufgebaut …",
    "online": "Verbunden",
    "offline": "Keine Verbindung. Ihre Nachrichten bleiben hier und werden später gesendet.",
    "starting": "Der Chat ist gerade nicht erreichbar. Neuer Versuch …",
    "signed_in": "Sie schreiben als {name}",
    "prove": "Kennen wir uns? Zeigen Sie, dass Sie es sind",
    "prove_address": "Ihre E-Mail-Adresse",
    "prove_send": "Code senden",
    "prove_code": "Der Code aus der E-Mail",
    "prove_check": "Prüfen",
    "prove_telegram": "In Telegram weiterschreiben",
    "prove_sent": "Ein Code ist unterwegs an {email}.",
    "prove_done": "Danke: {email} gehört Ihnen.",
    "prove_bad_code": "Dieser Code ist falsch, zu alt oder wurde zu oft versucht.",
    "prove_too_many": "Es wurden zu viele Codes verlangt. Bitte in einer Stunde noch einmal.",
    "prove_email": "Das ist keine E-Mail-Adresse.",
    "prove_failed": "Das hat nicht geklappt. Bitte später noch einmal.",
    "prove_link": "Sie kommen aus unserer E-Mail: Schreiben Sie, und wir wissen, dass Sie es sind.",
    "prove_linked": "Danke: Wir wissen, dass Sie es sind.",
    "prove_bad_link": "Dieser Link ist verbraucht oder zu alt. Ihre Nachricht geht dennoch hinaus.",
    "earlier": "Frühere Nachrichten zeigen",
    "newer": "Neue Nachrichten",
    "sending": "Wird gesendet …",
    "sent": "Gesendet",
    "writing": "Eine Antwort wird geschrieben …",
    "edited": "Bearbeitet",
    "deleted": "Diese Nachricht wurde gelöscht.",
    "waiting": "Wartet auf das Senden",
    "not_sent": "Nicht gesendet: nicht angenommen",
    "not_sent_long": "Nicht gesendet: zu lang",
    "edit": "Bearbeiten",
    "left": "Noch {count} Zeichen",
    "too_long": "{count} Zeichen zu viel",
    "today": "Heute",
    "yesterday": "Gestern",
    "close": "Chat schließen",
    "open": "Chat öffnen",
    "open_unread": "Chat öffnen, {count} ungelesen",
    "unread": "({count}) {title}",
    "script": "Dieser Chat braucht JavaScript. Bitte erlauben Sie es für diese Seite.",
    "hint": "Eingabe sendet, Umschalt und Eingabe beginnen eine neue Zeile.",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "de": GERMAN}


def choose(accept_language: str) -> str:
    """The language we speak that the browser likes best.

    >>> choose("fr-CH, de;q=0.8, en;q=0.9")
    'en'
    """
    wishes: list[tuple[float, str]] = []
    for wish in accept_language[:200].split(","):
        name, _, weight = wish.partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            wishes.append((_weight(weight), language))
    # The first of equals wins, as browsers list them by preference.
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else "en"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
