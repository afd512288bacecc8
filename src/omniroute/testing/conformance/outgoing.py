"""Checks of what goes out: it arrives, once, and failures say what to do."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Final

import pytest

from omniroute.channel import (
    Amendment,
    Cap,
    Deletes,
    Edits,
    File,
    Inbound,
    Outbound,
    Templates,
    Types,
)
from omniroute.errors import NotAuthorised, Rejected, RemoteError, Retry
from omniroute.runtime.splitting import split, unit_of
from omniroute.testing.conformance.incoming import LINES, SCRIPTS
from omniroute.testing.conformance.scenes import Bound, scene
from omniroute.testing.platform import How, NotShown
from omniroute.testing.stage import Stage

TYPED: Final = "a <b>bold</b> & 1 < 2 > 0 &amp; *star* <!channel> @all {name} %s"
LONGEST: Final = 20_000  # characters that a check sends, where a channel takes millions
WAIT: Final = 7.0  # s that a platform asks for


class Outgoing(Bound):
    """What agents answer."""

    @scene()
    async def test_an_answer_reaches_whoever_wrote(self, stage: Stage) -> None:
        joe, mia = await stage.heard("hello"), await stage.heard("hello", who="mia")
        await stage.send(stage.answer(joe, "Hello Joe", "k1"))
        await stage.send(stage.answer(mia, "Hello Mia", "k2"))
        assert (await stage.texts("joe"), await stage.texts("mia")) == (
            ["Hello Joe"],
            ["Hello Mia"],
        )

    @scene()
    async def test_a_receipt_names_what_was_sent(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        ids = [(await stage.send(stage.answer(joe, "yes", key))).external_ids for key in "ab"]
        assert all(one and all(one) for one in ids), f"receipts without ids: {ids}"
        assert ids[0] != ids[1], "two messages have one id"

    @scene()
    async def test_one_call_sends_one_message(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        await stage.send(stage.answer(joe, "one paragraph\n\nand another one " * 3))
        assert len(await stage.texts()) == 1, "send has made several messages: the engine splits"

    @scene()
    async def test_every_script_goes_out(self, stage: Stage) -> None:
        await self._arrives(stage, SCRIPTS)

    @scene()
    async def test_line_ends_go_out(self, stage: Stage) -> None:
        await self._arrives(stage, LINES)

    @scene()
    async def test_what_an_agent_types_is_no_markup(self, stage: Stage) -> None:
        await self._arrives(stage, TYPED)

    @scene()
    async def test_the_longest_text_goes_out(self, stage: Stage) -> None:
        await self._arrives(stage, "x" * min(self._most, LONGEST))

    @scene()
    async def test_the_longest_text_goes_out_in_any_script(self, stage: Stage) -> None:
        """A platform that counts bytes, or halves of a character, says so with `counts`."""
        most = min(self._most, LONGEST)
        await self._arrives(stage, split("👍" * most, most, unit_of(stage.channel))[0])

    @scene()
    async def test_a_long_answer_loses_nothing(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        text = " ".join(f"word{number}" for number in range(min(self._most, LONGEST) // 4))
        parts = split(text, self._most, unit_of(stage.channel))
        for number, part in enumerate(parts):
            await stage.send(stage.answer(joe, part, f"k.{number}"))
        assert " ".join(await stage.texts()).split() == text.split()

    @scene()
    async def test_a_long_answer_goes_on_where_it_failed(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        for number, part in enumerate(("one", "two", "three")):
            if part == "two":
                self._hold_up(stage)
                with pytest.raises(Retry):
                    await stage.send(stage.answer(joe, part, f"k.{number}"))
            await stage.send(stage.answer(joe, part, f"k.{number}"))
        assert await stage.texts() == ["one", "two", "three"]

    @scene()
    async def test_a_limit_says_how_long_to_wait(self, stage: Stage) -> None:
        error = await self._fails(stage, "rate", Retry)
        assert isinstance(error, Retry)
        assert (error.after or 0) >= WAIT, (
            f"the platform asked for {WAIT:g} s, Retry.after is {error.after}"
        )
        assert not error.in_doubt, "the platform said that it did not take it"

    @scene()
    async def test_lost_credentials_say_what_to_do(self, stage: Stage) -> None:
        error = await self._fails(stage, "unauthorised", NotAuthorised)
        assert len(str(error).split()) > 3, f"“{error}” tells nobody what to do"

    @scene()
    async def test_a_refusal_is_told_to_the_agent(self, stage: Stage) -> None:
        error = await self._fails(stage, "rejected", Rejected)
        assert len(str(error)) > 5, f"“{error}” gives no reason"

    @scene()
    async def test_a_platform_that_is_away_is_tried_again(self, stage: Stage) -> None:
        await self._fails(stage, "away", Retry)
        assert await stage.texts() == []

    @scene()
    async def test_a_lost_answer_is_in_doubt(self, stage: Stage) -> None:
        error = await self._fails(stage, "lost", Retry)
        assert isinstance(error, Retry)
        assert error.in_doubt, "the platform may have taken it: raise Retry(…, in_doubt=True)"

    @scene()
    async def test_a_repeat_is_suppressed_or_marked(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        stage.platform.fails("lost")
        with pytest.raises(Retry):
            await stage.send(stage.answer(joe, "Hello Joe"))
        await stage.send(stage.answer(joe, "Hello Joe", repeat=True))
        assert (await stage.texts()).count("Hello Joe") == 1, (
            "the customer reads it twice, and nothing says that it is the same"
        )

    @scene()
    async def test_a_failed_attempt_leaves_nothing_behind(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        stage.platform.fails("rejected")
        with pytest.raises(Rejected):
            await stage.send(stage.answer(joe, "no"))
        await stage.send(stage.answer(joe, "yes", "k2"))
        assert await stage.texts() == ["yes"]

    @scene()
    async def test_a_place_that_is_none_is_rejected(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        nowhere = stage.platform.nowhere()
        lost = Outbound("k1", nowhere, type(joe.sender)(joe.sender.kind, nowhere, True), "hello?")
        with pytest.raises(Rejected):
            await stage.send(lost)

    @scene()
    async def test_answers_side_by_side_do_not_mix(self, stage: Stage) -> None:
        joe, mia = await stage.heard("hello"), await stage.heard("hello", who="mia")
        outs = [
            stage.answer(to, f"{name} {number}", f"{name}{number}")
            for number in range(3)
            for to, name in ((joe, "joe"), (mia, "mia"))
        ]
        await asyncio.gather(*map(stage.send, outs))
        for name in ("joe", "mia"):
            assert sorted(await stage.texts(name)) == [f"{name} {number}" for number in range(3)]

    @scene(needs=Cap.EDIT_OUT)
    async def test_a_message_of_ours_can_be_edited(self, stage: Stage) -> None:
        channel, change = await self._sent(stage, "the wrong number")
        assert isinstance(channel, Edits), "EDIT_OUT needs the method edit"
        await channel.edit(dataclasses.replace(change, text="the right number"))
        assert await stage.texts() == ["the right number"]

    @scene(needs=Cap.DELETE_OUT)
    async def test_a_message_of_ours_can_be_taken_back(self, stage: Stage) -> None:
        channel, change = await self._sent(stage, "to somebody else")
        assert isinstance(channel, Deletes), "DELETE_OUT needs the method delete"
        await channel.delete(change)
        assert "to somebody else" not in await stage.texts()

    @scene(needs=Cap.TEMPLATES)
    async def test_templates_can_be_named_and_filled(self, stage: Stage) -> None:
        channel = stage.channel
        assert isinstance(channel, Templates), "TEMPLATES needs the method templates"
        offered = channel.templates()
        names = [one.name for one in offered]
        assert len(set(names)) == len(names), f"{names}: two templates have one name"
        for one in offered:
            assert one.name.split() == [one.name], f"“{one.name}”: agents write it as one word"
            lost = [name for name in one.variables if f"{{{{{name}}}}}" not in one.text]
            assert lost == [], f"{one.name}: {lost} stand nowhere in its text"

    @scene(needs=Cap.TYPING)
    async def test_a_sign_of_typing_is_no_message(self, stage: Stage) -> None:
        joe, channel = await stage.heard("hello"), stage.channel
        assert isinstance(channel, Types), "TYPING needs the method show_typing"
        for _ in range(2):
            await channel.show_typing(joe.conversation, joe.sender)
        assert await stage.texts() == []

    async def _sent(self, stage: Stage, text: str) -> tuple[object, Amendment]:
        joe = await stage.heard("hello")
        receipt = await stage.send(stage.answer(joe, text))
        return stage.channel, Amendment(joe.conversation, joe.sender, receipt.external_ids)

    @scene(needs=Cap.FILES_OUT)
    async def test_a_file_goes_out_whole(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        file = File(*self.file, bytes(range(256)))
        await stage.send(stage.answer(joe, "the receipt", files=(file,)))
        got = [one for one in await stage.platform.got() if one.files]
        assert [one.files for one in got] == [((file.name, file.data),)]
        assert "the receipt" in "".join(await stage.texts())

    @scene(needs=Cap.FILES_OUT)
    async def test_a_large_file_goes_out_or_is_rejected(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        file = File(*self.file, bytes(self.large_file))
        try:
            await stage.send(stage.answer(joe, "", files=(file,)))
        except Rejected as error:
            assert len(str(error)) > 5, "say how large a file may be"
        else:
            sizes = [len(data) for one in await stage.platform.got() for _, data in one.files]
            assert sizes == [self.large_file]

    @scene()
    async def test_no_error_tells_a_secret(self, stage: Stage) -> None:
        joe = await stage.heard("hello")
        hows: tuple[How, ...] = ("rate", "unauthorised", "rejected", "away", "lost")
        for number, how in enumerate(hows):
            try:
                stage.platform.fails(how, after=0.01)
                await stage.send(stage.answer(joe, "hello", f"k{number}"))
            except NotShown:
                continue
            except RemoteError as error:
                for secret in stage.secrets():
                    assert secret not in f"{error} {error!r}", f"{type(error).__name__} tells it"

    # --- what they share ---

    def _hold_up(self, stage: Stage) -> None:
        try:
            stage.platform.fails("rate", after=0.01)
        except NotShown:
            stage.platform.fails("away")

    @property
    def _most(self) -> int:
        return int(self.channel.max_text)

    async def _arrives(self, stage: Stage, text: str) -> None:
        joe = await stage.heard("hello")
        await stage.send(stage.answer(joe, text))
        got = await stage.texts()
        assert len(got) == 1, f"{len(got)} messages arrived"
        assert got[0] == text, f"{got[0][:200]!r} arrived instead of {text[:200]!r}"

    async def _fails(self, stage: Stage, how: How, kind: type[RemoteError]) -> RemoteError:
        joe: Inbound = await stage.heard("hello")
        stage.platform.fails(how, after=WAIT if how == "rate" else 0)
        try:
            await stage.send(stage.answer(joe, "Hello Joe"))
        except kind as error:
            return error
        except Exception as error:
            said = f"raised {type(error).__name__}: {error}"
            raise AssertionError(
                f"where it is “{how}”, send {said}; {kind.__name__} is due"
            ) from error
        raise AssertionError(f"where it is “{how}”, send raised nothing; {kind.__name__} is due")
