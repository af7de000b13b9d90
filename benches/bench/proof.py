"""Proves with strace that what is answered with 250 is on disk: a sync begins after the last byte of the text was read
and ends before the answer is written.
"""

import re
import time

from .latency import submit
from .plan import Plan
from .report import Row, Table
from .telepost import Telepost

MAILS = 20
CALLS = "read,recvfrom,write,writev,sendto,fsync,fdatasync"
SYNC = re.compile(r"(?:fsync|fdatasync)\(\d+<([^>]*)>.*= 0$|<\.\.\. (?:fsync|fdatasync) resumed>.*= 0$")


def run(plan: Plan) -> Table:
    folder = plan.new_folder("proof")
    trace = folder / "trace"
    wrap = ("strace", "-D", "-f", "-y", "-s", "2000", "-e", f"trace={CALLS}", "-o", trace)
    relay = Telepost(plan.telepost, folder, wrap=wrap)
    try:
        for _ in range(MAILS):
            submit(relay.port)
        time.sleep(0.2)
    finally:
        relay.stop()
    proved = proofs(trace.read_text(errors="replace").splitlines())
    if proved != MAILS:
        raise RuntimeError(f"only {proved} of {MAILS} answers came after a sync; see {trace}")
    note = "For each mail strace saw: the text read up to its dot, then a sync of the spool, then `250 … queued as`."
    return Table("proof", "Durability", [Row("answers that came after a sync", "of 20", [float(proved)])], [note])


def proofs(lines: list[str]) -> int:
    """How many answers came after a sync that began after the text was there. One mail at a time."""
    proved = 0
    has_text = began = is_synced = False
    for line in lines:
        if re.search(r"(?:read|recvfrom)\b.*\\r\\n\.\\r\\n", line):
            has_text, began, is_synced = True, False, False
        elif has_text and re.search(r"\b(?:fsync|fdatasync)\(", line):
            began = True
        if began and SYNC.search(line):
            is_synced = True
        if "queued as" in line and re.search(r"\b(?:write|writev|sendto)\(\d+<(?:TCP|socket)", line):
            proved += is_synced
            has_text = began = is_synced = False
    return proved
