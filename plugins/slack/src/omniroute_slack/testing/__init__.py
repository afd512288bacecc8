"""A Slack of one's own: the Web API with people on the other side, for tests and demos.

    async with serving(FakeSlack()) as slack:
        joe = slack.person("Joe Miller")
        joe.chat().says("I was charged twice")      # the app gets an event

A real app talks to it: give the SDK `FakeSlack.api_url` and `FakeSlack.bot_token`.  State is kept,
errors and limits of the real API are enforced; what each method keeps to is written beside it
(`methods.METHODS`), and a method that is not there fails loudly and is noted in
`FakeSlack.unknown`.  Events come by Socket Mode, or pushed by HTTP with a signature
(`FakeSlack.hook`); either way they are told again until they are acknowledged.
"""

from omniroute.testing.fakes import Fault
from omniroute_slack.testing.people import Chat, Person
from omniroute_slack.testing.server import FakeSlack, serving
from omniroute_slack.testing.world import ApiError, Limits

__all__ = ["ApiError", "Chat", "FakeSlack", "Fault", "Limits", "Person", "serving"]
