"""Turns figures into tables, on the terminal and in benches/README.md."""

import datetime
import os
import platform
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from . import postfix, telepost

BEGIN = "<!-- written by benches/side-by-side --write: {} -->"
END = "<!-- end of {} -->"
HEAD = "| what | unit | telepost | the other | ratio | to reach | reached |"
RULE = "|---|---|--:|--:|--:|---|---|"


@dataclass
class Row:
    """One line: what was measured, of us and of another, and what their ratio should be."""

    what: str
    unit: str
    ours: list[float]
    theirs: list[float] = field(default_factory=list)
    other: str = "Postfix"
    # "ratio >= 3", "ratio <= 0.2", "ours <= 12"; empty when nothing is asked.
    goal: str = ""

    def ratio(self) -> float | None:
        theirs = median(self.theirs)
        return median(self.ours) / theirs if self.ours and self.theirs and theirs else None

    def reached(self) -> str:
        if not self.goal:
            return ""
        what, comparison, limit = self.goal.split()
        found = self.ratio() if what == "ratio" else median(self.ours)
        if found is None:
            return "?"
        is_reached = found >= float(limit) if comparison == ">=" else found <= float(limit)
        return "yes" if is_reached else "NO"

    def cells(self) -> list[str]:
        ratio = self.ratio()
        theirs = f"{number(median(self.theirs))} ({self.other})" if self.theirs else ""
        shown_ratio = "" if ratio is None else number(ratio)
        goal = self.goal.replace("ratio ", "").replace("ours ", "")
        return [self.what, self.unit, number(median(self.ours)), theirs, shown_ratio, goal, self.reached()]


@dataclass
class Table:
    name: str
    title: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def median(figures: list[float]) -> float:
    return statistics.median(figures) if figures else 0.0


def number(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def shown(table: Table) -> str:
    lines = [f"### {table.title}", "", HEAD, RULE]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in table.rows]
    lines += ["", *table.notes, ""] if table.notes else [""]
    return "\n".join(lines)


def write(path: Path, tables: list[Table], program: Path) -> None:
    """Puts each table between its marks; a table that was not measured now stays as it is."""
    text = path.read_text()
    for table in tables:
        begin, end = BEGIN.format(table.name), END.format(table.name)
        block = f"{begin}\n{shown(table)}\n{circumstances(program)}\n{end}"
        marked = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
        found = marked.search(text)
        text = text[: found.start()] + block + text[found.end() :] if found else f"{text.rstrip()}\n\n{block}\n"
    path.write_text(text)


def circumstances(program: Path) -> str:
    """When, on what, with which versions."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) // 1024 // 1024
    load = os.getloadavg()[0]
    return (
        f"{datetime.date.today()}; {os.cpu_count()} cores of {model.group(1) if model else platform.machine()}, "
        f"{memory} GB, Linux {platform.release().split('-')[0]}; {telepost.version(program)}, "
        f"Postfix {postfix.version()}; load average at the end {load:.1f}."
    )
