"""What a schema can't say: a request that is to be accepted names what exists, and its parts fit each other.

Requests that are to be refused are sent as they were generated. Webhooks are not signed here, and refused: `answers.py` signs some.
"""

import functools
import json
import urllib.request

import schemathesis
from schemathesis import GenerationMode

# What every store has. It is neither deleted nor withdrawn, as other requests name it.
EXISTING = {
    "script": "uthmani",
    "translations": "en.pickthall",
    "tafsirs": "ar.jalalayn",
    "reciter": "ayah.everyayah.abdulbasit_abdulsamad",
    "editions": "en.pickthall",
}
RANGE = {"from": "2:1", "to": "2:20"}


@schemathesis.hook
def before_call(context, case, kwargs):
    if (case.path_parameters or {}).get("id") in EXISTING.values() and (
        case.method == "DELETE" or case.path.endswith("/withdraw")
    ):
        case.path_parameters["id"] = "no.such"
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    for name in (EXISTING | RANGE).keys() & (case.query or {}).keys():
        case.query[name] = (EXISTING | RANGE)[name]
    if "q" in (case.query or {}):
        # Something must be asked for; what is there most is found.
        case.query["q"] = "allah".ljust(len(case.query["q"]))[: len(case.query["q"])]
    if case.method == "GET" and "If-Match" in (case.headers or {}):
        # Another tag is refused, whatever else is right.
        case.headers["If-Match"] = "*"
    if {"if-match", "if-none-match"} <= {name.lower() for name in case.headers or {}}:
        del case.headers["If-None-Match"]
    if isinstance(case.body, dict):
        fit(case.body)
        if "id" in case.body and "id" in (case.path_parameters or {}):
            case.body["id"] = case.path_parameters["id"]
    elif case.media_type == "text/plain":
        case.body = whole_text(case.operation.base_url)


def fit(members):
    if "type" in members and "data" in members:
        members["data"] = {"number": 2} if members["type"].startswith("surah.") else {"id": "en.pickthall"}
    if "from" in members:
        members["from"] = RANGE["from"]
        if members.get("to") is not None:
            members["to"] = RANGE["to"]
    if "ayah" in members:
        members["ayah"] = "2:255"
    if members.keys() & {"url_pattern", "granularity", "alternates"}:
        # All patterns of a reciter are alike.
        members["granularity"] = "surah"
        members["url_pattern"] = "https://example.org/{sss}.mp3"
        for alternate in members.get("alternates") or []:
            alternate["url_pattern"] = members["url_pattern"]
    if members.get("surahs") is not None:
        members["surahs"] = sorted(set(members["surahs"]))


@functools.cache
def whole_text(server):
    """A text that a draft may be made of: a word for each ayah."""
    with urllib.request.urlopen(f"{server}/api/v1/surahs") as answer:
        surahs = json.load(answer)["surahs"]
    return "".join(f"{s['number']}|{ayah}|word\n" for s in surahs for ayah in range(1, s["ayah_count"] + 1))
