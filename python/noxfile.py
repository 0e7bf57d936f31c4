"""The environments in which the Python face is built and tested.

``python/nox`` runs what ``make test`` does, ``python/nox -s NAME`` one session. What is for no
interpreter in particular runs on the newest. What lacks its interpreter is named.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

HERE = Path(__file__).parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")).resolve()
PLACE = TARGET / "python"
# Where wheels lie that were built for interpreters without a compiler.
WHEELS = os.environ.get("ANTIPHON_WHEELS")

# What nox runs on is the newest that there is.
NEWEST = "{}.{}".format(*sys.version_info)
OLDEST = "3.10"
# Starlette 1.10 is for these.
WITH_STARLETTE = ["3.11", "3.12", "3.13", "3.14", "3.15"]
MIDDLE = ["3.11", "3.12"]
# Which Debian's unstable suite has, where nobody else has them.
IN_DEBIAN = ["3.14", "3.15"]

# Tests of channels over Redis wait much: they run on the oldest, and on the newest with Starlette.
WITHOUT_REDIS = ["--ignore=test_redis.py", "--ignore=test_redis_chaos.py"]

TESTS = ["anyio", "pytest", "pytest-xdist", "redis", "trio"]
# By which our tests read what is compressed. Clients of the suites would ask for it, too.
DECODERS = ["brotli"]
STARLETTE = ["starlette[full]==1.10.0", "fastapi==0.165.0", "sse-starlette==3.7.0"]
# Where content comes from that is no file, and a server that speaks as S3 does. Their packages for
# the newest interpreters come late: tests that ask them run on what nox runs on.
STORES = ["fsspec", "moto[s3,server]", "obstore"]
FRAMEWORKS = [
    "blockbuster",
    "httpx2[zstd]",
    "importlib-metadata",
    "litestar",
    "opentelemetry-sdk",
    "orjson",
    "quart",
]
SERVERS = ["uvicorn", "httptools", "hypercorn[trio]", "granian", "daphne", "httpx"]
# By which uvicorn speaks HTTP/2; it has wheels for no newer interpreter.
SERVERS += ["zttp; python_version < '3.15'"]
LINTS = ["check-jsonschema", "maturin", "mypy", "ruff", "typing_extensions"]
# For the tests of sse-starlette and FastAPI.
SUITES = ["starlette==1.10.0", "sse-starlette==3.7.0", "fastapi[all]==0.165.0", "httpx2"]
SUITES += ["a2wsgi", "dirty-equals", "flask", "inline-snapshot", "orjson", "pwdlib[argon2]"]
SUITES += ["pyjwt", "pytest-timeout", "sqlmodel", "strawberry-graphql", "ujson", "logfire"]
SUITES += ["sentry-sdk", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"]
SUITES += ["opentelemetry-instrumentation-fastapi"]

nox.options.envdir = str(PLACE)
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = [
    "alone",
    "tests",
    f"starlette-{NEWEST}",
    f"sse_starlette-{NEWEST}",
    f"fastapi-{NEWEST}",
    "portable",
    "packages",
    "chaos",
    "debian",
]


@nox.session(python=[OLDEST, NEWEST])
def alone(session: nox.Session) -> None:
    """Tests the package where there is no Starlette."""
    session.install(*TESTS, *DECODERS)
    install(session)
    test(session, *([] if session.python == OLDEST else WITHOUT_REDIS), *session.posargs)


@nox.session(python=WITH_STARLETTE)
def tests(session: nox.Session) -> None:
    """Tests the package beside Starlette, and under each server."""
    stores = STORES if session.python == NEWEST else []
    session.install(*TESTS, *DECODERS, *STARLETTE, *FRAMEWORKS, *SERVERS, *stores)
    install(session)
    test(session, *(WITHOUT_REDIS if session.python in MIDDLE else []), *session.posargs)


@nox.session(python=WITH_STARLETTE)
def starlette(session: nox.Session) -> None:
    """Runs Starlette's own tests against our classes."""
    suite(session, "starlette", *STARLETTE, *FRAMEWORKS)


@nox.session(python=WITH_STARLETTE)
def sse_starlette(session: nox.Session) -> None:
    """Runs sse-starlette's own tests against our classes."""
    suite(session, "sse-starlette", *SUITES)


@nox.session(python=WITH_STARLETTE)
def fastapi(session: nox.Session) -> None:
    """Runs FastAPI's own tests against our classes."""
    suite(session, "fastapi", *SUITES)


@nox.session
def portable(session: nox.Session) -> None:
    """Tests files as other systems open and read them."""
    session.install(*TESTS, *DECODERS, *STARLETTE, *FRAMEWORKS, *SERVERS)
    site = build(session, "portable", "--cfg antiphon_portable")
    test(session, "test_files.py", "test_file_versions.py", "vectors", env={"PYTHONPATH": site})


@nox.session
def packages(session: nox.Session) -> None:
    """Installs the packages of both faces as a stranger would, and runs the README's programs."""
    session.install("maturin", "twine")
    session.run("python", "../tests/packages/check.py", str(PLACE / "packages" / "built"))


@nox.session
def chaos(session: nox.Session) -> None:
    """Shares channels among servers of both faces, while Redis and they die, stall and forget."""
    if not shutil.which("redis-server"):
        leave_out(session, "chaos over shared channels", "redis-server")
    session.install("anyio", "granian", "redis", "uvicorn")
    install(session)
    session.run("cargo", "build", "--quiet", "--package", "antiphon-node", external=True)
    node = TARGET / "debug" / "antiphon-node"
    python = Path(session.bin) / "python"
    session.run("python", "../tests/nodes/chaos.py", str(node), str(python), *session.posargs)


@nox.session
def sanitized(session: nox.Session) -> None:
    """Tests what the compiler cannot check where AddressSanitizer watches it."""
    library = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True
    ).stdout.strip()
    if not Path(library).exists():
        leave_out(session, "the tests under AddressSanitizer", "libasan.so")
    session.install(*TESTS, *STARLETTE, *FRAMEWORKS, *SERVERS)
    host = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    triple = next(
        line.removeprefix("host: ") for line in host.splitlines() if line.startswith("host: ")
    )
    # Which rustc offers to those who say that they know it to be unstable.
    site = build(session, "sanitized", "-Zsanitizer=address", triple, RUSTC_BOOTSTRAP="1")
    # Python's own allocator would hide what is freed; the interpreter leaves much behind.
    watched = {"LD_PRELOAD": library, "PYTHONMALLOC": "malloc", "ASAN_OPTIONS": "detect_leaks=0"}
    names = ["cookies", "files", "file_versions", "headers", "json", "responses"]
    test(
        session,
        *(f"test_{name}.py" for name in names),
        "vectors/test_fixed_responses.py",
        env={"PYTHONPATH": site, **watched},
    )


@nox.session
def debian(session: nox.Session) -> None:
    """Runs ``tests``, or what follows ``--``, on CPythons of Debian's unstable suite."""
    wanted = session.posargs or ["tests"]
    missing = [version for version in IN_DEBIAN if not shutil.which(f"python{version}")]
    if not missing or WHEELS:
        session.skip("the interpreters are here")
    session.install("maturin")
    names = [f"{name}-{version}" for version in missing for name in wanted]
    session.run("python", "tests/debian.py", str(PLACE / "unstable"), ",".join(missing), *names)


@nox.session
def lint(session: nox.Session) -> None:
    """Checks formats, types and the stubs; runs nothing."""
    session.install(*TESTS, *STARLETTE, *FRAMEWORKS, *LINTS)
    install(session)
    others = ["compare", "compression", "compression/run"]
    others += ["python", "python/run", "shared", "shared/run"]
    programs = [*(f"../benches/{name}" for name in others), "../examples/gallery/python"]
    programs += ["../tests/packages", "../tests/nodes"]
    session.run("ruff", "check", ".")
    # They are programs, which need not say what each function is for; one file's name has a dash.
    session.run(
        "ruff", "check", "--config", "pyproject.toml", "--extend-ignore", "D10,RUF001", *programs
    )
    session.run("ruff", "format", "--config", "pyproject.toml", "--check", ".", *programs)
    workflows = [str(path) for path in (HERE.parent / ".github" / "workflows").glob("*.yml")]
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("mypy")
    session.run("mypy", "tests/support/annotations.py")
    with session.chdir("../benches"):
        served = [str(path) for path in sorted(Path("python").glob("*.py"))]
        session.run(
            "mypy", "--config-file", "../python/pyproject.toml", "compare", *served, "python/run"
        )
        # By itself, for both have an `app`.
        compressed = [str(path) for path in sorted(Path("compression").glob("*.py"))]
        session.run(
            "mypy", "--config-file", "../python/pyproject.toml", *compressed, "compression/run"
        )
    # Not from here, where the package lies without its extension.
    with session.chdir(PLACE):
        session.run(
            "python", "-m", "mypy.stubtest", "antiphon", "--allowlist", str(HERE / "stubtest.allow")
        )


@nox.session
def soak(session: nox.Session) -> None:
    """Has clients come and go under two servers, for 600 seconds each or what follows ``--``."""
    session.install(*TESTS, *SERVERS)
    install(session)
    with session.chdir("tests"):
        for server in ("uvicorn", "granian"):
            session.run("python", "soak.py", server, *(session.posargs or ["600"]))


def test(session: nox.Session, *names: str, env: dict[str, str] | None = None) -> None:
    """Run our tests: not from here, where the package lies without its extension."""
    with session.chdir("tests"):
        session.run(
            "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "3", *names, env=env
        )


def suite(session: nox.Session, name: str, *packages: str) -> None:
    """Run the tests of this name, which need these packages."""
    session.install(*TESTS, *packages)
    install(session)
    python = session.virtualenv.bin + "/python"
    session.run("python", "tests/suites/run.py", python, str(PLACE / "sources"), name)


built: dict[str, Path] = {}


def install(session: nox.Session) -> None:
    """Install the package, built once for each interpreter."""
    version = session.run(
        "python", "-c", "import sys; print('%d%d' % sys.version_info[:2])", silent=True
    ).strip()
    if WHEELS:
        built[version] = next(Path(WHEELS).glob(f"antiphon-*-cp{version}-*.whl"))
    if version not in built:
        wheels = PLACE / "wheels" / version
        shutil.rmtree(wheels, ignore_errors=True)
        session.run(
            "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), "."
        )
        built[version] = next(wheels.glob("*.whl"))
    session.install("--force-reinstall", "--no-deps", str(built[version]))


def build(session: nox.Session, name: str, flags: str, triple: str = "", **env: str) -> str:
    """Build the package with these flags of the compiler; return where to import it from."""
    target = PLACE / name / "target"
    python = session.virtualenv.bin + "/python"
    command = [
        "cargo",
        "build",
        "--quiet",
        "--package",
        "antiphon-python",
        "--target-dir",
        str(target),
    ]
    if triple:
        command += ["--target", triple]
    session.run(*command, env={"RUSTFLAGS": flags, "PYO3_PYTHON": python, **env}, external=True)
    site = PLACE / name / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(HERE / "antiphon", site / "antiphon")
    shutil.copy(target / triple / "debug" / "lib_antiphon.so", site / "antiphon" / "_antiphon.so")
    return str(site)


def leave_out(session: nox.Session, what: str, want: str) -> None:
    """End the session, which is a failure where no test may be left out."""
    left_out = f"LEFT OUT: {what}, for want of {want}"
    if os.environ.get("CI") == "true":
        session.error(left_out)
    session.skip(left_out)
