"""The load client, Postfix' smtp-source, and Postfix' smtp-sink, which takes mail and stores nothing."""

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import process
from .plan import TRIAL, Plan
from .telepost import RECIPIENT

# How long one run may take before it counts as hanging, in seconds.
LIMIT = 300.0
SENDER = "monitor@example.com"


@dataclass(frozen=True)
class Load:
    """What is sent, and over how many connections at a time."""

    sessions: int
    kept_open: bool
    # A mail in a file; `None` lets smtp-source make one of `size` bytes.
    mail: Path | None = None
    size: int = 1000
    recipients: int = 1

    def send(self, port: int, count: int) -> float:
        """Sends so many messages; gives the seconds until the last one was answered."""
        command = ["smtp-source", "-s", self.sessions, "-m", count, "-f", SENDER, "-t", RECIPIENT]
        command += ["-r", self.recipients] if self.recipients > 1 else []
        command += ["-d"] if self.kept_open else []
        command += ["-F", self.mail] if self.mail else ["-l", self.size]
        # The listen queue may be full for a moment when hundreds of connections come at once.
        command += ["-C", 10, f"127.0.0.1:{port}"]
        begun = time.monotonic()
        subprocess.run([str(word) for word in command], check=True, timeout=LIMIT)
        return time.monotonic() - begun

    def count_for(self, plan: Plan, port: int) -> int:
        """How many messages fill one run with this server."""
        trial = max(TRIAL, 4 * self.sessions)
        self.send(port, trial)
        rate = trial / self.send(port, trial)
        return max(int(rate * plan.run), trial)

    def rate(self, port: int, count: int) -> float:
        """Messages a second."""
        return count / self.send(port, count)


class SmtpSink:
    """Takes mail as fast as it comes, and counts it."""

    def __init__(self, folder: Path, *options: str):
        self.port = process.free_port()
        command = ["smtp-sink", "-u", "nobody", "-c", *options, f"127.0.0.1:{self.port}", "1000"]
        self.program = process.Program(command, folder / "counts")
        process.wait_until("smtp-sink to listen", lambda: process.is_listening(self.port))

    def count(self) -> int:
        """How many it has taken so far. It overwrites one line again and again."""
        with open(self.program.said, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - 200))
            last = re.findall(rb"mesg=(\d+)", file.read())
        return int(last[-1]) if last else 0

    def stop(self) -> None:
        self.program.stop()


def multipart(folder: Path, size: int = 10_000) -> Path:
    """A mail with plain text and HTML, as ticket systems write them. Without Message-ID, for it is sent many times."""
    row = "<tr><td style=\"font-family:Arial\">web%03d</td><td>disk /var at <b>%d&nbsp;%%</b></td></tr>\r\n"
    text = "Hello,\n\nthe disk of web01 is nearly full:\n\n" + "web01 /var at 93 %\n" * 20 + "\nRegards\nMonitoring\n"
    html = "<html><head><style>td { padding: 2px }</style></head><body><p>Hello,</p><table>\n"
    number = 0
    while len(text) + len(html) < size - 600:
        html += (row % (number, number % 100)).replace("\r\n", "\n")
        number += 1
    mail = (
        "From: Monitoring <monitor@example.com>\nTo: oncall@sms.example.com\nSubject: Disk nearly full on web01\n"
        "Date: Sun, 1 Mar 2026 03:00:00 +0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="limit"\n\n'
        f"--limit\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--limit\nContent-Type: text/html; charset=utf-8\n\n{html}</table></body></html>\n\n--limit--\n"
    )
    path = folder / "multipart.eml"
    path.write_text(mail)
    return path
