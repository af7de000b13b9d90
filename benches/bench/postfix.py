"""A Postfix of our own: queue, configuration and log in one folder, its port on loopback.

It is given every advantage that costs no durability: no chroot, no DNS, no limits on clients, no waiting on purpose,
no lookups of addresses. What differs from its defaults stands in `MAIN`.
"""

import grp
import os
import pwd
import subprocess
from pathlib import Path

from . import process

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_protocols = ipv4
inet_interfaces = 127.0.0.1
myhostname = mx.example.com
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
smtp_dns_support_level = disabled
smtp_tls_security_level = none
smtputf8_enable = no
default_process_limit = 400
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
in_flow_delay = 0
{extra}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
{extra}
"""
# Mail is stored, synced, answered, and then left alone: the least a durable Postfix can do for a message.
HOLD = "smtpd_recipient_restrictions = static:HOLD, permit_mynetworks, reject"
DELIVER = "smtpd_recipient_restrictions = permit_mynetworks, reject\nrelayhost = [127.0.0.1]:{sink}"
PIPE = "smtpd_recipient_restrictions = permit_mynetworks, reject\ndefault_transport = sms"
PIPE_SERVICE = """\
sms unix - n n - 20 pipe
  flags=Rq user=nobody argv=/usr/bin/python3 {script} {sink} ${{recipient}}
"""


class Postfix:
    def __init__(self, folder: Path, main: str = HOLD, master: str = ""):
        self.folder = folder
        self.port = process.free_port()
        owner = pwd.getpwnam("postfix")
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir()
        os.chown(folder / "data", owner.pw_uid, grp.getgrgid(owner.pw_gid).gr_gid)
        (folder / "etc/main.cf").write_text(MAIN.format(folder=folder, extra=main))
        (folder / "etc/master.cf").write_text(MASTER.format(port=self.port, extra=master))
        self._control("start")
        process.wait_until("Postfix to listen", lambda: process.is_listening(self.port))
        self.pid = int((folder / "queue/pid/master.pid").read_text())

    def stop(self) -> None:
        self._control("stop")

    def _control(self, verb: str) -> None:
        # A file and not a pipe: the daemons inherit it, and the end of a pipe would never come.
        said = self.folder / "control"
        with open(said, "ab") as file:
            done = subprocess.run(
                ["postfix", "-c", self.folder / "etc", verb],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=process.PATIENCE,
            )
        if done.returncode != 0:
            raise RuntimeError(f"postfix {verb}:\n{said.read_text()}")


def version() -> str:
    words = subprocess.run(["postconf", "-d", "-h", "mail_version"], capture_output=True, text=True)
    return words.stdout.strip()
