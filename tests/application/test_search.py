"""Finding threads by words, names and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniroute.application.authorize import Actor, Kind
from omniroute.application.search import expression, search
from omniroute.application.views import Views
from omniroute.runtime.rows import Attachment

if TYPE_CHECKING:
    from tests.application.conftest import Desk, Scene

ANA = Actor(Kind.AGENT, "ana", "agent")


def found(views: Views, scene: Scene, text: str, limit: int = 20) -> list[tuple[int, str]]:
    views.catch_up()
    with views.reading() as db:
        return [(hit.row.id, hit.snippet) for hit in search(db, scene.directory, text, limit)]


def ids(views: Views, scene: Scene, text: str) -> list[int]:
    return [id for id, _ in found(views, scene, text)]


@pytest.fixture
def joe(scene: Scene) -> int:
    scene.writes("eve@x.org", "where is my parcel?", name="Eve Ayers")
    receipt = Attachment("receipt-1182.pdf", "application/pdf", 5, "ab" * 32)
    return scene.writes(
        "joe.miller@mail.example", "Ich wurde zweimal für Bestellung 1182 belastet",
        name="Joé Miller", subject="Doppelte Abbuchung", files=(receipt,),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "zweimal",
        "ZWEIMAL belastet",
        "bestell",  # a beginning, while one types
        "fur",  # accents do not matter
        "abbuchung",  # the subject
        "Joe",  # the name
        "joe.miller@mail.example",  # the address
        "miller@mail",
        "receipt",  # an attachment
        "bestellung joe",  # all words, wherever they stand
    ],
)
def test_found_by(views: Views, scene: Scene, joe: int, text: str) -> None:
    assert ids(views, scene, text) == [joe]


@pytest.mark.parametrize("text", ["", "   ", "?", "parcel zweimal", "estellung", "NOT", '"', "*"])
def test_not_found_by(views: Views, scene: Scene, joe: int, text: str) -> None:
    assert ids(views, scene, text) == []


def test_the_passage_is_marked(views: Views, scene: Scene, joe: int) -> None:
    ((_, snippet),) = found(views, scene, "zweimal")
    assert snippet == "Ich wurde ‹zweimal› für Bestellung 1182 belastet"


@pytest.mark.parametrize("text", ["#2", "2", " #2 "])
def test_a_number_leads_to_its_thread(views: Views, scene: Scene, joe: int, text: str) -> None:
    assert ids(views, scene, text) == [joe]


def test_a_number_is_also_a_word(views: Views, scene: Scene, joe: int) -> None:
    assert ids(views, scene, "1182") == [joe]
    assert ids(views, scene, "9" * 18) == []
    assert ids(views, scene, "9" * 60) == []


def test_what_we_wrote_is_found_too(views: Views, scene: Scene, joe: int) -> None:
    scene.replies("ana", joe, "Das Geld ist unterwegs")
    scene.notes("ana", joe, "Kulanz gewährt")
    assert ids(views, scene, "unterwegs") == [joe]
    assert ids(views, scene, "kulanz") == [joe]


def test_a_thread_is_shown_once_and_the_limit_holds(views: Views, scene: Scene) -> None:
    for number in range(6):
        scene.writes(f"c{number}@x.org", "parcel")
        scene.writes(f"c{number}@x.org", "parcel again")
    assert sorted(ids(views, scene, "parcel")) == [1, 2, 3, 4, 5, 6]
    assert len(found(views, scene, "parcel", limit=4)) == 4


def test_a_folded_threads_words_lead_to_the_one_that_goes_on(views: Views, scene: Scene) -> None:
    mail = scene.writes("joe@x.org", "hello")
    chat = scene.writes("v-17", "zebra", channel="webchat")
    scene.writes("v-17", "it is me", channel="webchat", also="joe@x.org")
    assert ids(views, scene, "zebra") == [mail]
    assert ids(views, scene, f"#{chat}") == [mail]


async def test_through_the_door(desk: Desk) -> None:
    desk.scene.writes("joe@x.org", "a parcel")
    await desk.seen()
    hits = await desk.application.query.search(ANA, "parcel", limit=10**9)
    assert [hit.row.id for hit in hits] == [1]


@given(st.text(max_size=300))
def test_whatever_is_typed_is_a_question(text: str) -> None:
    """No character is an operator, none breaks the question."""
    import sqlite3

    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE found USING fts5 (text)")
    asked = expression(text.encode("utf-8", "replace").decode())
    if asked:
        db.execute("SELECT * FROM found WHERE found MATCH ?", (asked,)).fetchall()
    db.close()
