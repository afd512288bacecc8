"""``omniroute channel new``, ``info`` and ``check``: for whoever writes a channel."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import click
import msgspec

from omniroute.channel import Cap
from omniroute.cli.output import as_json, print_json, progress
from omniroute.scaffold.making import make
from omniroute.testing.pages import settings_rows
from omniroute.testing.quality import read_quality
from omniroute.testing.subject import Subject, find
from omniroute.testing.verdict import Verdict, judge

WHAT = "TARGET is an installed kind, the folder of a plugin's project, or one Python file."


@click.command()
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder in which it is made; the one you are in unless given.",
)
def new(name: str, into: Path) -> None:
    """Make a new channel: a package that installs, type-checks, lints and passes its tests.

    It connects an invented platform; put yours in its place, file by file.
    """
    home, *files = make(name, into)
    click.echo(f"{home}: {len(files)} files")
    for path in files:
        click.echo(f"  {path.relative_to(home)}")
    click.echo("\nnext:")
    click.echo(f"  omniroute channel check {home}")
    click.echo(f"  omniroute channel try {home} --fake")


@click.command(help=f"Tell what a channel is: capabilities, settings, tier.\n\n{WHAT}")
@click.argument("target")
@as_json
def info(target: str, json_: bool) -> None:
    """Tell what a channel is."""
    subject = find(target)
    about = _about(subject)
    if json_:
        return print_json(about)
    for name, value in about.items():
        if name != "settings":
            click.echo(f"{name:9}{', '.join(value) if isinstance(value, list) else value}")
    click.echo("\n| setting | unless set | meaning |\n|---|---|---|")
    for row in settings_rows(subject.kind.Config):
        click.echo(row)
    click.echo("\n" + example(subject))
    return None


def _about(subject: Subject) -> Mapping[str, object]:
    kind = subject.kind
    quality = None if subject.home is None else subject.home / "quality.toml"
    tier = read_quality(quality).tier if quality is not None and quality.exists() else "not told"
    return {
        "kind": kind.kind,
        "label": str(getattr(kind, "label", kind.kind)),
        "plugin": subject.plugin,
        "class": f"{kind.__module__}.{kind.__name__}",
        "caps": [str(cap.name) for cap in Cap if cap in kind.caps],
        "max_text": f"{kind.max_text} {getattr(kind, 'counts', 'characters')}",
        "tier": tier,
        "settings": settings_rows(kind.Config),
    }


def example(subject: Subject) -> str:
    """A table of the settings to begin with: what is required, secrets from the environment."""
    lines = [f"[channels.{subject.kind.kind}]", f'kind = "{subject.kind.kind}"']
    for field in msgspec.structs.fields(subject.kind.Config):
        if field.required:
            secret = "Secret" in str(field.type)
            variable = f"{subject.kind.kind}_{field.name}".upper().replace("-", "_")
            value = f'{{ env = "{variable}" }}' if secret else "…"
            lines.append(f"{field.encode_name} = {value}")
    return "\n".join(lines)


def needs(module: str) -> None:
    """Say what to install where *module* is not here.  Raises `click.ClickException`."""
    if find_spec(module) is None:
        fix = 'pip install "omniroute[testing]"; in a checkout, `make test` installs it'
        raise click.ClickException(f"the checks run in {module}, which is not installed — {fix}")


@click.command(help=f"Run a channel's tests and the kit's checks; name its tier.\n\n{WHAT}")
@click.argument("target")
@as_json
def check(target: str, json_: bool) -> None:
    """Run the checks."""
    needs("pytest")
    subject = find(target)
    with progress("checks", quiet=json_) as move:
        verdict = judge(subject, move)
    if json_:
        print_json(dataclasses.asdict(verdict))
    else:
        _say(subject, verdict)
    if not verdict.ok:
        sys.exit(1)


def _say(subject: Subject, verdict: Verdict) -> None:
    for finding in verdict.failed:
        click.echo(f"FAIL  {finding.name.removeprefix('test_')}")
        for line in finding.said.splitlines()[:6]:
            click.echo(f"      {line}")
    for doubt in verdict.doubts:
        click.echo(f"DOUBT quality.toml: {doubt}")
    for reason, number in sorted(Counter(f.said for f in verdict.left_out).items()):
        click.echo(f"left out: {number} × {reason}")
    click.echo(
        f"{subject.kind.kind}: {verdict.checks} checks and {verdict.tests} other tests passed,"
        f" {len(verdict.failed)} failed, {len(verdict.left_out)} left out"
    )
    claims = "" if verdict.claims == verdict.tier else f" (it says {verdict.claims})"
    wants = f"; the next wants {', '.join(verdict.missing)}" if verdict.missing else ""
    click.echo(f"tier: {verdict.tier}{claims}{wants}")
