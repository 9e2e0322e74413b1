"""Closed-loop load: so many connections, each of which asks again as soon as it was answered."""

import dataclasses
import json
import pathlib

from processes import Failure

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass
class Sample:
    """What came of one load."""

    rate: float  # requests a second
    p50: float  # microseconds
    p99: float
    requests: int


class Wrk:
    """wrk on one core."""

    def __init__(self, workshop, core, connections=64):
        self.workshop, self.core, self.connections = workshop, core, connections

    def __call__(self, server, paths, seconds, headers=None, connections=None, least=0):
        """Runs one load.

        - least: bytes that an answer has at least on the average
        - Raises Failure for anything but answers of 2xx and 3xx.
        """
        files = {"BENCH_PATHS": paths, "BENCH_HEADERS": [f"{name}: {value}" for name, value in (headers or {}).items()]}
        environment = {"PATH": "/usr/bin:/bin"}
        for variable, lines in files.items():
            file = self.workshop.folder / variable.lower()
            file.write_text("".join(f"{line}\n" for line in lines))
            environment[variable] = str(file)
        output = self.workshop.run(
            ["wrk", "--threads", 1, "--connections", connections or self.connections, "--duration", f"{seconds}s",
             "--timeout", "10s", "--script", HERE / "load.lua", f"http://127.0.0.1:{server.port}"],
            environment=environment, core=self.core)
        line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
        if line is None:
            raise Failure(f"wrk told nothing: {output}")
        result = json.loads(line.removeprefix("RESULT "))
        errors = {name: result[name] for name in ("connect", "read", "write", "status", "timeout") if result[name]}
        if errors or not result["requests"]:
            raise Failure(f"{server.process.name}: {result['requests']} requests, errors {errors} at {paths[0]}")
        if result["bytes"] < result["requests"] * least:
            raise Failure(f"{server.process.name}: answers of {paths[0]} are shorter than {least} bytes")
        return Sample(result["requests"] / result["seconds"], result["p50"], result["p99"], result["requests"])


class Pgbench:
    """pgbench on one core, with prepared statements."""

    def __init__(self, postgres, core):
        self.postgres, self.core = postgres, core

    def __call__(self, script, variables, seconds, connections):
        defined = [part for name, value in variables.items() for part in ("--define", f"{name}={value}")]
        folder = self.postgres.workshop.folder / "pgbench"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        self.postgres.workshop.run(
            [f"{self.postgres.folder}/pgbench", "--no-vacuum", "--protocol", "prepared", "--file", HERE / script,
             "--client", connections, "--jobs", 1, "--time", max(seconds, 2), "--log", "--log-prefix", folder / "log",
             *defined],
            environment=self.postgres.environment, core=self.core)
        # client, number, microseconds, script, seconds and microseconds of the time
        lines = [line.split() for file in folder.iterdir() for line in file.read_text().splitlines()]
        times = sorted(int(line[2]) for line in lines)
        if not times:
            raise Failure("pgbench made no transaction")
        ends = [int(line[4]) + int(line[5]) / 1e6 for line in lines]
        # From the start of the first to the end of the last.
        spent = max(ends) - min(end - int(line[2]) / 1e6 for end, line in zip(ends, lines))
        return Sample(len(times) / spent, times[len(times) // 2], times[len(times) * 99 // 100], len(times))
