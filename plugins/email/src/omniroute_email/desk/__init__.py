"""The mail desk: agents who work by mail alone.

A card comes as a mail and what a customer writes does, too; answering such a mail answers the
customer, ``#commands`` at its top do the rest, and links ask before they act.  `letters` and
`reading` are pure; `arriving` says whose mail counts and `doing` does what it says; `following`
keeps each agent's conversation in step with the thread; `pages` are behind the links.
"""

from omniroute_email.desk.desk import EmailDesk

__all__ = ["EmailDesk"]
