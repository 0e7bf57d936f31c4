"""Directories of files: Starlette's ``StaticFiles``, with compressed copies and rules for caches.

What memory holds of a directory is sent without a thread. Which file answers, and what is said of
it, is decided in Rust; where a subclass overrides one of Starlette's methods, each step is done as
Starlette does it.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from antiphon import _antiphon, _starlette
from antiphon._directory_file import DirectoryFile, FoundPath, HTTPException
from antiphon.datastructures import Headers
from antiphon.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from antiphon.types import CacheControl, Coding, PathLike, Receive, Scope, Send

if TYPE_CHECKING:
    from starlette.staticfiles import NotModifiedResponse as _NotModifiedResponse
    from starlette.staticfiles import StaticFiles as _StaticFiles
else:
    _NotModifiedResponse = _starlette.find("staticfiles", "NotModifiedResponse", object)
    _StaticFiles = _starlette.find("staticfiles", "StaticFiles", object)
    if issubclass(_NotModifiedResponse, Response):
        # Ours was put in the place of the class that it inherits from.
        _NotModifiedResponse = object

__all__ = ["IMMUTABLE", "NotModifiedResponse", "StaticFiles"]

#: The value of ``Cache-Control`` for files whose names change with their content, such as those
#: that bundlers write: a year, without asking again.
IMMUTABLE = _antiphon.IMMUTABLE


class NotModifiedResponse(Response, _NotModifiedResponse):  # type: ignore[misc]
    """A 304: what the client has is still right.

    Args:
        headers: Those that a response with content would have; what a client needs of them is
            sent.

    Example:
        >>> from antiphon.datastructures import Headers
        >>> from antiphon.staticfiles import NotModifiedResponse
        >>> response = NotModifiedResponse(Headers({"etag": '"1"', "content-type": "text/css"}))
        >>> response.headers
        MutableHeaders({'etag': '"1"'})

    Sends:
        Of ``headers``: ``Cache-Control``, ``Content-Location``, ``Date``, ``ETag``, ``Expires``
        and ``Vary``.

    Source: RFC 9110, section 15.4.5; ``starlette.staticfiles.NotModifiedResponse``.
    """

    NOT_MODIFIED_HEADERS = (
        "cache-control",
        "content-location",
        "date",
        "etag",
        "expires",
        "vary",
    )

    def __init__(self, headers: Mapping[str, str]) -> None:
        kept = [field for field in headers.items() if field[0] in self.NOT_MODIFIED_HEADERS]
        super().__init__(status_code=304, headers=kept)


class StaticFiles(_StaticFiles):
    """An application that sends the files of directories.

    Files are sent as :class:`~antiphon.responses.FileResponse` sends them: in ranges, or not at all
    if the client has them. A path leads nowhere outside the directories, whatever its encoding and
    wherever symbolic links lead; on Linux the kernel sees to that.

    Args:
        directory: The directory.
        packages: Packages whose files are sent too: names, whose folder is ``statics``, or pairs of
            a name and a folder.
        html: Whether the page of a folder is its ``index.html``, and of what there is not
            ``404.html``.
        check_dir: Whether the directory must exist already.
        follow_symlink: Whether symbolic links are followed out of the directories.
        precompressed: In which codings files lie beside their originals, as ``app.js.br``,
            ``app.js.zst`` and ``app.js.gz``: of ``"br"``, ``"zstd"`` and ``"gzip"``. The one that
            the client's ``Accept-Encoding`` likes best is sent, and of equals the one that comes
            first here. Its original has to be there, and not newer; a copy that lies outside is
            none. Each has a tag of its own.
        cache_control: The value of ``Cache-Control``: for all files, by patterns of their paths in
            the directory, of which the first that fits counts (``{"assets/**": IMMUTABLE}``; ``*``
            is any run in a name, ``**`` any run, ``?`` a character), or what a callable makes of
            the path.
        fallback: The path of the page that answers navigations to what there is not, as
            single-page applications need it: requests whose ``Accept`` names ``text/html``
            itself, whose ``Sec-Fetch-Mode``, if it is sent, is ``navigate``, and whose path has no
            dot in its last name. It is sent with ``Cache-Control: no-cache``.
        media_types: Media types by extensions, ``{".gltf": "model/gltf+json"}``, before all others.

    Raises:
        RuntimeError: If the directory does not exist; without ``check_dir``, at the first request.
        AssertionError: If a package or its folder cannot be found.
        ValueError: If a coding is unknown, a type or a value cannot be sent, or an extension is
            none.

    Example:
        >>> from antiphon.staticfiles import IMMUTABLE, StaticFiles
        >>> app = StaticFiles(
        ...     directory=".",
        ...     html=True,
        ...     precompressed=("br", "gzip"),
        ...     cache_control={"assets/**": IMMUTABLE, "**": "no-cache"},
        ... )

    Source: ``starlette.staticfiles.StaticFiles``; RFC 9110, section 12.5.3.
    """

    def __init__(
        self,
        *,
        directory: PathLike | None = None,
        packages: list[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
        precompressed: Iterable[Coding] = (),
        cache_control: CacheControl | None = None,
        fallback: str | None = None,
        media_types: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.packages = packages
        self.all_directories = self.get_directories(directory, packages)
        self.html = html
        self.config_checked = False
        self.follow_symlink = follow_symlink
        # Subclasses have attributes of their own: FastAPI's has a `fallback`.
        self.__fallback = fallback
        self.__cache_control = cache_control if callable(cache_control) else None
        self.__files = _antiphon.Directory(
            _names(precompressed), _rules(cache_control), list((media_types or {}).items())
        )
        if check_dir and directory is not None and not os.path.isdir(directory):
            raise RuntimeError(f"Directory '{directory}' does not exist")

    def get_directories(
        self,
        directory: PathLike | None = None,
        packages: list[str | tuple[str, str]] | None = None,
    ) -> list[PathLike]:
        """Return all directories whose files are sent.

        Args:
            directory: The directory.
            packages: Packages, by name, or with the name of a folder.

        Raises:
            AssertionError: If a package or its folder cannot be found.
        """
        directories: list[PathLike] = [] if directory is None else [directory]
        for package in packages or []:
            name, folder = (package, "statics") if isinstance(package, str) else package
            spec = importlib.util.find_spec(name)
            assert spec is not None, f"Package {name!r} could not be found."
            assert spec.origin is not None, f"Package {name!r} could not be found."
            place = os.path.normpath(os.path.join(spec.origin, "..", folder))
            assert os.path.isdir(place), (
                f"Directory '{folder!r}' in package {name!r} could not be found."
            )
            directories.append(place)
        return directories

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file that ``scope`` names.

        A websocket handshake is refused.

        Args:
            scope: The connection.
            receive: Listened to for the client's leave, where the server would not tell otherwise.
            send: Called with each message.

        Raises:
            starlette.exceptions.HTTPException: 401, 404 or 405, for the application to answer;
                without Starlette it is answered here.
        """
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": ""})
            return
        _antiphon.expect_request(scope)
        if not self.config_checked:
            await self.check_config()
            self.config_checked = True
        try:
            response = await self._response_to(scope)
            await response(scope, receive, send)
        except HTTPException as error:
            if _starlette.responses is not None:
                raise
            page = PlainTextResponse(error.detail, error.status_code, error.headers)
            await page(scope, receive, send)

    async def _response_to(self, scope: Scope) -> Response:
        opened = None
        if self._is_plain(scope):
            try:
                opened = self._opened(scope, waits=False)
            except BlockingIOError:
                opened = await anyio.to_thread.run_sync(partial(self._opened, scope, waits=True))
        return opened or await self.get_response(self.get_path(scope), scope)

    def _is_plain(self, scope: Scope) -> bool:
        """Whether nothing keeps us from opening the file that the path names."""
        cls = type(self)
        return (
            not self.follow_symlink
            and scope["method"] in ("GET", "HEAD")
            and cls.get_path is _GET_PATH
            and cls.get_response is _GET_RESPONSE
            and cls.lookup_path is _LOOKUP_PATH
            and cls.file_response is _FILE_RESPONSE
            and cls.is_not_modified is _IS_NOT_MODIFIED
            and _HOOKS.isdisjoint(self.__dict__)
            and bool(self.all_directories)
        )

    def _opened(self, scope: Scope, *, waits: bool) -> Response | None:
        """Open the file that answers in the first directory; ``None`` if it is not there."""
        root, path = os.fspath(self.all_directories[0]), _route_path(scope)
        index = "index.html" if self.html else None
        try:
            opened = self.__files.open(root, path, index, scope, waits)
        except PermissionError:
            raise HTTPException(status_code=401) from None
        if opened is None:
            return None
        response = self._response(opened.path, opened.name, 200, None)
        response.opened = opened
        return response

    def _response(
        self, path: PathLike, name: str, status_code: int, stat_result: os.stat_result | None
    ) -> DirectoryFile:
        media_type = self.__files.media_type(path)
        kept = self.__cache_control(name) if self.__cache_control is not None else None
        headers = self.__files.head(name, kept)
        response = DirectoryFile(path, status_code, headers, media_type, stat_result=stat_result)
        response.files = self.__files
        return response

    def get_path(self, scope: Scope) -> str:
        """Return the path that is looked up: with the system's separators, no ``.`` and no ``..``.

        Args:
            scope: The connection.
        """
        return os.path.normpath(os.path.join(*_route_path(scope).split("/")))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the response to a request.

        Args:
            path: What :meth:`get_path` returned.
            scope: The connection.

        Raises:
            starlette.exceptions.HTTPException: 405 for another method than GET and HEAD, 401 for a
                file that may not be read, 404 for one that is missing, and for what no file has as
                its path.
            OSError: What else :meth:`lookup_path` raises.
        """
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(status_code=405, headers={"Allow": "GET, HEAD"})
        full_path, stat_result = await self._looked_up(path)
        if stat_result and stat.S_ISREG(stat_result.st_mode):
            return self.file_response(full_path, stat_result, scope)
        if stat_result and stat.S_ISDIR(stat_result.st_mode) and self.html:
            index = os.path.join(path, "index.html")
            full_path, stat_result = await self._looked_up(index)
            if stat_result is not None and stat.S_ISREG(stat_result.st_mode):
                if not scope["path"].endswith("/"):
                    return _to_folder(scope)
                return self.file_response(full_path, stat_result, scope)
        if self.__fallback is not None and _antiphon.is_navigation(scope, _route_path(scope)):
            full_path, stat_result = await self._looked_up(self.__fallback)
            if stat_result is not None and stat.S_ISREG(stat_result.st_mode):
                response = self.file_response(full_path, stat_result, scope)
                response.headers["cache-control"] = "no-cache"
                return response
        if self.html:
            full_path, stat_result = await self._looked_up("404.html")
            if stat_result and stat.S_ISREG(stat_result.st_mode):
                return FileResponse(full_path, stat_result=stat_result, status_code=404)
        raise HTTPException(status_code=404)

    async def _looked_up(self, path: str) -> tuple[str, os.stat_result | None]:
        try:
            return await anyio.to_thread.run_sync(self._found, path)
        except PermissionError:
            raise HTTPException(status_code=401) from None
        except OSError as error:
            # No file has such a name.
            if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
                raise HTTPException(status_code=404) from None
            raise
        except ValueError:
            # Nor a name with a NUL, or with what the file system cannot say.
            raise HTTPException(status_code=404) from None

    def _found(self, path: str) -> tuple[str, os.stat_result | None]:
        full_path, stat_result = self.lookup_path(path)
        if stat_result is not None:
            full_path = FoundPath(full_path)
            full_path.root, full_path.name = self._place(full_path)
        return full_path, stat_result

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; called on a thread that may wait.

        Args:
            path: What :meth:`get_path` returned.

        Returns:
            Where the file lies, and what the system says of it; ``("", None)`` if it is missing.

        Raises:
            OSError: If the file system cannot tell.
            ValueError: If no file can have such a path.
        """
        if path.startswith(("/", "\\")):
            return "", None
        for directory in self.all_directories:
            full_path, root = self._resolved(os.path.join(directory, path), directory)
            if os.path.commonpath([full_path, root]) != root:
                continue
            try:
                return full_path, os.stat(full_path)
            except (FileNotFoundError, NotADirectoryError):
                continue
        return "", None

    def _resolved(self, path: PathLike, directory: PathLike) -> tuple[str, str]:
        resolve = os.path.abspath if self.follow_symlink else os.path.realpath
        return str(resolve(path)), str(resolve(directory))

    def file_response(
        self,
        full_path: PathLike,
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the response that is a file, or 304.

        Args:
            full_path: Where the file lies.
            stat_result: What the system says of it.
            scope: The connection.
            status_code: The status code, if the file is sent.
        """
        # Where it lies was found on the thread that has looked for it.
        if isinstance(full_path, FoundPath):
            root, name, full_path = full_path.root, full_path.name, str(full_path)
        else:
            root, name = self._place(full_path)
        response = self._response(full_path, name, status_code, stat_result)
        overridden = self._is_not_modified_overridden()
        has_copies = root is not None and self.__files.has_copies(name)
        if (overridden or not has_copies) and self.is_not_modified(
            response.headers, Headers(scope=scope)
        ):
            return NotModifiedResponse(response.headers)
        if has_copies:
            # What is said of the file does not hold for a copy.
            response = self._response(full_path, name, status_code, None)
        response.root, response.name = root, name
        if overridden:
            response.conditional = False
        return response

    def _is_not_modified_overridden(self) -> bool:
        cls = type(self)
        return cls.is_not_modified is not _IS_NOT_MODIFIED or "is_not_modified" in self.__dict__

    def _place(self, full_path: PathLike) -> tuple[str | None, str]:
        """Tell in which directory a file lies, and its path there."""
        for directory in self.all_directories:
            path, root = self._resolved(full_path, directory)
            if os.path.commonpath([path, root]) == root:
                return root, os.path.relpath(path, root).replace(os.sep, "/")
        return None, os.path.basename(full_path)

    async def check_config(self) -> None:
        """Make sure, at the first request, that there is a directory.

        Raises:
            RuntimeError: If there is none.
        """
        if self.directory is None:
            return
        try:
            stat_result = await anyio.to_thread.run_sync(os.stat, self.directory)
        except FileNotFoundError:
            raise RuntimeError(
                f"StaticFiles directory '{self.directory}' does not exist."
            ) from None
        if not (stat.S_ISDIR(stat_result.st_mode) or stat.S_ISLNK(stat_result.st_mode)):
            raise RuntimeError(f"StaticFiles path '{self.directory}' is not a directory.")

    def is_not_modified(
        self, response_headers: Mapping[str, str], request_headers: Mapping[str, str]
    ) -> bool:
        """Tell whether the client has the file already.

        Args:
            response_headers: Those of the file.
            request_headers: Those of the request.
        """
        if if_none_match := request_headers.get("if-none-match"):
            if if_none_match.strip() == "*":
                return True
            own = response_headers["etag"].removeprefix("W/")
            return own in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        since = parsedate(request_headers.get("if-modified-since", ""))
        modified = parsedate(response_headers.get("last-modified", ""))
        return since is not None and modified is not None and since >= modified


def _route_path(scope: Scope) -> str:
    """Return the path beneath the place where the application is mounted."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if not root_path or not path.startswith(root_path):
        return path
    rest = path[len(root_path) :]
    return rest if rest.startswith("/") or not rest else path


def _to_folder(scope: Scope) -> Response:
    """Send the client to the same path with a ``/``, so that what the page refers to is found."""
    query = scope.get("query_string", b"")
    target = _antiphon.folder_target(_route_path(scope), scope["path"], query)
    if target is None:
        raise HTTPException(status_code=404)
    return RedirectResponse(target)


def _names(precompressed: Iterable[str]) -> Sequence[str]:
    if isinstance(precompressed, str):
        raise ValueError(
            f"precompressed: expected a list of codings, but found {precompressed!r}; "
            f"write ({precompressed!r},)"
        )
    return list(precompressed)


def _rules(cache_control: CacheControl | None) -> list[tuple[str, str]]:
    if isinstance(cache_control, str):
        return [("**", cache_control)]
    if cache_control is None or callable(cache_control):
        return []
    return list(cache_control.items())


#: What each step is done by, unless a program has put something else in its place.
_GET_PATH = StaticFiles.get_path
_GET_RESPONSE = StaticFiles.get_response
_LOOKUP_PATH = StaticFiles.lookup_path
_FILE_RESPONSE = StaticFiles.file_response
_IS_NOT_MODIFIED = StaticFiles.is_not_modified
_HOOKS = frozenset(["file_response", "get_path", "get_response", "is_not_modified", "lookup_path"])
