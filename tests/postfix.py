"""A Postfix of the tests' own, configured as docs/operating.md says, on free ports; root alone can start one."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from textwrap import dedent
from typing import Self

ROOT = Path(__file__).parents[1]
PROGRAMS = Path("/usr/sbin/postfix")

# What any instance needs that is not Debian's own one; all waits are short, so that a deferred mail goes on at once.
GROUND = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.csirt.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtpd_authorized_xclient_hosts = 127.0.0.1
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
transport_retry_time = 1s
address_verify_poll_delay = 1s
address_verify_negative_refresh_time = 1s
smtp_dns_support_level = disabled
"""
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def documented(title: str) -> str:
    """The lines of a block of docs/operating.md that begins with the comment `# title`."""
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    found = re.search(rf"^    # {re.escape(title)}\n((?:    .*\n)+)", text, re.MULTILINE)
    assert found, f"docs/operating.md shows no block “{title}”"
    return dedent(found[1])


class Postfix:
    """A running instance; `port` takes mail, `folder/queue` is its queue."""

    def __init__(self, port: int, settings: str) -> None:
        self.port = port
        self.folder = Path(tempfile.mkdtemp(prefix="madoguchi-postfix-"))
        self.folder.chmod(0o755)
        self.queue = self.folder / "queue"
        for name in ("config", "queue", "data", "log"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        self._config = self.folder / "config"
        ground = GROUND.format(folder=self.folder)
        (self._config / "main.cf").write_text(ground + settings, encoding="ascii")
        (self._config / "master.cf").write_text(SERVICES.format(port=port), encoding="ascii")

    def folder_for_sockets(self) -> Path:
        """The folder that the documents make in the queue: the socket made in it belongs to Postfix's group."""
        made = self.queue / "madoguchi"
        made.mkdir()
        os.chown(made, os.geteuid(), pwd.getpwnam("postfix").pw_gid)
        made.chmod(0o2750)
        return made

    def said(self) -> str:
        """Its log."""
        log = self.folder / "log/mail"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def waiting(self) -> int:
        """How many mails stand in its queue."""
        queues = (self.queue / name for name in ("incoming", "active", "deferred"))
        return sum(one.is_file() for queue in queues for one in queue.rglob("*"))

    def __enter__(self) -> Self:
        subprocess.run([PROGRAMS, "-c", self._config, "start"], check=True, capture_output=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([PROGRAMS, "-c", self._config, "stop"], check=True, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
