"""The scenarios: what is asked for, of whom, and what must come back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from compare.places import DATA

HELLO = b"Hello, world!"
CHUNK = b"x" * 100
CHUNKS = 1000
TEXT = "text/plain; charset=utf-8"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """What is asked for, of whom, and what must come back.

    Where there are `events`, listeners read so many of them, instead of wrk: a stream that ends, or
    what the path `publish` publishes.
    """

    path: str
    servers: tuple[str, ...]
    reference: str
    status: int = 200
    media_type: str | None = None
    content: Callable[[], bytes] = bytes
    cookie: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    conditional: bool = False  # ask with the validator of the answer before
    connections: int = 32
    streamed: bool = False  # of no length that is known before
    unit: str = "req"
    units: int = 1  # in an answer to wrk
    events: int = 0  # for each listener
    publish: str | None = None


RUST = ("antiphon", "hyper", "axum", "actix")
FILE_SERVERS = ("antiphon", "axum", "actix", "nginx")


SCENARIOS = {
    "plaintext": Scenario(
        "/plaintext", (*RUST, "nginx"), "hyper", media_type=TEXT, content=lambda: HELLO
    ),
    "json": Scenario(
        "/json",
        RUST,
        "hyper",
        media_type="application/json",
        content=(DATA / "users.json").read_bytes,
    ),
    "cookie": Scenario(
        "/cookie", RUST, "axum", media_type=TEXT, content=lambda: HELLO, cookie=True
    ),
    "file_4k": Scenario(
        "/file/f4k.bin", FILE_SERVERS, "nginx", content=(DATA / "f4k.bin").read_bytes
    ),
    "file_100k": Scenario(
        "/file/f100k.bin", FILE_SERVERS, "nginx", content=(DATA / "f100k.bin").read_bytes
    ),
    "file_10m": Scenario(
        "/file/f10m.bin",
        FILE_SERVERS,
        "nginx",
        content=(DATA / "f10m.bin").read_bytes,
        connections=8,
    ),
    "range": Scenario(
        "/file/f10m.bin",
        FILE_SERVERS,
        "nginx",
        status=206,
        content=lambda: (DATA / "f10m.bin").read_bytes()[1_000_000:1_100_000],
        connections=16,
        headers=(("Range", "bytes=1000000-1099999"),),
    ),
    "static_304": Scenario("/static/f4k.bin", FILE_SERVERS, "nginx", status=304, conditional=True),
    "directory": Scenario(
        "/site/app.js",
        FILE_SERVERS,
        "nginx",
        content=lambda: (DATA / "site" / "app.js.gz").read_bytes(),
        headers=(("Accept-Encoding", "gzip"),),
    ),
    "stream_async": Scenario(
        "/stream/async",
        RUST,
        "actix",
        content=lambda: CHUNK * CHUNKS,
        connections=8,
        streamed=True,
        unit="chunk",
        units=CHUNKS,
    ),
    "stream_sync": Scenario(
        "/stream/sync",
        RUST,
        "actix",
        content=lambda: CHUNK * CHUNKS,
        connections=8,
        streamed=True,
        unit="chunk",
        units=CHUNKS,
    ),
    "sse_1": Scenario("/sse", RUST, "actix", connections=1, unit="event", events=100_000),
    "fan_out": Scenario(
        "/fan", RUST, "actix", connections=500, unit="event", events=200, publish="/publish"
    ),
}
