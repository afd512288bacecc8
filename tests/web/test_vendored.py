"""Vendored files are what their table says, to the byte."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "src" / "omniroute" / "web" / "static" / "vendor"
ROW = re.compile(r"^\| (?P<file>\S+) \| \S+ [\d.]+ \|.*\| (?P<sha256>[0-9a-f]{64}) \|$", re.M)


def test_every_vendored_file_has_the_sum_that_its_table_states() -> None:
    stated = dict(ROW.findall((VENDOR / "VENDORED.md").read_text()))
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "VENDORED.md"
    }
    assert found == stated
