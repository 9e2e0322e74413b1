"""Figures of `quran` alone: how soon it answers, and what memory it takes."""

import dataclasses
import time
from typing import Callable

from processes import Failure
from quran import API


@dataclasses.dataclass(frozen=True)
class Measured:
    unit: str
    # Takes the `Bench` and returns the values.
    measure: Callable


def start(bench):
    """Milliseconds from the start of the process to the first whole answer."""
    times = []
    for _ in range(4 if bench.quick else 12):
        started = time.monotonic()
        server = bench.program.serve(bench.sqlite, "quran-start", bench.core)
        answer = server.get(f"{API}ayahs/1:1")
        times.append((time.monotonic() - started) * 1000)
        if answer.status != 200:
            raise Failure(f"the first answer is {answer.status}")
        server.process.stop()
    return times


def memory(asked, figure):
    """Megabytes after some addresses were asked for."""

    def measure(bench):
        sizes = []
        for _ in range(1 if bench.quick else 3):
            server = bench.program.serve(bench.sqlite, "quran-memory", bench.core)
            for _ in server.fetch_all(asked):
                pass
            sizes.append(figure(server.process) / 1e6)
            server.process.stop()
        return sizes

    return measure


ONE = [f"{API}ayahs/1:1"]
SURAHS = [f"{API}surahs/{number}?script=uthmani" for number in range(1, 115)]
FIGURES = {
    "start": Measured("ms", start),
    "rss-start": Measured("MB", memory(ONE, lambda process: process.status("VmRSS"))),
    "pss-start": Measured("MB", memory(ONE, lambda process: process.pss())),
    "rss-warm": Measured("MB", memory(SURAHS, lambda process: process.status("VmRSS"))),
    "pss-warm": Measured("MB", memory(SURAHS, lambda process: process.pss())),
}
