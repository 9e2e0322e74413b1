"""Kinds of clients, good and bad, that ask one server at the same time."""

import collections
import http.client
import json
import random
import socket
import struct
import threading
import time
import urllib.parse

from quran import API

POPULAR = [f"surahs/{number}" for number in (1, 18, 36, 55, 56, 67, *range(78, 115))] + [
    "surahs", "juzs", "editions", "reciters", "ayahs/2:255", "surahs/2?translations=en.pickthall"]
LARGE = "surahs/2?translations=en.pickthall,ur.jalandhry"
TRANSLATIONS = ["en.pickthall", "nl.keyzer", "ru.sablukov", "ur.jalandhry", "ur.kanzuliman"]
CODINGS = ["identity", "gzip", "br", "gzip, deflate, br, zstd"]
WORDS = ["light", "mercy", "garden", "lord", "earth", "نور", "رحمة", "الله"]


class Wrong(Exception):
    """An answer that should not have been."""


class Client:
    """One that keeps its connection, and opens another one if the server has closed it."""

    def __init__(self, stage, name, number):
        self.stage, self.name, self.counts = stage, name, collections.Counter()
        self.chance = random.Random(f"{name} {number}")
        self.connection = http.client.HTTPConnection("127.0.0.1", stage.server.port, timeout=30)

    def ask(self, path, *allowed, method="GET", headers=None, body=None):
        """Asks, counts, and returns the answer with its body. Raises Wrong for a status that is not allowed."""
        self.connection.request(method, API + path, body, headers or {})
        answer = self.connection.getresponse()
        content = answer.read()
        self.counts[answer.status] += 1
        if answer.status not in (allowed or (200,)):
            raise Wrong(f"{method} {path}: {answer.status} {content[:300]!r}")
        return answer, content

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.stage.server.port), timeout=30)

    def address(self):
        """One of very many, most of them asked for the first time."""
        first = self.chance.randrange(1, 6200)
        translation = self.chance.choice(TRANSLATIONS)
        return f"ayahs?from={first}&to={first + self.chance.randrange(30)}&translations={translation}"


def hits(client):
    """Asks for what many ask for."""
    client.ask(client.chance.choice(POPULAR), headers={"Accept-Encoding": client.chance.choice(CODINGS)})


def misses(client):
    """Asks for what nobody asks for."""
    _, content = client.ask(client.address())
    json.loads(content)


def conditions(client):
    """Asks again for what it has."""
    path = client.chance.choice(POPULAR)
    answer, content = client.ask(path, method=client.chance.choice(["GET", "HEAD"]))
    tag = answer.getheader("ETag")
    again, content = client.ask(path, 200, 304, headers={"If-None-Match": tag or '"none"'})
    if again.status == 304 and (content or tag is None):
        raise Wrong(f"{path}: 304 with {len(content)} bytes, for {tag}")


def edits(client):
    """Corrects an ayah of a translation, and reads what it wrote."""
    ayah = client.chance.randrange(1, 6237)
    text = f"Edited at {time.time()} by a test."
    body = json.dumps({"text": text}).encode()
    headers = {"Authorization": f"Bearer {client.stage.server.program.token}", "Content-Type": "application/json"}
    client.ask(f"admin/editions/nl.keyzer/ayahs/{ayah}", method="PUT", headers=headers, body=body)
    _, content = client.ask(f"ayahs/{ayah}?translations=nl.keyzer")
    if text.encode() not in content:
        raise Wrong(f"ayah {ayah} was read as it was before it was edited")


def search(client):
    """Searches for words, also such as nobody finds."""
    query = " ".join(client.chance.sample(WORDS, client.chance.choice([1, 1, 2]))) + client.chance.choice(["", "", "xq"])
    client.ask(f"search?{urllib.parse.urlencode({'q': query})}")


def errors(client):
    """Asks for what is not there, or not rightly."""
    for path, status in (("surahs/115", 404), ("surahs/1?a=b", 400), ("me", 401), ("ayahs?per_page=x", 400)):
        client.ask(path, status)


def aborts(client):
    """Sends a part of a request, or takes a part of the answer, and resets the connection."""
    target = (API + client.chance.choice([LARGE, client.address()])).encode()
    whole = b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % target
    with client.socket() as connection:
        connection.sendall(whole[:client.chance.choice([3, len(whole) - 2, len(whole), len(whole)])])
        if client.chance.random() < 0.5:
            time.sleep(client.chance.random() * 0.05)
        if client.chance.random() < 0.3:
            connection.setblocking(False)
            try:
                connection.recv(1000)
            except BlockingIOError:
                pass  # Nothing came yet.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.counts["aborted"] += 1


def bodies(client):
    """Begins to upload, and goes away."""
    token = client.stage.server.program.token
    head = (f"POST {API}admin/editions/nl.keyzer/drafts?file=a.txt HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: text/plain\r\nContent-Length: 1000000\r\n\r\n")
    with client.socket() as connection:
        connection.sendall(head.encode() + b"1|1|a\n" * client.chance.randrange(20_000))
    client.counts["aborted"] += 1


def slow_readers(client):
    """Takes a large answer in small bites."""
    with client.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % (API + LARGE).encode())
        received = 0
        while part := connection.recv(8192):
            received += len(part)
            time.sleep(0.02)
            if client.stage.is_over.is_set():
                return
    if received < 100_000:
        raise Wrong(f"a slow reader got {received} bytes")
    client.counts["read slowly"] += 1


def pipelines(client):
    """Sends many requests in one go."""
    paths = [client.chance.choice(POPULAR[:-1]) for _ in range(50)]
    with client.socket() as connection:
        for index, path in enumerate(paths):
            close = b"Connection: close\r\n" if index == len(paths) - 1 else b""
            connection.sendall(b"HEAD %b HTTP/1.1\r\nHost: a\r\n%b\r\n" % ((API + path).encode(), close))
        received = b""
        while part := connection.recv(65536):
            received += part
    if (answers := received.count(b"HTTP/1.1 200 OK\r\n")) != len(paths):
        raise Wrong(f"of {len(paths)} requests in one go {answers} were answered with 200")
    client.counts["pipelined"] += len(paths)


# What, how many of them at a time, and the seconds that one waits before it does it again.
ACTORS = {
    "hits": (hits, 3, 0.003),
    "misses": (misses, 2, 0.01),
    "conditions": (conditions, 1, 0.005),
    "edits": (edits, 1, 0.5),
    "search": (search, 1, 0.05),
    "errors": (errors, 1, 0.1),
    "aborts": (aborts, 2, 0.02),
    "bodies": (bodies, 1, 0.5),
    "slow readers": (slow_readers, 4, 0.1),
    "pipelines": (pipelines, 1, 0.2),
}
MOST_PROBLEMS = 20


class Stage:
    """Actors before a server, until it is over or too much went wrong."""

    def __init__(self, server, names):
        self.server = server
        self.problems = []
        self.is_over = threading.Event()
        self.clients = [Client(self, name, number) for name in names for number in range(ACTORS[name][1])]
        self.threads = [threading.Thread(target=self._play, args=(client,), daemon=True) for client in self.clients]

    def begin(self):
        for thread in self.threads:
            thread.start()

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(30)

    def counts(self):
        """What came of each kind, and how often."""
        counts = {}
        for client in self.clients:
            counts.setdefault(client.name, collections.Counter()).update(client.counts)
        return counts

    def total(self):
        return sum(counts.total() for counts in self.counts().values())

    def _play(self, client):
        act, _, pause = ACTORS[client.name]
        while not self.is_over.wait(pause):
            try:
                act(client)
            except (Wrong, OSError, http.client.HTTPException, ValueError) as problem:
                client.connection.close()
                if len(self.problems) >= MOST_PROBLEMS:
                    break
                self.problems.append((client.name, f"{type(problem).__name__}: {problem}"))
        client.connection.close()
