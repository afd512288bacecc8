"""OmniRoute: one customer, one thread, the right agent, whatever the channel."""

__version__ = "0.1.0"
