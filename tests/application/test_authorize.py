"""The whole matrix, cell by cell: roles × actions × whose it is (I19)."""

import itertools

import pytest

from omniroute.application.authorize import (
    MATRIX,
    NOBODY,
    SYSTEM,
    Action,
    Actor,
    Kind,
    Object,
    Whose,
    authorize,
    permitted,
    whose,
)
from omniroute.application.commands import AnyCommand
from omniroute.application.judgement import ACTIONS
from omniroute.errors import Refused

# For each action what agent, lead and admin may do: o own, f nobody's, x somebody else's.
EXPECTED = """
    read        ofx  ofx  ofx
    people      ofx  ofx  ofx
    colleagues  ofx  ofx  ofx
    events      -    ofx  ofx
    stats       ofx  ofx  ofx
    agent-stats o    ofx  ofx
    accept      o    o    o
    pass        o    o    o
    take        ofx  ofx  ofx
    reply       of   ofx  ofx
    undo        o    ofx  ofx
    change      o    ofx  ofx
    note        ofx  ofx  ofx
    transfer    of   ofx  ofx
    snooze      of   ofx  ofx
    resolve     of   ofx  ofx
    reopen      ofx  ofx  ofx
    tag         ofx  ofx  ofx
    copy        of   ofx  ofx
    prioritise  of   ofx  ofx
    done        of   ofx  ofx
    boost       -    ofx  ofx
    new-matter  of   ofx  ofx
    status      o    ofx  ofx
    merge       ofx  ofx  ofx
    split       ofx  ofx  ofx
    personal    -    -    ofx
    rules       -    -    ofx
    team        -    -    ofx
    verify      -    -    ofx
    channels    -    -    ofx
    tokens      -    -    ofx
    webhooks    -    -    ofx
"""
ROWS = {line.split()[0]: line.split()[1:] for line in EXPECTED.strip().splitlines()}
OWNERS = {"o": "ana", "f": "", "x": "bo"}
CELLS = [
    (action, role, letter, letter in ROWS[action][column])
    for action, (column, role), letter in itertools.product(
        Action, enumerate(("agent", "lead", "admin")), "ofx"
    )
]


def test_the_table_speaks_of_every_action() -> None:
    assert set(ROWS) == set(Action) == set(MATRIX)


@pytest.mark.parametrize(("action", "role", "letter", "allowed"), CELLS)
def test_incident_19_a_cell(action: Action, role: str, letter: str, allowed: bool) -> None:
    ana = Actor(Kind.AGENT, "ana", role)
    thing = Object("#4812", OWNERS[letter], OWNERS[letter].title())
    if allowed:
        authorize(ana, action, thing)
    else:
        with pytest.raises(Refused) as refused:
            authorize(ana, action, thing)
        assert refused.value.code == "forbidden"
        assert refused.value.text.endswith(".")
    assert permitted(ana, action, thing) is allowed


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("owner", OWNERS.values())
def test_the_system_may_everything(action: Action, owner: str) -> None:
    authorize(SYSTEM, action, Object("#4812", owner))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("owner", OWNERS.values())
@pytest.mark.parametrize(
    "stranger",
    [
        NOBODY,
        Actor(Kind.NOBODY, "ana", "admin"),
        Actor(Kind.AGENT, "", "admin"),
        Actor(Kind.AGENT, "ana", ""),
        Actor(Kind.AGENT, "ana", "root"),
    ],
    ids=["nobody", "nobody with a role", "agent without id", "without role", "unknown role"],
)
def test_nobody_may_nothing(action: Action, owner: str, stranger: Actor) -> None:
    with pytest.raises(Refused) as refused:
        authorize(stranger, action, Object("#4812", owner))
    assert (refused.value.code, refused.value.text) == ("forbidden", "Sign in first.")


def test_whose_it_is() -> None:
    ana = Actor(Kind.AGENT, "ana", "agent")
    assert whose(ana, Object(owner="ana")) is Whose.OWN
    assert whose(ana, Object(owner="")) is Whose.FREE
    assert whose(ana, Object(owner="bo")) is Whose.OTHER


@pytest.mark.parametrize(
    ("action", "thing", "text"),
    [
        (
            Action.REPLY,
            Object("#4812", "bo", "Bo Berg"),
            "#4812 is with Bo Berg; only they or a lead may answer there.",
        ),
        (Action.STATUS, Object("", "bo", "Bo Berg"), "Only Bo Berg or a lead may set this status."),
        (
            Action.ACCEPT,
            Object("#4812", "bo", "Bo Berg"),
            "This offer is for Bo Berg.",
        ),
        (Action.RULES, Object(), "Only an admin may do this."),
        (
            Action.UNDO,
            Object("#4812", "bo", "Bo Berg"),
            "Bo Berg wrote that; only they or a lead may take it back.",
        ),
        (Action.UNDO, Object("#4812"), "You may not do this."),
    ],
)
def test_the_refusal_says_who_may(action: Action, thing: Object, text: str) -> None:
    with pytest.raises(Refused) as refused:
        authorize(Actor(Kind.AGENT, "ana", "agent"), action, thing)
    assert refused.value.text == text


def test_every_command_is_an_action() -> None:
    assert set(ACTIONS) == set(AnyCommand.__args__)
