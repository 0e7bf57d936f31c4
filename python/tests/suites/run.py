"""Runs the tests of others, unmodified, from their source distributions, against our classes.

    run.py PYTHON SOURCES TESTS…

PYTHON is an interpreter that has antiphon and what the tests import; SOURCES is a folder to which
each source distribution is downloaded once. TESTS is a suite (``starlette``), or a file of one
(``starlette/tests/test_responses.py``). Each way of putting our classes in the place of a suite's
own is a run of its own:

    attribute   the names in its modules are replaced before another module has seen them
    install     antiphon.install()
    site        the same from sitecustomize, so that it is there before the tests' runner is

``excused.json`` names the tests that need not pass, and why; of a file or a folder, all are left
out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Suite:
    """The tests in a distribution, and how they are run."""

    name: str
    version: str
    modes: tuple[str, ...]
    options: str = ""

    @property
    def folder(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}"


SUITES = (
    Suite("starlette", "1.10.0", ("attribute", "install", "site")),
    # It ships no conftest.py. Ours comes after anyio's plugin, to choose the event loop in its
    # place. Coroutines are tests without being marked, for which it configures another plugin.
    Suite(
        "sse-starlette",
        "3.7.0",
        ("attribute",),
        "-p anyio -p unshipped -o anyio_mode=auto -W ignore::pytest.PytestConfigWarning",
    ),
    # In one process, since some of its tests share a folder.
    Suite(
        "fastapi",
        "0.165.0",
        ("install",),
        "-o markers=xdist_group --inline-snapshot=disable",
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("sources", type=Path)
    parser.add_argument("tests", nargs="+")
    arguments = parser.parse_args()
    excused = json.loads((HERE / "excused.json").read_text())
    failed = False
    for wanted in arguments.tests:
        name, _, tests = wanted.partition("/")
        suite = next(suite for suite in SUITES if suite.name == name)
        folder = unpacked(arguments.python, arguments.sources, suite)
        for mode in suite.modes:
            command = [arguments.python, "-m", "pytest", *suite.options.split(), tests or "tests"]
            failed |= not passes(command, suite, folder, mode, excused[name])
    return int(failed)


def unpacked(python: str, sources: Path, suite: Suite) -> Path:
    folder = sources / suite.folder
    if not folder.exists():
        download = [python, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps"]
        subprocess.run([*download, "--dest", sources, f"{suite.name}=={suite.version}"], check=True)
        with tempfile.TemporaryDirectory(dir=sources) as place:
            with tarfile.open(sources / f"{suite.folder}.tar.gz") as archive:
                archive.extractall(place, filter="data")
            (Path(place) / suite.folder).rename(folder)
    return folder


def passes(
    command: list[str], suite: Suite, folder: Path, mode: str, excused: dict[str, str]
) -> bool:
    path = [HERE, HERE / suite.name]
    if mode == "site":
        path.insert(0, HERE / "site")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANTIPHON_SUITE": suite.name,
        "ANTIPHON_MODE": mode,
    }
    with tempfile.NamedTemporaryFile("r", suffix=".json") as report:
        environment["ANTIPHON_REPORT"] = report.name
        command = [*command, "-q", "-p", "no:cacheprovider", "-p", "substitution"]
        # With sitecustomize, anyio is there before pytest can rewrite its assertions.
        command += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        command += [f"--ignore={test}" for test in excused if "::" not in test]
        outcome = subprocess.run(
            without_roots_rights(command),
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        text = report.read()
    if not text:
        print(outcome.stdout)
        return False
    result = json.loads(text)
    unexcused = [
        test for test in result["failed"] if not any(test.startswith(prefix) for prefix in excused)
    ]
    print(
        f"{suite.name} {suite.version}, {mode}: {result['passed']} passed, "
        f"{len(unexcused)} failed, {len(result['failed']) - len(unexcused)} excused; "
        f"ours: {' '.join(result['ours'])}"
    )
    if unexcused or not result["passed"]:
        print(outcome.stdout)
    return bool(result["passed"]) and not unexcused


def without_roots_rights(command: list[str]) -> list[str]:
    """Let a test of a folder's permissions mean something to root."""
    rights = "-dac_override,-dac_read_search"
    prefix = ["setpriv", "--bounding-set", rights, "--inh-caps", rights]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        try:
            subprocess.run([*prefix, "true"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return command
        return [*prefix, *command]
    return command


if __name__ == "__main__":
    sys.exit(main())
