"""Validators and conditional requests: RFC 9110, sections 8.8 and 13."""

import email.utils
import re
import time

from checks import check, exchange, expect, expect_equal, head_of

ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


def tagged(world, path=None):
    """An answer of 200 that has a strong entity tag."""
    answer = world.get(path or world.LARGE)
    expect_equal(answer.status, 200, "the status")
    expect(answer["ETag"], "there is no ETag")
    return answer


def conditional(world, path=None, **headers):
    return world.get(path or world.LARGE, **headers)


@check
def strong(world):
    """An entity tag is strong and quoted, and each address has its own"""
    tags = [tagged(world, path)["ETag"] for path in (world.SMALL, world.LARGE, world.LARGE + "?translations=en.pickthall")]
    for tag in tags:
        expect(ETAG.fullmatch(tag), "the tag is", tag)
    expect_equal(len(set(tags)), len(tags), "the number of different tags")


@check
def stable(world):
    """An entity tag stays while the body does, across servers"""
    expect_equal(world.other.get(world.path(world.LARGE))["ETag"], tagged(world)["ETag"], "the tag of another server")


@check
def not_modified(world):
    """If-None-Match with the tag gives 304 with the same ETag, Cache-Control, Vary and a Date"""
    whole = tagged(world)
    answer = conditional(world, If_None_Match=whole["ETag"])
    expect_equal(answer.status, 304, "the status")
    for name in ("ETag", "Cache-Control", "Vary", "Last-Modified", "Surrogate-Key", "Cache-Tag", "Content-Location"):
        expect_equal(answer[name], whole[name], name)
    expect(email.utils.parsedate_tz(answer["Date"] or ""), "the Date is", answer["Date"])
    expect(answer["Content-Type"] in (None, whole["Content-Type"]), "the Content-Type is", answer["Content-Type"])


@check
def without_body(world):
    """A 304 has no body, and no length but that of the 200"""
    for path in (world.SMALL, world.LARGE):
        whole = tagged(world, path)
        for method in (b"GET", b"HEAD"):
            target = world.path(path).encode()
            first = b"%b %b HTTP/1.1\r\nHost: a\r\nIf-None-Match: %b\r\n\r\n" % (method, target, whole["ETag"].encode())
            second = b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            status, head, rest = head_of(exchange(world.quran.port, first, second))
            expect_equal(status, 304, method.decode(), "the status")
            expect(rest.startswith(b"HTTP/1.1 200"), "after the head follows", rest[:60])
            expect("transfer-encoding" not in head.lower(), "the head has Transfer-Encoding")
            length = re.search(r"(?im)^content-length: *(\d+)", head)
            expect(length is None or int(length[1]) == len(whole.body), "the length is", length and length[0])


@check
def matching(world):
    """If-None-Match compares weakly: in lists, in several fields, with W/, with commas inside tags, and with *"""
    tag = tagged(world)["ETag"]
    for value in (f"W/{tag}", f'"other", {tag}', f'"a,b",W/"c" ,{tag}', f'{tag},"x"', f', {tag} ,', "*"):
        expect_equal(conditional(world, If_None_Match=value).status, 304, f"the status with {value}")
    target = world.path(world.LARGE)
    request = f'GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: "a"\r\nIf-None-Match: {tag}\r\n\r\n'
    expect_equal(head_of(exchange(world.quran.port, request.encode()))[0], 304, "the status with two fields")


@check
def not_matching(world):
    """If-None-Match with other tags, or with what is no tag, gives the whole answer"""
    tag = tagged(world)["ETag"]
    for value in ('"other"', 'W/"other", "and"', tag.strip('"'), tag[:-1], tag.upper() + "x", '"*"', ""):
        answer = conditional(world, If_None_Match=value)
        expect(answer.status == 200 and answer.body, f"the status with {value!r} is {answer.status}")


@check
def absent(world):
    """A condition changes nothing of an answer that is not 2xx"""
    for path, status in (("surahs/115", 404), ("surahs/1?nonsense=1", 400)):
        for value in ("*", '"a"'):
            expect_equal(conditional(world, path, If_None_Match=value).status, status, f"the status of {path}")


@check
def head(world):
    """HEAD is GET without the body: the same fields, Content-Length among them, and the same conditions"""
    for path in (world.SMALL, world.LARGE, "surahs/115"):
        for headers in ({}, {"Accept-Encoding": "gzip"}):
            get, head = (world.quran.request(method, world.path(path), headers) for method in ("GET", "HEAD"))
            expect_equal(head.status, get.status, path, "the status")
            expect_equal(head.body, b"", path, "the body")
            for name in ("Content-Length", "Content-Type", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control",
                         "Vary", "Surrogate-Key"):
                expect_equal(head[name], get[name], path, name)
            expect_equal(head["Content-Length"], str(len(get.body)), path, "Content-Length")


@check
def dates(world):
    """Last-Modified is a date that is not in the future, and If-Modified-Since compares with it in all three formats"""
    answer = tagged(world)
    expect(answer["Last-Modified"], "there is no Last-Modified")
    modified = email.utils.parsedate_to_datetime(answer["Last-Modified"])
    expect(answer["Last-Modified"].endswith(" GMT"), "it is", answer["Last-Modified"])
    expect(modified.timestamp() <= time.time() + 1, "it is in the future:", modified)
    fixed = email.utils.format_datetime(modified, usegmt=True)
    expect_equal(answer["Last-Modified"], fixed, "the format")
    for value in (fixed, modified.strftime("%A, %d-%b-%y %H:%M:%S GMT"), modified.strftime("%a %b %e %H:%M:%S %Y")):
        expect_equal(conditional(world, If_Modified_Since=value).status, 304, f"the status with {value}")
    for value in ("Sat, 01 Jan 2000 00:00:00 GMT", "yesterday", "0"):
        expect_equal(conditional(world, If_Modified_Since=value).status, 200, f"the status with {value}")


@check
def same_second(world):
    """If-Modified-Since hides no change, also of two within a second"""
    path = "ayahs/1:4?translations=en.pickthall"
    for number in range(5):
        before = tagged(world, path)
        world.edit("1:4", f"Text {number}.")
        answer = conditional(world, path, If_Modified_Since=before["Last-Modified"])
        expect_equal(answer.status, 200, f"after edit {number} the status with", before["Last-Modified"])
        expect(f"Text {number}." in answer.body.decode(), "the text is old")


@check
def precedence(world):
    """If-None-Match decides alone where there is If-Modified-Since too"""
    answer = tagged(world)
    expect(answer["Last-Modified"], "there is no Last-Modified")
    old = "Sat, 01 Jan 2000 00:00:00 GMT"
    same = conditional(world, If_None_Match=answer["ETag"], If_Modified_Since=old)
    expect_equal(same.status, 304, "with the tag and an old date, the status")
    other = conditional(world, If_None_Match='"other"', If_Modified_Since=answer["Last-Modified"])
    expect_equal(other.status, 200, "with another tag and the date, the status")


@check
def ranges(world):
    """Range is obeyed as RFC 9110 wants, or ignored"""
    whole = tagged(world)
    part = conditional(world, Range="bytes=0-9")
    if part.status == 206:
        expect_equal(part.body, whole.body[:10], "the part")
        expect_equal(part["Content-Range"], f"bytes 0-9/{len(whole.body)}", "Content-Range")
    else:
        expect_equal((part.status, part.body), (200, whole.body), "the answer")
