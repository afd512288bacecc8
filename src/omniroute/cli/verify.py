"""``omniroute verify``: is what is stored whole?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from omniroute.cli.client import Client, NotRunning
from omniroute.cli.output import as_json, config, print_json, progress
from omniroute.cli.stored import stored
from omniroute.runtime.verify import verify as verify_store
from omniroute.server.settings import load


@click.command()
@config
@as_json
def verify(config: Path, json_: bool) -> None:
    """Check the journal's chain and fold it: does it give the state that is stored?

    Asks the running server; without one it reads the database itself.  Exit 1 if anything is
    wrong.
    """
    settings = load(config)
    try:
        found = Client(settings.store.path).get("/api/admin/verify")
    except NotRunning:
        with progress("folding", quiet=json_) as move, stored(settings) as reader:
            found = verify_store(reader, move).as_json()
    if json_:
        print_json(found)
    else:
        for fault in found["faults"]:
            click.echo(f"fault  {fault}")
        said = "all is well" if found["ok"] else f"{len(found['faults'])} faults"
        old = f" ({found['archived']} of them from the archive)" if found["archived"] else ""
        if (first := found.get("begins", 1)) > 1:
            click.echo(f"the journal begins at record {first}; what made the rows before is lost:")
            click.echo("the chain is checked from there on, and the rows not against the events")
        click.echo(f"{found['records']} records{old}, {found['threads']} threads: {said}")
    if not found["ok"]:
        sys.exit(1)
