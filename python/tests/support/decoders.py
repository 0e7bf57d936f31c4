"""Decoders of content codings, which are none of ours."""

from __future__ import annotations

import zlib
from typing import Any

import brotli


class Decoder:
    """Decodes content as it comes, and tells whether it has ended."""

    def __init__(self, coding: str) -> None:
        make = {"gzip": lambda: zlib.decompressobj(wbits=31), "br": brotli.Decompressor}[coding]
        self._decoder: Any = make()

    def decode(self, content: bytes) -> bytes:
        """Return all that can be read by now, and was not read before."""
        is_brotli = isinstance(self._decoder, brotli.Decompressor)
        step = self._decoder.process if is_brotli else self._decoder.decompress
        read: bytes = step(content)
        return read

    @property
    def has_ended(self) -> bool:
        if isinstance(self._decoder, brotli.Decompressor):
            return bool(self._decoder.is_finished())
        return bool(self._decoder.eof)

    @property
    def has_more(self) -> bool:
        """Whether something follows the end. Brotli's refuses that itself."""
        return bool(getattr(self._decoder, "unused_data", b""))


def decoded(coding: str, content: bytes) -> bytes:
    """Decode content that has come to its end, and holds nothing else."""
    decoder = Decoder(coding)
    whole = decoder.decode(content)
    assert decoder.has_ended, "the content has no end"
    assert not decoder.has_more, "something follows the end"
    return whole
