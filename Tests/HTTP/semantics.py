#!/usr/bin/python3
"""Check what the server says over HTTP against the RFCs, by clients and caches that know nothing of it: plain sockets,
hishel (an HTTP cache for httpx) and Varnish with docs/varnish in front. Takes under a minute; exits with 1 if a check fails."""

import argparse
import base64
import importlib
import os
import pathlib
import re
import secrets
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Benchmarks" / "http"))

from processes import ROOT, Workshop, end_on_signals, environment_with, eventually, exit_with, free_port, note  # noqa: E402
from processes import require_services  # noqa: E402


# In this order: the last leave little behind.
MODULES = ["conditional", "codings", "freshness", "lanes", "front", "failing"]


class World:
    """The servers that checks ask.

    - quran: on PostgreSQL behind a proxy that can be cut; `other` is a second one on the same store; `restricted` lets
      two origins read its answers; `long_way` has no short way for what is in memory
    - varnish: in front of `quran`; `receiver` purges it when `quran` tells of a change
    - reader: a user's token
    """

    SMALL, LARGE = "ayahs/112:1", "surahs/73"

    def __init__(self, workshop, chosen):
        from checks import Proxy
        from content import content_folder
        from peers import start_varnish
        from quran import Postgres, Program

        self.workshop = workshop
        self.postgres = postgres = Postgres(workshop)
        self.proxy = Proxy(postgres.port)
        self.program = Program(workshop, chosen.binary)
        self.program.fill(postgres.url, content_folder(chosen.content, workshop.folder))
        # As if that had been an hour ago: dates are not relied on while changes are new.
        postgres.sql("UPDATE content_versions SET changed_at = changed_at - 3600")
        self.reader = self.program.command("token", "--user", "reader", DATABASE_URL=postgres.url).strip()
        receiver = free_port()
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.quran = self.program.serve(
            postgres.through(self.proxy.port), WEBHOOK_TARGETS=f"http://127.0.0.1:{receiver}/", WEBHOOK_TARGET_SECRET=secret)
        self.other = self.program.serve(postgres.url, "other")
        self.long_way = self.program.serve(
            postgres.url, "long-way", HIT_LANE="off")
        self.restricted = self.program.serve(
            postgres.url, "restricted", CORS_ORIGINS="https://one.example https://two.example")
        self.varnish = start_varnish(workshop, self.vcl(self.quran), parameters=["http_gzip_support=off"])
        self.receiver = workshop.start(
            "purge",
            ["/usr/bin/python3", ROOT / "docs" / "varnish" / "purge.py", "--listen", receiver,
             "--varnish", f"http://127.0.0.1:{self.varnish.port}"],
            environment={"PATH": os.environ["PATH"], "WEBHOOK_TARGET_SECRET": secret})
        workshop.await_port(self.receiver, receiver)

    @staticmethod
    def vcl(server):
        """The configuration of docs/varnish, before a server."""
        return (ROOT / "docs" / "varnish" / "quran.vcl").read_text().replace('"8080"', f'"{server.port}"')

    @staticmethod
    def path(path):
        return "/api/v1/" + path

    def get(self, path, **headers):
        """`path` below the API; headers with underscores for hyphens."""
        return self.quran.get(self.path(path), **headers)

    def edit(self, ayah, text):
        """Corrects one ayah of en.pickthall, as an editor."""
        self.quran.admin("PUT", f"admin/editions/en.pickthall/ayahs/{ayah}", {"text": text})

    def deliveries(self, state):
        """How many messages to the receiver there are of a state: `pending`, `delivered` or `dead`."""
        answer = self.quran.admin("GET", f"admin/webhooks/deliveries?state={state}")
        return answer.json()["pagination"]["total_records"]

    def tell(self, change):
        """Makes a change, and waits until the receiver was told and has purged. Returns the tags."""
        before, start = self.deliveries("delivered"), len(self.receiver.log.read_text())
        change()
        eventually("the receiver is told", lambda: self.deliveries("delivered") > before)
        eventually("all was told", lambda: not self.deliveries("pending"))
        return set(re.findall(r"^purged (\S+) of", self.receiver.log.read_text()[start:], re.MULTILINE))

    def cut(self):
        self.proxy.cut()

    def mend(self):
        self.proxy.mend()


def main():
    parser = argparse.ArgumentParser(prog="semantics", description=__doc__)
    parser.add_argument("--binary", type=pathlib.Path, default=os.environ.get("QURAN", ROOT / ".build/release/quran"),
                        help="the program (default: $QURAN, or .build/release/quran)")
    parser.add_argument("--content", type=pathlib.Path, help="the folder with texts (default: where `quran seed` looks)")
    parser.add_argument("--only", default="", metavar="TEXT", help="checks whose sentence contains this")
    chosen = parser.parse_args()
    chosen.binary = pathlib.Path(chosen.binary).resolve()
    require_services()
    python = environment_with(HERE / "requirements.txt")
    if pathlib.Path(sys.prefix) != python.parents[1]:
        os.execv(python, [str(python), *sys.argv])
    end_on_signals()
    with Workshop() as workshop:
        world = World(workshop, chosen)
        for name in MODULES:
            importlib.import_module(name)
        from checks import run_all

        failed = run_all(world, chosen.only)
        for process in workshop.processes:
            process.check()
    note(f"{failed} failed" if failed else "all hold")
    return 1 if failed else 0


if __name__ == "__main__":
    exit_with(main, "semantics")
