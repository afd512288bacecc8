"""Whom a message seems to come from, where that is not whom From names.

Lists and groups put their own address into From so that authentication passes, and name the author
elsewhere; a form on a web site sends as the site and names the visitor in Reply-To.  All of this
is what somebody wrote: it says where an answer belongs, and vouches for nobody.
"""

from __future__ import annotations

import re

from omniroute_email.reading.addresses import Mailbox, normalised
from omniroute_email.reading.mail import Mail
from omniroute_email.reading.mailboxes import mailboxes

_ORIGINAL = ("x-original-from", "x-original-sender", "x-google-original-from")
_NO_REPLY = re.compile(
    r"(?:no|do[-_.]?not|nao|ne[-_.]pas|kein)[-_.]?(?:reply|respond|responda|repondre|antwort)\w*(?:[+._-].*)?@"
)
NOBODY = Mailbox("", "")


def identity(mail: Mail) -> Mailbox:
    """The most likely author; the mailbox of From unless something else is said."""
    author = next((who for who in mail.authors if who.address), NOBODY)
    rewritten = original(mail)
    if rewritten is not None:
        return rewritten
    answers = [who for who in mail.reply_to if who.address]
    if answers and not _is_list(mail):
        return answers[0]
    return author


def behind(
    mail: Mail,
    author: Mailbox | None,
    ours: frozenset[str],
    forms: frozenset[str] = frozenset(),
) -> Mailbox | None:
    """Who wrote a message that is not from its author's address; none if From is to be believed.

    *author* is the mailbox of From, *ours* are our own addresses, *forms* those of forms on web
    sites.  An address that takes no answers is nobody's either: all who write by one form would
    share a conversation.
    """
    if author is None or author.address in ours | forms or _NO_REPLY.match(author.address):
        found = original(mail) or next(iter(mail.reply_to), None)
    elif _is_list(mail):
        found = original(mail)
    else:
        return None
    if found is None or not normalised(found.address) or found.address in ours:
        return None
    return found


def original(mail: Mail) -> Mailbox | None:
    """The author whom a list or a group has replaced in From, if it says so."""
    for field in _ORIGINAL:
        for who in mailboxes(mail.headers.all(field)):
            if "@" in who.address:
                return who
    return None


def _is_list(mail: Mail) -> bool:
    return any(name in ("list-id", "list-post") for name, _ in mail.headers.fields)
