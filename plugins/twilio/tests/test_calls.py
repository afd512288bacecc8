"""Calls: greeted, and kept as what the caller left."""

from __future__ import annotations

from typing import Any

from omniroute import Address, Inbound
from omniroute_twilio.settings import GREETING
from omniroute_twilio.testing import FakeTwilio, Phone

TONE = "(tone)"


async def test_a_caller_is_greeted_in_the_desks_words(bench: Any, joe: Phone) -> None:
    call = await joe.calls()
    assert call.heard == [GREETING.replace("{organisation}", "Acme"), TONE]
    assert bench.read() == []  # nothing has happened yet that anybody should see


async def test_a_wish_to_be_called_back_is_a_line_which_tells_how_the_call_went_on(
    bench: Any, joe: Phone
) -> None:
    call = await joe.calls()
    await call.presses("1")
    assert call.heard[-1] == "Thank you. We will call you back. Goodbye."
    assert call.over
    assert bench.lines() == ["☎ Asks to be called back: tel:+14155550101."]
    await call.ends(seconds=15)
    assert bench.lines() == [
        "☎ Asks to be called back: tel:+14155550101. The call ended after 0:15."
    ]


async def test_another_key_leads_to_the_tone(bench: Any, joe: Phone) -> None:
    call = await joe.calls()
    await call.presses("7")
    assert call.heard[2:] == [TONE]


async def test_who_hangs_up_is_a_missed_call(bench: Any, joe: Phone) -> None:
    await (await joe.calls()).ends(seconds=7)
    await (await joe.calls()).ends(status="busy")
    assert bench.lines() == [
        "☎ Missed call: heard the greeting, hung up after 0:07; call back: tel:+14155550101.",
        "☎ Missed call: it was busy; call back: tel:+14155550101.",
    ]


async def test_a_voicemail_has_its_recording_and_then_its_words(bench: Any, joe: Phone) -> None:
    call = await joe.calls()
    recording = await call.speaks(b"mp3")
    await call.ends()
    assert bench.read() == []  # the recording is on its way, so the call was not missed
    await call.recorded(recording, seconds=83)
    (voicemail,) = bench.read()
    assert voicemail.text == "☎ Voicemail, 1:23; call back: tel:+14155550101."
    assert [(file.name, file.media_type, file.data) for file in voicemail.files] == [
        ("voicemail.mp3", "audio/mpeg", b"mp3")
    ]
    await call.transcribed(recording, "Where is my pigeon?")
    first, edit = bench.read()
    assert (edit.kind, edit.external_id) == ("edit", first.external_id)
    assert edit.text == f"{first.text}\n\nWhere is my pigeon?"
    assert edit.sender == first.sender


async def test_words_that_overtake_their_recording_wait_for_it(bench: Any, joe: Phone) -> None:
    call = await joe.calls()
    recording = await call.speaks(b"mp3")
    await call.transcribed(recording, "Where is my pigeon?")
    await call.recorded(recording)
    voicemail = bench.read()[-1]
    assert voicemail.text.endswith("\n\nWhere is my pigeon?")


async def test_a_callers_number_is_verified_only_where_the_carriers_attest_it(
    bench: Any, joe: Phone, bench_of: Any
) -> None:
    for attested in (False, True):
        call = await joe.calls(attested=attested)
        await call.ends()
    asserted, verified = [one.sender for one in bench.read()]
    assert asserted == Address("phone", joe.number, verified=False)
    assert verified == Address("phone", joe.number, verified=True)


async def test_every_caller_is_believed_where_the_settings_say_so(
    bench_of: Any, joe: Phone
) -> None:
    async with bench_of(caller_id="verified").listening() as bench:
        await (await joe.calls()).ends()
        (said,) = bench.read()
        assert said.sender.verified


async def test_two_callers_who_hide_their_number_are_two(bench: Any, fake: FakeTwilio) -> None:
    for number in ("anonymous", "+266696687"):
        call = await Phone(fake, number).calls()
        await call.presses("1")
    one, other = bench.read()
    assert one.sender.value != other.sender.value
    assert (one.text, one.sender.display) == ("☎ Asks to be called back.", "a hidden number")


async def test_while_the_disk_is_full_a_caller_may_still_speak(bench: Any, joe: Phone) -> None:
    call = await joe.calls()
    bench.kept.full = True
    await call.presses("1")
    assert call.heard[-1] == TONE


async def test_the_words_and_the_voice_are_the_admins(bench_of: Any, joe: Phone) -> None:
    more = {"greeting": "Hallo bei {organisation} & Co.", "voicemail_seconds": 0}
    async with bench_of(**more, goodbye="Tschüss.").listening():
        call = await joe.calls()
        assert call.heard == ["Hallo bei Acme & Co.", "Tschüss."]
        assert call.over


async def test_our_own_calls_are_nobodys_missed_calls(
    bench: Any, joe: Phone, fake: FakeTwilio
) -> None:
    fields = {"CallSid": "CA1", "From": fake.number, "CallStatus": "completed",
              "Direction": "outbound-api"}  # fmt: skip
    await fake.call(f"{bench.base}/call/ended", fields)
    assert bench.read() == []


async def test_the_words_of_somebody_erased_are_forgotten(bench: Any, joe: Phone) -> None:
    call = await joe.calls()
    recording = await call.speaks(b"mp3")
    await call.transcribed(recording, "my secret")
    await bench.channel.forget([joe.number])
    await call.recorded(recording)
    voicemail = bench.read()[-1]
    assert isinstance(voicemail, Inbound)
    assert "my secret" not in voicemail.text
