"""The servers that are compared: where each listens, and how it is started."""

from __future__ import annotations

import dataclasses
import os
import pwd

from compare.places import BENCHES, DATA, RELEASE, RUN


@dataclasses.dataclass(frozen=True)
class ServerKind:
    """A peer: where it listens, and its binary in the cargo workspace (none: nginx)."""

    port: int
    package: str | None


SERVERS = {
    "antiphon": ServerKind(8400, "peer-antiphon"),
    "hyper": ServerKind(8401, "peer-hyper"),
    "axum": ServerKind(8402, "peer-axum"),
    "actix": ServerKind(8403, "peer-actix"),
    "nginx": ServerKind(8404, None),
}


def server_command(name: str) -> list[str]:
    kind = SERVERS[name]
    if kind.package is not None:
        return [str(RELEASE / kind.package), str(kind.port), str(DATA)]
    command = ["nginx", "-p", f"{RUN}/", "-c", str(BENCHES / "nginx.conf"), "-e", "nginx.log"]
    if os.geteuid() == 0:  # else nginx's worker becomes a user who may not read the data
        command += ["-g", f"user {pwd.getpwuid(0).pw_name};"]
    return command
