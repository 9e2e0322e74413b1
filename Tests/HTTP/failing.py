"""With the database down. Runs last, as it leaves the server with little."""

from peers import start_varnish
from processes import eventually

from checks import check, directives, expect, expect_equal, is_hit, shared_lifetime

# For how many seconds others may keep an answer that nobody could confirm.
MOST = 10


@check
def stale(world):
    """With the database down what is cached is served, labelled, and not kept by others as if it were fresh"""
    fresh = world.get(world.LARGE)
    world.cut()
    answer = eventually(
        "an answer is stale",
        lambda: (found := world.get(world.LARGE)) and "detail=stale" in (found["Cache-Status"] or "") and found)
    expect_equal((answer.status, answer.body, answer["ETag"]), (200, fresh.body, fresh["ETag"]), "the answer")
    expect(shared_lifetime(answer) <= MOST, "others may keep it for", shared_lifetime(answer), "s:", answer["Cache-Control"])
    expect(int(directives(answer).get("max-age", 0)) <= MOST, "browsers may keep it:", answer["Cache-Control"])
    expect(answer["Cache-Control"], "there is no Cache-Control")
    expect("accept-encoding" in (answer["Vary"] or "").lower(), "Vary is", answer["Vary"])
    conditional = world.get(world.LARGE, If_None_Match=fresh["ETag"] or "*")
    expect_equal(conditional.status, 304, "the status with the tag")
    expect_equal(conditional["Cache-Control"], answer["Cache-Control"], "Cache-Control of the 304")


@check
def cold(world):
    """With the database down what is not cached is 503, with Retry-After, and not stored"""
    world.cut()
    answer = world.get("ayahs/50:1?translations=nl.keyzer")
    expect_equal(answer.status, 503, "the status")
    expect((answer["Retry-After"] or "").isdigit(), "Retry-After is", answer["Retry-After"])
    expect("no-store" in directives(answer), "Cache-Control is", answer["Cache-Control"])
    expect_equal(answer["Content-Type"], "application/problem+json", "the type")


@check
def sheltered(world):
    """With the database down Varnish goes on serving what it has"""
    path, known = world.path("ayahs/7:1"), world.path("ayahs/7:2")
    world.mend()
    eventually("the server has it", lambda: world.quran.get(path).status == 200)
    world.cut()
    eventually("an answer is stale", lambda: "detail=stale" in world.quran.get(path)["Cache-Status"])
    expect(not is_hit(world.varnish.get(path)) and not is_hit(world.varnish.get(path)), "what is stale is a hit")
    world.mend()
    eventually("Varnish keeps it once the server is well", lambda: is_hit(world.varnish.get(path)))
    before = world.varnish.get(path)
    eventually("the server has the other one", lambda: world.quran.get(known).status == 200)
    world.cut()
    answer = world.varnish.get(path)
    expect_equal((answer.status, answer.body), (200, before.body), "the answer")
    expect_equal(world.varnish.get(known).status, 200, "the status of what the server has and Varnish has not")
    world.mend()


@check
def gone(world):
    """With the server gone Varnish goes on serving what it has, however old, and says of the rest that it is not there"""
    path = world.path("ayahs/7:1")
    eventually("Varnish keeps it", lambda: is_hit(world.varnish.get(path)))
    # The same with no grace while the server is well, before one whose answers others may keep for a second.
    brief = world.program.serve(world.postgres.url, "brief", HTTP_SHARED_MAX_AGE="1")
    vcl = world.vcl(brief).replace("req.grace = 10s", "req.grace = 0s")
    impatient = start_varnish(world.workshop, vcl, parameters=["http_gzip_support=off"])
    fronts = [(world.varnish, world.quran), (impatient, brief)]
    for varnish, server in fronts:
        before = varnish.get(path)
        expect_equal(before.status, 200, "the status")
        world.workshop.processes.remove(server.process)
        expect_equal(server.process.stop(), 0, "the exit status")

        def is_old():
            answer = varnish.get(path)
            expect_equal((answer.status, answer.body), (200, before.body), "the answer")
            return int(answer["Age"]) > 1

        eventually("an answer is older than a second", is_old)
        answer = varnish.get(world.path("ayahs/7:3"))
        expect_equal((answer.status, answer["Content-Type"]), (503, "application/problem+json"), "the answer")
        expect("no-store" in directives(answer), "Cache-Control is", answer["Cache-Control"])
        expect_equal(answer.json()["status"], 503, "the problem's status")
