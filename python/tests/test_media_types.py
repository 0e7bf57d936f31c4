"""Media types of files: our table, and before it what a program has told ``mimetypes``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from antiphon.responses import FileResponse

EXPECTED = {
    "a.js": "text/javascript",
    "a.mjs": "text/javascript",
    "a.min.JS": "text/javascript",
    "a.css": "text/css",
    "a.html": "text/html",
    "a.json": "application/json",
    "a.js.map": "application/json",
    "a.wasm": "application/wasm",
    "a.webmanifest": "application/manifest+json",
    "a.avif": "image/avif",
    "a.webp": "image/webp",
    "a.jxl": "image/jxl",
    "a.svg": "image/svg+xml",
    "a.woff": "font/woff",
    "a.woff2": "font/woff2",
    "a.m3u8": "application/vnd.apple.mpegurl",
    "a.m4s": "video/iso.segment",
    "a.mpd": "application/dash+xml",
    "a.mp4": "video/mp4",
    "a.webm": "video/webm",
    "a.vtt": "text/vtt",
    "a.unheard-of": "application/octet-stream",
    ".js": "application/octet-stream",
    "https://a.example:80/a.js": "text/javascript",
}


@pytest.mark.parametrize(("name", "media_type"), EXPECTED.items())
def test_the_table_holds_on_every_machine(name: str, media_type: str) -> None:
    assert FileResponse(name).media_type == media_type
    assert FileResponse("x", filename=name).media_type == media_type


def test_a_type_that_is_given_counts() -> None:
    assert FileResponse("a.js", media_type="text/x").media_type == "text/x"


def test_what_lies_beside_it_tells_what_ts_is(tmp_path: Path) -> None:
    path = tmp_path / "1.ts"
    path.write_text("x")
    assert FileResponse(path).media_type == "text/plain"
    (tmp_path / "index.m3u8").write_text("#EXTM3U")
    assert FileResponse(path).media_type == "video/mp2t"
    assert FileResponse(str(path), filename="b.TS").media_type == "video/mp2t"


def run(program: str) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_what_a_program_has_added_before_counts() -> None:
    run("""
import mimetypes
mimetypes.add_type("text/x-own", ".js")
from antiphon.responses import FileResponse
assert FileResponse("a.js").media_type == "text/x-own"
assert FileResponse("a.mjs").media_type == "text/javascript"
mimetypes.add_type("video/x-ts", ".ts")
assert FileResponse("a.ts").media_type == "video/x-ts"
mimetypes.add_type("model/gltf+json", ".gltf")
assert FileResponse("a.gltf").media_type == "model/gltf+json"
""")


def test_what_a_program_has_changed_by_hand_counts() -> None:
    run("""
import mimetypes
mimetypes.init()
mimetypes.types_map[".m4s"] = "video/x-own"
mimetypes.types_map[".jxl"] = "image/x-own"
from antiphon.responses import FileResponse
assert FileResponse("a.m4s").media_type == "video/x-own"
assert FileResponse("a.jxl").media_type == "image/x-own"
mimetypes.guess_type = lambda name, strict=True: ("x/y", None)
assert FileResponse("a.js").media_type == "x/y"
""")


def test_what_the_machine_says_does_not_count(tmp_path: Path) -> None:
    types = tmp_path / "mime.types"
    types.write_text("text/plain js wasm mjs\napplication/x-machine machine\n")
    run(f"""
import mimetypes, sys, types
# As if the file were one that each interpreter on this machine reads.
source = open(mimetypes.__file__).read() + "\\nknownfiles.append({str(types)!r})\\n"
path = {str(tmp_path)!r} + "/mimetypes.py"
open(path, "w").write(source)
sys.path.insert(0, {str(tmp_path)!r})
del sys.modules["mimetypes"]
import mimetypes
assert mimetypes.guess_type("a.js")[0] == "text/plain"
from antiphon.responses import FileResponse
for name in ("a.js", "a.mjs", "a.JS"):
    assert FileResponse(name).media_type == "text/javascript", name
assert FileResponse("a.wasm").media_type == "application/wasm"
assert FileResponse("a.machine").media_type == "application/x-machine"
mimetypes.add_type("text/x-own", ".js")
assert FileResponse("a.js").media_type == "text/x-own"
""")


def test_a_file_of_types_that_a_program_reads_counts(tmp_path: Path) -> None:
    types = tmp_path / "own.types"
    types.write_text("text/x-own js\n")
    run(f"""
import mimetypes
mimetypes.init([{str(types)!r}])
from antiphon.responses import FileResponse
assert FileResponse("a.js").media_type == "text/x-own"
""")
