# Varnish in front of quran-backend: serves what may be shared, and forgets by tag what has changed.
#
#   varnishd -f quran.vcl -p http_gzip_support=off …
#
# Needs xkey of varnish-modules (Debian: varnish-modules). With http_gzip_support=off Varnish keeps the codings that the
# server made (brotli among them) and their strong entity tags; with it on it would keep gzip alone.
vcl 4.1;

import std;
import xkey;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
    # Not health: with its database down the server goes on serving what it has.
    .probe = { .url = "/api/v1/sajdas"; .interval = 2s; .timeout = 1s; .window = 3; .threshold = 2; }
}

# Who may purge: the receiver of webhooks (purge.py), on this machine.
acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        # By the address of the connection: a header can be anybody's.
        if (client.ip !~ purgers) {
            return (synth(403));
        }
        if (!req.http.Surrogate-Key) {
            return (synth(400));
        }
        if (req.http.Surrogate-Key == "all") {
            ban("obj.status != 0");
            return (synth(200, "everything"));
        }
        set req.http.Purged = xkey.purge(req.http.Surrogate-Key);
        return (synth(200, req.http.Purged));
    }

    # An answer varies by the coding alone, so a few spellings of the field are enough: else there would be a copy for
    # each that browsers send. A client that refuses a coding with q=0 is told what its own field says.
    if (req.http.Accept-Encoding && req.http.Accept-Encoding !~ "(?i)q\s*=") {
        if (req.http.Accept-Encoding ~ "(?i)(^|[ ,])br([ ,]|$)") {
            set req.http.Accept-Encoding = "br, gzip";
        } elsif (req.http.Accept-Encoding ~ "(?i)(^|[ ,])(x-)?gzip([ ,]|$)") {
            set req.http.Accept-Encoding = "gzip";
        } else {
            unset req.http.Accept-Encoding;
        }
    }

    # Cookies mean nothing to the server. What belongs to users comes with Authorization, and is passed by the builtin VCL.
    unset req.http.Cookie;
    set req.url = std.querysort(req.url);

    # While the server is well, an old answer is served for 10 s at most, while it is fetched anew.
    if (std.healthy(req.backend_hint) && req.restarts == 0) {
        set req.grace = 10s;
    } else {
        set req.grace = 10y;  # Restarts keep what was set.
    }
}

sub vcl_backend_response {
    set beresp.http.xkey = beresp.http.Surrogate-Key;

    # Of one request, not of all who will be given this answer.
    if (beresp.ttl > 0s && beresp.http.Surrogate-Key) {
        unset beresp.http.X-Request-Id;
        unset beresp.http.RateLimit;
        unset beresp.http.RateLimit-Policy;
    }

    # RFC 5861: what may still be served if the server fails. stale-while-revalidate is read by Varnish itself.
    if (beresp.ttl > 0s && beresp.http.Cache-Control ~ "stale-if-error=[0-9]+") {
        set beresp.grace = std.duration(
            regsub(beresp.http.Cache-Control, "^.*stale-if-error=([0-9]+).*$", "\1s"), 0s);
    }

    # A failure of the server never replaces what is kept, nor does what it could not confirm.
    if (bereq.is_bgfetch && (beresp.status >= 500 || beresp.http.Cache-Control ~ "no-cache")) {
        return (abandon);
    }
}

sub vcl_backend_error {
    set beresp.http.Unreachable = "yes";
    return (deliver);
}

# Nothing is kept that could be served: said as the server says it (RFC 9457).
sub vcl_synth {
    if (resp.status == 503) {
        set resp.http.Content-Type = "application/problem+json";
        set resp.http.Cache-Control = "no-store";
        set resp.http.Retry-After = "2";
        synthetic({"{"type":"urn:quran-backend:problem:unavailable","title":"Service Unavailable","status":503}"});
        return (deliver);
    }
}

sub vcl_deliver {
    # It failed before a probe has told: looked up once more, now for as long as stale-if-error says.
    if (resp.status == 503 && req.http.Cache-Did == "uri-miss") {
        return (restart);
    }
    if (resp.http.Unreachable) {
        return (synth(503));
    }

    unset resp.http.xkey;
    unset resp.http.Via;
    unset resp.http.X-Varnish;
    # RFC 9211: the list begins with the cache that is nearest to the server.
    if (req.http.Cache-Did == "hit") {
        set req.http.Cache-Did = "varnish; hit";
    } else {
        set req.http.Cache-Did = "varnish; fwd=" + req.http.Cache-Did;
    }
    if (resp.http.Cache-Status) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", " + req.http.Cache-Did;
    } else {
        set resp.http.Cache-Status = req.http.Cache-Did;
    }
}

sub vcl_hit { set req.http.Cache-Did = "hit"; }

sub vcl_miss {
    if (req.restarts > 0) {
        return (synth(503));
    }
    set req.http.Cache-Did = "uri-miss";
}

sub vcl_pass { set req.http.Cache-Did = "bypass"; }
