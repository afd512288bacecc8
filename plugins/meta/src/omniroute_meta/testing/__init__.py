"""A Meta of one's own: the Graph API with people on the other side, for tests and demos.

    async with serving(FakeMeta()) as meta:
        joe = meta.person(WHATSAPP, "Joe Miller")
        joe.says("I was charged twice")          # the webhook is posted to

State is kept, windows, limits and errors of the real API are enforced, posts are signed and come
again until they are answered with 200.  What is not there answers 404 and is noted in
`FakeMeta.unknown`.
"""

from omniroute.testing.fakes import Fault
from omniroute_meta.testing.people import Person
from omniroute_meta.testing.server import FakeMeta, serving
from omniroute_meta.testing.world import INSTAGRAM, PAGE, WHATSAPP, GraphError, Message

__all__ = [
    "INSTAGRAM",
    "PAGE",
    "WHATSAPP",
    "FakeMeta",
    "Fault",
    "GraphError",
    "Message",
    "Person",
    "serving",
]
