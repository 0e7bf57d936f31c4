"""One file of a directory, and what answers where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from antiphon import _antiphon, _starlette
from antiphon.responses import FileResponse
from antiphon.types import Scope


class _HTTPException(Exception):
    """An answer that is no file, where there is no Starlette to make one of it."""

    def __init__(
        self,
        status_code: int,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status_code = status_code
        self.detail = detail or _PHRASES[status_code]
        self.headers = headers


if TYPE_CHECKING:
    from starlette.exceptions import HTTPException as HTTPException
else:
    HTTPException = _starlette.find("exceptions", "HTTPException", _HTTPException)

_PHRASES = {401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}


class FoundPath(str):
    """Where a file lies, in which directory, and its path there."""

    root: str | None
    name: str


class DirectoryFile(FileResponse):
    """A file of a directory, or the copy of it that the client likes best."""

    files: _antiphon.Directory
    #: What was opened already.
    opened: _antiphon.DirectoryFile | None = None
    #: Where it lies: the directory, and its path there.
    root: str | None = None
    name: str = ""

    def _open(self, scope: Scope) -> Any:
        try:
            return self._chosen(scope, waits=False)
        except BlockingIOError:
            return None

    def _open_waiting(self, scope: Scope) -> Any:
        return self._chosen(scope, waits=True)

    def _chosen(self, scope: Scope, *, waits: bool) -> Any:
        opened = self.opened
        if opened is None:
            try:
                opened = self.files.open_at(self.path, self.root, self.name, scope, waits)
            except PermissionError:
                raise HTTPException(status_code=401) from None
        messages = opened.messages(self, scope, waits)
        # It can be sent once; whoever asks for it again has it opened again.
        self.opened = opened if messages is None else None
        return messages
