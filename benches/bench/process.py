"""Starts and ends programs, and asks the kernel what they use. Ends only what it has started, by its ID."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# How long anything may take to come up or to go, in seconds.
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until(what: str, is_so, patience: float = PATIENCE, pause: float = 0.01):
    """Gives what `is_so` gives, once that is true."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = is_so()
        if found:
            return found
        time.sleep(pause)
    raise TimeoutError(f"waited {patience:.0f} s for {what}")


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Program:
    """A program that runs until it is stopped; what it says goes into a file."""

    def __init__(self, arguments: list, said: Path):
        self.said = said
        with open(said, "ab") as file:
            self.process = subprocess.Popen(
                [str(word) for word in arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def words(self) -> str:
        return self.said.read_text(errors="replace")

    def wait_for_word(self, word: str, patience: float = PATIENCE) -> None:
        def said() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args} ended:\n{self.words()}")
            return word in self.words()

        wait_until(f"{word!r} from {self.process.args[0]}", said, patience, pause=0.002)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _stat(int(entry.name), 1)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found.extend(children.get(member, []))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a family, of members who have gone too."""
    spent = 0
    for member in family(pid):
        spent += sum(_stat(member, at) or 0 for at in (11, 12, 13, 14))
    return spent / TICKS


def memory_bytes(pid: int) -> int:
    """What a family holds, a page that several share counted once among them (PSS)."""
    total = 0
    for member in family(pid):
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M).group(1)) * 1024
    return total


def resident_bytes(pid: int, peak: bool = False) -> int:
    """What one process holds, or the most it has held (RSS)."""
    field = "VmHWM" if peak else "VmRSS"
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M).group(1)) * 1024


def _stat(pid: int, at: int) -> int | None:
    """A field of /proc/PID/stat, counted from the one after the program's name."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[at])
    except (OSError, IndexError):
        return None
