"""Which core runs the server, and which the load generator."""

from __future__ import annotations

from collections.abc import Sequence

SERVER_CORE = 0
CLIENT_CORE = 1


def pinned(core: int, command: Sequence[str]) -> list[str]:
    return ["taskset", "--cpu-list", str(core), *command]
