"""What may be kept, by whom and for how long: RFC 9111, RFC 5861 and RFC 9211. An independent cache tries it out."""

import time

import hishel
import hishel.httpx

from checks import check, directives, expect, expect_equal, names, shared_lifetime

STATIC = [
    "ayahs/1:1", "ayahs?from=2:1&to=2:20", "surahs", "surahs/2?translations=en.pickthall", "juzs", "juzs/1", "sajdas",
    "editions", "translations", "editions/en.pickthall", "reciters", "meta",
]
# Those that fail, and with what.
ERRORS = [
    ("GET", "surahs/115", 404), ("GET", "surahs/1?nonsense=1", 400), ("GET", "nothing", 404), ("POST", "surahs/1", 405),
    ("GET", "me", 401), ("GET", "admin/cache/stats", 401), ("GET", "surahs/1?page=9", 404),
]


@check
def static(world):
    """Content may be kept by all: public, max-age, s-maxage, stale-while-revalidate and stale-if-error"""
    for path in STATIC:
        answer = world.get(path)
        expect_equal(answer.status, 200, path, "the status")
        found = directives(answer)
        expect("public" in found, path, "says", answer["Cache-Control"])
        for name in ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"):
            expect(type(found.get(name)) is int and found[name] > 0, path, "has no", name, "in", answer["Cache-Control"])
        expect(not found.keys() & {"private", "no-store", "no-cache"}, path, "says", answer["Cache-Control"])
        expect("*" not in names(answer["Vary"]), path, "varies by", answer["Vary"])


@check
def tagged(world):
    """Content names what it was made of, in Surrogate-Key and Cache-Tag alike"""
    for path, wanted in (
        ("surahs/2?translations=en.pickthall", {"surah:2", "quran:uthmani", "translation:en.pickthall"}),
        ("ayahs/1:1", {"quran:uthmani"}), ("reciters", {"reciters"}), ("translations", {"editions"}),
    ):
        answer = world.get(path)
        keys = set((answer["Surrogate-Key"] or "").split())
        expect(wanted <= keys, path, "has the keys", answer["Surrogate-Key"])
        expect_equal(names(answer["Cache-Tag"]), {key.lower() for key in keys}, path, "Cache-Tag")
        expect(len(answer["Surrogate-Key"]) <= 16 * 1024, path, "has too many")


@check
def unused_age(world):
    """Age does not use up what others may keep: what was just found true is as good as new"""
    first = world.get(world.LARGE)
    time.sleep(2.1)  # Age counts in seconds.
    second = world.get(world.LARGE)
    expect("hit" in (second["Cache-Status"] or ""), "it was no hit:", second["Cache-Status"])
    expect(int(second["Age"] or 0) <= 1, "after 2 s Age is", second["Age"], "and others may keep it for",
           shared_lifetime(second), "s, not", shared_lifetime(first))


@check
def private(world):
    """What belongs to users is private, and what belongs to editors and operators is not stored"""
    for path in ("me", "me/bookmarks"):
        answer = world.get(path, Authorization=f"Bearer {world.reader}")
        if answer.status == 404:
            continue
        found = directives(answer)
        expect_equal(answer.status, 200, path, "the status")
        expect(found.keys() & {"private", "no-store"} and "public" not in found, path, "says", answer["Cache-Control"])
        expect_equal(shared_lifetime(answer), 0, path, "the seconds for others")
    for path in ("admin/cache/stats", "admin/editions", "admin/audit"):
        answer = world.quran.admin("GET", path)
        expect("no-store" in directives(answer), path, "says", answer["Cache-Control"])


@check
def errors(world):
    """Errors, what is drawn by lot and the state of health are not stored"""
    for method, path, status in ERRORS:
        answer = world.quran.request(method, world.path(path))
        expect_equal(answer.status, status, method, path, "the status")
        expect("no-store" in directives(answer), method, path, "says", answer["Cache-Control"])
        expect("surrogate-key" not in answer.headers, method, path, "names tags")
    for path in ("ayahs/random", "health"):
        answer = world.get(path)
        expect("no-store" in directives(answer), path, "says", answer["Cache-Control"])


@check
def methods(world):
    """OPTIONS and 405 name what is allowed"""
    answer = world.quran.request("OPTIONS", world.path("surahs/1"))
    expect(answer.status in (200, 204), "the status is", answer.status)
    for answer in (answer, *(world.quran.request(method, world.path("surahs/1")) for method in ("PUT", "DELETE"))):
        expect_equal(names(answer["Allow"]), {"get", "head", "options"}, "Allow")


def _cache(world, name):
    return hishel.httpx.CacheClient(
        base_url=f"http://127.0.0.1:{world.quran.port}/api/v1/", rfc=True,
        storage=hishel.SqliteStorage(database_path=str(world.workshop.folder / f"{name}.sqlite")))


@check
def kept(world):
    """An HTTP cache keeps content, asks again with its validator when told to, and keeps nothing else"""
    with _cache(world, "kept") as client:
        for path in ("surahs/36", "ayahs/2:255"):
            first, second = client.get(path), client.get(path)
            expect(not first.extensions["caching"]["from_cache"], path, "was there before")
            expect(second.extensions["caching"]["from_cache"], path, "was not kept:", first.headers.get("cache-control"))
            again = client.get(path, headers={"Cache-Control": "no-cache"})
            expect(again.extensions["caching"]["revalidated"], path, "was not revalidated:", again.extensions["caching"])
            expect_equal({first.content, second.content, again.content}, {first.content}, path)
        for path in ("surahs/115", "ayahs/random", "health"):
            client.get(path)
            expect(not client.get(path).extensions["caching"]["from_cache"], path, "was kept")


@check
def replaced(world):
    """An HTTP cache that asks again after a change is given the new text"""
    with _cache(world, "replaced") as client:
        path = "ayahs/1:3?translations=en.pickthall"
        text = f"Changed at {time.time()}."
        client.get(path)
        time.sleep(1.1)  # Of two answers a cache takes the later, by Date, which counts in seconds.
        world.edit("1:3", text)
        answer = client.get(path, headers={"Cache-Control": "no-cache"})
        expect(text in answer.text, "the answer has the old text")
        expect(text in client.get(path).text, "what was kept is the old text")


@check
def vary_alone(world):
    """What is sent depends on no header that Vary does not name"""
    plain = world.get(world.LARGE)
    for headers in (
        {"Accept": "text/html"}, {"Accept-Language": "ar"}, {"User-Agent": "a"}, {"Cookie": "a=b"}, {"Referer": "http://a/"},
        {"Authorization": f"Bearer {world.reader}"},
    ):
        answer = world.quran.request("GET", world.path(world.LARGE), headers)
        expect_equal((answer.status, answer.body), (200, plain.body), f"with {headers} the answer")
