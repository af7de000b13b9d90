"""Reads the arguments, runs the sections that were asked for, and shows their tables."""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import accept, cpu, deliver, gateway, growth, latency, memory, proof, report
from .plan import Plan

SECTIONS = {
    "proof": proof.run,
    "accept": accept.run,
    "deliver": deliver.run,
    "latency": latency.run,
    "memory": memory.run,
    "cpu": cpu.run,
    "growth": growth.run,
    "gateway": gateway.run,
}
REPOSITORY = Path(__file__).resolve().parents[2]
NEEDED = {"postfix": "postfix", "smtp-source": "postfix", "smtp-sink": "postfix", "strace": "strace"}
OPEN_FILES = 20_000


def main() -> int:
    arguments = parse()
    missing = {package for program, package in NEEDED.items() if not shutil.which(program)}
    if missing or os.geteuid() != 0:
        print(f"run as root, after: apt-get install {' '.join(sorted(missing)) or '(nothing)'}", file=sys.stderr)
        return 2
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))
    telepost = arguments.telepost or build("build", "--bin", "telepost").joinpath("telepost")
    fill = arguments.fill or build("build", "--example", "fill").joinpath("examples/fill")
    with tempfile.TemporaryDirectory(prefix="side-by-side-", dir=arguments.directory) as folder:
        os.chmod(folder, 0o755)  # Postfix' processes run as several users.
        plan = Plan(Path(folder), telepost, fill, rounds=arguments.rounds, quick=arguments.quick)
        tables = [run_section(name, plan) for name in arguments.sections or SECTIONS]
    if arguments.write:
        report.write(REPOSITORY / "benches/README.md", tables, telepost)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures telepost beside Postfix.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=" ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="a short run that shows that everything works")
    parser.add_argument("--rounds", type=int, default=None, help="turns of each side (5; 2 when quick)")
    parser.add_argument("--write", action="store_true", help="put the tables into benches/README.md")
    parser.add_argument("--directory", default="/var/tmp", help="where both keep their files: a real disk")
    parser.add_argument("--telepost", type=Path, help="a binary that is built already")
    parser.add_argument("--fill", type=Path, help="the example `fill`, built already")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]}")
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    return arguments


def build(*what: str) -> Path:
    """Builds with cargo, as released; gives the folder of what was built."""
    subprocess.run(["cargo", *what, "--release", "--locked"], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return target / "release"


def run_section(name: str, plan: Plan) -> report.Table:
    print(f"== {name}", file=sys.stderr)
    begun = time.monotonic()
    table = SECTIONS[name](plan)
    print(report.shown(table), flush=True)
    print(f"== {name} took {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return table
