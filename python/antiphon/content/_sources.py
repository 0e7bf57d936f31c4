"""Sources of what many programs have: bytes, open files, objects of stores."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any

import anyio
import anyio.to_thread

from antiphon import _antiphon
from antiphon.content._errors import SourceChanged, SourceNotFound
from antiphon.content._reading import Likely, Named, Opened
from antiphon.content._source import SourceFacts

#: So many bytes of a file, or of a file system, are read at once.
CHUNK = 256 * 1024


def named(source: Any) -> Named:
    """Return whatever a program gives as a source by the names that we use.

    Raises:
        TypeError: If it is none.
    """
    match source:
        case BytesIO():
            return of_bytes(source.getvalue())
        case bytes() | bytearray() | memoryview():
            return of_bytes(bytes(source))
    if not callable(getattr(source, "read", None)):
        raise TypeError(
            "source: expected bytes, a FileSource, or an object with read(start, end), but found "
            f"{type(source).__name__}"
        )
    name = source.name if isinstance(getattr(source, "name", None), str) else repr(source)
    if hasattr(source, "facts"):
        opening = source._open if isinstance(source, ObjectSource) else None
        return Named(name, source.facts, source.read, open=opening)
    if hasattr(source, "fileno"):
        raise TypeError("source: expected FileSource(file), but found the file itself")
    return Named(name, partial(attributes, source), lambda start, end, _: source.read(start, end))


def of_bytes(content: bytes) -> Named:
    """Return bytes in memory as a source; the tag is a hash of them."""
    view = memoryview(content)

    def facts() -> SourceFacts:
        return SourceFacts(len(content), etag=_antiphon.etag_of(content))

    def read(start: int, end: int, _: SourceFacts) -> Iterator[memoryview]:
        return (view[at : min(at + CHUNK, end)] for at in range(start, end, CHUNK))

    return Named(f"{len(content)} bytes in memory", facts, read, is_quick=True)


def attributes(source: Any) -> SourceFacts:
    """Return the facts of a source that has them as attributes."""
    length = getattr(source, "length", None)
    if not isinstance(length, int):
        raise TypeError(
            "source: expected an attribute length, a method facts, or facts= of the response, but "
            f"{type(source).__name__} has none"
        )
    given = ("etag", "last_modified", "media_type", "content_encoding", "cache_control")
    return SourceFacts(length, **{name: getattr(source, name, None) for name in given})


class FileSource:
    """An open file, or its descriptor: one that has no path any more, or that was handed over.

    It is read at offsets by worker threads, and its own position stays. It is not closed. A file
    with a path is sent faster by a ``FileResponse``.

    Args:
        file: A binary file with a descriptor, or the descriptor. It has to be a regular file.
        name: For the log.

    Raises:
        ValueError: If it is no regular file.
        OSError: If it is not open.

    Example:
        >>> import tempfile
        >>> from antiphon.content import ContentResponse, FileSource
        >>> with tempfile.TemporaryFile() as file:
        ...     _ = file.write(b"0123456789")
        ...     file.flush()
        ...     response = ContentResponse(FileSource(file), filename="digits.txt")

    Source: ``os.pread``.
    """

    def __init__(self, file: Any, name: str | None = None) -> None:
        self._file = file
        self._descriptor = file if isinstance(file, int) else file.fileno()
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise ValueError("file: expected a regular file, but found another")
        #: For the log.
        self.name = name or f"descriptor {self._descriptor}"

    def facts(self) -> SourceFacts:
        """Return what the system says of the file now."""
        status = os.fstat(self._descriptor)
        version = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        return SourceFacts(status.st_size, etag=version, last_modified=status.st_mtime)

    def read(self, start: int, end: int, facts: SourceFacts) -> Iterator[bytes]:
        """Read a range."""
        while start < end:
            piece = os.pread(self._descriptor, min(CHUNK, end - start), start)
            if not piece:
                return
            start += len(piece)
            yield piece


class ObjectSource:
    """An object of a store: S3, Azure, Google Cloud Storage, or whatever else obstore speaks to.

    Most answers take one request to the store, which tells the facts and brings the whole or the
    range. Where the request has preconditions or wants several ranges, the facts come first, and
    the store refuses a range if the object was replaced meanwhile. A program that knows the facts,
    because a database has them, gives them to the response. The object's ``Content-Type``,
    ``Content-Encoding`` and ``Cache-Control`` are sent.

    For large media that need no check of yours, a redirect to a URL that the store has signed costs
    this process nothing.

    Args:
        store: A store of obstore.
        path: Where the object lies in it. A path that comes from a client names any object of the
            store: check which it may have.

    Raises:
        ImportError: When it is sent, if there is no obstore.

    Example:
        >>> from antiphon.content import ContentResponse, ObjectSource
        >>> from obstore.store import MemoryStore
        >>> store = MemoryStore()
        >>> _ = store.put("videos/1.mp4", b"0123456789")
        >>> response = ContentResponse(ObjectSource(store, "videos/1.mp4"), media_type="video/mp4")

    Source: https://developmentseed.org/obstore.
    """

    def __init__(self, store: Any, path: str) -> None:
        self._store = store
        self._path = path
        #: For the log.
        self.name = f"{store!r}/{path}"

    async def facts(self) -> SourceFacts:
        """Return what the store says of the object now."""
        return self._facts(await self._get({"head": True}))

    def _facts(self, got: Any) -> SourceFacts:
        meta, attributes = got.meta, got.attributes
        return SourceFacts(
            meta["size"],
            etag=said(meta["e_tag"]),
            last_modified=meta["last_modified"],
            media_type=known(attributes.get("Content-Type")),
            content_encoding=attributes.get("Content-Encoding"),
            cache_control=attributes.get("Cache-Control"),
            version=meta["e_tag"],
        )

    async def read(self, start: int, end: int, facts: SourceFacts) -> Any:
        """Read a range of the version of these facts."""
        options: dict[str, Any] = {"range": (start, end)}
        if facts.version is not None:
            options["if_match"] = facts.version
        got = await self._get(options)
        if got.range != (start, end):
            raise SourceChanged("expected the range that was asked for, but found another")
        return streamed(got)

    async def _open(self, likely: Likely) -> tuple[SourceFacts, Opened | None]:
        kind, first, second = likely
        ranges = {"range": (first, second), "from": {"offset": first}, "last": {"suffix": first}}
        options = {} if kind == "whole" else {"range": ranges[kind]}
        try:
            got = await self._get(options)
        except (FileNotFoundError, PermissionError):
            raise
        except Exception:
            if not options:
                raise
            # There may be no such range.
            return await self.facts(), None
        return self._facts(got), (tuple(got.range), streamed(got))

    async def _get(self, options: Any) -> Any:
        obstore, errors = import_module("obstore"), import_module("obstore.exceptions")
        try:
            if on_asyncio():
                return await obstore.get_async(self._store, self._path, options=options)
            get = partial(obstore.get, self._store, self._path, options=options)
            return await anyio.to_thread.run_sync(get, abandon_on_cancel=True)
        except errors.PreconditionError as error:
            raise SourceChanged(str(error)) from error


class FsspecSource:
    """A file of a file system of fsspec: of S3, of a zip archive, of another machine.

    It is read by worker threads, a mebibyte at once. Few file systems can be asked for one version
    of a file, so its facts are compared after each piece was read, before that is sent.

    Args:
        filesystem: A file system of fsspec.
        path: Where the file lies in it. A path that comes from a client names any file of the file
            system: check which it may have.

    Example:
        >>> from antiphon.content import ContentResponse, FsspecSource
        >>> from fsspec.implementations.memory import MemoryFileSystem
        >>> files = MemoryFileSystem()
        >>> files.pipe_file("/report.csv", b"a,b")
        >>> response = ContentResponse(FsspecSource(files, "/report.csv"), filename="report.csv")

    Source: https://filesystem-spec.readthedocs.io.
    """

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem = filesystem
        self._path = path
        #: For the log.
        self.name = f"{type(filesystem).__name__}/{path}"

    def facts(self) -> SourceFacts:
        """Return what the file system says of the file now."""
        # What it remembers may be of another version.
        self._filesystem.invalidate_cache(self._filesystem._parent(self._path))
        facts: Mapping[str, Any] = self._filesystem.info(self._path)
        if facts.get("type") == "directory":
            raise SourceNotFound("expected a file, but found a directory")
        names = ("LastModified", "last_modified", "mtime", "modified", "created")
        time = next((facts[name] for name in names if facts.get(name)), None)
        tag = facts.get("ETag") or facts.get("etag") or facts.get("md5Hash")
        size = int(facts["size"])
        if tag is None and time is not None:
            stamp = time.timestamp() if isinstance(time, datetime) else float(time)
            tag = f"{int(stamp * 1e6):x}-{size:x}"
        return SourceFacts(
            size,
            etag=said(tag),
            last_modified=time if isinstance(time, datetime | float | int) else None,
            media_type=known(facts.get("ContentType") or facts.get("contentType")),
            version=None if tag is None else str(tag),
        )

    def read(self, start: int, end: int, facts: SourceFacts) -> Iterator[bytes]:
        """Read a range of the version of these facts."""
        for at in range(start, end, 4 * CHUNK):
            piece = self._filesystem.cat_file(self._path, at, min(at + 4 * CHUNK, end))
            if facts.version is not None and self.facts().version != facts.version:
                raise SourceChanged("expected the version that was asked for, but found another")
            yield piece


def said(tag: Any) -> str | None:
    """Return a tag of a store, unless it is a name that HTTP cannot say."""
    if tag is None:
        return None
    try:
        return _antiphon.named_etag(str(tag))
    except ValueError:
        return None


def streamed(got: Any) -> Any:
    """Return what brings the content that a store has answered with."""
    # Where asyncio does not await it, threads read it.
    return got.stream() if on_asyncio() else (piece for piece in got.stream())


def known(media_type: str | None) -> str | None:
    """Return the media type of a store, unless that is what it says where it knows none."""
    return None if media_type in UNKNOWN else media_type


#: The media types by which stores say that they know none.
UNKNOWN = {None, "", "application/octet-stream", "binary/octet-stream"}


def on_asyncio() -> bool:
    """Whether it is asyncio that awaits."""
    return asyncio._get_running_loop() is not None
