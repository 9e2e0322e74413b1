"""An answer from memory may be written by a shorter way than others are: nobody can tell which."""

import itertools
import random
import re
import socket
import time

from checks import check, exchange, expect, expect_equal

PATHS = [
    "surahs/73", "ayahs/112:1", "surahs/73/", "surahs/073", "surahs/%37%33", "surahs/73?", "surahs/73?page=1",
    "surahs/73?per_page=300&page=1", "surahs/73?page=1&per_page=300", "surahs/73?translations=en.pickthall",
    "surahs/73?translations=en%2Epickthall", "surahs/73?translations=", "surahs/73?page=1&page=1", "surahs/73?x=1",
    "surahs/73#a", "surahs//73", "./surahs/73", "surahs/115", "SURAHS/73", "ayahs?from=2:1&to=2:9", "ayahs?from=2%3A1&to=2%3a9",
    "ayahs?from=2:1+&to=2:9", "ayahs?from=2:1;to=2:9", "ayahs/%zz", "surahs/73?translations=en.pickthall%00", "meta",
]
FIELDS = [
    [], ["accept-encoding: GZIP"], ["Accept-Encoding: gzip", "Accept-Encoding: br;q=0.5"], ["Accept-Encoding:br"],
    ["If-None-Match: *"], ['If-None-Match: W/"a"', "If-None-Match: *"], ["If-None-Match: *", "Accept-Encoding: br"],
    ["If-Match: *"], ['If-Match: "a"'], ["If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT"], ["If-Unmodified-Since: 0"],
    ["If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"], ["Range: bytes=0-9"], ["Origin: https://a.example"],
    ["Authorization: Bearer nonsense"], ["Cookie: a=b"], ["X-Forwarded-For: 192.0.2.1"], ["Expect: 100-continue"],
    ["Content-Length: 0"], ["Content-Length: 3\r\n\r\nabc"], ["Transfer-Encoding: chunked\r\n\r\n0"],
    ["Connection: close"], ["Connection: keep-alive"],
    ["Accept: text/html;q=1, */*;q=0"], ["Upgrade: h2c", "Connection: Upgrade"], ["TE: trailers"], ["Cache-Control: no-cache"],
    ["A: " + "b" * 9000], ["A: " + "b" * 17000], ["A : b"], [" folded"], ["Content-Length: x"], ["traceparent: 00-0-0-00"],
]
LINES = ["GET {} HTTP/1.1", "HEAD {} HTTP/1.1", "GET {} HTTP/1.0", "OPTIONS {} HTTP/1.1", "POST {} HTTP/1.1",
         "GET http://a{} HTTP/1.1", "GET  {} HTTP/1.1", "get {} HTTP/1.1", "GET {} HTTP/1.2", "GET {} HTTP/2.0"]
# Of one answer only, or how long it took.
VOLATILE = re.compile(rb"(?i)^(date|age|x-request-id): .*|; ttl=\d+")


def requests():
    for line, path in itertools.product(LINES[:2], PATHS):
        yield line, path, []
    for line, path, fields in itertools.product(LINES[:2], PATHS[:2], FIELDS):
        yield line, path, fields
    for line in LINES:
        yield line, PATHS[0], []


# Sent after each, so that the connection ends: what comes before it may come the short way, which does not close connections.
LAST = b"GET /api/v1/surahs/115 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
# Some of which the short way knows, and some of which it does not.
MIXED = [
    "GET {}surahs/73 HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD {}surahs/73 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n",
    "GET {}ayahs/112:1 HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", "GET {}surahs/115 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET {}surahs/73 HTTP/1.1\r\nHost: a\r\nRange: bytes=0-9\r\n\r\n", "OPTIONS {}surahs/73 HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST {}surahs/73 HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /api/v1/surahs/1 HTTP/1.1\r\nHost: a\r\n",
    "GET {}ayahs/112:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "GET {}surahs/73 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "GET {}surahs/73?page=1 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", "GET {}me HTTP/1.1\r\nHost: a\r\n\r\n",
]


def answers(received, heads):
    """Each answer as its status line, its fields in order of their names without what differs each time, and its body.

    - heads: for each request whether it was HEAD
    """
    found = []
    heads = iter(heads)
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, *fields = head.split(b"\r\n")
        informational = status[9:10] == b"1"
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        is_head = not informational and next(heads, False)
        bodiless = informational or is_head or status[9:12] in (b"204", b"304")
        size = 0 if bodiless or not length else int(length[1])
        body, received = rest[:size], rest[size:]
        fields = [VOLATILE.sub(b"", field) for field in fields]
        found.append((status, sorted(filter(None, fields), key=bytes.lower), body))
    return found


def ask_both(world, sent, heads):
    return [answers(exchange(server.port, sent, LAST), [*heads, False]) for server in (world.quran, world.long_way)]


def difference(ours, theirs):
    """What differs first of two lists of answers, or `None`."""
    for index, (mine, other) in enumerate(itertools.zip_longest(ours, theirs)):
        if mine is None or other is None or mine[0] != other[0]:
            return f"answer {index}: {mine and mine[0]} and {other and other[0]}"
        if mine[1] != other[1]:
            return f"answer {index}: {[field for field in mine[1] if field not in other[1]]} and " + str(
                [field for field in other[1] if field not in mine[1]])
        if mine[2] != other[2]:
            return f"answer {index}: {mine[2][:80]} and {other[2][:80]}"
    return None


@check
def equal(world):
    """The short way of what is in memory and the long one give the same answers to the same bytes"""
    wrong = []
    for path, server in itertools.product([*PATHS, *PATHS], (world.quran, world.long_way)):
        exchange(server.port, f"GET {world.path(path)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    for line, path, fields in requests():
        sent = "\r\n".join([line.format(world.path(path)), "Host: a", *fields, "", ""]).encode()
        found = difference(*ask_both(world, sent, [line.startswith("HEAD")]))
        if found:
            wrong.append(f"{line.format(path)} {[field[:60] for field in fields]}: {found}")
    expect(not wrong, len(wrong), "differ:\n   ", "\n    ".join(wrong[:20]))


@check
def mixed(world):
    """Requests of all kinds in one go are answered in their order, whichever way each takes"""
    chance = random.Random(1)
    for _ in range(30):
        kinds = chance.choices(MIXED, k=40)
        sent = "".join(kinds).replace("{}", "/api/v1/").encode()
        ours, theirs = ask_both(world, sent, [kind.startswith("HEAD") for kind in kinds])
        found = difference(ours, theirs)
        expect(found is None, found)
        expect_equal(len(ours), len(kinds) + 1, "the number of answers")


@check
def cut_up(world):
    """A request that comes in pieces is answered as one that comes whole"""
    whole = f"GET {world.path(PATHS[0])} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n".encode() + LAST
    exchange(world.quran.port, whole)
    wanted = answers(exchange(world.quran.port, whole), [False, False])
    for at in range(1, len(whole), 2):
        with socket.create_connection(("127.0.0.1", world.quran.port), timeout=5) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(whole[:at])
            time.sleep(0.002)
            connection.sendall(whole[at:])
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        found = difference(answers(received, [False, False]), wanted)
        expect(found is None, f"cut after {at} bytes:", found)
