"""Browsers of one's own, for tests and for ``omniroute channel try --fake``."""
