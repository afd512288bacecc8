"""``omniroute customers``: who is who, all that is kept of one, and how it is erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from omniroute.application.importing import Person
from omniroute.application.words import channel
from omniroute.cli.client import Client, client
from omniroute.cli.output import as_json, config, print_json, progress
from omniroute.cli.people_files import Read, read_people
from omniroute.errors import Refused


@click.group()
def customers() -> None:
    """Who is who; all that is kept of a person, and how it is erased.

    WHO is a thread (#4812), an address, or a customer's id.
    """


@customers.command()
@click.argument("who")
@config
@as_json
def show(who: str, config: Path, json_: bool) -> None:
    """Show WHO: addresses, why they are one person's, threads."""
    page = _show(client(config), who)
    return print_json(page) if json_ else click.echo(_told(page))


@customers.command()
@click.argument("who", required=False, default="")
@config
@as_json
def suggest(who: str, config: Path, json_: bool) -> None:
    """List the addresses that may be one person's, for somebody to say so.

    With WHO, list the people who may be WHO by name and address: nobody is joined by that.
    """
    if who:
        likely = client(config).get(f"/api/customers/suggested?who={quote(who, safe='')}")
        if json_:
            return print_json(likely)
        for each in likely:
            said = "; ".join(each["reasons"])
            click.echo(f"{each['score']:.2f}  {each['name']}  ({each['customer']}): {said}")
        return None if likely else click.echo("nobody else is much like them")
    found = client(config).get("/api/customers/suggested")
    if json_:
        return print_json(found)
    if not found:
        return click.echo("nobody waits to be joined")
    for link in found:
        click.echo(link["text"] + (f" — {_against(link['veto'])}" if link["veto"] else ""))
    return click.echo(f"{len(found)} to be looked at: `omniroute customers merge A B`")


@customers.command()
@click.argument("who")
@click.argument("other")
@click.option("--why", default="", help="The reason; needed where something speaks against it.")
@click.option("--as", "agent", required=True, help="The agent in whose name it is done.")
@config
@as_json
def merge(who: str, other: str, why: str, agent: str, config: Path, json_: bool) -> None:
    """Say that WHO and OTHER are one person; a split undoes it."""
    server = client(config)
    a, b = (_show(server, each)["handles"][0]["id"] for each in (who, other))
    command = {"do": "Merge", "a": a, "b": b, "why": why}
    outcome = server.post("/api/admin/acts", {"agent": agent, "command": command})
    return print_json(outcome) if json_ else click.echo(outcome["text"])


@customers.command()
@click.argument("who")
@click.argument("address", nargs=-1, required=True)
@click.option("--as", "agent", required=True, help="The agent in whose name it is done.")
@config
@as_json
def split(who: str, address: tuple[str, ...], agent: str, config: Path, json_: bool) -> None:
    """Say that ADDRESS is somebody else's than WHO's other addresses; a merge undoes it."""
    server = client(config)
    handles = [_handle(_show(server, who), each) for each in address]
    command = {"do": "Split", "handles": handles}
    outcome = server.post("/api/admin/acts", {"agent": agent, "command": command})
    return print_json(outcome) if json_ else click.echo(outcome["text"])


@customers.command()
@click.argument("address", required=False, default="")
@click.option("--not", "single", is_flag=True, help="It is one person's after all.")
@config
@as_json
def shared(address: str, single: bool, config: Path, json_: bool) -> None:
    """Say that ADDRESS is several people's; without it, list those that are, or may be.

    Nobody is joined over such an address, and each who writes from it is on their own.
    """
    server = client(config)
    if address:
        said = {"address": address, "shared": not single}
        outcome = server.post("/api/admin/customers/shared", said)
        return print_json(outcome) if json_ else click.echo(outcome["text"])
    found = server.get("/api/customers/shared")
    if json_:
        return print_json(found)
    for handle in found:
        click.echo(f"{handle['value'] or handle['display']}  {_SHARED[handle['sharing']]}")
    return None if found else click.echo("no address is several people's")


@customers.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--evidence",
    type=click.Choice(["asserted", "verified"]),
    default="asserted",
    show_default=True,
    help="How sure the list is; verified joins people who are known already, too.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=KIND",
    help="What a further column of a CSV file is, as customer_no=crm! (! where a person has one).",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--as", "agent", default="", help="The agent in whose name it is done.")
@config
@as_json
def take_in(
    file: Path, evidence: str, columns: tuple[str, ...], dry_run: bool, agent: str, config: Path,
    json_: bool,
) -> None:  # fmt: skip
    """Take in people from FILE, a CSV or vCard file: addresses of a record are one person's.

    The same file again changes nothing.
    """
    read = read_people(file, _columns(columns))
    asked = {"evidence": evidence, "dry_run": dry_run, "agent": agent}
    taken = _taken_in(client(config), read.people, asked, json_)
    if json_:
        print_json(
            [
                {"line": line, "name": p.name, **t}
                for (line, p), t in zip(read.people, taken, strict=True)
            ]
        )
    else:
        for said in _report(file, read, taken):
            click.echo(said)
    for fault in read.faults:
        click.echo(f"error  {fault}", err=True)
    if not json_:
        click.echo(_sum(read, taken, dry_run=dry_run))
    if read.faults:
        raise SystemExit(1)


@customers.command()
@click.argument("who")
@config
def export(who: str, config: Path) -> None:
    """Print all that is kept of WHO, as JSON: addresses, links, threads, every message."""
    print_json(client(config).get(f"/api/admin/customers/export?who={quote(who, safe='')}"))


@customers.command()
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config
@as_json
def erase(who: str, yes: bool, config: Path, json_: bool) -> None:
    """Erase what WHO said and is called, everywhere, for good.

    What was decided stays, without a word: numbers, times, who had it.
    """
    server = client(config)
    page = _show(server, who)
    if not yes:
        click.echo(_told(page), err=True)
        click.confirm("Erase all of this, for good?", abort=True, err=True)
    gone = server.post("/api/admin/customers/erase", {"who": page["id"]})
    if json_:
        return print_json(gone)
    click.echo(
        f"erased: {gone['messages']} messages, {gone['handles']} addresses, "
        f"{gone['files']} files, {gone['letters']} unread letters, {gone['copies']} posts at desks"
    )
    if gone["kept"]:
        click.echo(f"{gone['kept']} posts stay: their platform does not let us take them away")
    return None


AT_ONCE = 100  # records that are sent together


def _columns(given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    for name, _, kind in pairs:
        if not name.strip() or not kind.strip().removesuffix("!"):
            raise click.UsageError("--column is written as NAME=KIND, such as customer_no=crm!")
    return {name.strip(): kind.strip() for name, _, kind in pairs}


def _taken_in(
    server: Client, people: Sequence[tuple[int, Person]], asked: Mapping[str, object], quiet: bool
) -> list[dict[str, int]]:
    taken: list[dict[str, int]] = []
    with progress("importing", quiet) as move:
        for start in range(0, len(people), AT_ONCE):
            batch = [msgspec.to_builtins(p) for _, p in people[start : start + AT_ONCE]]
            said = server.post("/api/admin/customers/import", {"people": batch, **asked})
            taken += said["taken"]
            move(len(taken), len(people))
    return taken


def _report(file: Path, read: Read, taken: Sequence[Mapping[str, int]]) -> Iterator[str]:
    """A line for each record that brought something; and what no column was."""
    for (line, person), became in zip(read.people, taken, strict=True):
        parts = [f"{count} {said}" for key, said in _BECAME.items() if (count := became[key])]
        if parts:
            yield f"{file}:{line}  {person.name or person.addresses[0].value}: {', '.join(parts)}"
    if read.ignored:
        yield f"not read: {', '.join(read.ignored)} (--column NAME=KIND says what one is)"


_BECAME = {
    "new": "new",
    "joined": "joined",
    "suggested": "suggested, for somebody to say so",
    "against": "not joined, as something stands against it",
}


def _sum(read: Read, taken: Sequence[Mapping[str, int]], *, dry_run: bool) -> str:
    known = sum(not any(became.values()) for became in taken)
    counts = ", ".join(f"{sum(b[key] for b in taken)} {key}" for key in _BECAME)
    done = "would be" if dry_run else "were"
    return f"{len(taken)} people: {counts}, {known} {done} as they are; {len(read.faults)} errors"


def _show(server: Client, who: str) -> dict[str, Any]:
    page: dict[str, Any] = server.get(f"/api/customers?who={quote(who, safe='')}")
    return page


def _handle(page: dict[str, Any], address: str) -> str:
    for handle in page["handles"]:
        if address.casefold() in (handle["value"].casefold(), handle["display"].casefold()):
            return str(handle["id"])
    known = ", ".join(handle["value"] or handle["display"] for handle in page["handles"])
    raise Refused("bad_arguments", f"no address “{address}” — theirs are {known}")


def _told(page: dict[str, Any]) -> str:
    lines = [f"{page['name']}  ({page['id']})"]
    for handle in page["handles"]:
        mark = "✓" if handle["verified"] else "unverified"
        mark += "  " + _SHARED[handle["sharing"]] if handle["sharing"] in _SHARED else ""
        named = handle["value"] or handle["display"]
        lines.append(f"  {channel(handle['kind'])}  {named}  {mark}")
    for link in page["links"]:
        against = f" — {_against(link['veto'])}" if link["veto"] else ""
        lines.append(f"  {link['text']}{against}")
    for row in page["threads"]:
        with_ = f", {row['agent_name']}" if row["agent_name"] else ""
        lines.append(f"  #{row['id']}  {row['phase']}{with_}  {row['excerpt'][:60]}")
    return "\n".join(lines)


_SHARED = {"suspected": "shared?", "shared": "shared"}


def _against(veto: str) -> str:
    if veto == "shared":
        return "several people may write from one of them"
    if veto == "claimed":
        return "another account has shown that number to be its own"
    if veto == "not_same":
        return "a colleague said they are two people"
    return f"each has another {channel(veto)}"
