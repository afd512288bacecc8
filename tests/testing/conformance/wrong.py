"""Channels that are wrong in one way each, for the check that must find it.

Each is the channel that `omniroute channel new` copies, spoilt.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import random
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from omniroute_example.channel import ExampleChannel
from omniroute_example.parse import read
from omniroute_example.settings import Config
from omniroute_example.testing import Town
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from omniroute import (
    Address,
    Amendment,
    Busy,
    Cap,
    File,
    Health,
    Inbound,
    Intake,
    NotAuthorised,
    Outbound,
    Receipt,
    Rejected,
    Retry,
    Secret,
    Site,
    Template,
)

log = logging.getLogger(__name__)
Kind: TypeAlias = "type[ExampleChannel]"
WRONG: dict[str, list[type]] = {}
"""By the name of the check: what it must not let pass."""


def fails(*checks: str) -> Callable[[type], type]:
    """The class below fails these checks."""

    def entered(kind: type) -> type:
        for check in checks:
            WRONG.setdefault(f"test_{check}", []).append(kind)
        return kind

    return entered


# --- shape ---


@fails("the_class_keeps_to_the_contract")
class KindIsNoSlug(ExampleChannel):
    kind = "Not A Slug"


@fails("every_setting_is_described")
class Undescribed(ExampleChannel):
    class Config(Config, frozen=True, kw_only=True):
        extra: int = 0


@fails("what_sounds_secret_is_a_secret")
class PlainPassword(ExampleChannel):
    class Config(Config, frozen=True, kw_only=True):
        password: Annotated[str, msgspec.Meta(description="A password.")] = ""


@fails("its_settings_hold_secrets_as_secrets")
class SecretInTheSource(ExampleChannel):
    class Config(Config, frozen=True, kw_only=True):
        other: Annotated[Secret, msgspec.Meta(description="A secret.")] = Secret("hunter2")


@fails("what_is_absent_is_absent")
class ClaimsAnAbsence(ExampleChannel):
    absent: ClassVar = {"says": "this one cannot be written to", "dances": "no legs"}


@fails("an_account_keeps_its_name", "two_accounts_share_nothing")
class Nameless(ExampleChannel):
    def __init__(self, account: str, config: Config, site: Site) -> None:
        super().__init__("always this", config, site)


@fails("two_accounts_share_nothing")
class SharedMemory(ExampleChannel):
    seen: ClassVar[list[str]] = []


@fails("making_an_account_calls_nobody")
class ConnectsAtOnce(ExampleChannel):
    def __init__(self, account: str, config: Config, site: Site) -> None:
        super().__init__(account, config, site)
        self._task = asyncio.create_task(asyncio.sleep(0))


@fails("capabilities_are_kept_by_methods")
class TypesInVain(ExampleChannel):
    caps = Cap.LIVE | Cap.EDIT_IN | Cap.TYPING


@fails("a_desk_that_comes_along_is_of_the_same_kind")
class BringsNoDesk(ExampleChannel):
    def desk(self) -> object:
        return object()


@fails("nothing_that_is_printed_shows_a_secret")
class ShowsItself(ExampleChannel):
    def __repr__(self) -> str:
        return f"ShowsItself({self._config.token.reveal()})"


# --- what comes in ---


class Misreads(ExampleChannel):
    """Reads well, then changes it."""

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return [self.spoilt(one, raw) for one in read(raw)]

    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        raise NotImplementedError


@fails("a_message_comes_in", "every_script_arrives")
class LosesLetters(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, text=one.text.encode("ascii", "ignore").decode()[:-1])


@fails("a_time_has_its_zone")
class NaiveTime(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, sent_at=one.sent_at.replace(tzinfo=None))


@fails("ids_are_there_and_each_its_own")
class IdOfTheText(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, external_id=one.text)


@fails("what_comes_twice_is_one_message", "what_is_told_again_after_a_restart_is_known")
class NewIdEachTime(ExampleChannel):
    def __init__(self, account: str, config: Config, site: Site) -> None:
        super().__init__(account, config, site)
        self._count = 0

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/hook", self._numbered, methods=["POST"])]

    async def _numbered(self, request: Request) -> Response:
        if self._intake is None:
            return Response(status_code=503)
        event = json.loads(await request.body())
        self._count += 1
        event["id"] = f"{id(self)}-{self._count}"
        await self._intake.accept(json.dumps(event).encode())
        return Response()


@fails("equal_bytes_are_read_equally_after_a_restart")
class ReadsItsFolder(ExampleChannel):
    def __init__(self, account: str, config: Config, site: Site) -> None:
        super().__init__(account, config, site)
        self._name = site.folder.name

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return [dataclasses.replace(one, subject=self._name) for one in read(raw)]


@fails("parse_does_not_remember")
class Remembers(ExampleChannel):
    last = ""

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        found = [dataclasses.replace(one, quoted=self.last) for one in read(raw)]
        self.last = found[0].text if found else ""
        return found


@fails("parse_asks_no_clock_no_chance_and_no_world")
class AsksTheClock(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, sent_at=datetime.now(UTC))


@fails("parse_asks_no_clock_no_chance_and_no_world")
class RollsDice(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, subject=str(random.random() * 0))


class Forwards(ExampleChannel):
    """Takes requests in by its own rules."""

    def routes(self) -> Sequence[BaseRoute]:
        return [Route("/hook", self.taken, methods=["POST"])]

    async def taken(self, request: Request) -> Response:
        raise NotImplementedError

    async def keep(self, raw: bytes) -> Response:
        if self._intake is None:
            return Response(status_code=503)
        try:
            await self._intake.accept(raw)
        except Busy:
            return Response(status_code=503)
        return Response()


@fails("a_burst_keeps_its_order")
class LastFirst(Forwards):
    """Holds what came back until there are several, and hands them on turned round."""

    def __init__(self, account: str, config: Config, site: Site) -> None:
        super().__init__(account, config, site)
        self._held: list[bytes] = []

    async def taken(self, request: Request) -> Response:
        self._held.append(await request.body())
        if len(self._held) == 5:
            for raw in reversed(self._held):
                await self.keep(raw)
        return Response()


@fails("our_own_words_do_not_come_back")
class HearsItself(ExampleChannel):
    async def send(self, out: Outbound) -> Receipt:
        sent = await super().send(out)
        event = {"type": "message", "id": "own", "chat": out.conversation, "from": {"id": "us"}}
        assert self._intake is not None
        await self._intake.accept(json.dumps(event).encode())
        return sent


@fails("a_machine_is_not_taken_for_a_person")
class BelievesRobots(ExampleChannel):
    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return read(raw.replace(b'"bot": true', b'"bot": false'))


@fails("an_unknown_event_is_ignored")
class DiesOfNews(Forwards):
    dead = False

    def parse(self, raw: bytes) -> Sequence[Inbound]:
        if json.loads(raw)["type"] not in ("message", "message_edited"):
            raise KeyError("what is this?")
        return read(raw)

    async def taken(self, request: Request) -> Response:
        return await self.keep(await request.body())


@fails("garbage_from_outside_does_not_end_it")
class GarblesAfterNews(DiesOfNews):
    async def taken(self, request: Request) -> Response:
        raw = await request.body()
        self.dead = self.dead or b"poll" in raw
        return await self.keep(raw.replace(b"still here", b"what?") if self.dead else raw)


@fails("garbage_invents_no_message")
class Invents(ExampleChannel):
    def parse(self, raw: bytes) -> Sequence[Inbound]:
        if not raw.startswith(b'{"type"'):
            nobody = Address("example", "nobody")
            return [Inbound("?", "?", nobody, raw.decode(errors="replace"), datetime.now(UTC))]
        return read(raw)


@fails("bytes_that_are_cut_off_are_a_dead_letter_or_whole")
class GuessesTheRest(ExampleChannel):
    def parse(self, raw: bytes) -> Sequence[Inbound]:
        try:
            return read(raw)
        except msgspec.DecodeError:
            someone = Address("example", "somebody else", verified=True)
            return [Inbound("half", "c", someone, "", datetime.now(UTC))]


@fails("line_ends_are_kept")
class OneLine(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, text=" ".join(one.text.split()))


@fails("what_looks_like_markup_is_text")
class StripsTags(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, text=one.text.replace("<b>", "").replace("&amp;", "&"))


@fails("two_people_are_two_and_stay_so")
class OneForAll(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, sender=Address("example", "customer", True))


@fails("nobody_is_vouched_for_by_what_they_say")
class BelievesNames(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        also = Address("name", one.sender.display, verified=True)
        return dataclasses.replace(one, also_known_as=(also,))


@fails("an_edit_names_the_message_it_changes", "a_deletion_names_the_message_it_takes_back")
class EditsAreMessages(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        id = one.external_id if one.kind == "message" else one.external_id + "!"
        return dataclasses.replace(one, external_id=id)


@fails("no_file_comes_where_none_is_declared")
class SecretFiles(Misreads):
    def spoilt(self, one: Inbound, raw: bytes) -> Inbound:
        return dataclasses.replace(one, files=(File("a", "text/plain", b"a"),))


@fails("nothing_is_acknowledged_before_it_is_kept", "what_waited_through_a_restart_comes_in",
       "a_request_is_sent_back_while_the_disk_is_full")  # fmt: skip
class SaysYesTooSoon(Forwards):
    async def taken(self, request: Request) -> Response:
        await self.keep(await request.body())
        return Response()


# --- requests ---


@fails("a_signed_request_is_kept", "a_replayed_request_is_one_message")
class RefusesAll(Forwards):
    async def taken(self, request: Request) -> Response:
        return Response(status_code=401)


@fails("a_wrong_signature_is_refused_and_nothing_kept",
       "a_request_without_a_signature_is_refused",
       "a_body_without_an_end_is_not_read_to_it")  # fmt: skip
class BelievesAll(Forwards):
    async def taken(self, request: Request) -> Response:
        return await self.keep(await request.body())


@fails("a_changed_body_is_refused")
class SaysYesToChanges(Forwards):
    async def taken(self, request: Request) -> Response:
        raw = await request.body()
        return Response() if b"another text" in raw else await self.keep(raw)


@fails("requests_before_it_listens_are_sent_back")
class DropsEarlyOnes(Forwards):
    async def taken(self, request: Request) -> Response:
        return Response() if self._intake is None else await self.keep(await request.body())


# --- what goes out ---


class Sends(ExampleChannel):
    """Sends something else than it was given."""

    async def put(self, out: Outbound, **other: Any) -> Receipt:
        return await super().send(dataclasses.replace(out, **other))


@fails("an_answer_reaches_whoever_wrote", "answers_side_by_side_do_not_mix")
class AlwaysToJoe(Sends):
    async def send(self, out: Outbound) -> Receipt:
        return await self.put(out, conversation="chat-joe")


@fails("a_receipt_names_what_was_sent")
class NoReceipt(Sends):
    async def send(self, out: Outbound) -> Receipt:
        await self.put(out)
        return Receipt()


@fails("one_call_sends_one_message", "a_long_answer_goes_on_where_it_failed")
class SplitsItself(Sends):
    async def send(self, out: Outbound) -> Receipt:
        sent = Receipt()
        for part in (out.text[: len(out.text) // 2], out.text[len(out.text) // 2 :]):
            sent = await self.put(out, text=part or "-")
        return sent


@fails("every_script_goes_out")
class AsciiOnly(Sends):
    async def send(self, out: Outbound) -> Receipt:
        return await self.put(out, text=out.text.encode("ascii", "replace").decode())


@fails("line_ends_go_out")
class JoinsLines(Sends):
    async def send(self, out: Outbound) -> Receipt:
        return await self.put(out, text=" ".join(out.text.split()))


@fails("what_an_agent_types_is_no_markup")
class Escapes(Sends):
    async def send(self, out: Outbound) -> Receipt:
        return await self.put(out, text=out.text.replace("<", "&lt;"))


@fails("the_longest_text_goes_out", "the_longest_text_goes_out_in_any_script",
       "a_long_answer_loses_nothing")  # fmt: skip
class PromisesMore(ExampleChannel):
    max_text = 5000


@fails("the_longest_text_goes_out_in_any_script")
class CountsBytes(Sends):
    async def send(self, out: Outbound) -> Receipt:
        if len(out.text.encode()) > self.max_text:
            raise Rejected("too long")
        return await self.put(out)


class Errs(ExampleChannel):
    """Tells of failures in its own way."""

    async def send(self, out: Outbound) -> Receipt:
        try:
            return await super().send(out)
        except (Retry, Rejected, NotAuthorised) as error:
            raise self.told(error) from error

    def told(self, error: Exception) -> Exception:
        raise NotImplementedError


@fails("a_limit_says_how_long_to_wait")
class ForgetsTheWait(Errs):
    def told(self, error: Exception) -> Exception:
        return Retry("later", 1)


@fails("lost_credentials_say_what_to_do")
class Shrugs(Errs):
    def told(self, error: Exception) -> Exception:
        return NotAuthorised("401")


@fails("a_refusal_is_told_to_the_agent", "a_place_that_is_none_is_rejected")
class TriesForEver(Errs):
    def told(self, error: Exception) -> Exception:
        return Retry("once more")


@fails("a_platform_that_is_away_is_tried_again")
class GivesUp(Errs):
    def told(self, error: Exception) -> Exception:
        return Rejected("the platform is away")


@fails("a_lost_answer_is_in_doubt")
class NeverDoubts(Errs):
    def told(self, error: Exception) -> Exception:
        return Retry(str(error)) if isinstance(error, Retry) else error


@fails("a_repeat_is_suppressed_or_marked")
class RepeatsUnmarked(Sends):
    async def send(self, out: Outbound) -> Receipt:
        return await self.put(out, repeat=False)


@fails("a_failed_attempt_leaves_nothing_behind")
class SendsLater(Sends):
    left = ""

    async def send(self, out: Outbound) -> Receipt:
        text, self.left = f"{self.left}{out.text}", out.text
        sent = await self.put(out, text=text)
        self.left = ""
        return sent


@fails("no_error_tells_a_secret")
class TellsTheToken(Errs):
    def told(self, error: Exception) -> Exception:
        return Retry(f"{error} with {self._config.token.reveal()}")


# --- life ---


@fails("it_says_that_it_listens", "it_stops_when_it_is_told", "it_can_be_started_again",
       "nothing_is_left_running")  # fmt: skip
class EndsAtOnce(ExampleChannel):
    async def listen(self, intake: Intake) -> None:
        raise RuntimeError("no")


@fails("it_stops_before_it_has_begun", "it_stops_when_it_is_told")
class RefusesToStop(ExampleChannel):
    async def listen(self, intake: Intake) -> None:
        self._intake = intake
        intake.ready()
        end = asyncio.get_running_loop().time() + 0.3
        while asyncio.get_running_loop().time() < end:
            try:
                await asyncio.sleep(0.3)
            except asyncio.CancelledError:
                continue


@fails("nothing_is_left_running")
class LeavesTasks(ExampleChannel):
    async def listen(self, intake: Intake) -> None:
        self._stray = asyncio.create_task(self._on_and_on())
        await super().listen(intake)

    async def _on_and_on(self) -> None:
        await asyncio.sleep(5)


@fails("it_never_blocks_the_loop")
class Sleeps(Sends):
    async def send(self, out: Outbound) -> Receipt:
        time.sleep(0.001)  # noqa: ASYNC251 - on purpose
        return await self.put(out)


@fails("check_finds_it_well")
class NeverWell(ExampleChannel):
    async def check(self) -> Health:
        return Health(False, "I do not know")


@fails("check_explains_wrong_credentials", "check_explains_a_platform_that_is_away",
       "a_start_with_wrong_credentials_names_the_setting")  # fmt: skip
class AlwaysWell(ExampleChannel):
    async def check(self) -> Health:
        return Health(True, "all is well")

    async def _introduce(self) -> None:
        pass


@fails("check_leaves_nothing_open")
class LeavesItsClientOpen(ExampleChannel):
    async def check(self) -> Health:
        self._left = socket.socket()
        return await super().check()


@fails("a_start_with_wrong_credentials_names_the_setting")
class StartsWithARemoteError(ExampleChannel):
    async def _introduce(self) -> None:
        await self._call("GET", "/me")


@fails("no_secret_is_logged")
class LogsTheToken(Sends):
    async def send(self, out: Outbound) -> Receipt:
        log.warning("calling with %s", self._config.token.reveal())
        return await self.put(out)


@fails("nothing_that_people_say_is_logged")
class LogsWords(Sends):
    async def send(self, out: Outbound) -> Receipt:
        log.info("sending %s", out.text)
        return await self.put(out)


@fails("forgetting_may_be_repeated")
class ForgetsOnce(ExampleChannel):
    gone = False

    async def forget(self, values: Sequence[str]) -> None:
        if self.gone:
            raise KeyError(values[0])
        self.gone = True


@fails("a_file_that_is_none_is_said_to_be_so")
class MuteReader(ExampleChannel):
    forms: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def read_file(cls, raw: bytes, form: str) -> Mapping[str, object]:
        raise ValueError


# --- files: the invented platform has none, so a town with files is spoilt ---


class FileTown(Town):
    """A town where files travel inside events and answers."""

    async def sends_file(self, name: str, data: bytes, text: str, *, who: str = "joe") -> None:
        event = self._event(text, who)
        await self._tell({**event, "file": {"name": name, "hex": data.hex()}})


class Files(ExampleChannel):
    """Loses files on the way."""

    caps = Cap.LIVE | Cap.EDIT_IN | Cap.FILES_IN | Cap.FILES_OUT
    platform: ClassVar[type[Town]] = FileTown


@fails("a_file_comes_whole", "a_file_needs_no_words", "a_file_goes_out_whole",
       "a_large_file_goes_out_or_is_rejected")  # fmt: skip
class LosesFiles(Files):
    def parse(self, raw: bytes) -> Sequence[Inbound]:
        return [dataclasses.replace(one, text=one.text or "(a file)") for one in read(raw)]

    async def send(self, out: Outbound) -> Receipt:
        return await super().send(dataclasses.replace(out, text=out.text or "(a file)"))


class Deaf(ExampleChannel):
    """Promises to change what it has sent, and does not."""

    caps = Cap.LIVE | Cap.EDIT_IN | Cap.EDIT_OUT | Cap.DELETE_OUT | Cap.TYPING


@fails("a_message_of_ours_can_be_edited", "a_message_of_ours_can_be_taken_back",
       "a_sign_of_typing_is_no_message")  # fmt: skip
class ChangesNothing(Deaf):
    async def edit(self, change: Amendment) -> None:
        pass

    async def delete(self, change: Amendment) -> None:
        pass

    async def show_typing(self, conversation: str, to: Address) -> None:
        await self._call("POST", "/messages", {"chat": conversation, "text": "…"})


class Offers(ExampleChannel):
    """Has templates to offer, which nobody can send."""

    caps = Cap.LIVE | Cap.EDIT_IN | Cap.TEMPLATES
    offered: ClassVar[tuple[Template, ...]] = ()

    def templates(self) -> Sequence[Template]:
        return self.offered


@fails("templates_can_be_named_and_filled")
class OffersTwoOfOneName(Offers):
    offered = (Template("hi", "Hi"), Template("hi", "Hallo", language="de"))


@fails("templates_can_be_named_and_filled")
class LosesItsVariables(Offers):
    offered = (Template("order news", "Order {{1}}", ("number",)),)


class Breaking(Town):
    """A town whose line can break."""

    async def breaks(self) -> None:
        self.broken = True

    async def says(self, text: str, *, who: str = "joe") -> None:
        if not getattr(self, "broken", False):
            await super().says(text, who=who)


@fails("it_comes_back_after_a_broken_connection")
class StaysAway(ExampleChannel):
    platform: ClassVar[type[Town]] = Breaking


@fails("its_package_is_typed")
class OfAnUntypedPackage(ExampleChannel):
    pass
