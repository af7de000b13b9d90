"""Processor time for 1,000 messages, of all processes of each side together; the load client's is not in it."""

from . import postfix, process
from .deliver import GATEWAY, SESSIONS, end_to_end
from .load import Load, SmtpSink
from .plan import Plan
from .postfix import Postfix
from .report import Row, Table
from .telepost import Simulator, Telepost

MAILS, QUICK_MAILS = 5000, 500
GOAL = "ratio <= 0.2"


def run(plan: Plan) -> Table:
    count = QUICK_MAILS if plan.quick else MAILS
    rows = [*accepting(plan, count), *delivering(plan, count)]
    return Table("cpu", "Processor time", rows)


def accepting(plan: Plan, count: int) -> list[Row]:
    ours = Telepost(plan.telepost, plan.new_folder("telepost"))
    theirs = Postfix(plan.new_folder("postfix"), postfix.HOLD)
    try:
        spent = plan.in_turn({
            name: lambda server=server: per_thousand(server.pid, count, lambda: send(server.port, count))
            for name, server in (("telepost", ours), ("postfix", theirs))
        })
    finally:
        ours.stop()
        theirs.stop()
    return [Row("accept only", "s/1,000", spent["telepost"], spent["postfix"], goal=GOAL)]


def delivering(plan: Plan, count: int) -> list[Row]:
    simulator = Simulator(plan.telepost, plan.new_folder("simulator"))
    sink = SmtpSink(plan.new_folder("sink"))
    ours = Telepost(plan.telepost, plan.new_folder("telepost"), simulator.port, GATEWAY)
    theirs = Postfix(plan.new_folder("postfix"), postfix.DELIVER.format(sink=sink.port))
    try:
        spent = plan.in_turn({
            name: lambda server=server, to=to: per_thousand(
                server.pid, count, lambda: end_to_end(server.port, to, count)
            )
            for name, server, to in (("telepost", ours, simulator), ("postfix", theirs, sink))
        })
    finally:
        for server in (ours, theirs, simulator, sink):
            server.stop()
    return [Row("end to end", "s/1,000", spent["telepost"], spent["postfix"], goal=GOAL)]


def send(port: int, count: int) -> None:
    Load(SESSIONS, kept_open=True).send(port, count)


def per_thousand(pid: int, count: int, work) -> float:
    before = process.cpu_seconds(pid)
    work()
    return (process.cpu_seconds(pid) - before) * 1000 / count
