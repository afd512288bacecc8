"""Who sees what: colleagues everything, a kiosk its form, everybody else nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omniroute import Secret
from omniroute_frontdesk.doorkeeper import LASTS, Doorkeeper
from omniroute_frontdesk.settings import Settings

if TYPE_CHECKING:
    from plugins.frontdesk.tests.conftest import Desk


async def test_without_the_key_there_is_nothing_to_see(desk: Desk) -> None:
    await desk.staff.logs(name="Joe")
    visit = desk.read()[0].conversation
    stranger = desk.screen()
    for path in ("/", "/visits", f"/visits/{visit}"):
        answered = await stranger.gets(path)
        assert (answered.status, b"Joe" in answered.body) == (403, False)
    for path in ("/", f"/visits/{visit}", f"/visits/{visit}/code", f"/visits/{visit}/link"):
        assert (await stranger.posts(path, text="x", ticket="c" * 32)).status == 403
    assert len(desk.read()) == 1


async def test_the_key_is_guessed_at_slowly(desk: Desk) -> None:
    guesser = desk.screen()
    statuses = [(await guesser.opens("a guess")).status for _ in range(12)]
    assert statuses[0] == 403
    assert statuses[-1] == 429
    assert guesser.cookie == ""


async def test_a_kiosk_shows_its_form_and_nobody_s_visit(desk: Desk) -> None:
    kiosk = desk.screen()
    await kiosk.opens(role="kiosk")
    assert b"Welcome" in (await kiosk.gets()).body
    answered = await kiosk.logs(name="Joe", email="joe@mail.example")
    page = answered.body.decode()
    visit = desk.read()[0].conversation
    assert answered.headers["refresh"] == "90; url=/channels/frontdesk/main/"
    assert "Scan to go on in Telegram" in page
    assert "sent you a link by e-mail" in page
    assert visit not in page
    for path in ("/visits", f"/visits/{visit}"):
        assert (await kiosk.gets(path)).status == 403


async def test_a_screen_speaks_the_language_of_its_browser(desk: Desk) -> None:
    kiosk, staff = desk.screen(), desk.staff
    kiosk.language = staff.language = "de-AT,de;q=0.9,en;q=0.5"
    assert "Schlüssel des Empfangs" in (await kiosk.gets()).body.decode()
    assert "Das ist nicht der Schlüssel." in (await kiosk.opens("a guess")).body.decode()
    await kiosk.opens(role="kiosk")
    page = (await kiosk.gets()).body.decode()
    assert '<html lang="de">' in page
    assert "Was können wir für Sie tun?" in page
    assert "Bitte sagen Sie, worum es geht." in (await kiosk.logs(text="")).body.decode()
    thanks = (await kiosk.logs(name="Joe", email="joe@mail.example")).body.decode()
    assert "Scannen, um in unserem Web-Chat weiterzumachen" in thanks
    visit = f"/visits/{desk.read()[0].conversation}"
    told = (await staff.posts(visit + "/link")).body.decode()
    assert "Ein Link ist unterwegs an joe@mail.example." in told
    assert "Wer da war" in told


async def test_a_cookie_is_for_this_site_alone_and_out_of_reach(desk: Desk) -> None:
    answered = await desk.screen().opens()
    said = answered.headers["set-cookie"].lower()
    for part in ("httponly", "secure", "samesite=strict", "path=/channels/frontdesk/main/"):
        assert part in said


@pytest.mark.parametrize("role", ["staff", "kiosk"])
async def test_nobody_makes_a_cookie_of_their_own(desk: Desk, role: str) -> None:
    forger = desk.screen()
    forger.cookie = f"omniroute_frontdesk_main={role}.99999999999.{'0' * 64}"
    assert (await forger.gets()).status == 403
    forger.cookie = desk.staff.cookie.replace("staff", "kiosk")
    assert (await forger.gets()).status == 403


def test_another_key_closes_every_screen() -> None:
    one = Doorkeeper("main", Secret("the first key of all"), b"s", secure=True)
    other = Doorkeeper("main", Secret("the second key of all"), b"s", secure=True)
    assert one._mac("staff.1") != other._mac("staff.1")
    assert set(LASTS) == {"staff", "kiosk"}


def test_settings_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter than 12"):
        Settings(key=Secret("short"))
    with pytest.raises(ValueError, match="ends in a slash"):
        Settings(key=Secret("long enough to be one"), chat_url="https://desk.example/chat")
