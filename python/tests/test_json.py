"""JSON, against Python's own."""

from __future__ import annotations

import collections
import enum
import gc
import json
import math
import random
import struct
import sys
from typing import Any

import pytest

from antiphon.responses import JSONResponse


def reference(content: Any) -> bytes:
    return json.dumps(
        content, ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")
    ).encode("utf-8")


def outcome(render: Any, content: Any) -> Any:
    try:
        return render(content)
    except RecursionError:
        return RecursionError
    except Exception as error:
        return type(error), str(error)


def assert_same(content: Any) -> None:
    expected = outcome(reference, content)
    assert outcome(lambda content: JSONResponse(content).body, content) == expected
    assert outcome(JSONResponse(None).render, content) == expected


class Int(int):
    def __repr__(self) -> str:
        return "no"


class Float(float):
    def __repr__(self) -> str:
        return "no"


class Text(str):
    def __str__(self) -> str:
        return "no"


class Iterated(list):  # type: ignore[type-arg]
    def __iter__(self) -> Any:
        return iter([99])


class Items(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        return [("from", "items")]


class Grows(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        self["more"] = 1
        return super().items()


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Word(str, enum.Enum):
    A = "a\nb"


class Plain(enum.Enum):
    A = 1


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def circle() -> Any:
    value: Any = {"a": [1]}
    value["a"].append((value,))
    return value


CONTENT = [
    None, True, False, 0, -1, 2**31, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**100,
    10**5000, {10**30: 1}, 0.0, -0.0, 1.0, -1.5, 0.1 + 0.2, 1e15, 1e16, 123456789012345680.0,
    2.0**53, 2.0**53 - 1, 1e21, 1e22, 1e-4, 1e-5, 1.5e-5, -1.25e-5, 9.999e-5, 1e-6, 1.5e-7, 5e-324,
    1.7976931348623157e308, math.nan, [math.inf], {-math.inf: 1}, {math.nan: 1},
    "", "a", '"', "\\", "/", "\b\f\n\r\t", "\x00\x1f\x7f\x80", "é", "\u2028", "😀", "\ufeff",
    "\ud800", {"\udfff": 1}, "a" * 7, "a" * 8, "a" * 9, "aaaaaaa\n", "\naaaaaaa", "a" * 100 + '"',
    "ab\\", "a\x1f", "\x7f" * 9, "\xff" * 9, "a" * 100_000, '"' * 5000,
    [], (), {}, [[]], [{}], {"a": {}}, [None, True, [1, (2, "x")]], {"b": 1, "a": 2},
    {2: "a", "2": "b", True: "c", None: 1, 1.5: 2, -0.0: 3, Number.TWO: 4, Word.A: 5, Text("k"): 6},
    {(1,): 1}, {"ok": 1, b"k": 2}, {Plain.A: 1}, {Int(7): Int(8)}, {Float(1.5): Float(2.5)},
    {"a" * 30: 1, "é": 2, 'q"': 3},
    Text("s\n"), [Int(5), Float(1.5), Float("nan")], Iterated([1]), Items(a=1), Items(),
    Grows(a=1), Number.ONE, Word.A, Plain.A, collections.OrderedDict(z=1, a=2),
    collections.defaultdict(int, a=1), collections.Counter("aab"), collections.UserDict(a=1),
    collections.namedtuple("Pair", "a b")(1, 2), collections.deque([1]),
    b"x", bytearray(b"x"), {1}, range(3), iter([1]), 1j, object(), print, int, ...,
    [1, {"deep": object()}], ["x" * 1000] * 10 + [object()],
    nested(10), nested(99), nested(100), nested(101), nested(500), nested(200_000), circle(),
    list(range(1000)), {str(i): i for i in range(1000)},
]  # fmt: skip


@pytest.mark.parametrize("content", CONTENT, ids=[f"{i}" for i in range(len(CONTENT))])
def test_content(content: Any) -> None:
    assert_same(content)


def test_floats_of_all_sizes() -> None:
    source = random.Random(1)
    for _ in range(30_000):
        float_ = struct.unpack("<d", source.randbytes(8))[0]
        if math.isfinite(float_):
            assert JSONResponse(float_).body == repr(float_).encode()
    for exponent in range(-324, 309):
        for digits in ("1", "1.5", "9.875", "2.2250738585072014"):
            assert_same(float(f"{digits}e{exponent}"))
            assert_same(-float(f"{digits}e{exponent}"))


def test_strings_of_all_lengths_and_places() -> None:
    for length in range(40):
        for character in '"\\\n\x1f é😀':
            for place in range(length):
                text = "x" * place + character + "x" * (length - place - 1)
                assert JSONResponse([text, {text: text}]).body == reference([text, {text: text}])


def random_value(source: random.Random, depth: int) -> Any:
    kind = source.randrange(10 if depth else 6)
    if kind == 0:
        return source.choice([None, True, False, Number.ONE, Word.A])
    if kind == 1:
        return source.getrandbits(source.randrange(1, 100)) * source.choice([1, -1])
    if kind == 2:
        return source.uniform(-1, 1) * 10.0 ** source.randrange(-20, 20)
    if kind < 6:
        alphabet = 'abc"\\\n\x00éß\u2028😀'
        return "".join(source.choices(alphabet, k=source.randrange(20)))
    items = [random_value(source, depth - 1) for _ in range(source.randrange(6))]
    if kind == 6:
        return tuple(items)
    if kind < 9:
        return items
    keys: list[Any] = ["a", "key", "😀", 1, 2.5, None, True, "x" * 30]
    return dict(zip(source.sample(keys, len(items)), items, strict=True))


def test_random_content() -> None:
    source = random.Random(2)
    for _ in range(5000):
        content = random_value(source, 4)
        assert JSONResponse(content).body == reference(content)


def test_keys_that_are_equal_but_not_the_same() -> None:
    for number in range(3000):
        key = f"key{number}"
        assert JSONResponse([{key: 1}, {key: 2}]).body == b'[{"%s":1},{"%s":2}]' % (
            (key.encode(),) * 2
        )


def test_content_that_is_taken_away_meanwhile() -> None:
    # Whether a class has methods of its own is asked of the class, which may answer by any means.
    taken: list[Any] = []

    class Taking(type):
        def __getattribute__(cls, name: str) -> Any:
            for container in taken:
                container.clear()
            gc.collect()
            return super().__getattribute__(name)

    class Dict(dict[str, Any], metaclass=Taking):
        pass

    class List(list[Any], metaclass=Taking):
        pass

    for new in (
        lambda: Dict(a="x" * 50, b=[1.5]),
        lambda: List(["x" * 50, 1.5]),
    ):
        inner: dict[str, Any] = {"k" * 20: new(), "after": "y" * 50}
        middle: list[Any] = [inner, (new(), "z" * 50), "after" * 10]
        outer: dict[str, Any] = {"m" * 20: middle, "n" * 20: {"deep": [new(), 10**12]}}
        taken[:] = [outer, middle, inner]
        assert json.loads(JSONResponse(None).render(outer)).keys() <= {"m" * 20, "n" * 20}
        assert outer == {}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"rows": [{}, {"y": 1, "z": {2}}]}, "$.rows[1].z"),
        ([1, [math.nan]], "$[1][0]"),
        ({"a b": {7: object()}}, "$['a b'][7]"),
        ({"ok": {(1,): 2}}, "$.ok"),
        ({"s": ["\ud800"]}, "$.s[0]"),
        (circle(), "$.a[1][0]"),
    ],
)
def test_a_failure_says_where(content: Any, where: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        JSONResponse(content)
    assert raised.value.__notes__[-1] == f"when rendering {where} of the content"


def test_a_failure_at_the_top_has_no_more_to_say() -> None:
    with pytest.raises(TypeError) as raised:
        JSONResponse(object())
    assert not any("when rendering" in note for note in getattr(raised.value, "__notes__", []))


def test_a_renderer_of_ones_own() -> None:
    orjson = pytest.importorskip("orjson")

    class OrjsonResponse(JSONResponse):
        def render(self, content: Any) -> bytes:
            return bytes(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))

    response = OrjsonResponse({"b": 1, "a": 2})
    assert response.body == b'{"a":2,"b":1}'
    assert response.headers["content-length"] == "13"
    assert response.headers["content-type"] == "application/json"
