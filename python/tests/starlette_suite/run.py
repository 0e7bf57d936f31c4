"""Runs Starlette's own tests, unmodified, from its source distribution, against our classes.

    run.py PYTHON SOURCES [--whole]

PYTHON is an interpreter that has antiphon, starlette and the tests' dependencies; SOURCES is a
folder to which the source distribution is downloaded once. Each way of putting our classes in the
place of Starlette's is a run of its own:

    attribute   the names in starlette.responses are replaced before another module has seen them
    install     antiphon.install()
    site        the same from sitecustomize, so that it is there before the tests' runner is

``excused.json`` names the tests that look into Starlette's internals, and why.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
VERSION = "1.10.0"
MODES = ("attribute", "install", "site")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("sources", type=Path)
    parser.add_argument("--whole", action="store_true", help="all tests, not those of responses")
    arguments = parser.parse_args()
    suite = unpacked(arguments.python, arguments.sources)
    excused = json.loads((HERE / "excused.json").read_text())
    tests = ["tests"] if arguments.whole else ["tests/test_responses.py"]
    failed = [mode for mode in MODES if not passes(arguments.python, suite, mode, tests, excused)]
    return 1 if failed else 0


def unpacked(python: str, sources: Path) -> Path:
    folder = sources / f"starlette-{VERSION}"
    if not folder.exists():
        download = [python, "-m", "pip", "download", "--quiet", "--no-binary", ":all:", "--no-deps"]
        subprocess.run([*download, "--dest", sources, f"starlette=={VERSION}"], check=True)
        with tempfile.TemporaryDirectory(dir=sources) as place:
            with tarfile.open(sources / f"starlette-{VERSION}.tar.gz") as archive:
                archive.extractall(place, filter="data")
            (Path(place) / folder.name).rename(folder)
    return folder


def passes(python: str, suite: Path, mode: str, tests: list[str], excused: dict[str, str]) -> bool:
    path = [str(HERE)]
    if mode == "site":
        path.insert(0, str(HERE / "site"))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ANTIPHON_SUITE": mode,
    }
    with tempfile.NamedTemporaryFile("r", suffix=".json") as report:
        environment["ANTIPHON_REPORT"] = report.name
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "substitution"]
        # With sitecustomize, anyio is there before pytest can rewrite its assertions.
        command += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
        outcome = subprocess.run(
            without_roots_rights([*command, *tests]),
            cwd=suite,
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
        f"starlette {VERSION}, {mode}: {result['passed']} passed, {len(unexcused)} failed, "
        f"{len(result['failed']) - len(unexcused)} excused; ours: {' '.join(result['ours'])}"
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
