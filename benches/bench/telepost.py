"""telepost, and the gateway that it simulates."""

import subprocess
from pathlib import Path

from . import process

DOMAIN = "sms.example.com"
NUMBER = "+447731234567"
RECIPIENT = f"{NUMBER}@{DOMAIN}"
CREDITS = 1_000_000_000

CONFIG = """\
hostname = "{domain}"
[spool]
url = "sqlite:{folder}/spool.db"
[[listener]]
bind = "127.0.0.1:{port}"
max_connections = 10000
[numbers]
domains = ["{domain}"]
[sender]
default = "ALERTS"
[[gateway]]
name = "sink"
host = "127.0.0.1"
port = {sink}
username = "demo"
password_file = "{folder}/password"
{gateway}
"""
# Mail is stored, synced, answered, and then left alone: the one session waits an hour before it sends.
HOLD = 'sessions = 1\nrate = "1/h"'


class Telepost:
    """A relay. Without a sink its mail goes nowhere."""

    def __init__(self, program: Path, folder: Path, sink: int = 1, gateway: str = HOLD, wrap: tuple = ()):
        self.folder = folder
        self.port = process.free_port()
        self.config = folder / "telepost.toml"
        (folder / "password").write_text("demo\n")
        self.config.write_text(CONFIG.format(domain=DOMAIN, folder=folder, port=self.port, sink=sink, gateway=gateway))
        self.program = process.Program([*wrap, program, "serve", "-c", self.config], folder / "log")
        self.program.wait_for_word("telepost ready")

    @property
    def pid(self) -> int:
        return self.program.pid

    def stop(self) -> None:
        self.program.stop()


class Simulator:
    """The gateway of the document. It counts what it takes in a file, a line for each, written but not synced."""

    def __init__(self, program: Path, folder: Path, *options: str):
        self.port = process.free_port()
        self.log = folder / "accepted"
        self.log.touch()
        self._counted = (0, 0)
        arguments = [program, "simulate", "--listen", f"127.0.0.1:{self.port}", "--credits", CREDITS, "--log", self.log]
        self.program = process.Program([*arguments, *options], folder / "log")
        self.program.wait_for_word("ready")

    def count(self) -> int:
        """How many it has taken so far."""
        count, offset = self._counted
        with open(self.log, "rb") as file:
            file.seek(offset)
            new = file.read()
        self._counted = (count + new.count(b"\n"), offset + len(new))
        return self._counted[0]

    def stop(self) -> None:
        self.program.stop()


def version(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
