"""Asks a running server everything that its description names, and holds each answer to it.

    answers.py BASE     with ADMIN_TOKEN, USER_TOKEN and WEBHOOK_SECRET in the environment

Every operation must have given every status that the description has for it, but for some that other tests see. Prints what is wrong, and exits
with 1 if anything is.
"""

import base64
import gzip
import hashlib
import hmac
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from jsonschema import Draft202012Validator, RefResolver

BASE = sys.argv[1]
TOKENS = {"admin": os.environ["ADMIN_TOKEN"], "user": os.environ["USER_TOKEN"], "nobody": None}
# What connections, limits and a failing store answer has tests of its own.
COMMON = {"408", "413", "414", "417", "429", "431", "500", "503"}
# So have a user who has as much as is allowed, a delivery that was made, and a server that takes no webhooks.
elsewhere = {
    *((operation + kind, "409") for operation in ("put", "patch") for kind in ("Bookmark", "Collection", "Position")),
    ("retryDelivery", "409"),
    ("announceChange", "404"),
}

wrong = []
seen = set()
# What has a number that is not known beforehand, by the address of its kind.
made = {}


def send(method, path, body=None, who="admin", headers={}, type="application/json"):
    """Sends a request. Its answer must be one that the description allows."""
    data = None
    headers = dict(headers)
    if TOKENS[who]:
        headers["Authorization"] = f"Bearer {TOKENS[who]}"
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers["Content-Type"] = type
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        status, fields, content = answer.status, answer.headers, answer.read()
    if fields["Content-Encoding"] == "gzip":
        content = gzip.decompress(content)
    check(f"{method} {path} by {who}: {status}", method, path, status, fields, content)
    value = json.loads(content) if content and "json" in fields["Content-Type"] else content
    return status, fields, value


def expect(status, *request, **more):
    """Sends a request that must have a certain status, and returns its body and entity tag."""
    found, fields, value = send(*request, **more)
    if found != status:
        wrong.append(f"{' '.join(map(str, request[:2]))}: {found} instead of {status}: {value}")
    return value, fields["ETag"]


# The description.

DOCUMENT = json.load(urllib.request.urlopen(f"{BASE}/openapi.json"))
RESOLVER = RefResolver.from_schema(DOCUMENT)


def resolved(node):
    while "$ref" in node:
        node = RESOLVER.resolve(node["$ref"])[1]
    return node


def defects(schema, value):
    return [f"{e.json_path}: {e.message}"[:300] for e in Draft202012Validator(schema, resolver=RESOLVER).iter_errors(value)]


def template(path):
    """Which address of the description a path has. One without parameters comes before one with them."""
    path = path.split("?")[0]
    matching = [t for t in DOCUMENT["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", t), path)]
    return min(matching, key=lambda t: t.count("{"))


def check(request, method, path, status, fields, content):
    operation = DOCUMENT["paths"][template(path)][method.lower()]
    described = operation["responses"].get(str(status))
    if not described:
        return wrong.append(f"{request}: not described: {content[:300]}")
    seen.add((operation["operationId"], str(status)))
    described = resolved(described)
    for name, header in described.get("headers", {}).items():
        header, value = resolved(header) | header, fields[name]
        if value is None and header.get("required"):
            wrong.append(f"{request}: no {name}")
        if value is not None:
            value = int(value) if header["schema"].get("type") == "integer" else value
            wrong.extend(f"{request}: {name}: {defect}" for defect in defects(header["schema"], value))
    kinds = described.get("content")
    kind = (fields["Content-Type"] or "").split(";")[0]
    if not kinds:
        if content:
            wrong.append(f"{request}: a body where there is none: {content[:300]}")
    elif kind not in kinds:
        wrong.append(f"{request}: {kind} is not described")
    elif "json" in kind:
        wrong.extend(f"{request}: {defect}" for defect in defects(kinds[kind]["schema"], json.loads(content)))


# What can be asked of every operation alike.


def parameters(operation):
    return [resolved(each) for each in operation.get("parameters", [])]


def address(path, operation, absent=False):
    """The path with the examples of the parameters that it needs, or with what is not there."""
    for each in parameters(operation):
        if each["in"] == "path":
            value = made.get(path.rpartition("/{")[0], each["example"])
            if absent:
                value = {"ayah": "2:287", "number": 999_999}.get(each["name"], "no.such")
            path = path.replace("{%s}" % each["name"], str(value))
        elif each["in"] == "query" and each.get("required"):
            path = asking(path, **{each["name"]: each["example"]})
    return path


def asking(path, **query):
    """The path with more of a query."""
    return path + ("&" if "?" in path else "?") + urllib.parse.urlencode(query)


def body(operation):
    content = operation.get("requestBody", {}).get("content", {})
    for type, each in content.items():
        return type, resolved(each["schema"]).get("example", "text")
    return None, None


def ask_all():
    """What is refused, whatever the operation."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            method, answers = method.upper(), operation["responses"]
            there, (type, example) = address(path, operation), body(operation)
            expect(400, method, asking(there, no_such=1))
            if operation.get("security") == [{"bearer": []}]:
                expect(401, method, there, who="nobody")
            if "403" in answers:
                expect(403, method, there, who="user")
            if "415" in answers:
                expect(415, method, there, b"x", type="text/x-unknown")
            if "404" in answers and "{" in path:
                expect(404, method, address(path, operation, absent=True), example, type=type)
            elif "404" in answers and any(each["name"] == "page" for each in parameters(operation)):
                expect(404, method, asking(there, page=999_999))


def read_all():
    """What can be read, now that all of it is there, and what a client is told who has it."""
    for path, methods in DOCUMENT["paths"].items():
        if operation := methods.get("get"):
            there = address(path, operation)
            for coding in "identity", "gzip":
                _, tag = expect(200, "GET", there, headers={"Accept-Encoding": coding})
                if "304" in operation["responses"]:
                    expect(304, "GET", there, headers={"Accept-Encoding": coding, "If-None-Match": tag})


def condition_all():
    """What is not done or sent, as what is there is not what the client knows."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            names = {each["name"] for each in parameters(operation)}
            for name, value in ("If-Match", '"0"'), ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"):
                if "412" in operation["responses"] and name in names:
                    type, example = body(operation)
                    expect(412, method.upper(), address(path, operation), example, type=type, headers={name: value})


def search():
    """Something is found, else nothing would be known of hits."""
    for query in {"q": "sample"}, {"q": 'sample "back slash" -absent', "surah": 2, "per_page": 3}:
        found, _ = expect(200, "GET", asking("/api/v1/search", **query))
        if not found["hits"] or not found["hits"][0]["highlights"]:
            wrong.append(f"nothing was found: {query}")


# What changes something.

ME = "/api/v1/me"
ADMIN = "/api/v1/admin"


def make_records():
    for kind, path in ("bookmark", "bookmarks"), ("collection", "collections"):
        members = {"from": "2:255"} if kind == "bookmark" else {"name": "n"}
        patch = {"note": "n"} if kind == "bookmark" else {"name": "m"}
        key = {"Idempotency-Key": f"made-{kind}"}
        expect(201, "POST", f"{ME}/{path}", {"id": "b1", **members})
        expect(200, "POST", f"{ME}/{path}", {"id": "b1", **members})
        expect(409, "POST", f"{ME}/{path}", {"id": "b1", **members, "colour": "#000000"})
        made, _ = expect(201, "POST", f"{ME}/{path}", members, headers=key)
        expect(422, "POST", f"{ME}/{path}", {**members, "colour": "#000000"}, headers=key)
        expect(204, "DELETE", f"{ME}/{path}/{made[kind]['id']}")
        expect(410, "POST", f"{ME}/{path}", members, headers=key)
        expect(201, "PUT", f"{ME}/{path}/new", {**members, "id": "new"})
        expect(200, "PUT", f"{ME}/{path}/b1", {**members, "colour": "#ffffff"})
        expect(200, "PATCH", f"{ME}/{path}/b1", patch, type="application/merge-patch+json")
        for method, sent in ("PUT", members), ("PATCH", patch), ("DELETE", None):
            expect(422, method, f"{ME}/{path}/b1", sent, headers=key)
    expect(201, "PUT", f"{ME}/last-read/phone", {"ayah": "18:10"}, headers={"Idempotency-Key": "read"})
    expect(200, "PUT", f"{ME}/last-read/phone", {"ayah": "18:11"})
    for method, sent in ("PUT", {"ayah": "1:1"}), ("DELETE", None):
        expect(422, method, f"{ME}/last-read/phone", sent, headers={"Idempotency-Key": "read"})
    expect(204, "DELETE", f"{ME}/last-read/tablet")


def sync():
    mutations = DOCUMENT["components"]["schemas"]["Mutations"]["example"]
    expect(200, "POST", f"{ME}/bookmarks/batch", {"mutations": [{"id": "m0", "op": "delete", "record": "b0"}]})
    expect(200, "POST", f"{ME}/sync", mutations)
    told, _ = expect(200, "GET", f"{ME}/sync?limit=1")
    expect(200, "GET", f"{ME}/sync?since={told['cursor']}")
    return told["cursor"]


def forget(cursor):
    expect(204, "DELETE", ME)
    expect(410, "GET", f"{ME}/sync?since={cursor}")


def example(schema):
    return DOCUMENT["components"]["schemas"][schema]["example"]


def edit():
    surahs = expect(200, "GET", "/api/v1/surahs")[0]["surahs"]
    text = "".join(f"{s['number']}|{ayah}|word\n" for s in surahs for ayah in range(1, s["ayah_count"] + 1)).encode()
    protected = f"{ADMIN}/editions/uthmani"
    expect(403, "PATCH", protected, {"name": "n"})
    expect(403, "POST", f"{protected}/drafts", text, type="text/plain")

    edition = f"{ADMIN}/editions/en.example"
    expect(201, "POST", f"{ADMIN}/editions", example("NewEdition"))
    expect(409, "POST", f"{ADMIN}/editions", example("NewEdition"))
    expect(409, "POST", f"{edition}/publish")
    expect(409, "POST", f"{edition}/withdraw")
    expect(422, "POST", f"{edition}/drafts", b"1|1|word", type="text/plain")
    drafts = [expect(201, "POST", f"{edition}/drafts?file={n}.txt", text + b"# %d" % n, type="text/plain")[0] for n in range(4)]
    drafts = [f"{ADMIN}/drafts/{each['draft']['id']}" for each in drafts]
    made[f"{ADMIN}/drafts"] = drafts[0].rpartition("/")[2]
    expect(200, "POST", f"{drafts[1]}/publish")
    expect(409, "POST", f"{drafts[2]}/publish", {"replace": False})
    expect(200, "POST", f"{drafts[2]}/publish", example("DraftPublication"))
    expect(204, "DELETE", drafts[3])
    expect(200, "PATCH", edition, {"licence": "l", "source": "s", "attribution": "a"}, type="application/merge-patch+json")
    expect(200, "POST", f"{edition}/publish")
    expect(409, "PATCH", edition, {"licence": ""})
    expect(200, "PUT", f"{edition}/ayahs/112:1", {"text": "other"})
    expect(200, "POST", f"{edition}/withdraw")

    expect(201, "POST", f"{ADMIN}/reciters", example("NewReciter"))
    expect(409, "POST", f"{ADMIN}/reciters", example("NewReciter"))
    expect(200, "PATCH", f"{ADMIN}/reciters/surah.example", example("ReciterPatch"))
    expect(201, "POST", f"{ADMIN}/reciters", {**example("NewReciter"), "id": "surah.other"})
    expect(204, "DELETE", f"{ADMIN}/reciters/surah.other")
    expect(200, "PATCH", f"{ADMIN}/surahs/1", {"name_english": "Another Name"})
    newest = expect(200, "GET", f"{ADMIN}/audit")[0]["entries"][0]["number"]
    expect(201, "POST", f"{ADMIN}/audit/{newest}/rollback")
    expect(409, "POST", f"{ADMIN}/audit/{newest}/rollback")


def operate():
    expect(200, "POST", f"{ADMIN}/cache/invalidate", {"tag": "surah:2"})
    expect(200, "POST", f"{ADMIN}/cache/invalidate", {"pattern": "quran_backend:quran:surah:2*"})
    expect(200, "POST", f"{ADMIN}/cache/clear")
    expect(202, "POST", f"{ADMIN}/cache/warm")


def announce(announcement, status):
    data, id, timestamp = json.dumps(announcement).encode(), f"msg_{time.time_ns()}", str(int(time.time()))
    key = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
    code = hmac.new(key, f"{id}.{timestamp}.".encode() + data, hashlib.sha256).digest()
    signed = {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": "v1," + base64.b64encode(code).decode()}
    path = "/api/v1/webhooks/content"
    expect(status, "POST", path, data, who="nobody", headers=signed)
    expect(401, "POST", path, data + b" ", who="nobody", headers=signed)


def deliver():
    """The server tells somebody who does not listen."""
    for _ in range(300):
        found, _ = expect(200, "GET", f"{ADMIN}/webhooks/deliveries?state=pending")
        if found["deliveries"]:
            return expect(202, "POST", f"{ADMIN}/webhooks/deliveries/{found['deliveries'][0]['id']}/retry")
        time.sleep(0.1)
    wrong.append("nothing was to be delivered")


def check_examples():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        if "example" in schema:
            wrong.extend(f"the example of {name}: {defect}" for defect in defects(schema, schema["example"]))


check_examples()
ask_all()
make_records()
edit()
read_all()
condition_all()
search()
forget(sync())
operate()
announce(example("Announcement"), 202)
announce({**example("Announcement"), "type": "translation.renamed"}, 422)
announce({"type": "translation.updated", "data": {}}, 400)
deliver()

described = {
    (operation["operationId"], status)
    for methods in DOCUMENT["paths"].values() for operation in methods.values() for status in operation["responses"]
    if status not in COMMON
}
missing = sorted(described - seen - elsewhere)
print("\n".join(wrong[:100]))
print(f"{len(seen)} of {len(described)} statuses seen; missing: {missing}")
sys.exit(1 if wrong or missing else 0)
