"""How telepost does with messages waiting in its spool: none, ten thousand, a hundred thousand, a million.

There is no other side here: what is to be shown is that a long queue costs nothing. The example `fill` writes the
queue through telepost's own spool; all its messages are due.
"""

import shutil
import subprocess
import time
from pathlib import Path

from . import process
from .load import Load
from .plan import Plan
from .report import Row, Table
from .telepost import HOLD, Simulator, Telepost

WAITING, QUICK_WAITING = [0, 10_000, 100_000, 1_000_000], [0, 10_000]
SESSIONS = 50
# How much is delivered before the rate is read.
DELIVERED, QUICK_DELIVERED = 5000, 500
FILL_LIMIT = 1800
MEGABYTE = 1024 * 1024
GATEWAY = "sessions = 20"


def run(plan: Plan) -> Table:
    filled = {count: fill(plan, count) for count in (QUICK_WAITING if plan.quick else WAITING)}
    rows = []
    empty_rate = []
    for count, spool in filled.items():
        accepted, resident = accepting(plan, spool)
        empty_rate = empty_rate or accepted
        most = max(filled) == count and not plan.quick
        what = f"{count:,} waiting"
        rows += [
            Row(f"{what}: accept, {SESSIONS} sessions kept open", "msg/s", accepted, empty_rate, "0 waiting",
                "ratio >= 0.8" if most else ""),
            Row(f"{what}: memory after that", "MB", [resident], goal="ours <= 60" if most else ""),
        ]
        if count:
            rows += delivering(plan, spool, what, most)
    return Table("growth", "Growth", rows, [f"{SESSIONS} sessions in, 20 out; memory is resident (RSS)."])


def fill(plan: Plan, count: int) -> Path:
    spool = plan.new_folder(f"filled-{count}") / "spool.db"
    subprocess.run([plan.fill, spool, str(count)], check=True, timeout=FILL_LIMIT)
    return spool


def accepting(plan: Plan, spool: Path) -> tuple[list[float], float]:
    """Messages a second, round by round, and the megabytes held after them."""
    relay = Telepost(plan.telepost, with_copy(plan, spool), gateway=HOLD)
    work = Load(SESSIONS, kept_open=True)
    try:
        count = work.count_for(plan, relay.port)
        rates = [work.rate(relay.port, count) for _ in range(plan.rounds)]
        return rates, process.resident_bytes(relay.pid, peak=True) / MEGABYTE
    finally:
        relay.stop()


def delivering(plan: Plan, spool: Path, what: str, most: bool) -> list[Row]:
    starts, rates, peaks = [], [], []
    wanted = QUICK_DELIVERED if plan.quick else DELIVERED
    for _ in range(1 if plan.quick else 3):
        simulator = Simulator(plan.telepost, plan.new_folder("simulator"))
        folder = with_copy(plan, spool)
        begun = time.monotonic()
        relay = Telepost(plan.telepost, folder, simulator.port, GATEWAY)
        try:
            process.wait_until("the first delivery", lambda: simulator.count() > 0, pause=0.001)
            first = time.monotonic()
            process.wait_until("more deliveries", lambda: simulator.count() >= wanted, pause=0.005)
            rates.append(wanted / (time.monotonic() - first))
            peaks.append(process.resident_bytes(relay.pid, peak=True) / MEGABYTE)
            starts.append(first - begun)
        finally:
            relay.stop()
            simulator.stop()
        shutil.rmtree(folder)
    return [
        Row(f"{what}: start to first delivery", "s", starts, goal="ours <= 2" if most else ""),
        Row(f"{what}: deliver", "msg/s", rates),
        Row(f"{what}: most memory while delivering", "MB", peaks, goal="ours <= 60" if most else ""),
    ]


def with_copy(plan: Plan, spool: Path) -> Path:
    folder = plan.new_folder("telepost")
    # With its times, and with the lock file: both tell that the last relay ended in order.
    for name in ("spool.db", "spool.db.lock"):
        subprocess.run(["cp", "-p", "--reflink=auto", spool.with_name(name), folder / name], check=True)
    return folder
