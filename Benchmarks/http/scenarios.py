"""Loads that are run again and again (series), on which servers, and what is compared of them."""

import dataclasses
import os
import re

import peers
from content import content_folder
from load import Pgbench, Wrk
from processes import Failure, note
from quran import API, Postgres, Program, Redis

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.9,ar;q=0.8",
    "Cache-Control": "max-age=0",
    "Origin": "https://reader.example",
    "Referer": "https://reader.example/surahs/2",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "cross-site",
    "Upgrade-Insecure-Requests": "1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
}
# Of each size those whose body is nearest to it.
CANDIDATES = {
    "0.5k": (500, ["ayahs/112:1", "ayahs/1:1", "ayahs/108:2", "juzs?per_page=4"]),
    "8k": (8_000, ["surahs/73", "surahs/62", "surahs/67", "surahs/50", "surahs/71", "surahs/48"]),
    "100k": (100_000, ["surahs/2?per_page=180", "surahs/18?translations=en.pickthall", "surahs/2?per_page=120",
                       "surahs/18?translations=en.pickthall,ur.jalandhry", "surahs/7?translations=en.pickthall"]),
}
AYAHS = [f"{API}ayahs/{number}" for number in range(1, 6237)]
# About 8 kB each, and far more of them than fit into the memory of the server that is given 1 MB.
RANGES = [f"{API}ayahs?from={number}&to={number + 14}" for number in range(1, 4001)]
# The whole of surah 2 with two translations, under as many keys as there are; twice as many as connections.
MISSES = [f"{API}surahs/2?translations={pair}&per_page={size}"
          for size in range(286, 301) for pair in ("en.pickthall,ur.jalandhry", "ur.jalandhry,en.pickthall")]
MISS_CONNECTIONS = 15
MISS_TAGS = {
    "namespace": "namespace:quran", "script": "quran:uthmani", "surah": "surah:2", "english": "translation:en.pickthall",
    "urdu": "translation:ur.jalandhry",
}


@dataclasses.dataclass(frozen=True)
class Series:
    """A load on one server.

    - server: the name of it in `Bench`
    - what: a size of `CANDIDATES`, or `ayahs`, `ranges`, `miss`
    - kind: `plain`, `browser` or `304`
    """

    server: str
    what: str
    kind: str = "plain"

    def __str__(self):
        return f"{self.server} {self.what} {self.kind}"


@dataclasses.dataclass(frozen=True)
class Compared:
    """The subject, then the reference or the variants of it, of which the best counts."""

    series: tuple[Series, ...]


def _comparisons():
    nginx = ("nginx", "nginx-nosendfile")
    for size in CANDIDATES:
        subject = Series("memory", size)
        yield f"memory-{size}/nginx", subject, *(Series(name, size) for name in nginx)
        yield f"memory-{size}/varnish", subject, Series("varnish", size)
        yield f"memory-{size}/django", subject, Series("django", size)
        yield f"memory-{size}/fastapi", subject, Series("fastapi", size)
    yield "browser-8k/nginx", Series("memory", "8k", "browser"), *(Series(name, "8k", "browser") for name in nginx)
    yield "rotating/nginx", Series("memory", "ayahs"), *(Series(name, "ayahs") for name in nginx)
    for size in ("0.5k", "8k"):
        yield f"304-{size}/200", Series("memory", size, "304"), Series("memory", size)
    yield "redis-8k/fastapi", Series("redis", "ranges"), Series("fastapi", "ranges")
    yield "redis-8k/django", Series("redis", "ranges"), Series("django", "ranges")
    yield "miss/pgbench", Series("miss", "miss"), Series("pgbench", "miss")


COMPARISONS = {name: Compared(tuple(series)) for name, *series in _comparisons()}


class Bench:
    """The servers, and the loads on them. They are started when a series first wants them."""

    def __init__(self, workshop, chosen):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise Failure("two cores are needed: one for the server under test, one for wrk")
        self.core, load_core = cores[:2]
        self.workshop, self.seconds, self.quick = workshop, chosen.seconds, chosen.quick
        self.notes, self.servers, self.answers = [], {}, {}
        if (busy := os.getloadavg()[0]) > 0.5:
            self.notes.append(f"The machine was busy with something else (load {busy:.1f}): the figures mean little.")
        self.wrk = Wrk(workshop, load_core)
        self.postgres, self.redis = Postgres(workshop), Redis(workshop)
        self.pgbench = Pgbench(self.postgres, self.core)
        for pid in (self.postgres.postmaster(), self.redis.pid()):
            os.sched_setaffinity(pid, cores[2:3] or [load_core])
        note("filling the stores")
        content = content_folder(chosen.content, workshop.folder)
        self.sqlite = f"sqlite:{workshop.folder}/quran.sqlite"
        self.program = Program(workshop, chosen.binary)
        self.program.fill(self.postgres.url, content)
        self.program.fill(self.sqlite, content)
        self.postgres.sql("VACUUM ANALYZE")

    # MARK: Servers

    def server(self, name):
        if name not in self.servers:
            note(f"starting {name}")
            for other in self.servers.values():
                other.process.resume()
            self.servers |= self._start(name)
        return self.servers[name]

    def _start(self, name):
        core = self.core
        if name == "memory":
            return {name: self.program.serve(self.sqlite, "quran-memory", core)}
        if name == "redis":
            return {name: self.program.serve(
                self.postgres.url, "quran-redis", core, CACHE_MEGABYTES="1", REDIS_URL=self.redis.database(0))}
        if name == "miss":
            return {name: self.program.serve(self.postgres.url, "quran-miss", core, CACHE_MEGABYTES="1")}
        if name == "varnish":
            return {name: peers.start_varnish(
                self.workshop, peers.varnish_before(self.server("nginx")), core, ["http_gzip_support=off"])}
        if name.startswith("nginx"):
            files = {self._file(path): body for path, body in self._documents().items()}
            headers = dict(self.server("memory").get(self.paths("8k")[0]).headers.items())
            servers = peers.start_nginx(self.workshop, files, headers, core)
            return dict(zip(("nginx", "nginx-nosendfile"), servers))
        start = {"django": peers.start_django, "fastapi": peers.start_fastapi}[name]
        if not any(other in self.servers for other in ("django", "fastapi")):
            peers.store_documents(self.postgres, self._documents())
        return {name: start(self.workshop, self.postgres, self.redis, core)}

    def _documents(self):
        """Bodies by path: whatever any series asks a peer for."""
        if not self.answers:
            paths = [path for what in (*CANDIDATES, "ayahs", "ranges") for path in self.paths(what)]
            self.answers = dict(zip(paths, self.server("memory").fetch_all(paths)))
        return self.answers

    @staticmethod
    def _file(path):
        """Where nginx has the body of an address: a file and a folder can't share a name, and a query names no file."""
        return "/files/" + re.sub(r"[/?&=,:]", "-", path.removeprefix(API))

    # MARK: Loads

    def paths(self, what):
        if what in CANDIDATES:
            size, candidates = CANDIDATES[what]
            bodies = zip(candidates, self.server("memory").fetch_all(API + path for path in candidates))
            return [API + min(bodies, key=lambda pair: abs(len(pair[1]) - size))[0]]
        return {"ayahs": AYAHS, "ranges": RANGES[:800] if self.quick else RANGES, "miss": MISSES}[what]

    def prepare(self, wanted):
        """Starts all that the series ask, and asks each for all that it will be asked for: everything is a hit then."""
        self.loads = {}
        for series in wanted:
            if series.server != "pgbench":
                self.loads[series] = self._load(series)
        self._pause_all_but(None)

    def _load(self, series):
        server, paths, headers = self.server(series.server), self.paths(series.what), {}
        told = f"{series.what}: {paths[0]}{' and more' if len(paths) > 1 else ''}"
        if series.server.startswith(("nginx", "varnish")):
            self._documents()
            paths = [self._file(path) for path in paths]
        if series.kind == "browser":
            headers = dict(BROWSER)
        if series.what != "miss":
            sizes = [len(body) for body in server.fetch_all(paths)]
            least = sum(sizes) / len(sizes)
        else:
            least = len(server.get(paths[0]).body)
        if series.kind == "304":
            tag = server.get(paths[0])["ETag"]
            if tag is None:
                raise Failure(f"{paths[0]} has no ETag: choose --only without 304-*")
            headers["If-None-Match"] = tag
        answer = server.request("GET", paths[0], headers)
        if answer.status != (304 if series.kind == "304" else 200):
            raise Failure(f"{series}: {answer.status} of {paths[0]}")
        coding = answer["Content-Encoding"] or "identity"
        if series.kind != "plain":
            least = len(answer.body)
        told += f", {least:,.0f} bytes" + (f" ({series.kind}, {coding})" if series.kind != "plain" else "")
        if told not in self.notes:
            self.notes.append(told)
        return server, paths, headers, least

    def run(self, series):
        """One load of a series, while all other servers stand still."""
        if series.server == "pgbench":
            self._pause_all_but(None)
            return self.pgbench("miss.sql", MISS_TAGS, self.seconds, MISS_CONNECTIONS)
        server, paths, headers, least = self.loads[series]
        self._pause_all_but(server)
        connections = MISS_CONNECTIONS if series.what == "miss" else None
        if not self.quick:
            self.wrk(server, paths, 1, headers, connections)
        for attempts_left in reversed(range(3)):
            before = self._events(series, server)
            sample = self.wrk(server, paths, self.seconds, headers, connections, least)
            server.process.check()
            strays = self._strays(series, before, self._events(series, server))
            if strays is None:
                return sample
            if not attempts_left:
                raise Failure(strays)
            note(f"once more: {strays}")

    def _pause_all_but(self, server):
        for other in self.servers.values():
            if server is None or other.process is not server.process:
                other.process.pause()
        if server is not None:
            server.process.resume()

    @staticmethod
    def _events(series, server):
        return server.cache_events() if series.server in ("memory", "redis", "miss") else {}

    @staticmethod
    def _strays(series, before, after):
        """Says so if less than nine tenths of the answers came from where the series says."""
        event = {"memory": "memory_hit", "redis": "shared_hit", "miss": "miss"}.get(series.server)
        if event is None:
            return None
        counts = {name: count - before.get(name, 0) for name, count in after.items()}
        reads = sum(counts.get(name, 0) for name in ("memory_hit", "shared_hit", "miss"))
        share = counts.get(event, 0) / max(reads, 1)
        if share >= 0.9 and (event != "miss" or counts.get("fill", 0) >= 0.9 * reads):
            return None
        return f"{series}: only {share:.0%} of {reads} reads were {event}: {counts}"
