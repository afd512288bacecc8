"""Every row is measured, in a tiny size; that it is fast is for nobody to assert here."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from omniroute.bench import parsing, sample
from omniroute.bench.command import GROUPS, NAMES, bench, chosen, run
from omniroute.bench.crowd import Crowd
from omniroute.bench.heaps import Heaps
from omniroute.bench.matching import Choosing, Kept
from omniroute.bench.progress import Progress
from omniroute.bench.rounds import in_turn
from omniroute.bench.routing import RULES, chain, rule_set
from omniroute.bench.rows import Row, Scale, alone, beside, table
from omniroute.core.matching import order_key, signature
from omniroute.core.model import Phase, Thread
from omniroute.core.rules import route
from omniroute.errors import ConfigError
from omniroute_email.channel import EmailChannel

TINY = Scale(
    rounds=1,
    inputs=20,
    seconds=0.05,
    connections=2,
    stream=100,
    decisions=5,
    agents=(20, 40),
    waiting=(64, 128),
    counted=200,
    routings=50,
    opened=200,
    load=200,
    load_seconds=0.1,
    closed=120,
    left=30,
)
UNITS = {
    "ingest": "inputs/s",
    "smtp": "messages/s",
    "webhook": "messages/s",
    "telegram": "messages/s",
    "slack": "messages/s",
    "rules": "messages/s",
    "email": "mails/s",
    "recover": "threads/s",
    "load": "ms",
    "past.verify": "records/s",
    "past.start": "ms",
    "past.memory": "MB",
    "past.commit": "ms",
    "memory": "bytes",
    "match": "decisions/s",
    "decide": "decisions/s",
    "decide.arrivals": "arrivals/s",
    "simulate": "arrivals/s",
}


def quiet() -> Progress:
    return Progress(io.StringIO())


@pytest.mark.parametrize("group", GROUPS)
def test_a_row_has_a_figure_beside_its_floor(group: str, tmp_path: Path) -> None:
    rows = run(GROUPS[group], TINY, quiet(), tmp_path)

    assert [row.name for row in rows] == list(GROUPS[group])
    for row in rows:
        assert row.ours > 0 or row.name == "load.decided"
        assert row.unit == UNITS.get(row.name) or UNITS[row.name.partition(".")[0]]
        if row.unit in ("bytes", "MB", "arrivals/s") or row.name in ("load.decided", "past.start"):
            assert (row.floor, row.ratio) == (None, None)
        else:
            assert row.floor
            assert row.ratio is not None
            assert row.ratio > 0
    assert list(tmp_path.iterdir()) == []


def test_a_group_can_be_measured_in_part(tmp_path: Path) -> None:
    rows = run(["match.flat", "memory.agent"], TINY, quiet(), tmp_path)

    assert [row.name for row in rows] == ["memory.agent", "match.flat"]


# --- choosing and printing ---


def test_rows_are_chosen_by_name_or_by_how_it_begins() -> None:
    assert chosen([]) == list(NAMES)
    assert chosen(["smtp", "match.flat"]) == ["smtp.accept.idle", "smtp.accept.busy", "match.flat"]


def test_an_unknown_row_is_refused_with_what_may_be_meant() -> None:
    with pytest.raises(ConfigError, match=r"no row “match\.flatt” — did you mean “match\.flat”"):
        chosen(["match.flatt"])


def test_programs_get_json() -> None:
    result = CliRunner().invoke(bench, ["rules", "--scale", "small", "--json"])

    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert list(rows[0]) == ["name", "ours", "floor", "unit", "ratio"]
    assert [row["name"] for row in rows] == ["rules.route", "rules.route.new"]


def test_people_get_a_table() -> None:
    rows = [
        beside("ingest.sqlite", "inputs/s", 2_000.4, 8_000.6),
        alone("memory.agent", "bytes", 512),
    ]
    assert table(rows).splitlines()[1:] == [
        "ingest.sqlite                2 000       8 001  inputs/s        0.25",
        "memory.agent                   512              bytes",
    ]


def test_a_ratio_is_ours_by_the_floors() -> None:
    assert beside("x", "y/s", 30.0, 40.0) == Row("x", 30.0, 40.0, "y/s", 0.75)


async def test_ours_and_the_floor_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    figures = {"ours": iter([1.0, 9.0, 3.0]), "floor": iter([10.0, 90.0, 30.0])}

    async def ours() -> float:
        order.append("ours")
        return next(figures["ours"])

    async def floor() -> float:
        order.append("floor")
        return next(figures["floor"])

    row = await in_turn("x", "y/s", 3, ours, floor, quiet())

    assert order == ["ours", "floor", "floor", "ours", "ours", "floor"]
    assert row == Row("x", 3.0, 30.0, "y/s", 0.1)


def test_off_a_terminal_progress_is_a_line_for_each_row() -> None:
    out = io.StringIO()
    progress = Progress(out)
    progress.begin("ingest.sqlite", 2)
    progress.step(rate="100 inputs/s")
    progress.step(rate="120 inputs/s")
    progress.end("110 inputs/s")

    assert out.getvalue().startswith("ingest.sqlite ")
    assert out.getvalue().endswith(" s   110 inputs/s\n")
    assert out.getvalue().count("\n") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_progress_is_a_bar_with_rate_and_remaining_time() -> None:
    out = Terminal()
    progress = Progress(out)
    progress.begin("ingest.sqlite", 2)
    progress.step(rate="100 inputs/s")

    last = out.getvalue().rpartition("\r")[2]
    assert "██████████··········  50%" in last
    assert last.endswith("s left  100 inputs/s")


# --- the floors do the same work ---


def test_the_bare_heaps_choose_what_the_core_chooses() -> None:
    crowd = Crowd("x", 40, 160, quiet())
    waiting = [t for t in crowd.state.open_threads() if t.phase is Phase.QUEUED]
    heaps = Heaps(crowd.rules, crowd.kinds)
    heaps.fill(waiting)
    choosing = Choosing(crowd)
    kinds = len(heaps.pools)

    for number, agent in enumerate(tuple(crowd.state.agents)):
        newest = crowd.another()
        crowd.size -= 1  # the same one arrives on either side
        assert heaps.arrive(signature(newest), order_key(newest)) is None
        offered = heaps.free(number % kinds, (0.0, number, number, agent))
        before = crowd.state.agents[agent].threads
        choosing.arrive()
        choosing.free_and_accept(agent)
        (now,) = set(crowd.state.agents[agent].threads) - set(before)
        assert now == offered


def test_the_heaps_that_keep_rows_give_every_agent_what_the_core_gives_them() -> None:
    crowd = Crowd("x", 40, 160, quiet())
    kept, choosing = Kept(crowd), Choosing(crowd)
    agents = tuple(crowd.state.agents)
    for number, agent in enumerate(agents):
        choosing.free_and_accept(agent)
        kept.heaps.free_and_accept(number % len(sample.profiles()), agent, number)
    for agent in agents:
        assert kept.heaps.holds(agent) == crowd.state.agents[agent].threads


def test_the_mails_that_are_read_are_read_alike_by_both() -> None:
    for raw in parsing.ordinary():
        read = EmailChannel.read_file(raw, "")
        subject, text = parsing.bare(raw)
        assert read["subject"] == subject
        assert str(read["text"]).split() == text.split()
        assert len(str(read["reply"])) < len(text)


def test_the_chain_of_ifs_decides_as_the_rules_do() -> None:
    rules = rule_set()
    for number in range(RULES):
        facts = {"channel": "email", "topic": f"topic-{number}"}
        decided = chain(facts)
        routing = route(rules, facts, (), sample.NOON)
        assert routing.rule == (decided[0] if decided else "")
        if decided:
            assert routing.steps[0].need == decided[2]


def test_the_sample_is_routed_by_many_rules_to_every_queue() -> None:
    kinds: list[Thread] = Crowd("x", 1, 0, quiet()).kinds

    assert len({kind.rule for kind in kinds}) >= 8
    assert {kind.queue for kind in kinds} == set(sample.rules().queues)
