"""Cookies, beyond what the tables hold."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from enum import Enum
from http.cookies import CookieError
from typing import Any

import pytest

from antiphon.responses import Response


def cookie(*arguments: Any, **keywords: Any) -> str:
    response = Response()
    response.set_cookie(*arguments, **keywords)
    name, value = response.raw_headers[-1]
    assert name == b"set-cookie"
    return value.decode("latin-1")


def test_the_clock_is_asked_when_the_cookie_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.9)
    assert "expires=Thu, 01 Jan 1970 00:00:10 GMT" in cookie("k", "v", expires=10)
    monkeypatch.setattr(time, "time", lambda: 86400)
    assert "expires=Fri, 02 Jan 1970 00:00:10 GMT" in cookie("k", "v", expires=10)


@pytest.mark.parametrize(
    "zone", [None, timezone.utc, timezone(timedelta(hours=-5)), timezone(timedelta(minutes=345))]
)
def test_a_date_of_any_zone(zone: timezone | None) -> None:
    moment = datetime(2024, 2, 29, 12, 0, 30, 999999, tzinfo=timezone.utc)
    local = moment.replace(tzinfo=None) if zone is None else moment.astimezone(zone)
    assert "expires=Thu, 29 Feb 2024 12:00:30 GMT" in cookie("k", "v", expires=local)


def test_a_date_outside_the_calendar_is_refused() -> None:
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    for expires in (early, 10**18, 10**30):
        with pytest.raises(ValueError, match="expires"):
            cookie("k", "v", expires=expires)


def test_max_age_is_a_number_or_a_span_of_time() -> None:
    assert "Max-Age=90061;" in cookie("k", "v", max_age=timedelta(days=1, seconds=3661))
    assert "Max-Age=-1;" in cookie("k", "v", max_age=timedelta(seconds=-1))
    assert "Max-Age=1;" in cookie("k", "v", max_age=True)
    assert f"Max-Age={10**30};" in cookie("k", "v", max_age=10**30)


def test_partitioned_takes_secure() -> None:
    assert cookie("k", "v", partitioned=True, secure=True) == (
        "k=v; Partitioned; Path=/; SameSite=lax; Secure"
    )
    with pytest.raises(ValueError, match="partitioned: expected `secure`"):
        cookie("k", "v", partitioned=True)


@pytest.mark.parametrize(
    ("keywords", "error", "said"),
    [
        ({"key": "a b"}, CookieError, "Illegal key 'a b'"),
        ({"key": "Path"}, CookieError, "Attempt to set a reserved key 'Path'"),
        ({"key": ""}, CookieError, "Illegal key ''"),
        ({"samesite": "loose"}, AssertionError, "samesite must be either"),
        ({"value": "茶"}, UnicodeEncodeError, "latin-1"),
        ({"path": "/茶"}, UnicodeEncodeError, "latin-1"),
        ({"expires": "茶"}, UnicodeEncodeError, "latin-1"),
        ({"max_age": "茶"}, UnicodeEncodeError, "latin-1"),
        ({"path": "/; Domain=evil.example"}, ValueError, "cookie path: .*';'"),
        ({"domain": "a.example\r\nx: y"}, ValueError, "cookie domain: "),
        ({"expires": "0; HttpOnly"}, ValueError, "cookie expires: "),
    ],
)
def test_what_is_refused_leaves_the_response_as_it_was(
    keywords: dict[str, Any], error: type[Exception], said: str
) -> None:
    response = Response()
    before = list(response.raw_headers)
    with pytest.raises(error, match=said) as raised:
        response.set_cookie(**{"key": "k", "value": "v", **keywords})
    assert raised.type is error
    assert response.raw_headers == before


def test_delete_cookie_goes_through_set_cookie() -> None:
    class Logged(Response):
        calls: list[Any] = []

        def set_cookie(self, key: str, *arguments: Any, **keywords: Any) -> None:
            self.calls.append((key, keywords["max_age"], keywords["domain"]))
            super().set_cookie(key, *arguments, **keywords)

    response = Logged()
    response.delete_cookie("k", path="/a", domain="b.example")
    assert Logged.calls == [("k", 0, "b.example")]
    assert response.headers["set-cookie"].startswith('k=""; Domain=b.example; expires=')


@pytest.mark.parametrize("seconds", [10**12, -(10**12), 10**30])
def test_a_year_has_four_digits(seconds: int) -> None:
    with pytest.raises(ValueError, match="expires"):
        Response().set_cookie("a", "b", expires=seconds)


def test_names_and_words_of_other_types() -> None:
    class Name(str, Enum):
        SESSION = "session"

    response = Response()
    response.set_cookie(Name.SESSION, "1")
    assert response.headers["set-cookie"].startswith(f"{Name.SESSION!s}=1;")

    class SameSite(str, Enum):
        LAX = "Lax"

    samesite: Any = SameSite.LAX
    assert cookie("a", samesite=samesite).endswith("SameSite=Lax")
    for name in (None, 1):
        with pytest.raises(AttributeError, match="lower"):
            response.set_cookie(name)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="lower"):
        response.set_cookie("a", samesite=1)  # type: ignore[arg-type]
    with pytest.raises(CookieError, match="Illegal key"):
        response.set_cookie("\ud800")


@pytest.mark.parametrize(
    ("key", "attributes", "field"),
    [
        ("__Host-a", {}, "secure"),
        ("__Secure-a", {"secure": False}, "secure"),
        ("__host-a", {"secure": True, "path": "/a"}, "path"),
        ("__Host-a", {"secure": True, "path": None}, "path"),
        ("__HOST-a", {"secure": True, "domain": "a.example"}, "domain"),
    ],
)
def test_a_name_with_a_prefix_keeps_its_rule(
    key: str, attributes: dict[str, Any], field: str
) -> None:
    # Browsers would drop it without a word.
    with pytest.raises(ValueError, match=f"cookie {field}: expected .*{key}"):
        cookie(key, "v", **attributes)
    response = Response()
    with pytest.raises(ValueError, match=f"cookie {field}: expected "):
        response.delete_cookie(key, **attributes)
    assert not [name for name, _ in response.raw_headers if name == b"set-cookie"]
    kept = {"__Host-a": "__Host-a=v; Path=/; SameSite=lax; Secure"}
    if key in kept:
        assert cookie(key, "v", secure=True) == kept[key]
