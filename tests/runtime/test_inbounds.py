"""What a channel read is shown to people; none of it commands their terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from omniroute import Address, Channel, File, Inbound
from omniroute.runtime.inbounds import checked

OWNED = "a\x1b]0;owned\x07\x9b2Jb\tc\nd\x00\x7f"
PLAIN = "a]0;owned2Jb\tc\nd"


def said(**more: object) -> Inbound:
    told = {"external_id": "e1", "conversation": "c", "sender": Address("acme", "u1")}
    return Inbound(**{**told, "text": "hello", "sent_at": datetime.now(UTC), **more})  # type: ignore[arg-type]


def read(inbound: Inbound) -> Inbound:
    found = checked(cast(Channel, None), [inbound])[0]
    assert isinstance(found, Inbound)
    return found


def test_what_commands_a_terminal_is_left_out_wherever_people_read() -> None:
    joe = Address("acme", "u1", display=OWNED)
    found = read(
        said(
            sender=joe, also_known_as=(joe,), others=(joe,), text=OWNED, subject=OWNED,
            quoted=OWNED, files=(File(OWNED, "a/b", b"\x1b"),),
        )
    )  # fmt: skip
    assert (found.text, found.subject, found.quoted) == (PLAIN, PLAIN, PLAIN)
    assert found.sender.display == found.also_known_as[0].display == PLAIN
    assert found.others[0].display == found.files[0].name == PLAIN
    assert found.files[0].data == b"\x1b"


def test_what_is_plain_stays_as_it_is() -> None:
    inbound = said(text="Grüße 🎉\n\tzwei", references=("<1@x>",), files=(File("a", "b", b""),))
    assert read(inbound) is inbound
