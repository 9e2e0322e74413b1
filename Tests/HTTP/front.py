"""Behind Varnish, as docs/varnish sets it up: what may be kept is, and a change purges what it touches and nothing else."""

import time

from checks import check, expect, expect_equal, is_hit

# Some that quote the translation that is edited, and some that do not.
QUOTING = [
    "ayahs/2:255?translations=en.pickthall", "surahs/112?translations=en.pickthall,ur.jalandhry",
    "juzs/30?translations=ur.jalandhry,en.pickthall", "ayahs?from=1:1&to=1:7&translations=en.pickthall",
]
OTHERS = [
    "ayahs/2:255", "ayahs/2:255?translations=ur.jalandhry", "surahs/112?translations=ur.jalandhry", "surahs/1",
    "juzs/30", "juzs", "sajdas", "reciters", *(f"ayahs/{number}" for number in range(100, 130)),
]
CODINGS = {None: "identity", "gzip": "gzip", "gzip, deflate, br, zstd": "br"}


def ask(world, path, **headers):
    answer = world.varnish.get(world.path(path), **headers)
    expect_equal(answer.status, 200, path, "the status")
    return answer


@check
def shared(world):
    """Varnish keeps content, in each coding, and answers conditions itself"""
    for accepted, coding in CODINGS.items():
        headers = {} if accepted is None else {"Accept_Encoding": accepted}
        first = ask(world, world.LARGE, **headers)
        second = ask(world, world.LARGE, **headers)
        expect(is_hit(second), f"for {accepted} the second is no hit:", second["Cache-Status"])
        expect_equal(second["Content-Encoding"] or "identity", coding, f"the coding for {accepted}")
        expect_equal((second.body, second["ETag"]), (first.body, first["ETag"]), f"the second for {accepted}")
        expect(second["ETag"] and not second["ETag"].startswith("W/"), "the tag is", second["ETag"])
        headers["If_None_Match"] = second["ETag"]
        answer = world.varnish.get(world.path(world.LARGE), **headers)
        expect_equal((answer.status, answer.body, is_hit(answer)), (304, b"", True), "with the tag, the answer")


@check
def spelled(world):
    """Varnish has one copy for all spellings of a question"""
    ask(world, "ayahs?from=3:1&to=3:9")
    expect(is_hit(ask(world, "ayahs?to=3:9&from=3:1")), "another order of parameters is another object")
    ask(world, "ayahs/3:1", Accept_Encoding="gzip, deflate, br")
    expect(is_hit(ask(world, "ayahs/3:1", Accept_Encoding="br,gzip")), "another order of codings is another object")
    expect(is_hit(ask(world, "ayahs/3:1", Accept_Encoding="br", Cookie="a=b")), "a cookie makes another object")


@check
def unshared(world):
    """Varnish keeps no errors, nothing of users, and nothing of whoever filled it"""
    for path, headers in (
        ("surahs/115", {}), ("me", {"Authorization": f"Bearer {world.reader}"}),
        ("admin/editions", {"Authorization": f"Bearer {world.quran.program.token}"}),
    ):
        for _ in range(2):
            answer = world.varnish.get(world.path(path), **headers)
            expect(not is_hit(answer), path, "is a hit")
    ask(world, "ayahs/4:1", X_Request_Id="of-the-first")
    expect_equal(ask(world, "ayahs/4:1")["X-Request-Id"], None, "X-Request-Id of a hit")


@check
def guarded(world):
    """Varnish wants to know what to purge, and purges nothing else"""
    ask(world, "ayahs/5:1")
    expect_equal(world.varnish.request("PURGE", "/").status, 400, "the status without tags")
    expect_equal(world.varnish.request("PURGE", "/", {"Surrogate-Key": "surah:999"}).status, 200, "the status")
    expect(is_hit(ask(world, "ayahs/5:1")), "it was purged")


@check
def purged(world):
    """An edit of one translation purges, by the tags that it names, what quotes it; all the rest stays"""
    before = {}
    for path in QUOTING + OTHERS:
        ask(world, path)
        before[path] = ask(world, path)
        expect(is_hit(before[path]), path, "is no hit:", before[path]["Cache-Status"])
        expect(before[path]["Surrogate-Key"], path, "has no Surrogate-Key")
    text = f"Edited at {time.time()}."
    tags = world.tell(lambda: world.edit("2:255", text))
    expect("translation:en.pickthall" in tags, "the receiver purged", tags)
    for path, old in before.items():
        answer = ask(world, path)
        named = set(old["Surrogate-Key"].split()) & tags
        expect_equal(bool(named), path in QUOTING, path, f"with {old['Surrogate-Key']!r} and {tags}: whether it is named")
        expect_equal(is_hit(answer), path in OTHERS, path, "whether it is still a hit")
        expect_equal(answer.body == old.body, path in OTHERS or b"2:255" not in old.body, path, "whether it is the same")
    expect(text.encode() in ask(world, QUOTING[0]).body, "the new text is not there")


@check
def everything(world):
    """What outdates everything purges everything"""
    ask(world, "ayahs/6:1")
    tags = world.tell(lambda: world.quran.admin("POST", "admin/cache/clear"))
    expect_equal(tags, {"all"}, "what the receiver purged")
    expect(not is_hit(ask(world, "ayahs/6:1")), "it is still a hit")
