"""What both hold when nothing happens, and what an idle connection costs."""

import socket
import time

from . import process
from .plan import Plan
from .postfix import Postfix
from .report import Row, Table
from .telepost import Telepost

CONNECTIONS, QUICK_CONNECTIONS = [1000, 5000], [200]
# Postfix needs a process for each connection, so a few must do.
POSTFIX_CONNECTIONS = 100
# How long memory is left alone before it is read, in seconds.
CALM = 1.0
MEGABYTE, KILOBYTE = 1024 * 1024, 1024


def run(plan: Plan) -> Table:
    ours = Telepost(plan.telepost, plan.new_folder("telepost"))
    theirs = Postfix(plan.new_folder("postfix"))
    try:
        idle = calm_memory(ours.pid)
        postfix_idle = calm_memory(theirs.pid)
        postfix_each = each(theirs, postfix_idle, POSTFIX_CONNECTIONS)[1]
        rows = [Row("nothing to do", "MB", [idle / MEGABYTE], [postfix_idle / MEGABYTE], goal="ours <= 12")]
        for count in QUICK_CONNECTIONS if plan.quick else CONNECTIONS:
            total, one = each(ours, idle, count)
            rows.append(Row(f"{count} idle connections", "MB", [total / MEGABYTE]))
            rows.append(Row(f"each of {count} idle connections", "KB", [one / KILOBYTE], [postfix_each / KILOBYTE],
                            f"Postfix, {POSTFIX_CONNECTIONS} connections", "ours <= 10"))
    finally:
        ours.stop()
        theirs.stop()
    notes = ["Memory is the proportional set size of all processes; connections have said EHLO. The kernel's own part "
             "(sockets) is not in it, on either side."]
    return Table("memory", "Memory", rows, notes)


def each(server, idle: int, count: int) -> tuple[int, float]:
    """What the server holds with so many idle connections, in all and for each of them."""
    connections = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=process.PATIENCE)
            connections.append(connection)
            connection.recv(512)
            connection.sendall(b"EHLO bench\r\n")
            connection.recv(2048)
        total = calm_memory(server.pid)
    finally:
        for connection in connections:
            connection.close()
    return total, (total - idle) / count


def calm_memory(pid: int) -> int:
    time.sleep(CALM)
    return process.memory_bytes(pid)
