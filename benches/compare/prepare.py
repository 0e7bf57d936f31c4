"""Makes the data, builds the programs, and finds out which servers can be run here."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys

from compare.cores import CLIENT_CORE, SERVER_CORE
from compare.load import LISTENERS
from compare.options import Options
from compare.peers import SERVERS
from compare.places import BENCHES, DATA, RELEASE, RUN
from compare.report import progress
from compare.scenarios import SCENARIOS

FILES = {"f4k.bin": 4 << 10, "f100k.bin": 100 << 10, "f10m.bin": 10 << 20}


def usable_servers(options: Options) -> list[str]:
    """The servers asked for that can be run here; exits if a tool is missing that all need."""
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: apt-get install {package}")
    if shutil.which("cargo") is None:
        sys.exit("cargo is missing: see https://rustup.rs")
    if not {SERVER_CORE, CLIENT_CORE} <= os.sched_getaffinity(0):
        sys.exit(f"the cores {SERVER_CORE} and {CLIENT_CORE} are needed, one for each side")
    needed = {server for name in options.scenarios for server in SCENARIOS[name].servers}
    servers = [server for server in options.servers if server in needed]
    if "nginx" in servers and shutil.which("nginx") is None:
        progress("nginx is missing and left out: apt-get install nginx")
        servers.remove("nginx")
    return servers


def build(servers: list[str]) -> None:
    """Builds the programs one by one, so that none gets the dependencies' features of another."""
    for package in (LISTENERS, *(SERVERS[server].package for server in servers)):
        if package is not None:
            command = ["cargo", "build", "--release", "--quiet", "--package", package]
            command += ["--target-dir", str(RELEASE.parent)]
            subprocess.run(command, cwd=BENCHES, check=True)


def make_data() -> None:
    DATA.mkdir(exist_ok=True)
    RUN.mkdir(exist_ok=True)
    users = [
        {
            "id": number,
            "name": f"user {number}",
            "email": f"user{number}@example.com",
            "active": number % 2 == 0,
            "score": number * 1.5,
            "city": "Zürich" if number % 10 == 0 else "Springfield",
            "tags": ["red", "green", "blue"],
        }
        for number in range(200)
    ]
    text = json.dumps(users, ensure_ascii=False, separators=(",", ":"))
    (DATA / "users.json").write_text(text, encoding="utf-8")
    site = DATA / "site"
    site.mkdir(exist_ok=True)
    script = "".join(f"export const name{number} = {number * 7919};\n" for number in range(2000))
    (site / "app.js").write_text(script, encoding="utf-8")
    # With the same bytes, and the same time, in each run.
    (site / "app.js.gz").write_bytes(gzip.compress(script.encode(), mtime=0))
    for name in ("app.js", "app.js.gz"):
        os.utime(site / name, (1_700_000_000, 1_700_000_000))
    generator = random.Random(1)
    for name, length in FILES.items():
        (DATA / name).write_bytes(generator.randbytes(length))
