"""Calls: greeted, and kept as what the caller left: a wish to be called back, words, or nothing.

Nobody is put through.  Twilio asks what to do next at each turn of a call; what is kept is what a
person should see, and a call of which nothing else is kept is a missed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from starlette.routing import BaseRoute

from omniroute import Busy, Intake
from omniroute_twilio import twiml
from omniroute_twilio.envelope import Envelope, Fetched, What, pack
from omniroute_twilio.fetching import Fetching
from omniroute_twilio.hooks import Hooks, Params
from omniroute_twilio.memory import Memory
from omniroute_twilio.settings import Sms

OVER: Final = ("completed", "busy", "failed", "no-answer", "canceled")
DONE: Final = "completed"  # a recording, or a transcript, is there


class Calling:
    """The calls of one number."""

    def __init__(
        self,
        config: Sms,
        organisation: str,
        hooks: Hooks,
        memory: Memory,
        fetching: Fetching,
        clock: Callable[[], int],
    ) -> None:
        self._config, self._organisation, self._hooks = config, organisation, hooks
        self._memory, self._fetching, self._clock = memory, fetching, clock

    def routes(self) -> list[BaseRoute]:
        """Where Twilio asks, and tells."""
        steps = {
            "/call": self._comes,
            "/call/choice": self._chosen,
            "/call/left": self._left,
            "/call/ended": self._ended,
            "/call/voicemail": self._voicemail,
            "/call/transcript": self._transcript,
        }
        return [self._hooks.route(path, step) for path, step in steps.items()]

    async def _comes(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        attested = params.get("StirVerstat", "")
        self._memory.called(params.get("CallSid", ""), attested, self._clock())
        return twiml.greet(self._config, self._organisation, self._urls(params))

    async def _chosen(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        params = {**query, **params}
        if params.get("Digits") != twiml.CHOICE:
            return twiml.record(self._config, self._urls(params))
        self._memory.note(params.get("CallSid", ""), "call_back", self._clock())
        try:
            await self._keep(intake, "call_back", params, params.get("CallSid", ""))
        except Busy:  # a caller hears no 503: they may still leave their words
            return twiml.record(self._config, self._urls(params))
        return twiml.end(self._config, self._config.call_back_said)

    async def _left(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        """A message was spoken; the recording comes by itself, when it is there."""
        self._memory.note(params.get("CallSid", ""), "voicemail", self._clock())
        return twiml.end(self._config, self._config.goodbye)

    async def _ended(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        """A call is over: how it went, unless a voicemail tells."""
        call = params.get("CallSid", "")
        said, attested = self._memory.call(call)
        ours = params.get("Direction", "inbound") == "inbound"
        if ours and params.get("CallStatus") in OVER and said != "voicemail":
            more = {"said": said, "StirVerstat": attested}
            await self._keep(intake, "ended", {**params, **more}, call)
        return twiml.NOTHING

    async def _voicemail(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        recording = params.get("RecordingSid", "")
        if params.get("RecordingStatus", DONE) != DONE or not recording:
            return twiml.NOTHING
        params = {**query, **params}
        self._memory.note(params.get("CallSid", ""), "voicemail", self._clock())
        self._memory.lasted(recording, params.get("RecordingDuration", ""), self._clock())
        url = params.get("RecordingUrl", "")
        wanted = [(f"{url}.mp3", "audio/mpeg", "voicemail")] if url else []
        files = await self._fetching.all(wanted)
        words = self._memory.transcript(recording)
        await self._keep(intake, "voicemail", params, recording, files=files, transcript=words)
        return twiml.NOTHING

    async def _transcript(self, intake: Intake, params: Params, query: Mapping[str, str]) -> str:
        recording, words = params.get("RecordingSid", ""), params.get("TranscriptionText", "")
        if params.get("TranscriptionStatus") == DONE and words and recording:
            length = self._memory.length(recording)
            params = {**query, "RecordingDuration": length, **params}
            self._memory.keep(recording, params.get("From", ""), words, self._clock())
            await self._keep(intake, "transcript", params, recording)
        return twiml.NOTHING

    def _urls(self, caller: Mapping[str, str]) -> twiml.Urls:
        return twiml.Urls(self._hooks.base, caller)

    async def _keep(
        self,
        intake: Intake,
        what: What,
        params: Params,
        id: str,
        files: tuple[Fetched, ...] = (),
        transcript: str = "",
    ) -> None:
        """Keep what a caller did.  Raises `Busy`."""
        believed = self._config.caller_id == "verified"
        at = self._clock()
        envelope = Envelope(what, at, params, files=files, transcript=transcript, believed=believed)
        await intake.accept(pack(envelope), key=f"{what}/{id}")
