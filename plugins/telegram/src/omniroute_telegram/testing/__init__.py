"""A Telegram of one's own: the Bot API with people on the other side, for tests and demos.

    async with serving(FakeTelegram()) as telegram:
        joe = telegram.person("Joe Miller")
        joe.chat().says("I was charged twice")      # the bot gets an update

A real bot talks to it: give the SDK `FakeTelegram.api_url` (and `FakeTelegram.token`).  State is
kept, the errors and limits of the real API are enforced; what each method keeps to is written
beside it (`methods.METHODS`), and a method that is not there fails loudly and is noted in
`FakeTelegram.unknown`.
"""

from omniroute.testing.fakes import Fault
from omniroute_telegram.testing.people import Chat, Person
from omniroute_telegram.testing.server import FakeTelegram, serving
from omniroute_telegram.testing.world import ApiError, Limits

__all__ = ["ApiError", "Chat", "FakeTelegram", "Fault", "Limits", "Person", "serving"]
