"""Checks of what comes in: nothing lost, nothing twice, nobody mistaken for another."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import quote, quote_plus

from omniroute.channel import Address, Cap, Inbound
from omniroute.runtime.inbounds import checked
from omniroute.testing.asgi import ENDLESS
from omniroute.testing.conformance.scenes import Bound, not_shown, scene
from omniroute.testing.conformance.watching import impurities
from omniroute.testing.stage import Stage

SCRIPTS: Final = "Grüße 👩‍👧 שלום مرحبا 你好 ñ ẞ \u200f)"
LINES: Final = "first\nsecond\n\nfourth"
MARKUP: Final = "a <b>bold</b> & 1 < 2 > 0 *star* _under_ `code` &amp; [x](y)"
GARBAGE: Final = (
    b"", b"\0", b"\xff\xfe\xfd", b"{", b"{}", b"[]", b"null", b"0", b'""', b"[" * 10_000,
    b'{"v": 1}', b"<?xml version='1.0'?><a/>", b"\r\n\r\n", "“”".encode("utf-16"),
)  # fmt: skip
FILE: Final = bytes(range(256)) * 40
AGAIN: Final = "says:again"


class Incoming(Bound):
    """What customers write."""

    @scene()
    async def test_a_message_comes_in(self, stage: Stage) -> None:
        message = await stage.heard("I was charged twice")
        assert message.text == "I was charged twice"
        assert message.kind == "message"
        assert message.conversation.strip(), "conversation is empty: where does an answer go?"

    @scene()
    async def test_a_time_has_its_zone(self, stage: Stage) -> None:
        message = await stage.heard("hello")
        assert message.sent_at.utcoffset() is not None, "sent_at is naive; give it UTC"

    @scene()
    async def test_ids_are_there_and_each_its_own(self, stage: Stage) -> None:
        ids = [(await stage.heard(text)).external_id for text in ("one", "one", "two")]
        assert all(id.strip() for id in ids), "external_id is empty"
        assert len(set(ids)) == 3, "two messages share an external_id: the second would be lost"

    @scene()
    async def test_equal_bytes_are_read_equally_after_a_restart(self, stage: Stage) -> None:
        await stage.heard("hello")
        fresh = stage.another("main", "fresh")
        assert stage.read(fresh) == stage.read(), "parse depends on more than its bytes"

    @scene()
    async def test_parse_does_not_remember(self, stage: Stage) -> None:
        await stage.heard("one")
        await stage.heard("two")
        raws = list(stage.notebook.kept.values())
        there = [stage.channel.parse(raw) for raw in raws]
        back = [stage.channel.parse(raw) for raw in reversed(raws)]
        assert there == back[::-1], "parse answers otherwise in another order"

    @scene()
    async def test_parse_asks_no_clock_no_chance_and_no_world(self, stage: Stage) -> None:
        await stage.heard(SCRIPTS)
        stage.read()  # imports are over
        with impurities() as found:
            stage.read()
        assert not found, f"parse calls {sorted(found)}: a replay would read something else"

    @scene()
    async def test_what_comes_twice_is_one_message(self, stage: Stage) -> None:
        await stage.heard("hello")
        await stage.platform.again()
        await stage.heard("and then")
        assert [one.text for one in stage.messages()] == ["hello", "and then"], (
            "an event told twice has two ids: use the platform's own id for external_id"
        )

    @scene()
    async def test_a_burst_keeps_its_order(self, stage: Stage) -> None:
        said = [f"line {number}" for number in range(5)]
        for text in said:
            await stage.platform.says(text)
        assert [one.text for one in await stage.hears(5)] == said

    @scene()
    async def test_our_own_words_do_not_come_back(self, stage: Stage) -> None:
        message = await stage.heard("hello")
        await stage.send(stage.answer(message, "Hello Joe"))
        await stage.heard("thanks")
        assert [one.text for one in stage.messages()] == ["hello", "thanks"], (
            "our answer came back as a customer's message: a loop"
        )

    @scene()
    async def test_a_machine_is_not_taken_for_a_person(self, stage: Stage) -> None:
        await stage.platform.machine_says("I am out of office")
        await stage.heard("a person")
        for one in stage.messages():
            assert one.text == "a person" or one.automatic, (
                "what a machine wrote is to be ignored, or marked automatic"
            )

    @scene()
    async def test_an_unknown_event_is_ignored(self, stage: Stage) -> None:
        await stage.platform.something_new()
        await stage.heard("still here")
        assert not stage.dead, f"an event of a new kind became a dead letter: {stage.dead}"
        assert [one.text for one in stage.read()] == ["still here"]

    @scene()
    async def test_garbage_invents_no_message(self, stage: Stage) -> None:
        for raw in GARBAGE:
            try:
                read = checked(stage.channel, stage.channel.parse(raw))
            except Exception:  # noqa: BLE001 - a dead letter, whatever its reason
                continue
            assert not read, f"parse({raw[:20]!r}) answered {read!r}"

    @scene()
    async def test_bytes_that_are_cut_off_are_a_dead_letter_or_whole(self, stage: Stage) -> None:
        whole = await stage.heard("a message that is cut off")
        raw = list(stage.notebook.kept.values())[-1]
        for end in range(0, len(raw), max(1, len(raw) // 60)):
            try:
                read = checked(stage.channel, stage.channel.parse(raw[:end]))
            except Exception:  # noqa: BLE001 - as above
                continue
            for one in read:
                assert isinstance(one, Inbound)
                assert one.external_id, "half an event became a message without an id"
                assert not (one.sender.verified and one.sender != whole.sender), (
                    "half an event vouches for somebody else"
                )

    @scene()
    async def test_every_script_arrives(self, stage: Stage) -> None:
        assert (await stage.heard(SCRIPTS)).text == SCRIPTS

    @scene()
    async def test_line_ends_are_kept(self, stage: Stage) -> None:
        assert (await stage.heard(LINES)).text == LINES

    @scene()
    async def test_what_looks_like_markup_is_text(self, stage: Stage) -> None:
        assert (await stage.heard(MARKUP)).text == MARKUP

    @scene(needs=Cap.FILES_IN)
    async def test_a_file_comes_whole(self, stage: Stage) -> None:
        await stage.platform.sends_file("grün.bin", FILE, "the receipt")
        (message,) = await stage.hears(1)
        assert message.text == "the receipt"
        assert [(file.name, file.data) for file in message.files] == [("grün.bin", FILE)]
        assert "/" in message.files[0].media_type

    @scene(needs=Cap.FILES_IN)
    async def test_a_file_needs_no_words(self, stage: Stage) -> None:
        await stage.platform.sends_file("a.bin", b"bytes", "")
        (message,) = await stage.hears(1)
        assert (message.text, len(message.files)) == ("", 1)

    @scene()
    async def test_no_file_comes_where_none_is_declared(self, stage: Stage) -> None:
        if Cap.FILES_IN not in self.channel.caps:
            message = await stage.heard("hello")
            assert not message.files, "files come in: declare FILES_IN"

    @scene()
    async def test_two_people_are_two_and_stay_so(self, stage: Stage) -> None:
        joe, mia = await stage.heard("hello"), await stage.heard("hello", who="mia")
        assert joe.sender.value != mia.sender.value, "two people have one address"
        if AGAIN in self.absent:  # where nothing tells who has written before
            not_shown(self, AGAIN)
        again = await stage.heard("me again")
        assert _bare(again.sender) == _bare(joe.sender), "one person has two addresses"

    @scene()
    async def test_nobody_is_vouched_for_by_what_they_say(self, stage: Stage) -> None:
        forged = await stage.platform.forges("I am somebody else")
        message = (await stage.hears(1))[-1]
        vouched = [a.value for a in (message.sender, *message.also_known_as) if a.verified]
        assert forged not in vouched, f"{forged} is verified, though nobody vouches for it"

    @scene(needs=Cap.EDIT_IN)
    async def test_an_edit_names_the_message_it_changes(self, stage: Stage) -> None:
        message = await stage.heard("I was charged twice")
        await stage.platform.edits("I was charged three times")
        (edit,) = await stage.hears(1, "edit")
        assert (edit.external_id, edit.text) == (message.external_id, "I was charged three times")

    @scene()
    async def test_a_deletion_names_the_message_it_takes_back(self, stage: Stage) -> None:
        message = await stage.heard("I was charged twice")
        await stage.platform.deletes()
        (gone,) = await stage.hears(1, "delete")
        assert gone.external_id == message.external_id

    @scene()
    async def test_nothing_is_acknowledged_before_it_is_kept(self, stage: Stage) -> None:
        stage.notebook.full = True
        says = asyncio.ensure_future(stage.platform.says("while the disk is full"))
        async with asyncio.timeout(stage.patience):
            await stage.notebook.asked.wait()
        stage.notebook.full = False
        await stage.platform.comes_again()
        await says
        (message,) = await stage.hears(1)
        assert message.text == "while the disk is full"

    @scene(listens=False)
    async def test_what_waited_through_a_restart_comes_in(self, stage: Stage) -> None:
        async with stage.listening():
            stage.notebook.full = True
            says = asyncio.ensure_future(stage.platform.says("before the restart"))
            async with asyncio.timeout(stage.patience):
                await stage.notebook.asked.wait()
        stage.notebook.full = False
        stage.open()
        async with stage.listening():
            await says
            (message,) = await stage.hears(1)
            assert message.text == "before the restart"

    @scene(listens=False)
    async def test_what_is_told_again_after_a_restart_is_known(self, stage: Stage) -> None:
        """A back-fill must not come in as new messages, even if the account's folder is lost."""
        async with stage.listening():
            await stage.heard("hello")
        stage.open(folder="account" if self.platform.lives_in_the_folder else "lost")
        async with stage.listening():
            await stage.platform.again()
            await stage.heard("and then")
            assert [one.text for one in stage.messages()] == ["hello", "and then"]


class Requests(Bound):
    """What a platform asks of our webhook.  Left out where `Channel.routes` is empty."""

    @scene(routes=True)
    async def test_a_signed_request_is_kept(self, stage: Stage) -> None:
        answered = await stage.calls(await stage.platform.request("by webhook"))
        # 303 leads a browser to the page that says so.
        kept = answered.ok or answered.status == 303
        assert kept, f"a good request was answered {answered.status}"
        (message,) = await stage.hears(1)
        assert message.text == "by webhook"

    @scene(routes=True)
    async def test_a_wrong_signature_is_refused_and_nothing_kept(self, stage: Stage) -> None:
        answered = await stage.calls(await stage.platform.forged_request("let me in"))
        assert answered.status in (401, 403), f"a forged request was answered {answered.status}"
        assert not stage.notebook.kept, "what nobody vouches for was kept"

    @scene(routes=True)
    async def test_a_request_without_a_signature_is_refused(self, stage: Stage) -> None:
        request = await stage.platform.request("no signature")
        await stage.platform.forged_request("is asked for, so that bare routes are exempt together")
        bare = type(request)(request.body, {}, request.path, request.method)
        answered = await stage.calls(bare)
        assert answered.refused, f"a request without headers was answered {answered.status}"
        assert not stage.notebook.kept

    @scene(routes=True)
    async def test_a_changed_body_is_refused(self, stage: Stage) -> None:
        request = await stage.platform.request("the original")
        await stage.platform.forged_request("as above")
        changed = request.body
        for written in (quote, quote_plus, str):  # as in a form, and as it is
            changed = changed.replace(
                written("the original").encode(), written("another text").encode()
            )
        assert changed != request.body, "the text stands in the body as it is, or as in a form"
        more = dict(request.headers)
        answered = await stage.calls(type(request)(changed, more, request.path, request.method))
        if not answered.refused:
            # A shared secret proves who calls, and not what: then at least it must be one message.
            assert stage.notebook.kept, "answered well and not kept"

    @scene(routes=True)
    async def test_a_replayed_request_is_one_message(self, stage: Stage) -> None:
        request = await stage.platform.request("once")
        for _ in range(2):
            await stage.calls(request)
        assert [one.text for one in stage.messages()] == ["once"]

    @scene(listens=False, routes=True)
    async def test_requests_before_it_listens_are_sent_back(self, stage: Stage) -> None:
        answered = await stage.calls(await stage.platform.request("too early"))
        assert answered.status == 503, (
            f"answered {answered.status}; 503 makes the platform come again"
        )

    @scene(routes=True)
    async def test_a_request_is_sent_back_while_the_disk_is_full(self, stage: Stage) -> None:
        stage.notebook.full = True
        answered = await stage.calls(await stage.platform.request("no room"))
        assert answered.status == 503, f"answered {answered.status} although it was not kept"

    @scene(routes=True)
    async def test_a_body_without_an_end_is_not_read_to_it(self, stage: Stage) -> None:
        request = await stage.platform.request("big")
        answered = await stage.calls(request, endless=True)
        assert answered.refused, f"a body of 64 MiB was answered {answered.status}"
        assert answered.read < ENDLESS, "it was read to its end; stop at what you take"
        assert not stage.notebook.kept


def _bare(address: Address) -> tuple[str, str]:
    return address.kind, address.value
