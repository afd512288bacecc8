"""``omniroute backup`` and ``omniroute restore``: a desk in one file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from omniroute.cli.output import as_json, config, print_json, progress
from omniroute.server.backup import back_up, told
from omniroute.server.backup import restore as restore_from
from omniroute.server.settings import load

ARCHIVE = click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@ARCHIVE
@config
@as_json
def backup(archive: Path, config: Path, json_: bool) -> None:
    """Copy the whole desk into ARCHIVE, while its server runs or without one.

    The copy holds people's words and the desk's key: keep it as safe as the desk.
    """
    settings = load(config)
    with progress("copying", quiet=json_) as move:
        manifest = back_up(settings, archive, move)
    about = told(manifest, archive)
    if json_:
        return print_json(about)
    if settings.store.url:
        click.echo("journal and rows lie on a database server: copy them with its own tools")
    return click.echo(
        f"{archive}: {about['records']} records, {about['files']} files, {about['bytes']} bytes"
    )


@click.command()
@ARCHIVE
@config
@as_json
def restore(archive: Path, config: Path, json_: bool) -> None:
    """Make the desk of the settings out of ARCHIVE; there must be none yet."""
    with progress("checking", quiet=json_) as move:
        manifest = restore_from(load(config), archive, move)
    about = told(manifest, archive)
    if json_:
        return print_json(about)
    return click.echo(
        f"restored {about['records']} records, {about['files']} files; "
        "`omniroute verify` folds the journal, then start the server"
    )
