"""Accepting mail durably, and nothing else: how many messages a second are on disk and answered.

Postfix puts them into its hold queue, telepost into its spool; neither tries to deliver any.
"""

from . import load, postfix
from .load import Load, SmtpSink
from .plan import Plan
from .postfix import Postfix
from .report import Row, Table
from .telepost import Telepost

SESSIONS = [1, 10, 50, 200]
QUICK_SESSIONS = [1, 50]
# (sessions, kept open) → what telepost is to reach beside Postfix.
GOALS = {(1, True): 1.2, (1, False): 1.2, (50, True): 3, (50, False): 3, (200, True): 5}
# What telepost is to reach beside a sink that stores nothing.
SINK_GOAL = 0.4


def run(plan: Plan) -> Table:
    multipart = load.multipart(plan.new_folder("mail"))
    rows = []
    for mail, name in ((None, "1 KB"), (multipart, "10 KB multipart")):
        for sessions in QUICK_SESSIONS if plan.quick else SESSIONS:
            for kept_open in (False, True):
                rows += measure(plan, Load(sessions, kept_open, mail), name)
    return Table("accept", "Accept only, durably", rows)


def measure(plan: Plan, work: Load, mail: str) -> list[Row]:
    ours = Telepost(plan.telepost, plan.new_folder("telepost"))
    theirs = Postfix(plan.new_folder("postfix"), postfix.HOLD)
    sink = SmtpSink(plan.new_folder("sink"))
    try:
        servers = {"telepost": ours.port, "postfix": theirs.port, "sink": sink.port}
        counts = {name: work.count_for(plan, port) for name, port in servers.items()}
        rates = plan.in_turn(
            {name: lambda name=name, port=port: work.rate(port, counts[name]) for name, port in servers.items()}
        )
    finally:
        for server in (ours, theirs, sink):
            server.stop()
    what = f"{mail}, {work.sessions} sessions, {'kept open' if work.kept_open else 'one for each message'}"
    goal = GOALS.get((work.sessions, work.kept_open)) if work.mail is None else None
    sink_goal = SINK_GOAL if work.mail is None and work.sessions >= 50 else None
    return [
        Row(what, "msg/s", rates["telepost"], rates["postfix"], goal=f"ratio >= {goal}" if goal else ""),
        Row(what, "msg/s", rates["telepost"], rates["sink"], "smtp-sink", f"ratio >= {sink_goal}" if sink_goal else ""),
    ]
