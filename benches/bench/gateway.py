"""A gateway far away: every answer comes 50 ms late, and ten sessions deliver what waits.

An SMS takes four round trips (MAIL, RCPT, DATA, the text), so arithmetic allows sessions / (4 x 50 ms). With
`pipelining` the first three are one, and it allows twice that.
"""

import json
import subprocess
from datetime import datetime

from . import process
from .plan import Plan
from .report import Row, Table
from .telepost import Simulator, Telepost

DELAY = 0.05
SESSIONS = 10
SECONDS, QUICK_SECONDS = 8, 3
WARM_UP = 50


def run(plan: Plan) -> Table:
    rows = []
    for name, option, trips, goal in (
        ("one command at a time", "", 4, "ratio >= 0.9"),
        ("pipelining", "pipelining = true", 2, "ratio >= 0.9"),
    ):
        allowed = SESSIONS / (trips * DELAY)
        rates = [rate(plan, option, allowed) for _ in range(1 if plan.quick else plan.rounds)]
        rows.append(Row(f"{SESSIONS} sessions, {DELAY * 1000:.0f} ms, {name}", "msg/s", rates, [allowed],
                        "arithmetic", goal))
    return Table("gateway", "A gateway far away", rows)


def rate(plan: Plan, option: str, allowed: float) -> float:
    count = int(allowed * (QUICK_SECONDS if plan.quick else SECONDS)) + WARM_UP
    folder = plan.new_folder("telepost")
    subprocess.run([plan.fill, folder / "spool.db", str(count)], check=True, timeout=process.PATIENCE)
    simulator = Simulator(plan.telepost, plan.new_folder("simulator"), "--delay", str(int(DELAY * 1000)))
    relay = Telepost(plan.telepost, folder, simulator.port, f"sessions = {SESSIONS}\n{option}")
    try:
        process.wait_until("all at the gateway", lambda: simulator.count() >= count)
    finally:
        relay.stop()
        simulator.stop()
    times = [json.loads(line)["time"][:26].rstrip("Z") for line in simulator.log.read_text().splitlines()]
    # The first ones wait for logins, the last ones leave sessions without work.
    first, last = (datetime.fromisoformat(times[at]) for at in (WARM_UP // 2, -WARM_UP // 2))
    return (len(times) - WARM_UP) / (last - first).total_seconds()
