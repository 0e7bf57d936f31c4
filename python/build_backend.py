"""The build backend: maturin, which would fetch a Rust toolchain where there is none.

That is a download of hundreds of megabytes, of which an installer shows nothing. Here it is said
what is missing.
"""

from __future__ import annotations

import shutil
from typing import Any

import maturin
from maturin import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

MISSING = """
There is no wheel of antiphon for this interpreter and system, and to build one, cargo is missing.
Either install Rust 1.88 or newer (https://rustup.rs, or your system's packages) and a C compiler,
or use an interpreter and system that have a wheel: https://github.com/antiphon/antiphon#supported
"""


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Return what a build needs; ends with a message if there is no Rust."""
    if not shutil.which("cargo"):
        raise SystemExit(MISSING)
    return maturin.get_requires_for_build_wheel(config_settings)


get_requires_for_build_editable = get_requires_for_build_wheel
