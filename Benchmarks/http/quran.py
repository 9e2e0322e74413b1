"""The program under test, and the PostgreSQL and Redis that it is given."""

import http.client
import json
import os
import re
import secrets
import urllib.parse

from processes import ROOT, Failure, eventually

API = "/api/v1/"


class Postgres:
    """The database of `.ci/with-services`."""

    def __init__(self, workshop):
        self.workshop = workshop
        self.url = os.environ["TEST_POSTGRES_URL"]
        self.folder = os.environ["TEST_POSTGRES_BINDIR"]
        url = urllib.parse.urlsplit(self.url)
        self.port = url.port
        self.environment = {
            "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGHOST": url.hostname, "PGPORT": str(url.port),
            "PGUSER": url.username, "PGPASSWORD": url.password, "PGDATABASE": url.path.lstrip("/"),
        }

    def sql(self, text):
        """Runs statements, and returns their rows as text."""
        return self.workshop.run(
            [f"{self.folder}/psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"],
            environment=self.environment, text=text).strip()

    def through(self, port):
        """The address of the same database behind a proxy."""
        return self.url.replace(f":{self.port}/", f":{port}/")

    def postmaster(self):
        """Its process id: every session is a child of it."""
        # The parent is asked while the session lasts.
        command = r"\o | read pid; awk '{print $4}' /proc/$pid/stat"
        return int(self.sql(f"{command}\nSELECT pg_backend_pid();\n\\o\n"))


class Redis:
    """The Redis of `.ci/with-services`."""

    def __init__(self, workshop):
        self.workshop = workshop
        self.url = os.environ["TEST_REDIS_URL"]
        url = urllib.parse.urlsplit(self.url)
        self.arguments = ["redis-cli", "-h", url.hostname, "-p", url.port]
        self.environment = {"PATH": os.environ["PATH"], "REDISCLI_AUTH": url.password}

    def command(self, *words):
        return self.workshop.run([*self.arguments, *words], environment=self.environment)

    def database(self, number):
        return re.sub(r"/\d+$", f"/{number}", self.url)

    def pid(self):
        return int(re.search(r"process_id:(\d+)", self.command("info", "server"))[1])


class Answer:
    def __init__(self, response):
        self.status, self.body = response.status, response.read()
        self.headers = response.headers

    def __getitem__(self, name):
        """A header, or `None`; several of a name are joined as RFC 9110 allows."""
        values = self.headers.get_all(name)
        return None if values is None else ", ".join(values)

    def json(self):
        return json.loads(self.body)


class Server:
    """Something that answers HTTP at a port of this machine."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def request(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return _exchange(connection, method, path, headers or {}, body)
        finally:
            connection.close()

    def get(self, path, **headers):
        """`path` from the root; headers with underscores for hyphens."""
        return self.request("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def fetch_all(self, paths):
        """Gets each once over one connection, and yields its body. Raises Failure unless all are 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            for path in paths:
                answer = _exchange(connection, "GET", path, {})
                if answer.status != 200:
                    raise Failure(f"{self.process.name}: {answer.status} of {path}: {answer.body[:300]!r}")
                yield answer.body
        finally:
            connection.close()


def _exchange(connection, method, path, headers, body=None):
    """Sends these headers, `Host` and the length of the body, and nothing else."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    return Answer(connection.getresponse())


class Quran(Server):
    """A running `quran serve`."""

    def __init__(self, process, port, program):
        super().__init__(process, port)
        self.program = program

    def admin(self, method, path, body=None, **headers):
        """Asks as an administrator. `path` below the API; `body` is sent as JSON."""
        fields = {"Authorization": f"Bearer {self.program.token}"} | headers
        if body is not None:
            fields["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        answer = self.request(method, API + path, fields, body)
        if answer.status >= 300:
            raise Failure(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def cache_events(self):
        """How often each event of the cache occurred in this server: `memory_hit`, `shared_hit`, `miss`, …"""
        return self.admin("GET", "admin/cache/stats").json()["instance"]["events"]


class Program:
    """The program's binary, with the settings of all its processes."""

    def __init__(self, workshop, binary):
        self.workshop, self.binary = workshop, binary
        if not os.access(binary, os.X_OK):
            raise Failure(f"{binary} is no program; build it with `make build`, or name it with --binary")
        self.environment = {
            "PATH": os.environ["PATH"], "QURAN_RESOURCES": os.environ.get("QURAN_RESOURCES", str(ROOT)),
            "AUTH_SECRET": secrets.token_hex(32),
            # Nothing is loaded but what is asked for, nobody is refused, and a line a request is not written, as
            # those who are measured beside it write none.
            "WARM_UP_AT_START": "false", "WARM_UP_AFTER_CHANGES": "false", "WARM_UP_SCHEDULE": "off",
            "RATE_LIMIT_ADDRESS": "off", "RATE_LIMIT_USER": "off", "LOG_LEVEL": "warning", "LOG_FORMAT": "json",
        }

    def command(self, *arguments, **environment):
        return self.workshop.run([self.binary, *arguments], environment=self.environment | environment)

    def fill(self, database, content):
        """Makes a store ready."""
        self.command("migrate", DATABASE_URL=database)
        self.command("seed", "--from", content, "--allow-unpinned", "--no-download", DATABASE_URL=database)
        self.token = self.command(
            "token", "--user", "editor", "--role", "admin", "--ttl", "8h", DATABASE_URL=database).strip()

    def serve(self, database, name="quran", core=None, **environment):
        """Starts a server on a free port."""
        settings = self.environment | {"PORT": "0", "DATABASE_URL": database} | environment
        process = self.workshop.start(name, [self.binary, "serve"], environment=settings, core=core)

        def port():
            process.check()
            return re.search(r"Listening on http://[^:]+:(\d+)", process.log.read_text(errors="replace"))

        return Quran(process, int(eventually(f"{name} listens", port)[1]), self)
