"""A real IMAP server of the test's own: Dovecot, on free ports, gone afterwards."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from omniroute.testing.server_process import free_port, until

TLS = Path(__file__).parent / "tls"
_CONFIG = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
ssl = yes
ssl_cert = <{tls}/certificate.pem
ssl_key = <{tls}/key.pem
disable_plaintext_auth = yes
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password=hunter2
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A mailbox: *port* insists on STARTTLS, *tls_port* speaks TLS from the start."""

    folder: Path
    port: int
    tls_port: int

    def put(self, name: str, message: bytes) -> None:
        """A message arrives, as an MTA delivers it (maildir)."""
        path = self.folder / "mail" / "tmp" / name
        path.write_bytes(message)
        path.chmod(0o644)
        path.rename(self.folder / "mail" / "new" / name)

    def names(self, folder: str = "") -> list[str]:
        """The files of what has been looked at; flags stand behind the colon."""
        return sorted(path.name for path in (self.folder / "mail" / folder / "cur").iterdir())


@contextmanager
def dovecot(program: str) -> Iterator[Dovecot]:
    """A server that runs meanwhile."""
    with tempfile.TemporaryDirectory(prefix="dovecot-") as name:
        folder, made = Path(name), Dovecot(Path(name), free_port(), free_port())
        for box in ("", ".Done"):
            for part in ("cur", "new", "tmp"):
                (folder / "mail" / box / part).mkdir(parents=True)
        # It lets root neither talk to strangers nor have mail, and brings users for both.
        user, login = ("dovecot", "dovenull") if os.getuid() == 0 else (getpass.getuser(),) * 2
        whose = pwd.getpwnam(user)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, whose.pw_uid, whose.pw_gid)
        folder.chmod(0o755)
        settings = _CONFIG.format(
            folder=folder, tls=TLS, internal=user, login=login, uid=whose.pw_uid, gid=whose.pw_gid,
            group=grp.getgrgid(whose.pw_gid).gr_name, port=made.port, tls_port=made.tls_port,
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(settings)
        command = [program, "-F", "-c", str(folder / "dovecot.conf")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until("Dovecot runs", 20, (folder / "run" / "login").exists)
            yield made
        finally:
            process.terminate()
            process.wait()
