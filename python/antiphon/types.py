"""The types of ASGI, and of what our classes take."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Literal, Protocol, TypeAlias
from uuid import UUID

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

Background: TypeAlias = Callable[[], Awaitable[None]]


class HasItems(Protocol):
    """Headers that are no mapping, such as an ``email.message.Message``."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return the names and the values."""


HeaderFields: TypeAlias = Mapping[str, str] | HasItems | Iterable[tuple[str, str]]
SameSite: TypeAlias = Literal["lax", "strict", "none"]
PathLike: TypeAlias = str | os.PathLike[str]
CacheControl: TypeAlias = str | Mapping[str, str] | Callable[[str], str | None]
Coding: TypeAlias = Literal["br", "zstd", "gzip"]
EventId: TypeAlias = str | int | UUID
Backend: TypeAlias = Literal["asyncio", "trio"]
