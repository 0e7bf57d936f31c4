"""Content that is no file: of bytes, of an object store, of whatever can be read in parts."""

from antiphon.content._errors import (
    SourceChanged,
    SourceError,
    SourceForbidden,
    SourceNotFound,
    SourceTimeout,
)
from antiphon.content._response import ContentResponse
from antiphon.content._source import Content, Part, Source, SourceFacts
from antiphon.content._sources import FileSource, FsspecSource, ObjectSource

__all__ = [
    "Content",
    "ContentResponse",
    "FileSource",
    "FsspecSource",
    "ObjectSource",
    "Part",
    "Source",
    "SourceChanged",
    "SourceError",
    "SourceFacts",
    "SourceForbidden",
    "SourceNotFound",
    "SourceTimeout",
]
