"""What fakes of platforms have in common, so that the next one is short.

A fake is a platform of one's own: a real plugin talks to it over a real socket, state is kept, the
platform's errors and limits are enforced.  `Fake` keeps what every one of them has, `Methods` the
table of what is implemented, `Fault` plays a bad day, `Bucket` and `Window` are rates, `serving`
puts a Starlette application on a port, and `page` is the side on which people sit; nobody signs in
there, so it asks `is_home`.

Nothing here needs pytest: demos use fakes, too.
"""

from omniroute.testing.fakes.at_home import is_home
from omniroute.testing.fakes.fake import Fake
from omniroute.testing.fakes.faults import Fault, Script
from omniroute.testing.fakes.limits import Bucket, Window
from omniroute.testing.fakes.methods import Method, Methods
from omniroute.testing.fakes.page import Page
from omniroute.testing.fakes.serving import broken, serving

__all__ = [
    "Bucket",
    "Fake",
    "Fault",
    "Method",
    "Methods",
    "Page",
    "Script",
    "Window",
    "broken",
    "is_home",
    "serving",
]
