"""Mail servers of one's own, for tests: IMAP to fetch from, and a town where people write mail."""

from omniroute_email.testing.imap import ImapServer

__all__ = ["ImapServer"]
