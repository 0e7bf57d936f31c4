"""Headers and MutableHeaders: the whole of Starlette's API, and what it lets pass."""

from __future__ import annotations

import copy
import pickle
from collections import UserDict
from collections.abc import Mapping
from typing import Any
from unittest import mock

import anyio
import pytest

from antiphon.datastructures import Headers, MutableHeaders
from antiphon.responses import Response
from support import STARLETTE

RAW = [(b"a", b"1"), (b"a", b"2"), (b"b", b"3")]


@pytest.mark.parametrize("cls", [Headers, MutableHeaders])
def test_reading(cls: type[Headers]) -> None:
    headers = cls(raw=list(RAW))
    assert isinstance(headers, Mapping)
    assert (headers["A"], headers["b"], len(headers)) == ("1", "3", 3)
    assert "B" in headers and "c" not in headers
    assert headers.get("c") is None and headers.get("c", "x") == "x" and headers.get("a") == "1"
    assert headers.getlist("A") == ["1", "2"]
    assert headers.keys() == ["a", "a", "b"] == list(headers)
    assert headers.values() == ["1", "2", "3"]
    assert headers.items() == [("a", "1"), ("a", "2"), ("b", "3")]
    assert headers.raw == RAW
    assert repr(headers) == f"{cls.__name__}(raw={RAW!r})"
    assert repr(cls({"A": "1"})) == f"{cls.__name__}({{'a': '1'}})"
    with pytest.raises(KeyError, match="C"):
        headers["C"]
    with pytest.raises(TypeError, match="unhashable"):
        hash(headers)


@pytest.mark.parametrize("cls", [Headers, MutableHeaders])
def test_equality_knows_no_order(cls: type[Headers]) -> None:
    assert cls(raw=list(RAW)) == Headers(raw=RAW[::-1])
    assert cls({"a": "1"}) != Headers({"a": "2"})
    assert cls({"a": "1"}) != {"a": "1"} and cls() != 7


def test_sources() -> None:
    raw = list(RAW)
    assert Headers(raw=raw).raw is not raw and MutableHeaders(raw=raw).raw is raw
    scope: dict[str, Any] = {"headers": (field for field in RAW)}
    headers = MutableHeaders(scope=scope)
    assert scope["headers"] == RAW and headers.raw is scope["headers"]
    assert Headers({"X": "é"}).raw == [(b"x", b"\xe9")]
    assert Headers([("a", "1"), ("a", "2")]).getlist("a") == ["1", "2"]
    assert Headers(raw=[[b"a", b"1"]]).items() == [("a", "1")]  # type: ignore[list-item]
    for arguments, one, other in [
        ({"headers": {}, "raw": []}, "headers", "raw"),
        ({"headers": {}, "scope": {"headers": []}}, "headers", "scope"),
        ({"raw": [], "scope": {"headers": []}}, "raw", "scope"),
    ]:
        with pytest.raises(AssertionError, match=f'Cannot set both "{one}" and "{other}".'):
            Headers(**arguments)  # type: ignore[arg-type]


def test_changing() -> None:
    headers = MutableHeaders(raw=list(RAW))
    headers["A"] = "9"
    assert headers.raw == [(b"a", b"9"), (b"b", b"3")]
    headers.append("B", "4")
    assert headers.getlist("b") == ["3", "4"]
    assert headers.setdefault("b", "5") == "3" and headers.setdefault("C", "6") == "6"
    del headers["B"]
    del headers["not-there"]
    assert headers.items() == [("a", "9"), ("c", "6")]
    headers.update({"c": "7", "D": "8"})
    headers |= {"e": "0"}
    assert dict(headers) == {"a": "9", "c": "7", "d": "8", "e": "0"}
    other = headers | {"a": "-"}
    assert isinstance(other, MutableHeaders) and other["a"] == "-" and headers["a"] == "9"
    headers.add_vary_header("Accept")
    headers.add_vary_header("Cookie")
    assert headers["vary"] == "Accept, Cookie"
    for operate in (MutableHeaders.__or__, MutableHeaders.__ior__):
        with pytest.raises(TypeError, match="Expected a mapping but got list"):
            operate(headers, ["a"])  # type: ignore[arg-type]


def test_copies() -> None:
    headers = Headers({"a": "1"})
    mutable = headers.mutablecopy()
    mutable["a"] = "2"
    assert isinstance(mutable, MutableHeaders) and headers["a"] == "1"
    for other in (copy.copy(mutable), copy.deepcopy(mutable), pickle.loads(pickle.dumps(mutable))):
        assert type(other) is MutableHeaders and other == mutable
    assert copy.deepcopy(mutable).raw is not mutable.raw


def test_subclasses_may_have_another_signature() -> None:
    class Tagged(MutableHeaders):
        def __init__(self, tag: str) -> None:
            super().__init__({"x-tag": tag})

    assert Tagged("1")["x-tag"] == "1"


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette to meet")
def test_headers_meet_starlettes() -> None:
    import starlette.datastructures

    theirs = starlette.datastructures.Headers(raw=list(RAW))
    assert isinstance(Headers(), starlette.datastructures.Headers)
    assert isinstance(MutableHeaders(), starlette.datastructures.MutableHeaders)
    assert theirs == Headers(raw=RAW[::-1]) and Headers(raw=list(RAW)) == theirs
    assert Response(headers=theirs).headers.getlist("a") == ["1", "2"]
    public = {name for name in dir(starlette.datastructures.MutableHeaders) if name[0] != "_"}
    assert public <= set(dir(MutableHeaders))


REFUSED = [
    ("x a", "1", "header name"),
    ("", "1", "header name"),
    ("é", "1", "header name"),
    ("x-a", "1\r\nx-b: 2", "header `x-a`: .*0x0D"),
    ("x-a", "1\n2", "header `x-a`: .*0x0A"),
    ("x-a", "1\x002", "header `x-a`: .*0x00"),
]


@pytest.mark.parametrize(("name", "value", "said"), REFUSED)
def test_a_field_that_could_split_the_message_is_refused(name: str, value: str, said: str) -> None:
    headers = MutableHeaders({"a": "1"})
    for attempt in (
        lambda: Response(headers={name: value}),
        lambda: Response(headers=[(name, value)]),
        lambda: Headers({name: value}),
        lambda: headers.append(name, value),
        lambda: headers.setdefault(name, value),
        lambda: headers.update({name: value}),
        lambda: headers.__setitem__(name, value),
    ):
        with pytest.raises(ValueError, match=said):
            attempt()
    assert headers.raw == [(b"a", b"1")]


def test_what_latin1_has_not_is_an_error_of_encoding() -> None:
    for name, value in [("x-a", "茶"), ("茶", "x"), ("x-a", "\ud800")]:
        with pytest.raises(UnicodeEncodeError, match="'latin-1' codec can't encode"):
            Response(headers={name: value})
    with pytest.raises(UnicodeEncodeError):
        Response(b"", media_type="text/茶")
    assert Response(headers={"x-a": "é"}).raw_headers[0] == (b"x-a", b"\xe9")


def test_what_is_no_text_is_refused_as_in_starlette() -> None:
    for name, value in [("x-a", b"1"), ("x-a", 1), (b"x-a", "1"), (1, "1")]:
        with pytest.raises(AttributeError):
            Response(headers={name: value})  # type: ignore[dict-item]
    with pytest.raises(AttributeError, match="items"):
        Response(headers="x-a: 1")  # type: ignore[arg-type]


def test_the_media_type_is_checked() -> None:
    with pytest.raises(ValueError, match="media type.*0x0D"):
        Response("x", media_type="text/plain\r\nx-a: 1")


@pytest.mark.parametrize("cls", [Headers, MutableHeaders])
def test_what_a_class_overrides_counts_for_the_others(cls: Any) -> None:
    class Shouting(cls):  # type: ignore[misc]
        def __getitem__(self, key: str) -> str:
            return str(super().__getitem__(key).upper())

        def __len__(self) -> int:
            return 1

        def keys(self) -> list[str]:
            return ["only"]

        def items(self) -> list[tuple[str, str]]:
            return [("only", "one")]

    headers = Shouting({"x-a": "a", "x-b": "b"})
    assert headers.get("x-a") == "A" and headers.get("x-c", "c") == "c" and headers.get("y") is None
    assert list(headers) == ["only"]
    assert repr(headers) == "Shouting({'only': 'one'})"


def test_an_overridden_update_counts_for_its_operator() -> None:
    class Counting(MutableHeaders):
        updates = 0

        def update(self, other: Mapping[str, str]) -> None:
            Counting.updates += 1
            super().update(other)

    headers = Counting({"a": "1"})
    headers |= {"b": "2"}
    assert Counting.updates == 1 and headers.keys() == ["a", "b"]


def test_equality_with_other_things() -> None:
    headers = Headers({"a": "1"})
    assert headers != {"a": "1"} and headers != UserDict({"a": "1"}) and headers != 1
    assert headers != mock.ANY
    assert headers == MutableHeaders({"A": "1"})


def test_names_that_are_byte_arrays() -> None:
    raw: Any = [(bytearray(b"a"), bytearray(b"1"))]
    headers = MutableHeaders(raw=raw)
    assert headers["A"] == "1" and "a" in headers
    headers["a"] = "2"
    assert headers.raw == [(b"a", b"2")]
    response = Response("abc")
    response.raw_headers = [(bytearray(b"content-length"), bytearray(b"3"))]  # type: ignore[list-item]
    assert anyio.run(sent, response)[0]["headers"] == response.raw_headers


async def sent(response: Response) -> list[Any]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await response({"type": "http", "method": "GET"}, mock.AsyncMock(), send)
    return messages


def test_a_name_can_come_twice() -> None:
    response = Response(headers=[("Link", "</a>"), ("link", "</b>")])
    assert response.headers.getlist("link") == ["</a>", "</b>"]
    assert Response(headers=(("a", "1"),)).headers["a"] == "1"


def test_fields_that_are_equal_but_not_the_same_are_not_mixed_up() -> None:
    for number in range(1000):
        value = str(number)
        response = Response("x" * (number % 300), headers={"x-n": value})
        assert response.raw_headers[0] == (b"x-n", value.encode())
        assert response.headers["content-length"] == str(number % 300)


def test_the_same_dictionary_again_and_again() -> None:
    headers = {"x-a": "1", "cache-control": "no-store"}
    plain = [(b"x-a", b"1"), (b"cache-control", b"no-store")]
    for number in range(20):
        response = Response("x" * (number % 3), 200 + number % 2, headers)
        length = (b"content-length", b"%d" % (number % 3))
        assert response.raw_headers == [*plain, length]
        response.headers["x-a"] = "2"
        response.raw_headers.append((b"x-b", b"3"))
    headers["x-a"] = "2"
    assert Response(headers=headers).raw_headers[0] == (b"x-a", b"2")
    del headers["x-a"]
    assert Response(headers=headers).raw_headers[0] == (b"cache-control", b"no-store")
    headers["x-a"] = "1"
    assert Response(headers=headers).raw_headers[:2] == plain[::-1]


def test_the_same_dictionary_with_fields_that_are_planned() -> None:
    for content, status_code in [("", 200), ("ab", 200), ("ab", 200), ("", 204), ("", 304)] * 3:
        response = Response(content, status_code, {"content-type": "a/b", "x-a": "1"})
        length = [] if status_code in (204, 304) else [(b"content-length", b"%d" % len(content))]
        assert response.raw_headers == [(b"content-type", b"a/b"), (b"x-a", b"1"), *length]
    headers = {"content-length": "2"}
    for content in ["ab", "ab", "abc", "ab"]:
        response = Response(content, headers=headers)
        assert response.raw_headers == [(b"content-length", b"2")]


def test_the_same_dictionary_where_each_response_has_a_media_type_of_its_own() -> None:
    class Counting(Response):
        number = 0

        @property
        def media_type(self) -> str:  # type: ignore[override]
            Counting.number += 1
            return f"a/{Counting.number}"

    headers = {"x-a": "1"}
    types = [Counting("x", headers=headers).headers["content-type"] for _ in range(4)]
    assert types == ["a/1", "a/2", "a/3", "a/4"]
    for media_type in ["a/b", "c/d"] * 2:
        response = Response(headers=headers, media_type=media_type)
        assert response.headers["content-type"] == media_type


def test_the_same_dictionary_after_the_class_has_changed() -> None:
    class Own(Response):
        media_type = "a/b"

    headers = {"x-a": "1"}
    for media_type in ["a/b", "a/b", "a/b", "c/d", "c/d"]:
        Own.media_type = media_type
        assert Own(headers=headers).headers["content-type"] == media_type


def test_headers_that_a_value_changes_while_they_are_read() -> None:
    class Value:
        def encode(self, _: str) -> bytes:
            headers.clear()
            return b"1"

    headers: dict[str, Any] = {"x-a": Value(), "x-b": "2", "x-c": "3"}
    response = Response(headers=headers)
    assert response.raw_headers[:3] == [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-c", b"3")]
    assert headers == {}
