"""One small tree of errors; the class says whose fault it is, the text carries the fix.

* `ConfigError`   the admin's: a rules file, a setting, a folder.
* `PluginError`   the integrator's: a hook or an object that breaks its contract.
* `RemoteError`   the other side's: `Retry`, `Rejected`, `NotAuthorised`, `Busy`.
* `StoreError`    the disk's or the database server's.
* `Refused`       nobody's: somebody asked for what they may not have, or what is no longer so.

Whatever is none of these is a bug of ours and surfaces as what it is.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence
from typing import Final


class OmniRouteError(Exception):
    """Anything OmniRoute says on purpose."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest of the *known* names as a phrase, or an empty string.

    >>> did_you_mean("bilings", ["billing", "tech"])
    'did you mean “billing”?'
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean “{close[0]}”?" if close else ""


class ConfigError(OmniRouteError):
    """A file or a setting is wrong; *place* is ``file:line`` or the setting's name."""

    def __init__(self, place: str, fault: str, fix: str = "") -> None:
        super().__init__(place, fault, fix)
        self.place, self.fault, self.fix = place, fault, fix

    def __str__(self) -> str:
        said = f"{self.place}: {self.fault}" if self.place else self.fault
        return f"{said} — {self.fix}" if self.fix else said


class ConfigErrors(ConfigError):
    """All findings of one run, so that nobody repairs one only to meet the next."""

    def __init__(self, findings: Sequence[ConfigError]) -> None:
        first = findings[0]
        super().__init__(first.place, first.fault, first.fix)
        self.findings = tuple(findings)
        self.args = (self.findings,)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


_FIXES: Final = {
    errno.EACCES: "give it to the user who runs this",
    errno.EPERM: "give it to the user who runs this",
    errno.EROFS: "mount the disk for writing, or name another place in the settings",
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or raise the user's quota",
    errno.EMFILE: "allow more open files: ulimit -n, or LimitNOFILE= of its unit",
    errno.EIO: "check the disk and the system's log",
}


def of_the_system(error: OSError) -> ConfigError | None:
    """What the system refuses over a file, as the admin's to mend; ``None`` of anything else."""
    fix = _FIXES.get(error.errno or 0)
    if fix is None or error.filename is None:
        return None
    return ConfigError(str(error.filename), error.strerror or str(error), fix)


class PluginError(OmniRouteError):
    """A plugin breaks its contract; names the plugin, the hook or method, and the fault."""

    def __init__(self, plugin: str, where: str, fault: str) -> None:
        super().__init__(plugin, where, fault)
        self.plugin, self.where, self.fault = plugin, where, fault

    def __str__(self) -> str:
        return f"plugin {self.plugin}: {self.where}: {self.fault}"


class PluginErrors(PluginError):
    """All findings about plugins of one start; the attributes are those of the first."""

    def __init__(self, findings: Sequence[PluginError]) -> None:
        first = findings[0]
        super().__init__(first.plugin, first.where, first.fault)
        self.findings = tuple(findings)
        self.args = (self.findings,)

    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class RemoteError(OmniRouteError):
    """The platform, or the way to it, failed; the subclass says what to do next."""


class Retry(RemoteError):
    """Try again, not before *after* seconds (``None``: the engine's own back-off).

    *in_doubt* says that the platform may have taken the message although it did not answer: the
    next attempt is then marked as a possible repeat.
    """

    def __init__(self, reason: str, after: float | None = None, *, in_doubt: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.after, self.in_doubt = reason, after, in_doubt


class Rejected(RemoteError):
    """This message will never be taken; *reason* is shown to the agent.

    Unless it is *by_content* the next answer is proposed another way, where there is one: the
    address is taken for one that cannot be reached.
    """

    def __init__(self, reason: str, *, by_content: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.by_content = reason, by_content


class NotAuthorised(RemoteError):
    """The credentials no longer serve; *fix* tells the admin what to do."""

    def __init__(self, fix: str) -> None:
        super().__init__(fix)
        self.fix = fix


class Busy(RemoteError):
    """We cannot promise to keep what was offered now; the sender should come again."""


class StoreError(OmniRouteError):
    """The durable side failed; the text names the file or server and the cause."""


class Refused(OmniRouteError):
    """An action was understood and not done; *code* is stable, the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text

    def __str__(self) -> str:
        return self.text
