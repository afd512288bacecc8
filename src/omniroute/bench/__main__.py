"""``python -m omniroute.bench``."""

import sys

import click

from omniroute.bench.command import bench
from omniroute.errors import OmniRouteError

try:
    bench()
except OmniRouteError as error:
    click.echo(f"omniroute: {error}", err=True)
    sys.exit(1)
