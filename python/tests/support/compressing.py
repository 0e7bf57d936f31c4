"""Compressed answers, and what their client asks and gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread

from antiphon.compression import CompressionMiddleware
from support.scripted import Scripted, request

CODINGS = ["gzip", "br"]
WAYS = ["parameter", "middleware"]
TEXT = b"all work and no play makes jack a dull boy. " * 40


def asking(coding: str = "gzip", *lines: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    return request(headers=[(b"accept-encoding", coding.encode()), *lines], **more)


def by(way: str, make: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """A response that is compressed in one of the two ways."""
    if way == "parameter":
        return make(*arguments, **keywords, compress=True)
    return CompressionMiddleware(make(*arguments, **keywords))


def fields(peer: Any) -> dict[str, str]:
    return {name.decode(): value.decode("latin-1") for name, value in peer.messages[0]["headers"]}


async def answered(app: Any, scope: Any, peer: Scripted | None = None) -> Scripted:
    peer = peer or Scripted()
    with anyio.fail_after(20):
        await app(scope, peer.receive, peer.send)
    return peer


def noise(size: int) -> bytes:
    """Text that takes a while to encode, as hexadecimal digits do."""
    return os.urandom(size // 2).hex().encode()
