"""Antiphon: Starlette's response classes, built in Rust.

The classes are in :mod:`antiphon.responses`, headers in :mod:`antiphon.datastructures`.
"""

from antiphon._install import install, uninstall

__all__ = ["install", "uninstall"]
