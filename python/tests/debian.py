"""Runs sessions of nox on CPythons that Debian's unstable suite has, in a chroot.

    debian.py PLACE VERSIONS SESSIONS…

PLACE is a folder for what is built, VERSIONS are as in ``3.14,3.15``. The suite is unpacked with
root's rights on a Debian, to ``antiphon/debian`` in ``$XDG_CACHE_HOME``, and anew after a month.
What cannot be had is named and left out. What does not build, and a test that fails, is a failure.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "antiphon" / "debian"
MONTH = 30 * 24 * 3600
PROJECT = Path(__file__).resolve().parents[2]
# For packages that have no wheel yet, and for tests that use them.
PROGRAMS = ["ca-certificates", "curl", "gcc", "git", "libc6-dev", "nginx"]
# How the machine reaches its networks.
SHARED = ["/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"]


def main() -> int:
    place, versions, sessions = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
    try:
        unpack()
        add(*PROGRAMS)
        add_redis()
    except OSError as error:
        left_out(" and ".join(versions), error)
        return 0
    for version in versions.copy():
        try:
            add(f"python{version}-venv", f"python{version}-dev")
        except OSError as error:
            left_out(version, error)
            versions.remove(version)
    if not versions:
        return 0
    wheels = place / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    for version in versions:
        build(version, place, wheels)
    wanted = [name for name in sessions if name.rpartition("-")[2] in versions]
    nox = [str(PROJECT / "python" / "nox"), "-s", *wanted]
    return run_inside(
        nox, [PROJECT, place], {"ANTIPHON_WHEELS": str(wheels), "CARGO_TARGET_DIR": str(place)}
    )


def unpack() -> None:
    """Unpack the suite, unless that was done of late."""
    unpacked = ROOT / "unpacked"
    if unpacked.exists() and time.time() - unpacked.stat().st_mtime < MONTH:
        return
    print("Unpacking Debian's unstable suite to", ROOT, flush=True)
    if not shutil.which("debootstrap"):
        print("Installing debootstrap with apt-get", flush=True)
        quietly(["apt-get", "update", "-qq"])
        quietly(["apt-get", "install", "-y", "-qq", "debootstrap"])
    ROOT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT.parent) as new:
        quietly(["debootstrap", "--variant=minbase", "unstable", f"{new}/debian"])
        shutil.rmtree(ROOT, ignore_errors=True)
        Path(new, "debian").rename(ROOT)
    unpacked.touch()


def add(*packages: str) -> None:
    """Install these packages there, unless that was done before."""
    script = (
        f'dpkg-query --status "$@" >/dev/null 2>&1 || {{ {APT} update && {APT} install -y "$@"; }}'
    )
    install(script, *packages)


def add_redis() -> None:
    """Install a Redis that compares idempotency keys, unless that was done before.

    Where the suite's own is older, it comes from the experimental one.
    """
    script = f"""
        is_new() {{
            has=$(dpkg-query --show --showformat '${{Version}}' redis-server 2>/dev/null)
            dpkg --compare-versions "$has" ge 5:8.6
        }}
        is_new && exit
        sed 's/ unstable / experimental /' /etc/apt/sources.list \
            >/etc/apt/sources.list.d/experimental.list
        {APT} update
        {APT} install -y redis-server/experimental redis-tools/experimental ||
            {APT} install -y redis-server
    """
    install(script)


# As debootstrap does, apt takes a mirror that is behind.
APT = "apt-get -qq -o Acquire::Check-Valid-Until=false"


def install(script: str, *arguments: str) -> None:
    """Run a script there that installs something."""
    quietly(
        inside(["sh", "-c", script, "sh", *arguments]),
        outside({"DEBIAN_FRONTEND": "noninteractive"}),
    )


def build(version: str, place: Path, wheels: Path) -> None:
    """Build the package for an interpreter there, by the compiler that is here."""
    python = place / f"python{version}"
    python.parent.mkdir(parents=True, exist_ok=True)
    # It says that it is this script, so that all who build ask the script.
    command = f"""bash -c 'exec -a "$0" python{version} "$@"' "$0" "$@\""""
    python.write_text(f"#!/bin/sh\nexec chroot {shlex.quote(str(ROOT))} {command}\n")
    python.chmod(0o755)
    maturin = [sys.executable, "-m", "maturin", "build", "--quiet", "--interpreter", python]
    subprocess.run([*maturin, "--out", wheels], cwd=PROJECT / "python", check=True)


def run_inside(command: list[str], shown: list[Path], environment: dict[str, str]) -> int:
    """Run a command there, and return how it ended."""
    return subprocess.run(inside(command, shown), env=outside(environment)).returncode


def inside(command: list[str], shown: list[Path] | None = None) -> list[str]:
    """Return the command that runs a command there; what is shown has the same paths as here."""
    shown = [*map(Path, SHARED), *(shown or [])]
    own_mounts = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, "sh"]
    return [*own_mounts, str(ROOT), *(str(path) for path in shown if path.exists()), "--", *command]


INSIDE = """
set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$1"; else touch "$root$1"; fi
    mount --rbind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""


def outside(environment: dict[str, str]) -> dict[str, str]:
    """Return this environment, without what is said there of programs here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kept.pop("VIRTUAL_ENV", None)
    return {
        **kept,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        **environment,
    }


def left_out(what: str, error: OSError) -> None:
    print(f"LEFT OUT: CPython {what}, which cannot be had of Debian's unstable suite: {error}")


def quietly(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command, of which nothing is seen unless it fails."""
    ended = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if ended.returncode:
        last = ended.stdout.strip().rpartition("\n")[2]
        raise OSError(
            f"{shlex.join(map(str, command[:2]))} … ended with {ended.returncode}: {last}"
        )


if __name__ == "__main__":
    sys.exit(main())
