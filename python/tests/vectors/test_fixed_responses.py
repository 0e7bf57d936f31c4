"""The tables for fixed responses: what Starlette answers, and where we differ on purpose."""

from __future__ import annotations

import time
from typing import Any

import pytest

from antiphon import responses
from support.peer import sent
from vectors.tables import cases, decoded, matrix

FIXED = set(responses.__all__) - {"FileResponse", "StreamingResponse"}

D1_REFUSED_FIELDS = {"matrix-206", "matrix-222", "matrix-224", "matrix-227"}
D4_WRONG_LENGTHS = {"matrix-234", "matrix-235", "matrix-248", "matrix-249"}
D6_TRANSFER_ENCODING = {"matrix-240", "matrix-256", "matrix-257"}
D9_PARTITIONED = {"cookie-217"}
D31_ZONES = {"cookie-162", "cookie-163"}
D49_PREFIXES = {"cookie-092", "cookie-226", "cookie-228"}


@pytest.mark.parametrize("case", cases("cookies"))
def test_cookies(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: case["now"])
    response = responses.Response()
    before = list(response.raw_headers)
    expected = case["starlette"]
    injects = case["verdict"] in ("header-injection", "attribute-injection")  # D-2
    is_refused = injects or case["id"] in D49_PREFIXES
    accepted = case["id"] in D9_PARTITIONED | D31_ZONES
    try:
        getattr(response, case["call"])(**decoded(case["kwargs"]))
    except Exception as error:
        assert response.raw_headers == before
        refused = "ValueError" if is_refused else expected.get("error")
        assert type(error).__name__ == refused and not accepted
    else:
        assert accepted or (not is_refused and "error" not in expected)
        if not accepted:
            value = response.raw_headers[-1][1].decode("latin-1")
            assert value == expected["set_cookie"]


@pytest.mark.parametrize("case", cases("redirect"))
def test_redirects(case: Any) -> None:
    url = decoded(case["url"])
    if case.get("as"):
        url = pytest.importorskip("starlette.datastructures").URL(url)
    parameters = {name: case[name] for name in ("status_code", "headers") if name in case}
    try:
        response = responses.RedirectResponse(url, **parameters)
    except Exception as error:
        assert type(error).__name__ == case.get("error")
    else:
        raw = [[name.decode(), value.decode("latin-1")] for name, value in response.raw_headers]
        assert (response.status_code, raw) == (case["status"], case["raw_headers"])


def built(case: Any) -> Any:
    parameters = {name: decoded(value) for name, value in case["kwargs"].items()}
    if "headers" in parameters:
        parameters["headers"] = dict(parameters["headers"])
    return getattr(responses, case["class"])(**parameters)


@pytest.mark.parametrize("case", matrix(*FIXED))
def test_matrix(case: Any) -> None:
    expected = case["starlette"]
    if case["id"] in D1_REFUSED_FIELDS | D4_WRONG_LENGTHS | D6_TRANSFER_ENCODING:
        with pytest.raises(ValueError, match="header|media type"):
            sent(built(case), method=case["method"], **case["scope"])
        return
    if "error" in expected:
        with pytest.raises(Exception) as raised:
            sent(built(case), method=case["method"], **case["scope"])
        assert raised.type.__name__ == expected["error"]
        return

    peer = sent(built(case), method=case["method"], **case["scope"])
    status, headers = peer.start["status"], expected["headers"]
    assert (status, [m["type"] for m in peer.messages]) == (expected["status"], expected["types"])
    if status < 200 or status == 204:  # D-5
        headers = [field for field in headers if field[0] != "content-length"]
    elif status == 205:  # D-3
        headers = [[n, "0" if n == "content-length" else value] for n, value in headers]
    assert peer.headers == headers
    if case["method"] == "HEAD" or status < 200 or status in (204, 205, 304):
        assert peer.body == b""  # D-3, D-7
    else:
        assert peer.body.decode() == expected["body"]["text"]
