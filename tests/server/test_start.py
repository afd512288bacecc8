"""A server that cannot start says what is wrong, where, and what to do; then it can be started."""

import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.server.house import ADDRESS, SECRET, House, serve

from omniroute.errors import OmniRouteError
from omniroute.server.composition import Server
from omniroute.server.settings import load
from omniroute.stores.sqlite import SqliteStore
from omniroute.testing.server_process import ServerProcess

Break = Callable[[House], object]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def refusal(house: House) -> OmniRouteError:
    """What stands against starting; everything that was opened is closed again."""
    with pytest.raises(OmniRouteError) as refused:
        Server(load(house.config))
    SqliteStore(house.database).close()  # nobody holds it
    return refused.value


def settings(old: str, new: str) -> Break:
    """Another text in the settings."""

    def write(house: House) -> None:
        text, was = house.settings(), old.format(**vars(house), secret=SECRET, address=ADDRESS)
        assert was in text
        house.write(text.replace(was, new))

    return write


def adding(text: str) -> Break:
    """More settings."""
    return lambda house: house.write(house.settings() + text)


def garbage(suffix: str) -> Break:
    """A file beside the database that is none of ours."""
    return lambda house: house.database.with_suffix(suffix).write_bytes(b"nonsense " * 1000)


SETTINGS: dict[str, tuple[Break, str]] = {
    "no file": (lambda house: house.config.unlink(), "omniroute.toml: no such file"),
    "no TOML": (
        lambda house: house.write("[server\nport = 1"),
        "omniroute.toml:1: cannot be read as TOML: Expected ']' at the end of a table declaration",
    ),
    "unknown section": (
        adding("[serverr]\nport = 1\n"),
        "[serverr]: no such section — did you mean “server”? sections are: ",
    ),
    "another unknown section": (
        adding("[mailboxes]\n"),
        "[mailboxes]: no such section — sections are: channels, identity, plugins, replies, ",
    ),
    "a channel beside the channels": (
        adding("[slack]\n"),
        "[slack]: no such section — write [channels.slack]",
    ),
    "a setting before the first section": (
        lambda house: house.write("port = 8420\n" + house.settings()),
        "port: a setting outside of every section — it belongs in [server]",
    ),
    "a setting in the wrong section": (
        adding('[rules]\norganisation = "Acme"\n'),
        "rules.organisation: no such setting — it stands in [server]",
    ),
    "unknown setting": (
        adding('[rules]\nfoldr = "x"\n'),
        "rules.foldr: no such setting — did you mean “folder”?",
    ),
    "a section that is none": (
        lambda house: house.write("server = 3\n"),
        "server: is a section — write it as [server]",
    ),
    "wrong kind of value": (
        settings("port = {http}", 'port = "eighty"'),
        "server.port: expected `int`, got `str`",
    ),
    "port out of range": (settings("{http}", "70000"), "server.port: expected `int` <= 65535"),
    "an environment variable that is not set": (
        settings('"{secret}"', '{env = "OMNIROUTE_TEST_NOBODY_SETS_THIS"}'),
        "channels.site.secret: the environment variable OMNIROUTE_TEST_NOBODY_SETS_THIS is not set",
    ),
    "a secret's file that is not there": (
        settings('"{secret}"', '{file = "/nowhere/secret"}'),
        "channels.site.secret: cannot read /nowhere/secret: No such file or directory",
    ),
    "a secret too short": (
        settings("{secret}", "hush"),
        "secret is shorter than 32 bytes and could be guessed",
    ),
    "a channel that is not installed": (
        settings('"webchat"', '"webchatt"'),
        "channels.site.kind: no channel “webchatt” is installed — did you mean “webchat”? inst",
    ),
    "another that is not": (
        settings('"webchat"', '"fax"'),
        "channels.site.kind: no channel “fax” is installed — install the plugin that brings it; ",
    ),
    "a channel's unknown setting": (
        adding("[channels.more]\nkind = 'email'\nadresses = []\n"),
        "channels.more.adresses: no such setting — did you mean “addresses”?",
    ),
    "mail for nobody": (
        settings('["{address}"]', "[]"),
        "channels.help.addresses: no mailbox — name the mailboxes that customers write to",
    ),
    "an account that leads out of its folder": (
        adding("[channels.'../../etc']\nkind = 'webchat'\n"),
        "channels.'../../etc': cannot be an account's name — use a to z",
    ),
    "a host that is not ours": (
        settings("[server]", "[server]\nhost = '192.0.2.1'"),
        "server.host: cannot serve on 192.0.2.1: Cannot assign requested address — name an address",
    ),
}


@pytest.mark.parametrize(("wrong", "said"), SETTINGS.values(), ids=SETTINGS.keys())
async def test_wrong_settings_are_named_with_the_fix(house: House, wrong: Break, said: str) -> None:
    wrong(house)
    assert said in str(await refusal(house))


async def test_a_secret_in_the_wrong_place_is_not_repeated(house: House) -> None:
    house.write(house.settings().replace(f"port = {house.http}", "port = 'xoxb-1234-secret'"))
    assert "xoxb" not in str(await refusal(house))


# --- rules and team ---


async def test_every_fault_of_the_rules_is_named_with_its_line(house: House) -> None:
    skill = house.change("need: {refunds: 3}", "need: {refnds: 3}")
    queue = house.change(
        "{queue: billing, need: {billing: 2}", "{queue: bilings, need: {billing: 2}"
    )
    agent = house.change("lang.de: 5, billing: 5", "lang.de: 5, biling: 5", "team.yaml")
    said = str(await refusal(house))
    assert said.splitlines() == [
        f"team.yaml:{agent}: ana: unknown skill “biling” — did you mean “billing”?",
        f"support.yaml:{skill}: refunds: unknown skill “refnds” — did you mean “refunds”?",
        f"support.yaml:{queue}: invoices: unknown queue “bilings” — did you mean “billing”?",
    ]


async def test_rules_that_are_no_yaml(house: House) -> None:
    with house.rule_file().open("a") as file:
        file.write("  more: [\n")
    lines = house.rule_file().read_text().count("\n")
    assert f"support.yaml:{lines}" in str(await refusal(house)).replace(str(lines + 1), str(lines))


async def test_no_folder_of_rules(house: House) -> None:
    shutil.rmtree(house.rules)
    assert str(await refusal(house)) == (
        f"{house.rules}: no such folder of rules — make it, with rules.yaml and team.yaml in it,"
        " or set rules.folder"
    )


async def test_nobody_works_here(house: House) -> None:
    house.change("need: {refunds: 3}", "need: {refnds: 3}")
    (house.rules / "team.yaml").unlink()
    said = str(await refusal(house))
    assert said.startswith(f"{house.rules / 'team.yaml'}: no such file — it says who works here")
    assert "unknown skill “refnds”" in said  # one run names everything


def test_rules_that_may_not_be_read(house: House) -> None:
    house.rules.chmod(0o000)
    refused = serve(house, obeying_modes=True)
    house.rules.chmod(0o755)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"omniroute: {house.rules}: this folder cannot be read — let OmniRoute's user read it\n"
    )


# --- ports ---


@contextmanager
def holding(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


async def test_the_console_s_port_is_in_use(house: House) -> None:
    with holding(house.http):
        said = str(await refusal(house))
    assert said == (
        f"server.port: port {house.http} is in use"
        " — stop what holds it, or set another (0 takes any free one)"
    )


async def test_the_port_for_mail_is_in_use(house: House) -> None:
    server = Server(load(house.config))
    with holding(house.smtp):
        with pytest.raises(OmniRouteError) as refused:
            await server.start()
        await server.stop()
    assert str(refused.value) == (
        f"channels.help.listen_port: port {house.smtp} is in use"
        " — another program serves it; stop that one, or choose another port"
    )
    SqliteStore(house.database).close()  # nobody holds it


# --- the database ---

DATABASE: dict[str, tuple[Break, str]] = {
    "in a folder that is not there": (
        settings('"desk.db"', '"data/desk.db"'),
        "data: folder does not exist — create it, or name another path in the settings",
    ),
    "that is a folder": (settings('"desk.db"', '"routing_rules"'), "is a folder — name a file"),
    "that is none": (garbage(".db"), "desk.db: is not a database — name another path, or restore"),
    "that is somebody else's": (
        lambda house: strangers(house.database),
        "desk.db: is a database, but not a store of OmniRoute — name another path",
    ),
    "with a spool that is none": (garbage(".spool"), "desk.spool: is not a database"),
    "with a key that is none": (
        garbage(".key"),
        "desk.key: is not a key file — it should hold 32 bytes",
    ),
}


def strangers(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE recipes (name TEXT)")
    db.close()


@pytest.mark.parametrize(("wrong", "said"), DATABASE.values(), ids=DATABASE.keys())
async def test_a_database(house: House, wrong: Break, said: str) -> None:
    wrong(house)
    with pytest.raises(OmniRouteError) as refused:
        Server(load(house.config))
    assert said in str(refused.value)


async def test_accounts_that_are_none(house: House) -> None:
    garbage(".accounts")(house)
    with pytest.raises(OmniRouteError, match=r"desk\.accounts: is no accounts file"):
        Server(load(house.config))


def test_views_that_are_none_are_made_again(house: House) -> None:
    with house.running() as running:
        running.mail("joe@mail.example", "Hello", "Is anybody there?")
        running.wait_for_threads(1)
    garbage(".views")(house)
    with house.running() as running:
        assert [row["excerpt"] for row in running.threads()] == ["Is anybody there?"]  # at once


def test_a_second_server_on_the_database_hears_who_has_it(house: House) -> None:
    with house.running() as running:
        second = serve(house)
        assert second.returncode == 1
        assert second.stderr == (
            f"omniroute: {house.database}: in use by process {running.process.pid}"
            " — stop that process, or let it do what you want done\n"
        )
        running.threads()  # the first still answers on its socket
    assert serve_and_stop(house) == 0


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_database_that_cannot_be_written(house: House, what: str) -> None:
    SqliteStore(house.database).close()
    place = house.folder if what == "folder" else house.database
    place.chmod(0o555 if what == "folder" else 0o444)
    refused = serve(house, obeying_modes=True)
    place.chmod(0o755)
    assert refused.returncode == 1
    assert f"omniroute: {place}: is not writable for " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert serve_and_stop(house) == 0


def serve_and_stop(house: House) -> int:
    """Start; nothing keeps it any more."""
    server = ServerProcess(house.config)
    server.start()
    return server.stop()


# --- a database that was damaged ---


@pytest.fixture(scope="module")
def worked_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where people have worked; its server has stopped."""
    house = House(tmp_path_factory.mktemp("worked-in"))
    with house.running() as running:
        for number in range(40):
            running.mail(f"c{number}@mail.example", f"Refund {number}", "I want a refund. " * 40)
        running.wait_for_threads(40)
        assert running.process.stop() == 0
    return house.folder


@pytest.fixture
def used(worked_in: Path, tmp_path: Path) -> House:
    """A copy of it, to be damaged."""
    for path in worked_in.glob("desk.*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / path.name)
    return House(tmp_path)


def test_a_damaged_page(used: House) -> None:
    pages = used.database.stat().st_size // 4096
    with used.database.open("r+b") as file:
        for page in range(2, pages):
            file.seek(page * 4096 + 8)
            file.write(b"\xff" * 600)
    refused = serve(used)
    assert refused.returncode == 1
    assert f"omniroute: {used.database}: is damaged (" in refused.stderr
    assert "restore the last good copy" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_damaged_row(used: House) -> None:
    db = sqlite3.connect(used.database)
    key, row = db.execute("SELECT k, v FROM kv WHERE k LIKE 't/%' LIMIT 1").fetchone()
    db.execute("UPDATE kv SET v = ? WHERE k = ?", (row[: len(row) // 2], key))
    db.commit()
    db.close()
    refused = serve(used)
    assert refused.returncode == 1
    assert f"omniroute: {used.database}: row {key}: cannot be read: " in refused.stderr
    assert "restore the last good copy" in refused.stderr
    assert "Traceback" not in refused.stderr
