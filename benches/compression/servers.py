"""The servers that are compared, and how each is started."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import contents
from compare.places import RELEASE, RUN
from compare.server import Server, running

HERE = Path(__file__).resolve().parent
BROTLI_MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so")
UVICORN = "-m uvicorn --loop uvloop --http httptools --no-access-log --log-level error --port"


@dataclass(frozen=True)
class Peer:
    """A server: what runs, and how hard it compresses; ``no`` for not at all.

    ``parameter`` is each response's own, with nothing around the application.
    """

    name: str
    program: str
    compress: str
    codings: tuple[str, ...] = ("gzip",)

    def without(self) -> Peer:
        """The same without compression."""
        return Peer(f"{self.name}, plain", self.program, "no", self.codings)


BOTH = ("gzip", "br")
OF_NGINX = BOTH if BROTLI_MODULE.exists() else ("gzip",)
RUST = Peer("Antiphon Rust", "antiphon-compressed", "preset", BOTH)
PYTHON = Peer("Antiphon Python", "antiphon", "preset", BOTH)
TOWER = Peer("tower-http", "peer-tower-http", "preset", BOTH)
NGINX = Peer("nginx, level 1", "nginx", "1", OF_NGINX)
STARLETTE = Peer("Starlette, level 9", "starlette", "9")

#: Of content that lies ready.
OF_CONTENT = [
    RUST,
    TOWER,
    Peer("tower-http, fastest", "peer-tower-http", "fastest", BOTH),
    NGINX,
    Peer("nginx, level 4", "nginx", "4"),
    PYTHON,
    Peer("Antiphon Python, compress=", "antiphon", "parameter", BOTH),
    STARLETTE,
    Peer("Starlette, level 4", "starlette", "4"),
]
#: Of streams; nginx is a proxy then.
OF_STREAMS = [RUST, TOWER, NGINX, PYTHON, STARLETTE]
#: Of what is not compressed.
OF_THE_REST = [RUST, PYTHON]

PACKAGES = {"antiphon-compressed": "peer-antiphon", "peer-tower-http": "peer-tower-http"}


@contextlib.contextmanager
def serving(peer: Peer) -> Iterator[Server]:
    """Runs a server on the server's core, and what stands behind it."""
    with contextlib.ExitStack() as stack:
        upstream = 0
        if peer.program == "nginx":
            behind = RUST.without()
            upstream = stack.enter_context(serving(behind)).port
        port = free_port()
        environment = {
            **os.environ,
            "COMPRESS": peer.compress,
            "DATA": str(contents.FOLDER),
            "PEER": peer.program,
        }
        command = command_of(peer, port, upstream)
        name = "compression-" + "-".join(peer.name.replace(",", "").split())
        yield stack.enter_context(running(name, port, command, HERE, environment))


def command_of(peer: Peer, port: int, upstream: int) -> list[str]:
    match peer.program:
        case "nginx":
            return nginx(port, upstream, peer.compress)
        case "antiphon" | "starlette":
            return [sys.executable, *UVICORN.split(), str(port), "app:app"]
    return [str(RELEASE / peer.program), str(port), str(contents.FOLDER)]


def nginx(port: int, upstream: int, level: str) -> list[str]:
    """Writes a configuration, and returns the command."""
    place = RUN / f"compression-nginx-{port}"
    place.mkdir(exist_ok=True)
    modules = f"load_module {BROTLI_MODULE};" if BROTLI_MODULE.exists() else ""
    brotli = "brotli on; brotli_types *; brotli_min_length 0;" if BROTLI_MODULE.exists() else ""
    compress = "" if level == "no" else f"gzip on; gzip_comp_level {level}; {brotli}"
    temporary = "".join(
        f"{name}_temp_path {place}; "
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "nginx.conf").write_text(f"""
{modules}
worker_processes 1;
daemon off;
pid {place}/pid;
error_log {place}/error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    sendfile off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    {temporary}
    types {{ application/json json; image/png png; text/html html; }}
    gzip_types *;
    gzip_min_length 0;
    gzip_proxied any;
    {compress}
    server {{
        listen 127.0.0.1:{port};
        location / {{ root {contents.FOLDER}; }}
        location ~ ^/(events|large|slow)$ {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Accept-Encoding "";
            proxy_buffering off;
        }}
    }}
}}
""")
    return ["nginx", "-p", str(place), "-c", str(place / "nginx.conf")]


def is_there(peer: Peer) -> bool:
    return peer.program != "nginx" or shutil.which("nginx") is not None


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
