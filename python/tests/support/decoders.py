"""Decoders of content codings, which are none of ours."""

from __future__ import annotations

import sys
import zlib
from typing import Any

import pytest


class Decoder:
    """Decodes content as it comes, and tells whether it has ended."""

    def __init__(self, coding: str) -> None:
        self._decoder: Any
        if coding == "gzip":
            self._decoder = zlib.decompressobj(wbits=31)
        elif sys.version_info[:2] == (3, 13):
            # Here it is always there, so that these tests are never left out everywhere.
            import brotli

            self._decoder = brotli.Decompressor()
        else:
            self._decoder = pytest.importorskip("brotli").Decompressor()

    def decode(self, content: bytes) -> bytes:
        """Return all that can be read by now, and was not read before."""
        if isinstance(self._decoder, type(zlib.decompressobj())):
            return self._decoder.decompress(content)
        decoded: bytes = self._decoder.process(content)
        return decoded

    @property
    def has_ended(self) -> bool:
        if hasattr(self._decoder, "eof"):
            return bool(self._decoder.eof)
        return bool(self._decoder.is_finished())


def decoded(coding: str, content: bytes) -> bytes:
    """Decode content that has come to its end, and holds nothing else."""
    decoder = Decoder(coding)
    whole = decoder.decode(content)
    assert decoder.has_ended, "the content has no end"
    assert getattr(decoder._decoder, "unused_data", b"") == b""
    return whole
