"""What an agent's mail says: commands, their own words, and never what they quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute_email.desk import words
from omniroute_email.desk.reading import Written, read
from omniroute_email.reading.mail import examine

LINE = "k3j2h1g0"
BANNER = f"Replying sends to Joe Miller by Telegram. Write above this line · {LINE}"
CARD = f"{BANNER}\n\nJoe wrote a lot\n\nAccept: https://desk.example/channels/email/help/desk/abc"
HEAD = 'From: Ana Ruiz <ana@shop.example>\nContent-Type: text/plain; charset="utf-8"\n\n'


def said(body: str, line: str = LINE) -> Written:
    message = f"{HEAD}{body}".encode()
    return read(examine(message, "ana@shop.example"), line, ("https://desk.example/channels/",))


def quoted(mark: str) -> str:
    return "\n".join(f"{mark}{line}" for line in CARD.split("\n"))


QUOTATIONS = {
    "marked": f"On Mon, 2 Mar 2026 at 10:15, Joe Miller <desk@x.example> wrote:\n\n{quoted('> ')}",
    "unmarked": f"On Mon, 2 Mar 2026 at 10:15, Joe Miller <desk@x.example> wrote:\n\n{CARD}",
    "German": f"Am 02.03.26 um 10:15 schrieb Joe Miller:\n{quoted('> ')}",
    "Outlook": f"________________________________\nFrom: Joe Miller <desk@x.example>\n"
    f"Sent: Monday, March 2, 2026 10:15\nTo: Ana\nSubject: #1 Joe Miller\n\n{CARD}",
    "no head": CARD,
    "a broken first line": quoted("> ").replace(" Write above", "\n> Write above"),
    "a broken first line, unmarked": CARD.replace(" Write above", "\nWrite above"),
}


@pytest.mark.parametrize("quotation", QUOTATIONS.values(), ids=QUOTATIONS.keys())
def test_only_what_stands_above_the_line_counts(quotation: str) -> None:
    assert said(f"You get it back.\n\n{quotation}") == Written((), "You get it back.")
    assert said(f"#resolve\n\nYou get it back.\n\n-- \nAna\n\n{quotation}") == Written(
        ("resolve",), "You get it back."
    )
    assert said(f"#resolve\n\n{quotation}") == Written(("resolve",), "")


@pytest.mark.parametrize("quotation", QUOTATIONS.values(), ids=QUOTATIONS.keys())
def test_who_wrote_nothing_says_nothing(quotation: str) -> None:
    assert said(quotation).text == ""
    assert said(f"\n\n{quotation}").commands == ()


def test_what_stands_amid_the_quotation_is_not_lost_in_silence() -> None:
    banner, *rest = quoted("> ").split("\n")
    head = "On Mon, 2 Mar 2026 at 10:15, Joe Miller wrote:"
    amid = f"{head}\n{banner}\n> first question\n\nYes!\n\n> second question\n"
    assert said(f"See below.\n\n{amid}").fault == words.AMID
    assert said(f"See below.\n\n{amid}No!").fault == words.AMID
    broken = "\n".join([head, banner, "> a long line that was", "broken", "> in two", *rest])
    assert said(f"You get it back.\n\n{broken}").text == "You get it back."
    after = f"{head}\n{quoted('> ')}\n\nThis message is confidential."
    assert said(f"You get it back.\n\n{after}").text == "You get it back."


def test_what_is_ours_never_counts_as_theirs() -> None:
    link = "https://desk.example/channels/email/help/desk/abc"
    assert said(f"Look: {link}").fault == words.QUOTED
    assert said(f"Look: {link}", line="").fault == words.QUOTED


@pytest.mark.parametrize(
    ("body", "commands", "text"),
    [
        ("You get it back.", (), "You get it back."),
        ("#accept\nYou get it back.", ("accept",), "You get it back."),
        ("#Accept\n\n#tag vip\n\nHi\n\nBye", ("accept", "tag vip"), "Hi\n\nBye"),
        ("/resolve", ("resolve",), ""),
        ("  #snooze   2h  ", ("snooze 2h",), ""),
        ("#note he is angry", ("note he is angry",), ""),
        ("#note\nhe is\n\nangry", ("note he is\n\nangry",), ""),
        ("#tag vip\n#note a\nb\n#resolve", ("tag vip", "note a\nb\n#resolve"), ""),
        ("#note a\n#resolve\nb", ("note a\nb", "resolve"), ""),
        ("#reply #1182 is paid", ("reply #1182 is paid",), ""),
        ("#1182 is paid", (), "#1182 is paid"),
        ("# of items: 3", (), "# of items: 3"),
        ("/usr/bin is on your path", (), "/usr/bin is on your path"),
        ("#resolve.", ("resolve.",), ""),
        ("#transfer bo he knows it\nBo helps.", ("transfer bo he knows it",), "Bo helps."),
    ],
)  # fmt: skip
def test_commands_stand_at_the_top(body: str, commands: tuple[str, ...], text: str) -> None:
    assert said(body) == Written(commands, text)


def test_a_command_below_other_text_stops_everything() -> None:
    assert "“#resolve”" in said("You get it back.\n#resolve").fault
    assert "“#note secret”" in said("#tag vip\nYou get it back.\n\n#note secret").fault
    assert said("Look at\n#1 and #nothing\n#hashtag").fault == ""
    assert said("#reply Say it so:\n#resolve").fault == ""


@pytest.mark.parametrize("word", ["Accept", "resolve.", "pass", "undo", "HELP"])
def test_a_word_alone_was_meant_as_a_command(word: str) -> None:
    assert said(word).fault.startswith("Nothing was sent: did you mean #")


@pytest.mark.parametrize("text", ["Done", "Why?", "Accepted", "accept it"])
def test_other_short_answers_go_out(text: str) -> None:
    assert said(text) == Written((), text)


PIECES = st.sampled_from(
    [*CARD.split("\n"), *(f"> {line}" for line in CARD.split("\n")), "", "Hello", "#note x", "-- ",
     "On Mon, 2 Mar 2026 at 10:15, Joe Miller wrote:", "#resolve", "/solvd", "> ", "Thanks\nAna"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12))
def test_however_it_is_quoted_nothing_of_ours_is_taken_for_theirs(pieces: list[str]) -> None:
    written = said("\n".join(pieces))
    everything = "\n".join([written.text, *written.commands])
    assert LINE not in everything
    assert "https://desk.example/channels/" not in everything
    assert not (written.fault == words.QUOTED and everything)


def test_an_answer_in_html_alone_is_read_as_well() -> None:
    message = f"""\
From: Ana Ruiz <ana@shop.example>
Content-Type: text/html; charset=utf-8

<div>#resolve</div><div><br></div><div>You get it <b>back</b>.</div><br>
<div class="gmail_quote"><div dir="ltr">Joe Miller · Shop wrote:<br></div>
<blockquote><p>{BANNER}</p><p>Joe wrote a lot</p>
<p><a href="https://desk.example/channels/email/help/desk/abc">Accept</a></p></blockquote></div>
"""
    mail = examine(message.encode(), "ana@shop.example")
    assert read(mail, LINE, ("https://desk.example/channels/",)) == Written(
        ("resolve",), "You get it back."
    )


PICTURES = b"""\
From: Ana Ruiz <ana@shop.example>
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Look at this: [cid:shot@1]

--\x20
Ana [cid:logo@1]
--b
Content-Type: image/png; name=shot.png
Content-ID: <shot@1>
Content-Disposition: inline; filename=shot.png

PNG
--b
Content-Type: image/png; name=logo.png
Content-ID: <logo@1>
Content-Disposition: inline; filename=logo.png

PNG
--b
Content-Type: application/pdf; name=terms.pdf
Content-Disposition: attachment; filename=terms.pdf

%PDF
--b--
"""


def test_pictures_of_the_signature_stay_and_those_amid_the_words_go() -> None:
    written = read(examine(PICTURES, "ana@shop.example"), "", ())
    assert written.text == "Look at this:"
    assert [file.name for file in written.files] == ["shot.png", "terms.pdf"]
