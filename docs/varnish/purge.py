#!/usr/bin/python3
"""Purges Varnish by tag when quran-backend tells of a change.

    WEBHOOK_TARGET_SECRET=whsec_… python3 purge.py [--listen 9000] [--varnish http://127.0.0.1:6081 …]

Point the server at it: WEBHOOK_TARGETS=http://127.0.0.1:9000/ with the same WEBHOOK_TARGET_SECRET. Messages are Standard
Webhooks; one that can't be passed on is answered 503, and comes again.
"""

import argparse
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import sys
import time
import urllib.parse

# A server that was not yet told of the change may answer for a second what it knew before. What was fetched of it meanwhile
# is purged once more.
PROPAGATION = 1.5
MOST_BYTES = 64 * 1024


def keys(secrets):
    return [base64.b64decode(secret.removeprefix("whsec_"), validate=True) for secret in secrets.replace(",", " ").split()]


def is_genuine(headers, body, keys):
    """Whether a message is signed with one of the keys, and not older than 5 minutes."""
    try:
        age = abs(time.time() - int(headers["webhook-timestamp"]))
    except (TypeError, ValueError):
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    good = [b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    sent = (headers["webhook-signature"] or "").encode().split()
    return age < 300 and any(hmac.compare_digest(ours, theirs) for ours in good for theirs in sent)


def purge(varnish, tag):
    """Makes one Varnish forget what carries a tag. Raises OSError or HTTPException if it can't be told."""
    address = urllib.parse.urlsplit(varnish)
    connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=3)
    try:
        connection.request("PURGE", "/", headers={"Surrogate-Key": tag})
        answer = connection.getresponse()
        if answer.status != 200:
            raise http.client.HTTPException(f"{varnish}: {answer.status}")
        return answer.reason
    finally:
        connection.close()


class Receiver(http.server.BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self):
        length = self.headers["content-length"] or ""
        if not length.isdigit() or int(length) > MOST_BYTES:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body, self.server.keys):
            return self.answer(401)
        tag = json.loads(body)["data"]["tag"]
        try:
            for wait in (0, PROPAGATION):
                time.sleep(wait)
                for varnish in self.server.varnishes:
                    print(f"purged {tag} of {varnish}: {purge(varnish, tag)}", flush=True)
        except (OSError, http.client.HTTPException) as error:
            print(f"not purged {tag}: {error}", file=sys.stderr, flush=True)
            return self.answer(503)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *arguments):
        """What is purged is logged, not who asks."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", type=int, default=9000, help="port on this machine")
    parser.add_argument("--varnish", nargs="+", default=["http://127.0.0.1:6081"])
    chosen = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", chosen.listen), Receiver)
    server.keys, server.varnishes = keys(os.environ["WEBHOOK_TARGET_SECRET"]), chosen.varnish
    server.serve_forever()


if __name__ == "__main__":
    main()
