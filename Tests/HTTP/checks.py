"""Checks: functions whose documentation says what must hold."""

import re
import socket
import threading
import traceback

_checks = []


class Unmet(Exception):
    """What was expected and what came instead."""


def check(function):
    """Makes a function a check. It takes the `World`, and raises when what it says does not hold."""
    _checks.append(function)
    return function


def expect(condition, *told):
    if not condition:
        raise Unmet(" ".join(str(part) for part in told))


def expect_equal(found, wanted, *told):
    expect(found == wanted, *told, f"is {found!r}, not {wanted!r}")


def run_all(world, pattern):
    """Runs the checks whose sentence contains `pattern`, one after the other, and returns how many failed."""
    failed = 0
    for function in _checks:
        sentence = " ".join(function.__doc__.split())
        if pattern.lower() not in sentence.lower():
            continue
        try:
            function(world)
            print(f"✔ {sentence}", flush=True)
        except Unmet as unmet:
            failed += 1
            print(f"✘ {sentence}\n    {unmet}", flush=True)
        except Exception:
            failed += 1
            print(f"✘ {sentence}\n    {traceback.format_exc(limit=-2)}", flush=True)
    return failed


# MARK: What answers say

def is_hit(answer):
    """Whether Varnish had it."""
    return "varnish; hit" in (answer["Cache-Status"] or "")


def directives(answer):
    """`Cache-Control` as a dictionary; `True` for a directive without a value."""
    found = {}
    for part in (answer["Cache-Control"] or "").split(","):
        name, _, value = part.strip().partition("=")
        if name:
            found[name.lower()] = int(value) if value.isdigit() else value or True
    return found


def names(value):
    """The members of a list of names, in small letters."""
    return {part.strip().lower() for part in (value or "").split(",") if part.strip()}


def shared_lifetime(answer):
    """For how many seconds a shared cache may take it for fresh."""
    found = directives(answer)
    if found.keys() & {"no-store", "private", "no-cache"}:
        return 0
    return max(0, int(found.get("s-maxage", found.get("max-age", 0))) - int(answer["Age"] or 0))


def exchange(port, *requests):
    """Sends bytes over one connection, as they are, and returns all that comes until it is closed or silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"".join(requests))
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except TimeoutError:
            raise Unmet(f"the connection was left open after {received[:200]!r}") from None
        return received


def head_of(received):
    """The status and header block of the first answer, and what follows it."""
    head, _, rest = received.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    expect(status, "no answer:", head[:200])
    return int(status[1]), head.decode("latin-1"), rest


class Proxy:
    """Passes connections on to a port of this machine, until it is cut."""

    def __init__(self, target):
        self.target, self.connected, self.lock, self.is_cut = target, set(), threading.Lock(), False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.is_cut:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            with self.lock:
                self.connected |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while part := source.recv(65536):
                sink.sendall(part)
        except OSError:
            pass  # It was cut, or an end has gone.
        finally:
            self._close(source, sink)

    def _close(self, *ends):
        for end in ends:
            with self.lock:
                self.connected.discard(end)
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # The other end was first.

    def cut(self):
        """Ends all connections, and lets no other begin."""
        self.is_cut = True
        with self.lock:
            ends = list(self.connected)
        self._close(*ends)

    def mend(self):
        self.is_cut = False
