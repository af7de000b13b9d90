"""One mail at a time: how long until it is answered, and until it is at the sink."""

import datetime
import json
import socket
import socketserver
import statistics
import threading
import time

from . import postfix, process
from .load import SENDER
from .plan import Plan
from .postfix import Postfix
from .report import Row, Table
from .telepost import RECIPIENT, Simulator, Telepost

MAILS, QUICK_MAILS = 200, 20
GATEWAY = "sessions = 2"


def run(plan: Plan) -> Table:
    simulator = Simulator(plan.telepost, plan.new_folder("simulator"))
    clock = ClockSink()
    ours = Telepost(plan.telepost, plan.new_folder("telepost"), simulator.port, GATEWAY)
    theirs = Postfix(plan.new_folder("postfix"), postfix.DELIVER.format(sink=clock.port))
    mails = QUICK_MAILS if plan.quick else MAILS
    trips: dict[str, list[Trip]] = {"telepost": [], "postfix": []}
    try:
        # The first one of each pays for what is done once, a login for one.
        through_telepost(ours.port, simulator)
        through_postfix(theirs.port, clock)
        for _ in range(mails):
            trips["telepost"].append(through_telepost(ours.port, simulator))
            trips["postfix"].append(through_postfix(theirs.port, clock))
    finally:
        for server in (ours, theirs, simulator, clock):
            server.stop()
    return Table("latency", f"One mail at a time, {mails} of them in turn", rows(trips["telepost"], trips["postfix"]))


class Trip:
    """When things happened to one mail, in milliseconds from the first byte of the client."""

    def __init__(self, begun: float, answered: float, arrived: float):
        self.answered = (answered - begun) * 1000
        self.arrived = (arrived - begun) * 1000


def rows(ours: list[Trip], theirs: list[Trip]) -> list[Row]:
    def at(trips: list[Trip], what: str, share: float) -> list[float]:
        figures = sorted(getattr(trip, what) for trip in trips)
        return [statistics.quantiles(figures, n=100, method="inclusive")[round(share * 100) - 1]]

    answered = [Row(f"until 250, p{p}", "ms", at(ours, "answered", p / 100), at(theirs, "answered", p / 100))
                for p in (50, 99)]
    arrived = [Row(f"until the sink has it, p{p}", "ms", at(ours, "arrived", p / 100), at(theirs, "arrived", p / 100))
               for p in (50, 99)]
    against = Row("until the sink has it, p50; the other only until 250", "ms",
                  at(ours, "arrived", 0.5), at(theirs, "answered", 0.5), "Postfix", "ratio <= 1")
    return [*answered, *arrived, against]


def through_telepost(port: int, simulator: Simulator) -> Trip:
    before = simulator.count()
    begun, answered = submit(port)
    process.wait_until("the mail at the gateway", lambda: simulator.count() > before, pause=0.002)
    last = json.loads(simulator.log.read_text().splitlines()[-1])
    return Trip(begun, answered, datetime.datetime.fromisoformat(last["time"][:26].rstrip("Z") + "+00:00").timestamp())


def through_postfix(port: int, clock: "ClockSink") -> Trip:
    clock.arrived.clear()
    begun, answered = submit(port)
    if not clock.arrived.wait(process.PATIENCE):
        raise TimeoutError("the mail did not come out of Postfix")
    return Trip(begun, answered, clock.at)


def submit(port: int) -> tuple[float, float]:
    """One mail over a connection of its own; gives when the connection was begun and when the mail was answered."""
    text = "Subject: disk full\r\n\r\n" + "x" * 900 + "\r\n.\r\n"
    begun = time.time()
    with socket.create_connection(("127.0.0.1", port), timeout=process.PATIENCE) as connection:
        lines = connection.makefile("rb")
        reply(lines)
        for words in ("EHLO bench\r\n", f"MAIL FROM:<{SENDER}>\r\n", f"RCPT TO:<{RECIPIENT}>\r\n", "DATA\r\n", text):
            connection.sendall(words.encode())
            reply(lines)
        answered = time.time()
        connection.sendall(b"QUIT\r\n")
        reply(lines)
    return begun, answered


def reply(lines) -> None:
    while True:
        line = lines.readline()
        if line[:1] not in (b"2", b"3"):
            raise RuntimeError(f"was answered {line!r}")
        if line[3:4] == b" ":
            return


class ClockSink:
    """An SMTP server that tells when its last mail was complete."""

    def __init__(self):
        self.arrived = threading.Event()
        self.at = 0.0
        sink = self

        class Session(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                try:
                    self.converse()
                except ConnectionError:
                    pass  # Postfix drops the sessions that it has kept when it ends.

            def converse(self):
                self.wfile.write(b"220 sink\r\n")
                for line in self.rfile:
                    if line[:4].upper() == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        while self.rfile.readline() not in (b".\r\n", b""):
                            pass
                        sink.at = time.time()
                        sink.arrived.set()
                    self.wfile.write(b"250 ok\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
