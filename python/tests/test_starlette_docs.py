"""What Starlette's page on responses shows, with the import changed."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from support.peer import Application, sent


def answering(make: Any) -> Application:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await make(scope)(scope, receive, send)

    return app


def test_text_with_a_media_type() -> None:
    peer = sent(answering(lambda scope: Response("Good day", media_type="text/plain")))
    assert peer.messages == [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-length", b"8"),
                (b"content-type", b"text/plain; charset=utf-8"),
            ],
        },
        {"type": "http.response.body", "body": b"Good day"},
    ]


@pytest.mark.parametrize(
    ("cls", "content", "body", "content_type"),
    [
        (HTMLResponse, "<h1>Good day</h1>", b"<h1>Good day</h1>", "text/html; charset=utf-8"),
        (PlainTextResponse, b"Good day", b"Good day", "text/plain; charset=utf-8"),
        (JSONResponse, {"good": "day"}, b'{"good":"day"}', "application/json"),
    ],
)
def test_classes_with_a_media_type(cls: Any, content: Any, body: bytes, content_type: str) -> None:
    peer = sent(answering(lambda scope: cls(content)))
    assert (peer.body, dict(peer.headers)["content-type"]) == (body, content_type)


def test_a_redirect_to_the_root() -> None:
    app = answering(
        lambda scope: (
            PlainTextResponse("here") if scope["path"] == "/" else RedirectResponse(url="/")
        )
    )
    assert sent(app).body == b"here"
    peer = sent(app, path="/elsewhere")
    assert (peer.start["status"], dict(peer.headers)["location"]) == (307, "/")


def test_a_renderer_from_elsewhere() -> None:
    orjson = pytest.importorskip("orjson")

    class OrjsonResponse(JSONResponse):
        def render(self, content: Any) -> bytes:
            return bytes(orjson.dumps(content))

    assert sent(answering(lambda scope: OrjsonResponse([1.0]))).body == b"[1.0]"


def test_cookies_set_and_deleted() -> None:
    response = Response()
    response.set_cookie("a", "1", max_age=60, path="/x", secure=True, httponly=True)
    response.delete_cookie("b", domain="c.example")
    first, second = response.headers.getlist("set-cookie")
    assert first == "a=1; HttpOnly; Max-Age=60; Path=/x; SameSite=lax; Secure"
    assert second.startswith('b=""; Domain=c.example; expires=')
    assert second.endswith("; Max-Age=0; Path=/; SameSite=lax")
