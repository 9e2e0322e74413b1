"""Content codings: RFC 9110, sections 8.4 and 12.5.3."""

import gzip

import brotli

from checks import check, expect, expect_equal, names

# What a client sends, and the codings that it may be answered in.
ANY = {"identity", "gzip", "br"}
NEGOTIATIONS = [
    (None, {"identity"}),
    ("", {"identity"}),
    ("identity", {"identity"}),
    ("deflate", {"identity"}),
    ("gzip", {"gzip"}),
    ("br", {"br"}),
    ("GZIP", {"gzip"}),
    ("gzip, deflate, br", {"gzip", "br"}),
    ("gzip, deflate, br, zstd", {"gzip", "br"}),
    ("br;q=0.2, gzip;q=0.9", {"gzip"}),
    ("gzip;q=0.2,br;q=0.9", {"br"}),
    ("gzip ; q=0.5 , br ; q=1", {"br"}),
    ("gzip;Q=0.5, br;Q=0.25", {"gzip"}),
    ("gzip;q=0", {"identity"}),
    ("gzip;q=0.000, br;q=0.0", {"identity"}),
    ("gzip, br;q=0", {"gzip"}),
    ("identity;q=1, gzip;q=0.5", {"identity"}),
    ("gzip, identity;q=0", {"gzip"}),
    ("br, identity;q=0, *;q=0", {"br"}),
    ("gzip;q=1.0, identity; q=0.5, *;q=0", {"gzip"}),
    ("*", ANY),
    ("*;q=0.5", ANY),
    ("*, gzip;q=0", {"identity", "br"}),
    ("br;q=0, *", {"identity", "gzip"}),
    ("gzip;q=0, *;q=0.5", {"identity", "br"}),
    ("identity;q=0.5, *;q=0", {"identity"}),
    ("gzip;q=2", {"identity", "gzip"}),
    ("gzip;q=nonsense", {"identity", "gzip"}),
    ("gzip;;;=,,br", ANY),
]
# Nothing that is there is acceptable: 406, or an answer all the same.
NOTHING = ["identity;q=0", "*;q=0", "gzip;q=0, identity;q=0", "deflate, identity;q=0"]


def coded(world, path, accepted):
    """An answer and the name of its coding."""
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = world.quran.request("GET", world.path(path), headers)
    return answer, answer["Content-Encoding"] or "identity"


def decoded(answer):
    coding = answer["Content-Encoding"]
    return {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding](answer.body)


def variants(world):
    """One answer of each coding."""
    found = {coding: coded(world, world.LARGE, coding) for coding in ("identity", "gzip", "br")}
    for wanted, (answer, coding) in found.items():
        expect_equal(coding, wanted, f"the coding for {wanted}")
    return {coding: answer for coding, (answer, _) in found.items()}


@check
def negotiation(world):
    """The coding is one that the client accepts, and the one that it prefers"""
    wrong = []
    for accepted, allowed in NEGOTIATIONS:
        answer, coding = coded(world, world.LARGE, accepted)
        if answer.status != 200 or coding not in allowed:
            wrong.append(f"{accepted!r} gives {answer.status} {coding}, not {' or '.join(sorted(allowed))}")
    for accepted in NOTHING:
        answer, _ = coded(world, world.LARGE, accepted)
        if answer.status not in (200, 406):
            wrong.append(f"{accepted!r} gives {answer.status}")
    expect(not wrong, "\n    ".join(wrong))


@check
def equal(world):
    """What is decoded is the same bytes, and Content-Length is that of the coded ones"""
    found = variants(world)
    for coding, answer in found.items():
        expect_equal(decoded(answer), found["identity"].body, f"what {coding} decodes to")
        expect_equal(answer["Content-Length"], str(len(answer.body)), f"the length of {coding}")
        expect(coding == "identity" or len(answer.body) < len(found["identity"].body), coding, "is no shorter")


@check
def tags(world):
    """Each coding has an entity tag of its own, which gives 304 with that coding and with no other"""
    found = variants(world)
    tags = {coding: answer["ETag"] for coding, answer in found.items()}
    expect_equal(len(set(tags.values())), 3, f"the number of different tags of {tags}")
    for coding in found:
        for other, tag in tags.items():
            headers = {"Accept-Encoding": coding, "If-None-Match": tag}
            answer = world.quran.request("GET", world.path(world.LARGE), headers)
            expect_equal(answer.status, 304 if coding == other else 200, f"the status for {coding} with the tag of {other}")
            expect_equal(answer["ETag"], tags[coding], f"the tag for {coding} with the tag of {other}")


@check
def small(world):
    """What has less than 1 kB is never coded"""
    for accepted in ("gzip", "br", "gzip, deflate, br", "*"):
        answer, coding = coded(world, world.SMALL, accepted)
        expect(len(answer.body) < 1000, "the small answer has", len(answer.body), "bytes")
        expect_equal(coding, "identity", f"the coding for {accepted}")


@check
def vary(world):
    """Vary names Accept-Encoding where there may be codings, whichever is sent, and nowhere else"""
    for accepted in (None, "identity", "gzip", "br", "deflate"):
        answer, _ = coded(world, world.LARGE, accepted)
        expect("accept-encoding" in names(answer["Vary"]), f"with {accepted} Vary is", answer["Vary"])
        answer, _ = coded(world, world.SMALL, accepted)
        expect("accept-encoding" not in names(answer["Vary"]), "of a small answer Vary is", answer["Vary"])


@check
def origins(world):
    """Vary names Origin where only some origins may read answers, with and without one, and nowhere else"""
    path = world.path(world.LARGE)
    for headers in ({}, {"Origin": "https://one.example"}, {"Origin": "https://other.example"}):
        chosen = world.restricted.request("GET", path, headers)
        expect("origin" in names(chosen["Vary"]), f"with {headers} Vary is", chosen["Vary"])
        open_to_all = world.quran.request("GET", path, headers)
        expect("origin" not in names(open_to_all["Vary"]), f"with {headers} Vary is", open_to_all["Vary"])
        expect_equal(open_to_all["Access-Control-Allow-Origin"], "*", "Access-Control-Allow-Origin")
