"""The servers that `quran` is measured beside: nginx, Varnish, Django and FastAPI, each set up as its users would for one
core, and each with the same bytes."""

import gzip
import os
import secrets

from processes import ROOT, environment_with, free_port
from quran import Server

PEERS = ROOT / "Benchmarks" / "peers"
REQUIREMENTS = PEERS / "requirements.txt"

# What nginx writes itself, or what is of one answer only.
OWN_HEADERS = {
    "age", "connection", "content-encoding", "content-length", "content-type", "date", "etag", "last-modified", "server",
    "x-request-id", "vary",
}


def start_nginx(workshop, files, headers, core):
    """Serves files by `sendfile`, and on a second port by reading them; both by one process.

    - files: bodies by path
    - headers: those of an answer of `quran`; what nginx has no own ones for is added to its answers
    """
    folder = workshop.folder / "nginx"
    for path, body in files.items():
        file = folder / "root" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        if len(body) >= 1024:
            file.with_name(file.name + ".gz").write_bytes(gzip.compress(body, 6))
    added = [
        f'add_header {name} "{value}";' for name, value in headers.items()
        if name.lower() not in OWN_HEADERS and '"' not in value and "$" not in value
    ]
    added.append("add_header X-Request-Id $request_id;")
    ports = free_port(), free_port()
    shared = f"root {folder}/root; " + " ".join(added)
    configuration = f"""
        daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors crit;
        {"user root;" if os.geteuid() == 0 else ""}
        events {{ worker_connections 4096; use epoll; multi_accept on; }}
        http {{
            access_log off; default_type application/json; server_tokens off;
            keepalive_timeout 1h; keepalive_requests 1000000000; tcp_nodelay on; tcp_nopush on;
            open_file_cache max=20000 inactive=1h; open_file_cache_valid 1h; open_file_cache_min_uses 1;
            open_file_cache_errors on; output_buffers 1 512k; gzip_static on; gzip_vary on;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            server {{ listen 127.0.0.1:{ports[0]} backlog=4096; sendfile on; {shared} }}
            server {{ listen 127.0.0.1:{ports[1]} backlog=4096; sendfile off; {shared} }}
        }}
        """
    (folder / "nginx.conf").write_text(configuration)
    process = workshop.start("nginx", ["nginx", "-e", folder / "errors", "-c", folder / "nginx.conf"], core=core)
    for port in ports:
        workshop.await_port(process, port)
    return [Server(process, port) for port in ports]


def start_varnish(workshop, vcl, core=None, parameters=()):
    """Starts Varnish with a configuration of `vcl`.

    - parameters: as `name=value`
    """
    folder = workshop.folder / f"varnish.{len(workshop.processes)}"
    folder.mkdir()
    (folder / "default.vcl").write_text(vcl)
    port = free_port()
    options = []
    # A server that is paused for minutes is not one that hangs.
    for parameter in ("thread_pools=1", "cli_timeout=600", "timeout_idle=3600", *parameters):
        options += ["-p", parameter]
    process = workshop.start(
        "varnish",
        ["varnishd", "-F", "-j", "none", "-n", folder, "-a", f"127.0.0.1:{port}", "-f", folder / "default.vcl",
         "-s", "malloc,256m", "-T", "none", *options],
        core=core)
    workshop.await_port(process, port)
    return Server(process, port)


def varnish_before(server):
    """The configuration of a Varnish that serves hits of what `server` has."""
    return f"""
        vcl 4.1;
        backend default {{ .host = "127.0.0.1"; .port = "{server.port}"; }}
        sub vcl_backend_response {{ set beresp.ttl = 1d; }}
        """


def start_django(workshop, postgres, redis, core):
    """Django under gunicorn with threads, one worker."""
    return _start_python(
        workshop, "django", postgres, redis, core,
        lambda port: ["gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--worker-class", "gthread",
                      "--threads", "8", "--keep-alive", "3600", "--worker-connections", "1000", "--log-level", "warning",
                      "django_peer:application"])


def start_fastapi(workshop, postgres, redis, core):
    """FastAPI under uvicorn with uvloop and httptools, one worker."""
    return _start_python(
        workshop, "fastapi", postgres, redis, core,
        lambda port: ["uvicorn", "--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools",
                      "--no-access-log", "--log-level", "warning", "--timeout-keep-alive", "3600", "fastapi_peer:app"])


def _start_python(workshop, name, postgres, redis, core, command):
    program, *arguments = command(port := free_port())
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(PEERS), "PYTHONDONTWRITEBYTECODE": "1",
        "DATABASE_URL": postgres.url, "REDIS_URL": redis.database(1), "SECRET_KEY": secrets.token_hex(32),
    }
    binary = environment_with(REQUIREMENTS).with_name(program)
    process = workshop.start(name, [binary, *arguments], environment=environment, core=core)
    workshop.await_port(process, port)
    return Server(process, port)


def store_documents(postgres, documents):
    """Gives the Python peers a table of what they serve.

    - documents: bodies by path
    """
    postgres.sql("DROP TABLE IF EXISTS peer_documents; CREATE TABLE peer_documents (path text PRIMARY KEY, body text)")
    rows = []
    for path, body in documents.items():
        # The text format of COPY.
        escaped = body.decode().replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        rows.append(f"{path}\t{escaped}\n")
    postgres.sql("COPY peer_documents FROM STDIN;\n" + "".join(rows) + "\\.\n")
