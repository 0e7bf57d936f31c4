"""The media type that a file's name suggests."""

from __future__ import annotations

import mimetypes
import os

DEFAULT = "application/octet-stream"


def guess(name: str | os.PathLike[str]) -> str:
    """Return what ``mimetypes.guess_type`` says, or ``application/octet-stream``.

    Most names end in one of the extensions of ``mimetypes.types_map``, and then all that
    ``guess_type`` does besides (URLs, compressions, aliases) comes to nothing.
    """
    name = os.fspath(name)
    if mimetypes.inited and isinstance(name, str) and ":" not in name:
        stem, _, extension = name.rpartition(".")
        if stem and stem[-1] not in "/." and "/" not in extension:
            extension = "." + extension
            media_type = mimetypes.types_map.get(extension)
            if (
                media_type is not None
                and extension not in mimetypes.suffix_map
                and extension not in mimetypes.encodings_map
            ):
                return media_type
    return mimetypes.guess_type(name)[0] or DEFAULT
