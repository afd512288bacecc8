"""An integration of one's own: for tests, and for ``omniroute channel try --fake``."""

from omniroute_http.testing.platform import PLATFORM
from omniroute_http.testing.shop import SECRET, Shop

__all__ = ["PLATFORM", "SECRET", "Shop"]
