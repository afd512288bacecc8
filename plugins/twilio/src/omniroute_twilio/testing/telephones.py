"""Customers' telephones: they text, they call, they hear what is said to them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from omniroute_twilio.testing.server import PREFIX, FakeTwilio
from omniroute_twilio.testing.world import Text

ATTESTED: Final = "TN-Validation-Passed-A"


class Phone:
    """One telephone; with *whatsapp* it writes there."""

    def __init__(
        self, fake: FakeTwilio, number: str, name: str = "", *, whatsapp: bool = False
    ) -> None:
        self.fake, self.number, self.name = fake, number, name
        self.prefix = PREFIX if whatsapp else ""

    def text(self, body: str, *files: tuple[str, str, bytes], **more: str) -> Text:
        """A message that Twilio has and has told nobody of; a file is type, name, bytes."""
        world = self.fake.world
        media = [world.store(kind, data, name) for kind, name, data in files]
        if self.prefix:
            more = {"ProfileName": self.name, "WaId": self.number[1:], **more}
        sender, to = self.prefix + self.number, self.prefix + self.fake.number
        word = body.strip().upper()
        if word in ("STOP", "START"):
            (world.stopped.add if word == "STOP" else world.stopped.discard)(self.number)
        return world.text(sender, to, body, inbound=True, media=media, more=more)

    async def says(self, body: str, *files: tuple[str, str, bytes], **more: str) -> Text:
        """Write to our number; what we answer at once is in `inbox`, too."""
        text = self.text(body, *files, **more)
        await self.tell(text)
        return text

    async def tell(self, text: Text) -> None:
        """Have Twilio tell of a message."""
        url = self.fake.world.numbers[self.fake.number]["sms_url"]
        answer = await self.fake.call(url, self.fake.fields(text))
        for said in ET.fromstring(answer or "<Response/>").iter("Message"):  # noqa: S314
            self.fake.world.text(text.to, text.sender, said.text or "")

    def inbox(self) -> list[Text]:
        """What came from our number."""
        me = self.prefix + self.number
        return [text for text in self.fake.world.texts.values() if text.to == me]

    def texts(self) -> list[str]:
        """The words of it."""
        return [text.body for text in self.inbox()]

    async def calls(self, *, attested: bool = False) -> Call:
        """Call our number, and hear the greeting."""
        call = Call(self, self.fake.world.sid("CA"), attested)
        await call.goes_on(self.fake.world.numbers[self.fake.number]["voice_url"])
        return call


class Call:
    """One call: what is heard, and what the caller does."""

    def __init__(self, phone: Phone, sid: str, attested: bool) -> None:
        self.phone, self.sid = phone, sid
        self.heard: list[str] = []  # words, and a tone
        self.over = False
        self._more = {"StirVerstat": ATTESTED} if attested else {}
        self._at: dict[str, str] = {}  # where each verb leads

    def _fields(self, **more: str) -> dict[str, str]:
        fake = self.phone.fake
        known = {"CallSid": self.sid, "From": self.phone.number, "To": fake.number,
                 "Direction": "inbound", "CallStatus": "in-progress"}  # fmt: skip
        return {**known, **more}

    async def goes_on(self, url: str, **fields: str) -> None:
        """Ask what to do next, and do it."""
        fields = self._fields(**self._more, **fields)
        answer = await self.phone.fake.call(url, fields)
        for verb in ET.fromstring(answer):  # noqa: S314
            self._do(verb, url)

    def _do(self, verb: ET.Element, url: str) -> None:
        for name, value in verb.attrib.items():
            if name == "action" or name.endswith("Callback"):
                self._at[f"{verb.tag}.{name}"] = urljoin(url, value)
        if verb.tag == "Say":
            self.heard.append(verb.text or "")
        elif verb.tag == "Record":
            self.heard.append("(tone)")
        elif verb.tag == "Hangup":
            self.over = True
        for inner in verb:
            self._do(inner, url)

    async def presses(self, key: str) -> None:
        """Press a key during the greeting."""
        await self.goes_on(self._at["Gather.action"], Digits=key)

    async def speaks(self, data: bytes, seconds: int = 23) -> str:
        """Leave a message; the recording's SID."""
        media = self.phone.fake.world.store("audio/mpeg", data)
        media.sid = sid = "RE" + media.sid[2:]
        self.phone.fake.world.media[sid] = media
        await self.goes_on(self._at["Record.action"], RecordingSid=sid, Digits="hangup")
        return sid

    def _recording(self, sid: str) -> dict[str, str]:
        fake = self.phone.fake
        url = f"{fake.url}/2010-04-01/Accounts/{fake.account}/Recordings/{sid}"
        return {"CallSid": self.sid, "RecordingSid": sid, "RecordingUrl": url}

    async def recorded(self, sid: str, seconds: int = 23) -> None:
        """The recording is there; of who called nothing is said."""
        fields = {"RecordingStatus": "completed", "RecordingDuration": str(seconds)}
        url = self._at["Record.recordingStatusCallback"]
        await self.phone.fake.call(url, {**self._recording(sid), **fields})

    async def transcribed(self, sid: str, words: str) -> None:
        """What was said has been written down."""
        fields = {"TranscriptionStatus": "completed", "TranscriptionText": words}
        url = self._at["Record.transcribeCallback"]
        await self.phone.fake.call(url, {**self._fields(), **self._recording(sid), **fields})

    async def ends(self, seconds: int = 42, status: str = "completed") -> None:
        """Hang up."""
        url = self.phone.fake.world.numbers[self.phone.fake.number]["status_callback"]
        fields = self._fields(CallStatus=status, CallDuration=str(seconds))
        await self.phone.fake.call(url, fields)
