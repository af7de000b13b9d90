"""From the client's first byte to the last message at the sink: how many messages a second go all the way.

Three chains: telepost to a sink that speaks the dialect; Postfix to smtp-sink; and what sites have had until now,
Postfix to a pipe(8) to a Python script that speaks SMTP to the sink.
"""

import time

from . import postfix, process
from .load import Load, SmtpSink
from .plan import Plan
from .postfix import Postfix
from .report import Row, Table
from .telepost import Simulator, Telepost

SESSIONS = 20
MAILS, QUICK_MAILS = 10_000, 500
# A process for each message is slow.
PIPED, QUICK_PIPED = 200, 50
PATIENCE = 300.0
GATEWAY = f"sessions = {SESSIONS}"
SCRIPT = """\
import smtplib, sys
mail = sys.stdin.read()
body = mail.partition("\\n\\n")[2][:160]
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as gateway:
    gateway.sendmail("alerts@example.com", sys.argv[2], body)
"""


def run(plan: Plan) -> Table:
    simulator = Simulator(plan.telepost, plan.new_folder("simulator"))
    sink = SmtpSink(plan.new_folder("sink"))
    script = plan.new_folder("script") / "send-sms"
    script.write_text(SCRIPT)
    ours = Telepost(plan.telepost, plan.new_folder("telepost"), simulator.port, GATEWAY)
    theirs = Postfix(plan.new_folder("postfix"), postfix.DELIVER.format(sink=sink.port))
    service = postfix.PIPE_SERVICE.format(script=script, sink=sink.port)
    piped = Postfix(plan.new_folder("pipe"), postfix.PIPE, service)
    mails = QUICK_MAILS if plan.quick else MAILS
    few = QUICK_PIPED if plan.quick else PIPED
    try:
        rates = plan.in_turn({
            "telepost": lambda: end_to_end(ours.port, simulator, mails),
            "postfix": lambda: end_to_end(theirs.port, sink, mails),
            "pipe": lambda: end_to_end(piped.port, sink, few),
        })
    finally:
        for server in (ours, theirs, piped, simulator, sink):
            server.stop()
    what = f"1 KB, {SESSIONS} sessions in, {SESSIONS} out"
    return Table("deliver", "End to end", [
        Row(what, "msg/s", rates["telepost"], rates["postfix"], "Postfix", "ratio >= 5"),
        Row(what, "msg/s", rates["telepost"], rates["pipe"], "Postfix, pipe, script", "ratio >= 100"),
    ])


def end_to_end(port: int, sink, count: int) -> float:
    before = sink.count()
    begun = time.monotonic()
    Load(SESSIONS, kept_open=True).send(port, count)
    process.wait_until("all mails at the sink", lambda: sink.count() >= before + count, PATIENCE, pause=0.005)
    return count / (time.monotonic() - begun)
