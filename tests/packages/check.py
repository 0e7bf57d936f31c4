"""Installs the packages as a stranger would, and runs the README's programs with them.

    check.py PLACE

PLACE is a folder for what is built. The Rust programs are built against the packaged crates. The
Python ones run in an environment with the wheel that is built from the source distribution. This
interpreter has maturin and twine. What differs from the README is the port.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = Path(sys.argv[1]).resolve()
CRATES = ["antiphon-core", "antiphon-fs", "antiphon-channel", "antiphon-coding", "antiphon"]
# With tag and body.
BLOCK = re.compile(r"^```(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REPORT = bytes(range(256)) * 40


def main() -> None:
    shutil.rmtree(PLACE / "made", ignore_errors=True)
    # What is unpacked has the same times always, so that cargo would take it for what it has built.
    for built in (PLACE / "target").glob("**/.fingerprint/antiphon*"):
        shutil.rmtree(built)
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    rust(blocks)
    python([body for tag, body in blocks if tag == "python"])


def rust(blocks: list[tuple[str, str]]) -> None:
    crates = packaged_crates()
    (dependencies,) = [body for tag, body in blocks if tag == "toml"]
    programs = [body for tag, body in blocks if tag == "rust,no_run" and "fn main()" in body]
    plain, axum, compressed = programs
    program = new_program("plain", dependencies, plain, crates)
    with served([program], PLACE / "made" / "plain") as url:
        assert ask(url)[2] == b"Hello, world!"
        assert ask(f"{url}elsewhere")[:2] == (307, {"location": "/"})
    # What the README says in words.
    with_axum = dependencies.replace('"0.1"', '{ version = "0.1", features = ["axum", "tower"] }')
    program = new_program("with-axum", f'{with_axum}axum = "0.8"\n', axum, crates)
    with served([program], PLACE / "made" / "with-axum") as url:
        resumes(f"{url}report")
    program = new_program("compressed", dependencies, compressed, crates)
    with served([program], PLACE / "made" / "compressed") as url:
        _, fields, content = ask(url, {"accept-encoding": "gzip"})
        assert fields["content-encoding"] == "gzip"
        assert gzip.decompress(content).count(b"hello") == 1000


def packaged_crates() -> Path:
    """Unpack the crates as they would be published."""
    packages = [word for name in CRATES for word in ("--package", name)]
    target = PLACE / "made" / "package"
    run(
        ["cargo", "package", "--quiet", "--no-verify", "--allow-dirty", *packages],
        CARGO_TARGET_DIR=target,
    )
    crates = PLACE / "made" / "crates"
    for name in CRATES:
        (packed,) = (target / "package").glob(f"{name}-[0-9]*.crate")
        with tarfile.open(packed) as archive:
            archive.extractall(crates, filter="data")
        (crates / packed.stem).rename(crates / name)
        for wanted in ("LICENSE", "README.md"):
            assert (crates / name / wanted).is_file(), f"{name} has no {wanted}"
    no_relative_links((crates / "antiphon" / "README.md").read_text())
    return crates


def new_program(name: str, dependencies: str, main: str, crates: Path) -> Path:
    """Build a program that knows of nothing but the crates, and return where it lies."""
    folder = PLACE / "made" / name
    patches = "".join(f'{crate} = {{ path = "{crates / crate}" }}\n' for crate in CRATES)
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.rs").write_text(with_own_port(main))
    (folder / "report.pdf").write_bytes(REPORT)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2024"\n\n'
        f"{dependencies}\n[patch.crates-io]\n{patches}\n[workspace]\n"
    )
    target = PLACE / "target"
    run(["cargo", "build", "--quiet"], folder, CARGO_TARGET_DIR=target)
    return target / "debug" / name


def python(programs: list[str]) -> None:
    source, wheel = packaged_python()
    environment = PLACE / "made" / "environment"
    run([sys.executable, "-m", "venv", environment])
    interpreter = environment / "bin" / "python"
    run([interpreter, "-m", "pip", "install", "--quiet", wheel])
    run([interpreter, "-c", "import antiphon.responses, antiphon.sse, antiphon.channel"], PLACE)
    says_what_is_missing(source, environment)
    run([interpreter, "-m", "pip", "install", "--quiet", "fastapi==0.165.0", "uvicorn"])
    for number, program in enumerate(programs):
        folder = PLACE / "made" / f"python-{number}"
        folder.mkdir()
        (folder / "main.py").write_text(program)
        (folder / "report.pdf").write_bytes(REPORT)
        run([interpreter, "-W", "error", "main.py"], folder)
    first = PLACE / "made" / "python-0"
    with served([interpreter, "-m", "uvicorn", "--port", "PORT", "main:app"], first) as url:
        assert ask(url)[2] == b'{"hello":"world"}'
        resumes(f"{url}report")


def packaged_python() -> tuple[Path, Path]:
    """Build the source distribution, and of it the wheel."""
    made = PLACE / "made" / "dist"
    run([sys.executable, "-m", "maturin", "sdist", "--out", made], ROOT / "python")
    (source,) = made.glob("*.tar.gz")
    wheels = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", made]
    run([*wheels, source], CARGO_TARGET_DIR=PLACE / "target")
    (wheel,) = made.glob("*.whl")
    run([sys.executable, "-m", "twine", "check", "--strict", source, wheel])
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith("dist-info/METADATA")]
        no_relative_links(archive.read(metadata).decode())
    assert any(name.endswith("licenses/LICENSE") for name in names)
    return source, wheel


def says_what_is_missing(source: Path, environment: Path) -> None:
    """Without cargo, nothing is fetched."""
    pip = [environment / "bin" / "python", "-m", "pip", "wheel", "--no-deps", source]
    without = {**os.environ, "PATH": f"{environment / 'bin'}:/usr/bin:/bin"}
    if shutil.which("cargo", path=without["PATH"]):
        print("LEFT OUT: a build without cargo, which is in /usr/bin here")
        return
    ended = subprocess.run(pip, env=without, cwd=PLACE, capture_output=True, text=True)
    assert ended.returncode, "it was built without cargo"
    assert "cargo is missing" in ended.stdout + ended.stderr, ended.stdout + ended.stderr


def no_relative_links(text: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)", text)
    assert links, "a README without links"
    for link in links:
        assert link.startswith(("https://", "#")), f"{link} leads nowhere on an index"


def resumes(url: str) -> None:
    status, headers, content = ask(url, {"range": "bytes=1000-1999"})
    assert (status, content) == (206, REPORT[1000:2000])
    assert ask(url, {"if-none-match": headers["etag"]})[0] == 304


@contextmanager
def served(command: list[str | Path], folder: Path) -> Iterator[str]:
    """Run a server, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [port if word == "PORT" else word for word in command]
    server = subprocess.Popen(command, cwd=folder, env={**os.environ, "PORT": port})
    try:
        for _ in range(200):
            time.sleep(0.05)
            assert server.poll() is None, "the server has ended"
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(10)


def with_own_port(program: str) -> str:
    address = '"127.0.0.1:8000"'
    assert address in program
    return program.replace(address, 'format!("127.0.0.1:{}", std::env::var("PORT").unwrap())')


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def ask(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers=headers or {})
    try:
        answer = urllib.request.build_opener(Unfollowed).open(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        told = {name.lower(): value for name, value in answer.headers.items()}
        if answer.status == 307:
            told = {"location": told["location"]}
        return answer.status, told, answer.read()


def run(command: list[str | Path], folder: Path = ROOT, **environment: str | Path) -> None:
    added = {name: str(value) for name, value in environment.items()}
    subprocess.run(command, cwd=folder, env={**os.environ, **added}, check=True)


if __name__ == "__main__":
    main()
