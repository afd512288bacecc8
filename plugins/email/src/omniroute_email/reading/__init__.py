"""Reading mail: from spooled bytes to what a customer said.  Pure; nothing here raises for a
message, however malformed, and every step has a bound."""

from omniroute_email.reading.message import NOBODY, read

__all__ = ["NOBODY", "read"]
