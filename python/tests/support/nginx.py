"""An nginx of one's own, in front of another server, with a folder of files."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")

CONFIGURATION = """
daemon off;
pid {place}/pid;
error_log {place}/log warn;
worker_processes 1;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/client;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
        location /_files/ {{ internal; alias {files}/; }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(place: Path, files: Path, behind: int) -> Iterator[str]:
    """Run nginx before the server at a port, and return its URL.

    ``/_files/`` is internal, and has the files. The test is skipped where there is no nginx, which
    is a failure in CI.
    """
    if PROGRAM is None:
        without = "there is no nginx"
        if os.environ.get("CI") == "true":
            pytest.fail(without)
        pytest.skip(without)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Else its worker becomes a user who may not read the files.
    user = "user root;" if os.geteuid() == 0 else ""
    text = CONFIGURATION.format(place=place, user=user, port=port, behind=behind, files=files)
    (place / "conf").write_text(text)
    command = [PROGRAM, "-p", str(place), "-c", "conf", "-e", str(place / "log")]
    with (place / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise AssertionError((place / "out").read_text()) from None
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
