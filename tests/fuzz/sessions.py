"""Who speaks with us: a peer that delivers mail, and a server that we fetch it from, both lying."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from hypothesis import strategies as st
from tests.fuzz.changed import octets
from tests.fuzz.targets import Target

from omniroute import NotAuthorised, Retry, Secret
from omniroute.testing.intake import Notebook
from omniroute_email.envelope import unpack
from omniroute_email.imap import Postbox
from omniroute_email.reception import Reception
from omniroute_email.session import Session
from omniroute_email.settings import Config, mailboxes

# --- a peer that delivers mail --------------------------------------------------------------------

DIALOGUES: Final = (
    (
        b"EHLO x.example\r\nMAIL FROM:<joe@x.example>\r\nRCPT TO:<help@demo.example>\r\nDATA\r\n"
        b"Subject: one\r\n\r\n..dots\r\n..\r\n.\r\nQUIT\r\n"
    ),
    (
        b"HELO x\r\nMAIL FROM:<> SIZE=20 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<HELP@demo.example>\r\n"
        b"DATA\r\none\n.\nMAIL FROM:<evil@x.example>\r\n.\r\nMAIL FROM:<joe@x.example>\r\n"
        b"RCPT TO:<help@demo.example>\r\nDATA\r\ntwo\r\n.\r\nRSET\r\nNOOP\r\nVRFY help\r\nHELP\r\n"
    ),
)
WORDS: Final = (
    b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n..\r\n", b".\r\n", b"\r\n",
    b"DATA\r\n", b"RSET\r\n", b"QUIT\r\n", b"STARTTLS\r\n", b"AUTH PLAIN AGEAYg==\r\n", b"BDAT 5",
    b"MAIL FROM:<joe@x.example>\r\n", b"RCPT TO:<help@demo.example>\r\n", b"<@a,@b:c@d>", b"<>",
    b"EHLO [127.0.0.1]\r\n", b"SIZE=99999999999999999999", b"a" * 1200, b"\xc3\xbc@x.example",
)  # fmt: skip
ANSWER: Final = re.compile(rb"(?:[2-5]\d\d[ -][ -~]*\r\n)*")
PATIENCE: Final = 10.0  # s until a session that says nothing is called hung


class Wire(asyncio.Transport):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.7", 25)})
        self.said = bytearray()
        self._closing = False

    def write(self, data: Any) -> None:
        if not self._closing:
            self.said += data

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    abort = close

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[bytes, Sequence[int]]:
    """What a peer says, and where its packets end."""
    said = draw(octets(DIALOGUES, WORDS))
    return said, sorted(draw(st.lists(st.integers(0, len(said)), max_size=6)))


def deliver(given: tuple[bytes, Sequence[int]]) -> None:
    """A session is the same in whatever packets it comes, and no message holds another's end."""
    said, ends = given
    at_once, kept = asyncio.run(heard([said]))
    pieces = [said[a:b] for a, b in zip([0, *ends], [*ends, len(said)], strict=True)]
    assert (at_once, kept) == asyncio.run(heard(pieces))
    assert ANSWER.fullmatch(at_once), at_once
    assert at_once.count(b"250 2.6.0") >= len(kept)  # the same again is kept once
    assert set(kept) <= _messages(said)


def _messages(said: bytes) -> set[bytes]:
    """All that may be a message in what a peer says: from a line's end up to a line with a dot."""
    found = set()
    for begin in (each.end() for each in re.finditer(b"\n", said)):
        end = said.find(b"\r\n.\r\n", begin - 2)
        if end >= 0:
            lines = said[begin : max(end + 2, begin)].split(b"\r\n")
            found.add(b"\r\n".join(line.removeprefix(b".") for line in lines))
    return found


async def heard(pieces: Sequence[bytes]) -> tuple[bytes, Sequence[bytes]]:
    """What a peer hears that says so much at a time, and the messages that are kept of it."""
    config, notebook = Config(addresses=["help@demo.example"], max_size=2000), Notebook()
    reception = Reception(config, mailboxes(config, "channels.mail"), notebook)
    session, wire = Session(reception, asyncio.get_running_loop()), Wire()
    session.connection_made(wire)
    assert session.task is not None
    for piece in pieces:
        session.data_received(piece)
        for _ in range(3):
            await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        while not wire.is_closing() and not session.task.done():
            before = len(wire.said)
            for _ in range(20):
                await asyncio.sleep(0)
            if len(wire.said) == before:
                break
        session.eof_received()
        session.connection_lost(None)
        await asyncio.wait([session.task])
    if not session.task.cancelled() and (error := session.task.exception()) is not None:
        raise error
    assert reception.held == 0
    return bytes(wire.said), [bytes(unpack(raw)[1]) for raw in notebook.kept.values()]


# --- a server that we fetch from ------------------------------------------------------------------

SERVER: Final = (
    b"* OK [CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS] ready\r\n",
    b"* CAPABILITY IMAP4rev1 IDLE\r\nTAG OK done\r\n",
    b"TAG OK [CAPABILITY IMAP4rev1 IDLE] in\r\n",
    b"* CAPABILITY IMAP4rev1 IDLE MOVE\r\nTAG OK done\r\n",
    b"* 2 EXISTS\r\n* OK [UIDVALIDITY 17] valid\r\n* FLAGS ()\r\nTAG OK [READ-WRITE] open\r\n",
    b"* SEARCH 4 7 9\r\nTAG OK done\r\n",
    b"* 1 FETCH (UID 4 BODY[]<0> {12}\r\nSubject: a\r\n)\r\nTAG OK done\r\n",
    b"* 1 FETCH (FLAGS (\\Seen))\r\nTAG OK done\r\n",
    b"+ idling\r\n* 3 EXISTS\r\nTAG OK done\r\n",
    b"* BYE\r\nTAG OK bye\r\n",
)
IN_SERVER: Final = (
    b"TAG OK\r\n", b"TAG NO [UNAVAILABLE] later\r\n", b"TAG BAD what\r\n", b"* BYE gone\r\n",
    b"* PREAUTH hello\r\n", b"[UIDVALIDITY x]", b"[UIDVALIDITY 99999999999999999999]", b"{0}\r\n",
    b"{-1}\r\n", b"{9999999999999}\r\n", b"* SEARCH\r\n", b"* SEARCH -4 x 9999999999\r\n", b"+\r\n",
    b"* CAPABILITY\r\n", b"* CAPABILITY \xff\r\n", b"* 9999999999999999999 EXISTS\r\n", b"* OK\r\n",
    b"* 1 FETCH NIL\r\n", b"XXXX1 OK\r\n", b"a" * 3000,
)  # fmt: skip
SILENCE: Final = 0.03  # s after which this server hangs up, lest both wait for the other


@st.composite
def conversations(draw: st.DrawFn) -> Sequence[bytes]:
    """What a server answers, command by command."""
    answers = [*SERVER]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(answers) - 1))
        answers[at] = draw(octets([answers[at]], IN_SERVER))
    return answers


def fetch(given: Sequence[bytes], silence: float = SILENCE) -> None:
    """Mail is fetched, or it is said why not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        lying = threading.Thread(target=_answer, args=(server, given, silence))
        lying.start()
        try:
            asyncio.run(_fetched(server.getsockname()[1]))
        finally:
            lying.join()


def _answer(server: socket.socket, answers: Sequence[bytes], silence: float) -> None:
    server.settimeout(PATIENCE)
    with suppress(OSError):
        peer, _ = server.accept()
        with peer:
            peer.settimeout(silence)
            peer.sendall(answers[0])
            for answer in answers[1:]:
                if not (line := peer.recv(10_000)):
                    return  # it has had enough
                peer.sendall(answer.replace(b"TAG", line.partition(b" ")[0] or b"TAG"))


async def _fetched(port: int) -> None:
    config = Config(
        addresses=["help@demo.example"], imap_host="127.0.0.1", imap_port=port, imap_tls=False,
        imap_username="help", imap_password=Secret("x"), max_size=2000,
    )  # fmt: skip
    box = Postbox(config, "channels.mail")
    try:
        await box.open()
        assert box.uidvalidity >= 0
        for uid in [*await box.unseen(), 1][:1]:
            assert len(await box.fetch(uid) or b"") <= config.max_size
            await box.done_with(uid)
        await box.wait(0.0)
    finally:
        await box.close()


TARGETS: Final = {
    "smtp": Target(deliveries(), deliver),
    "imap": Target(conversations(), fetch, (Retry, NotAuthorised)),
}
