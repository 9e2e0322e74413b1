#!/usr/bin/python3
"""Put mixed load on a server of its own for minutes, and see that it stays as it is.

Exits with 1 if memory or open files grow, an answer is wrong or 5xx, the server ends or logs an error. Memory is flat if the
median of the last third of the time is at most that of the second third and 5 % and 4 MB more; open files likewise, with 10 %
and 8. The first third is for filling the cache."""

import argparse
import json
import os
import pathlib
import statistics
import time

from actors import ACTORS, Stage
from content import content_folder
from processes import ROOT, Workshop, end_on_signals, exit_with, note, require_services
from quran import Postgres, Program, Redis

EXAMPLES = """examples:
  make soak                                       10 minutes on PostgreSQL and Redis
  make soak ARGS='--engine sqlite --minutes 2'
  make soak ARGS='--without search'               what a server can't do yet
"""


def arguments():
    parser = argparse.ArgumentParser(
        prog="soak", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=os.environ.get("QURAN", ROOT / ".build/release/quran"),
                        help="the program (default: $QURAN, or .build/release/quran)")
    parser.add_argument("--content", type=pathlib.Path, help="the folder with texts (default: where `quran seed` looks)")
    parser.add_argument("--engine", choices=["postgres", "sqlite"], default="postgres", help="postgres is with Redis")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--without", action="append", choices=list(ACTORS), default=[], help="leave out a kind of load")
    chosen = parser.parse_args()
    if not 0.1 <= chosen.minutes <= 24 * 60:
        parser.error("--minutes must be from 0.1 to 1440")
    chosen.binary = pathlib.Path(chosen.binary).resolve()
    return chosen


def start(workshop, chosen):
    program = Program(workshop, chosen.binary)
    postgres = Postgres(workshop)
    sqlite = f"sqlite:{workshop.folder}/quran.sqlite"
    store = postgres.url if chosen.engine == "postgres" else sqlite
    program.fill(store, content_folder(chosen.content, workshop.folder))
    shared = {"REDIS_URL": Redis(workshop).url} if chosen.engine == "postgres" else {}
    # Little memory, so that it is full long before the second third.
    return program.serve(store, CACHE_MEGABYTES="16", **shared)


def thirds(values):
    """The medians of the second and of the last third."""
    third = len(values) // 3
    return statistics.median(values[third:2 * third]), statistics.median(values[2 * third:])


def logged(log, *levels):
    """What the server logged of some levels; what is no JSON is what a crash writes, and counts as critical."""
    for line in log.read_text(errors="replace").splitlines():
        if not line or line.startswith(("Listening on", "  curl")):
            continue
        level = json.loads(line)["level"] if line.startswith("{") else "critical"
        if level in levels:
            yield line[:500]


def main():
    chosen = arguments()
    require_services()
    end_on_signals()
    broken = []
    with Workshop() as workshop:
        server = start(workshop, chosen)
        stage = Stage(server, [name for name in ACTORS if name not in chosen.without])
        seconds = chosen.minutes * 60
        interval = min(2, seconds / 60)
        memory, files = [], []
        started = time.monotonic()
        stage.begin()
        try:
            while (spent := time.monotonic() - started) < seconds:
                time.sleep(interval)
                server.process.check()
                memory.append(server.process.status("VmRSS") / 1e6)
                files.append(server.process.descriptors())
                if len(memory) % 15 == 0:
                    note(f"{spent:5.0f} s  {memory[-1]:6.1f} MB  {files[-1]} files  {stage.total():,} requests")
        finally:
            stage.end()
        status = server.process.stop(30)
        if status != 0:
            broken.append(f"the server ended with {status} when it was told to")
        broken += [f"logged: {line}" for line in list(logged(server.process.log, "error", "critical"))[:10]]
        warnings = list(logged(server.process.log, "warning"))

    for name, counts in stage.counts().items():
        told = ", ".join(f"{what} {count:,}" for what, count in sorted(counts.items()))
        print(f"{name:12} {told}")
        if not counts:
            broken.append(f"{name}: nothing was done")
    for name, problem in stage.problems:
        broken.append(f"{name}: {problem}")
    for what, unit, values, part, least in (("memory", "MB", memory, 0.05, 4), ("open files", "", files, 0.1, 8)):
        second, last = thirds(values)
        most = second * (1 + part) + least
        print(f"{what:12} second third {second:.1f} {unit}, last third {last:.1f} {unit}, at most {most:.1f} {unit}")
        if last > most:
            broken.append(f"{what} is not flat")
    for line in warnings[-10:] if broken else []:
        note(f"warning {line}")
    for line in broken:
        note(f"BROKEN {line}")
    print("broken" if broken else "kept")
    return 1 if broken else 0


if __name__ == "__main__":
    exit_with(main, "soak")
