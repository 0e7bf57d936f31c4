"""What a program says of compression, and that it counts."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from antiphon.compression import Compression, CompressionMiddleware
from antiphon.content import ContentResponse
from antiphon.responses import (
    FileResponse,
    HTMLResponse,
    JsonLinesResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse
from support.compressing import CODINGS, TEXT, answered, asking, fields

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "make",
    [
        lambda **more: Response(TEXT, media_type="text/plain", **more),
        lambda **more: HTMLResponse(TEXT, **more),
        lambda **more: PlainTextResponse(TEXT, **more),
        lambda **more: JSONResponse([1] * 1000, **more),
        lambda **more: StreamingResponse([TEXT], media_type="text/plain", **more),
        lambda **more: JsonLinesResponse([1], **more),
        lambda **more: FileResponse(__file__, **more),
        lambda **more: ContentResponse(TEXT, media_type="text/plain", **more),
        lambda **more: EventSourceResponse(["a"], **more),
    ],
)
async def test_the_argument_wins_over_the_class(make: Any) -> None:
    async def coding(response: Any) -> str | None:
        return fields(await answered(response, asking("gzip, br"))).get("content-encoding")

    kind = type(make())
    before = kind.compress
    assert await coding(make()) is None
    assert await coding(make(compress=True)) in CODINGS
    assert await coding(make(compress=Compression(codings=["br"]))) == "br"
    try:
        kind.compress = True
        assert await coding(make()) in CODINGS
        assert await coding(make(compress=False)) is None
        kind.compress = Compression(codings=["br"])
        assert await coding(make()) == "br"
        kind.compress = "gzip"
        with pytest.raises(TypeError, match="compress: expected True, False or Compression, but"):
            await coding(make())
    finally:
        kind.compress = before
        if "compress" in vars(kind) and kind is not Response:
            del kind.compress
    for wrong in ("gzip", 1, [], object()):
        with pytest.raises(TypeError, match="^compress: expected True, False or Compression, but"):
            make(compress=wrong)


@pytest.mark.parametrize("compress", [True, False, Compression(codings=["gzip"], gzip_level=9)])
async def test_copies_are_compressed_as_their_originals_are(compress: Any) -> None:
    response = PlainTextResponse(TEXT, compress=compress)
    for twin in (copy.copy(response), pickle.loads(pickle.dumps(response))):
        assert twin.compress == compress
        peer = await answered(twin, asking())
        assert fields(peer).get("content-encoding") == ("gzip" if compress else None)


def test_options_are_values() -> None:
    given: Any = {
        "codings": ("br", "gzip"),
        "minimum_size": 0,
        "media_types": iter(["text/*"]),
        "exclude_media_types": {"text/css"},
        "gzip_level": 9,
        "brotli_quality": 0,
        "zstd_level": 1,
    }
    options = Compression(**given)
    shown = repr(options)
    assert shown == (
        "Compression(codings=['br', 'gzip'], minimum_size=0, media_types=['text/*'], "
        "exclude_media_types=['text/css'], gzip_level=9, brotli_quality=0, zstd_level=1)"
    )
    twins = [eval(shown), copy.copy(options), copy.deepcopy(options)]
    twins.append(pickle.loads(pickle.dumps(options)))
    for twin in twins:
        assert twin == options and hash(twin) == hash(options) and repr(twin) == shown
    assert len({*twins, Compression(), Compression(codings=None)}) == 2
    assert Compression(codings=["br", "gzip"]) != Compression(codings=["gzip", "br"])
    with pytest.raises(AttributeError):
        options.gzip_level = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"codings": ["deflate"]}, ValueError, '^codings: expected "br", "zstd" or "gzip", but'),
        ({"codings": []}, ValueError, "^codings: expected at least one"),
        ({"codings": "gzip"}, TypeError, "^codings: expected several texts"),
        ({"codings": 1}, TypeError, "^codings: expected several texts"),
        ({"codings": [1]}, TypeError, "^codings: expected several texts, but found int"),
        ({"minimum_size": -1}, ValueError, "^minimum_size: expected 0 or more, but found -1"),
        ({"minimum_size": "1"}, TypeError, "^minimum_size: expected a whole number, but found str"),
        ({"media_types": "text/*"}, TypeError, "^media_types: expected several texts"),
        ({"media_types": ["text"]}, ValueError, "^media_types: expected a media type"),
        ({"exclude_media_types": ["a/b;c"]}, ValueError, "^exclude_media_types: expected a media"),
        ({"gzip_level": 0}, ValueError, "^gzip_level: expected a number from 1 to 9, but found 0"),
        ({"gzip_level": 1 << 40}, ValueError, "^gzip_level: expected a smaller number"),
        ({"gzip_level": 1.5}, TypeError, "^gzip_level: expected a whole number, but found float"),
        ({"brotli_quality": 12}, ValueError, "^brotli_quality: expected a number from 0 to 11"),
        ({"brotli_quality": -1}, ValueError, "^brotli_quality: expected 0 or more, but found -1"),
        ({"zstd_level": 23}, ValueError, "^zstd_level: expected a number from 1 to 22"),
    ],
)
def test_a_wrong_option_is_named(options: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        Compression(**options)
    with pytest.raises(error, match=words):
        CompressionMiddleware(PlainTextResponse(""), **options)


def test_zstd_is_there_or_it_is_said_why_not() -> None:
    try:
        Compression(codings=["zstd"])
    except ValueError as error:
        assert "feature `zstd`" in str(error)


def test_the_middleware_takes_all_options_in_one() -> None:
    compression = Compression(gzip_level=9)
    around = CompressionMiddleware(PlainTextResponse(""), compression=compression)
    assert around.compression is compression
    assert CompressionMiddleware(PlainTextResponse(""), 9).compression == Compression(
        minimum_size=9
    )
    with pytest.raises(TypeError, match="^compression: expected no other option beside it"):
        CompressionMiddleware(PlainTextResponse(""), 9, compression=compression)
    with pytest.raises(TypeError, match="^compression: expected Compression, but found bool"):
        CompressionMiddleware(PlainTextResponse(""), compression=True)  # type: ignore[arg-type]
