"""The command line as somebody at a terminal uses it; in this process, so that it is quick."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

from omniroute.cli import main


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output of ``--json``; there is nothing beside it."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """The output of a command that went well."""
        assert self.code == 0, self.err
        return self.out.splitlines()

    @property
    def refusal(self) -> str:
        """The one thing that a command said which failed."""
        assert (self.code, self.out) == (1, ""), self
        assert self.err.startswith("omniroute: ")
        return self.err.removeprefix("omniroute: ").rstrip("\n")

    @property
    def misuse(self) -> str:
        """What is wrong with how the command was called."""
        assert (self.code, self.out) == (2, ""), self
        return self.err.partition("\nError: ")[2].rstrip("\n")


def omniroute(*arguments: object) -> Ran:
    """Run a command."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return Ran(code, out.getvalue(), err.getvalue())
