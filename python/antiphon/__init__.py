"""Antiphon: Starlette's response classes, built in Rust.

The classes are in :mod:`antiphon.responses`, directories of files in :mod:`antiphon.staticfiles`,
server-sent events in :mod:`antiphon.sse`, their hub in :mod:`antiphon.channel`, what compresses
them in :mod:`antiphon.compression`, headers in :mod:`antiphon.datastructures`, the error of a
client that has left in :mod:`antiphon.requests`, a client for tests of streams in
:mod:`antiphon.testing`.
"""

from antiphon._antiphon import __version__
from antiphon._install import install, uninstall
from antiphon._shutdown import shutdown

__all__ = ["__version__", "install", "shutdown", "uninstall"]
