#!/usr/bin/python3
"""Measure `quran` over HTTP beside nginx, Varnish, Django, FastAPI and pgbench.

The server under test has one core, wrk another one; PostgreSQL and Redis have a third, or share that of wrk. Loads of all
are run in turn, round after round, and each ratio is the median of those of the rounds. Exits with 1 if one of them is worse
than thresholds.json allows, with 70 if something could not be measured."""

import argparse
import fnmatch
import json
import os
import pathlib
import time

from figures import FIGURES
from peers import REQUIREMENTS
from processes import ROOT, Failure, Workshop, end_on_signals, environment_with, exit_with, note, require_services
from report import Comparison, Figure, table
from scenarios import COMPARISONS, Bench

HERE = pathlib.Path(__file__).parent
EXAMPLES = """examples:
  make bench                                         all of it, about 13 minutes
  make bench ARGS=--quick                            whether all of it runs, in 2 minutes; judges nothing
  make bench ARGS='--only "*/nginx"'                 beside nginx
  make bench ARGS='--only "memory-8k/*,miss/*" --rounds 9'
  make bench ARGS='--only start,rss-warm --json'

what can be chosen:
"""


def arguments():
    names = [*COMPARISONS, *FIGURES]
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES + "  " + "\n  ".join(names))
    parser.add_argument("--binary", type=pathlib.Path, default=os.environ.get("QURAN", ROOT / ".build/release/quran"),
                        help="the program (default: $QURAN, or .build/release/quran)")
    parser.add_argument("--content", type=pathlib.Path, help="the folder with texts (default: where `quran seed` looks)")
    parser.add_argument("--only", default="*", metavar="NAMES", help="names or patterns, separated by commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one load, after a warm-up of 1 s")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 s, no judgement")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    chosen = parser.parse_args()
    patterns = chosen.only.split(",")
    chosen.names = [name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
    if not chosen.names:
        parser.error(f"--only {chosen.only} names nothing of: {', '.join(names)}")
    if chosen.rounds < 1 or chosen.seconds < 1:
        parser.error("--rounds and --seconds must be at least 1")
    if chosen.quick:
        chosen.rounds, chosen.seconds = 2, 1
    chosen.binary = pathlib.Path(chosen.binary).resolve()
    return chosen


def measure(bench, chosen, thresholds):
    """Returns the results, in the order of their names."""
    results = [
        Figure(name, FIGURES[name].unit, FIGURES[name].measure(bench), thresholds["figures"].get(name))
        for name in chosen.names if name in FIGURES
    ]
    comparisons = [name for name in chosen.names if name in COMPARISONS]
    wanted = dict.fromkeys(series for name in comparisons for series in COMPARISONS[name].series)
    bench.prepare(wanted)
    samples = {series: [] for series in wanted}
    started = time.monotonic()
    for number in range(chosen.rounds if wanted else 0):
        note(f"round {number + 1} of {chosen.rounds}, after {time.monotonic() - started:.0f} s")
        for series in wanted:
            samples[series].append(bench.run(series))
    for name in comparisons:
        subject, *references = (samples[series] for series in COMPARISONS[name].series)
        results.append(Comparison(name, subject, references, thresholds["comparisons"].get(name)))
    return results


def main():
    chosen = arguments()
    require_services()
    end_on_signals()
    thresholds = json.loads((HERE / "thresholds.json").read_text())
    if unknown := (thresholds["comparisons"].keys() - COMPARISONS) | (thresholds["figures"].keys() - FIGURES):
        raise Failure(f"thresholds.json names what nobody measures: {', '.join(sorted(unknown))}")
    environment_with(REQUIREMENTS)
    with Workshop() as workshop:
        bench = Bench(workshop, chosen)
        results = measure(bench, chosen, thresholds)
    if chosen.json:
        print(json.dumps({"results": [result.json() for result in results], "notes": bench.notes}, indent=2))
    else:
        print(table(results))
        print("".join(f"\n{line}" for line in bench.notes))
    regressions = [regression for result in results for regression in result.regressions]
    if chosen.quick:
        return 0
    for regression in regressions:
        note(f"REGRESSION {regression}")
    return 1 if regressions else 0


if __name__ == "__main__":
    exit_with(main, "bench")
