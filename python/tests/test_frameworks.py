"""Our classes in applications of FastAPI, Starlette and others, by import or by install()."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import antiphon
import antiphon.responses as ours
from antiphon.channel import EventChannel
from antiphon.sse import EventSourceResponse
from antiphon.testing import Client
from support import STARLETTE

if not STARLETTE:
    pytest.skip("there is no Starlette", allow_module_level=True)

import anyio
import fastapi
import starlette.responses
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates


@pytest.fixture(params=["import", "install"])
def responses(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The module that a program imports the classes from."""
    if request.param == "import":
        yield ours
    else:
        antiphon.install()
        try:
            yield starlette.responses
        finally:
            antiphon.uninstall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text("0123456789" * 100)
    return path


def answered(application: Any, path: str = "/", **request: Any) -> tuple[int, bytes]:
    with Client(application) as client, client.stream(path, **request) as answer:
        return answer.status, answer.read()


def expect(client: Client, answers: dict[str, tuple[int, bytes]]) -> None:
    for path, expected in answers.items():
        with client.stream(path) as answer:
            assert (answer.status, answer.read()) == expected


class TestFastAPI:
    def test_a_path_operation_returns_a_response(self, responses: Any, file: Path) -> None:
        app = fastapi.FastAPI()
        returned: dict[str, Callable[[], Any]] = {
            "/text": lambda: responses.PlainTextResponse("hi", status_code=201),
            "/html": lambda: responses.HTMLResponse("<p>"),
            "/json": lambda: responses.JSONResponse({"a": [1]}, headers={"x-a": "b"}),
            "/redirect": lambda: responses.RedirectResponse("/text"),
            "/stream": lambda: responses.StreamingResponse(iter(["a", "b"])),
            "/file": lambda: responses.FileResponse(file),
            "/events": lambda: EventSourceResponse(iter([{"data": "a"}])),
        }
        for path, make in returned.items():
            app.add_api_route(path, make, response_model=None)
        with Client(app) as client:
            expect(
                client,
                {
                    "/text": (201, b"hi"),
                    "/html": (200, b"<p>"),
                    "/json": (200, b'{"a":[1]}'),
                    "/redirect": (307, b""),
                    "/stream": (200, b"ab"),
                    "/file": (200, file.read_bytes()),
                    "/events": (200, b"data: a\r\n\r\n"),
                },
            )
            with client.stream("/json") as answer:
                assert answer.header("x-a") == "b"

    def test_a_response_class_renders(self, responses: Any, file: Path) -> None:
        class Shouted(responses.JSONResponse):  # type: ignore[misc]
            def render(self, content: Any) -> bytes:
                return bytes(super().render(content)).upper()

        app = fastapi.FastAPI(default_response_class=Shouted)
        app.get("/default")(lambda: {"a": "b"})
        app.get("/text", response_class=responses.PlainTextResponse)(lambda: "text")
        app.get("/json", response_class=responses.JSONResponse)(lambda: {"a": "b"})
        app.get("/file", response_class=responses.FileResponse)(lambda: str(file))
        app.get("/go", response_class=responses.RedirectResponse, status_code=303)(lambda: "/text")
        with Client(app) as client:
            expect(
                client,
                {
                    "/default": (200, b'{"A":"B"}'),
                    "/text": (200, b"text"),
                    "/json": (200, b'{"a":"b"}'),
                    "/file": (200, file.read_bytes()),
                    "/go": (303, b""),
                },
            )
            with client.stream("/openapi.json") as answer:
                assert b'"text/plain"' in answer.read()

    def test_an_annotation_names_a_response(self, responses: Any) -> None:
        app = fastapi.FastAPI()

        def text() -> Any:
            return responses.PlainTextResponse("text")

        text.__annotations__["return"] = responses.PlainTextResponse
        app.get("/text")(text)

        def either() -> Any:
            return responses.JSONResponse([])

        either.__annotations__["return"] = responses.Response
        app.get("/either")(either)
        with Client(app) as client:
            for path, expected in {"/text": b"text", "/either": b"[]"}.items():
                with client.stream(path) as answer:
                    assert (answer.status, answer.read()) == (200, expected)

    def test_a_parameter_is_a_response(self, responses: Any) -> None:
        app = fastapi.FastAPI()

        def dependency(response: fastapi.Response) -> str:
            response.headers["x-dependency"] = "yes"
            return "value"

        needed = fastapi.Depends(dependency)

        def operation(response: fastapi.Response, value: str = needed) -> Any:
            response.set_cookie("a", "b")
            response.status_code = 202
            return {"value": value}

        app.get("/", response_class=responses.JSONResponse)(operation)
        with Client(app) as client, client.stream("/") as answer:
            assert (answer.status, answer.read()) == (202, b'{"value":"value"}')
            assert answer.header("x-dependency") == "yes"
            assert answer.header("set-cookie") == "a=b; Path=/; SameSite=lax"

    def test_a_parameter_is_one_of_ours(self, responses: Any) -> None:
        app = fastapi.FastAPI()

        def operation(response: Any) -> Any:
            response.headers["x-a"] = "b"
            return {}

        operation.__annotations__["response"] = responses.Response
        app.get("/", response_class=responses.JSONResponse)(operation)
        with Client(app) as client, client.stream("/") as answer:
            assert (answer.status, answer.header("x-a")) == (200, "b")

    def test_background_tasks_run(self, responses: Any) -> None:
        app, ran = fastapi.FastAPI(), []

        def operation(tasks: fastapi.BackgroundTasks) -> Any:
            tasks.add_task(ran.append, "task")
            return responses.PlainTextResponse("text")

        app.get("/", response_model=None)(operation)
        assert answered(app) == (200, b"text") and ran == ["task"]

    def test_exception_handlers_answer(self, responses: Any) -> None:
        app = fastapi.FastAPI()

        def handler(request: Request, error: Exception) -> Any:
            return responses.JSONResponse({"error": str(error)}, status_code=418)

        def fails() -> None:
            raise LookupError("nothing")

        app.exception_handler(LookupError)(handler)
        app.get("/")(fails)
        assert answered(app) == (418, b'{"error":"nothing"}')
        status, content = answered(app, "/missing")
        assert (status, content) == (404, b'{"detail":"Not Found"}')

    def test_a_generator_that_fails_at_once_is_answered_with_its_status(self) -> None:
        from antiphon.responses import StreamingResponse

        app = fastapi.FastAPI()

        async def denied() -> Any:
            raise HTTPException(403, "not for you")
            yield ""

        app.get("/")(lambda: StreamingResponse(denied()))
        assert answered(app) == (403, b'{"detail":"not for you"}')

    def test_a_stream_outlives_no_dependency_that_it_uses(self, responses: Any) -> None:
        app, steps = fastapi.FastAPI(), []

        async def session() -> Any:
            yield "session"
            steps.append("closed")

        needed = fastapi.Depends(session)

        def operation(value: str = needed) -> Any:
            async def chunks() -> Any:
                yield value
                steps.append("sent")

            return responses.StreamingResponse(chunks())

        app.get("/", response_model=None)(operation)
        assert answered(app) == (200, b"session")
        assert steps == ["sent", "closed"]


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-passed"] = "yes"
        return response


class TestStarlette:
    def test_base_http_middleware(self, responses: Any, file: Path) -> None:
        async def chunks() -> Any:
            yield "a"
            await anyio.sleep(0)
            yield "b"

        returned: dict[str, Callable[[], Any]] = {
            "/text": lambda: responses.PlainTextResponse("text"),
            "/stream": lambda: responses.StreamingResponse(chunks()),
            "/file": lambda: responses.FileResponse(file),
            "/events": lambda: EventSourceResponse(chunks()),
        }

        async def endpoint(request: Request) -> Any:
            return returned[request.url.path]()

        routes = [Route(path, endpoint) for path in returned]
        app = Starlette(routes=routes, middleware=[Middleware(Passing)])
        with Client(app) as client:
            for path, expected in {
                "/text": b"text",
                "/stream": b"ab",
                "/file": file.read_bytes(),
                "/events": b"data: a\r\n\r\ndata: b\r\n\r\n",
            }.items():
                with client.stream(path) as answer:
                    assert (answer.status, answer.read()) == (200, expected)
                    assert answer.header("x-passed") == "yes"

    def test_an_endless_stream_behind_middleware_ends_with_its_client(self) -> None:
        closed = []

        async def endless() -> Any:
            try:
                while True:
                    yield "a"
                    await anyio.sleep(0)
            finally:
                closed.append(True)

        async def endpoint(request: Request) -> Any:
            return EventSourceResponse(endless())

        app = Starlette(routes=[Route("/", endpoint)], middleware=[Middleware(Passing)])
        with Client(app) as client:
            with client.stream("/") as answer:
                assert answer.event().data == "a"
            assert closed == [True]

    def test_gzip(self, responses: Any, file: Path) -> None:
        import gzip

        returned: dict[str, Callable[[], Any]] = {
            "/text": lambda: responses.PlainTextResponse("text" * 1000),
            "/stream": lambda: responses.StreamingResponse(iter(["a" * 1000, "b" * 1000])),
            "/file": lambda: responses.FileResponse(file),
            "/events": lambda: EventSourceResponse(iter(["a" * 1000])),
        }

        async def endpoint(request: Request) -> Any:
            return returned[request.url.path]()

        routes = [Route(path, endpoint) for path in returned]
        app = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware)])
        with Client(app) as client:
            for path, expected in {
                "/text": b"text" * 1000,
                "/stream": b"a" * 1000 + b"b" * 1000,
                "/file": file.read_bytes(),
            }.items():
                with client.stream(path, headers={"Accept-Encoding": "gzip"}) as answer:
                    assert answer.header("content-encoding") == "gzip"
                    assert gzip.decompress(answer.read()) == expected
            with client.stream("/events", headers={"Accept-Encoding": "gzip"}) as answer:
                assert answer.header("content-encoding") is None
                assert answer.event().data == "a" * 1000

    def test_static_files(self, responses: Any, file: Path) -> None:
        static = StaticFiles(directory=file.parent)
        app = Starlette(routes=[Mount("/static", static)])
        with Client(app) as client:
            with client.stream("/static/file.txt") as answer:
                assert (answer.status, answer.read()) == (200, file.read_bytes())
                etag = answer.header("etag") or ""
            with client.stream("/static/file.txt", headers={"If-None-Match": etag}) as answer:
                assert (answer.status, answer.read()) == (304, b"")
            with client.stream("/static/file.txt", headers={"Range": "bytes=0-1"}) as answer:
                assert (answer.status, answer.read()) == (206, b"01")
            with client.stream("/static/missing") as answer:
                assert answer.status == 404

    def test_templates(self, responses: Any, tmp_path: Path) -> None:
        (tmp_path / "page.html").write_text("<p>{{ name }}</p>")
        templates = Jinja2Templates(tmp_path)

        async def endpoint(request: Request) -> Any:
            response = templates.TemplateResponse(request, "page.html", {"name": "a&b"})
            response.set_cookie("a", "b")
            return response

        app = Starlette(routes=[Route("/", endpoint)])
        assert answered(app) == (200, b"<p>a&amp;b</p>")

    def test_exception_handlers(self, responses: Any) -> None:
        async def endpoint(request: Request) -> Any:
            raise HTTPException(403, "no")

        async def handler(request: Request, error: Exception) -> Any:
            return responses.HTMLResponse("<p>no", status_code=403)

        app = Starlette(routes=[Route("/", endpoint)], exception_handlers={403: handler})
        assert answered(app) == (403, b"<p>no")

    def test_a_websocket_is_denied(self, responses: Any) -> None:
        async def endpoint(websocket: Any) -> None:
            await websocket.send_denial_response(
                responses.JSONResponse({"error": "no"}, status_code=401)
            )

        app = Starlette(routes=[WebSocketRoute("/", endpoint)])
        scope = {"type": "websocket", "extensions": {"websocket.http.response": {}}}
        assert answered(app, scope=scope) == (401, b'{"error":"no"}')

    def test_background_tasks(self, responses: Any) -> None:
        ran: list[str] = []

        async def endpoint(request: Request) -> Any:
            return responses.PlainTextResponse("a", background=BackgroundTask(ran.append, "task"))

        assert answered(Starlette(routes=[Route("/", endpoint)])) == (200, b"a")
        assert ran == ["task"]


def sending(scope: Any) -> Any:
    from antiphon.responses import FileResponse, JSONResponse, StreamingResponse

    made: dict[str, Callable[[], Any]] = {
        "json": lambda: JSONResponse({"a": 1}),
        "stream": lambda: StreamingResponse(iter(["a", "b"])),
        "file": lambda: FileResponse(__file__),
        "events": lambda: EventSourceResponse(iter(["a"])),
    }
    return made[scope["path"].strip("/").rpartition("/")[2]]()


async def mounted(scope: Any, receive: Any, send: Any) -> None:
    await sending(scope)(scope, receive, send)


ANSWERS = {
    "json": b'{"a":1}',
    "stream": b"ab",
    "file": Path(__file__).read_bytes(),
    "events": b"data: a\r\n\r\n",
}


@pytest.mark.skipif(importlib.util.find_spec("litestar") is None, reason="litestar is missing")
def test_mounted_in_litestar() -> None:
    from litestar import Litestar, asgi, get

    @get("/own", sync_to_thread=False)
    def own() -> dict[str, str]:
        return {"from": "litestar"}

    app = Litestar([own, asgi("/mounted", is_mount=True, copy_scope=True)(mounted)])
    with Client(app) as client:
        for name, expected in ANSWERS.items():
            with client.stream(f"/mounted/{name}") as answer:
                assert (answer.status, answer.read()) == (200, expected)
        with client.stream("/own") as answer:
            assert answer.read() == b'{"from":"litestar"}'


@pytest.mark.skipif(importlib.util.find_spec("quart") is None, reason="quart is missing")
def test_beside_quart() -> None:
    from quart import Quart

    app = Quart(__name__)

    @app.get("/own")
    async def own() -> str:
        return "quart"

    theirs = app.asgi_app

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        is_ours = scope["type"] == "http" and scope["path"].startswith("/mounted/")
        await (mounted if is_ours else theirs)(scope, receive, send)

    app.asgi_app = dispatch  # type: ignore[method-assign]
    with Client(app) as client:
        for name, expected in ANSWERS.items():
            with client.stream(f"/mounted/{name}") as answer:
                assert (answer.status, answer.read()) == (200, expected)
        with client.stream("/own") as answer:
            assert answer.read() == b"quart"


def test_a_chat_in_fastapi() -> None:
    """What EventChannel is for: who posts and who listens share one program."""
    app, channel = fastapi.FastAPI(), EventChannel()

    @app.get("/events", response_model=None)
    async def events(request: Request) -> EventSourceResponse:
        return EventSourceResponse(channel.subscribe(request.headers.get("last-event-id")))

    @app.post("/say")
    def say(text: str) -> dict[str, str]:  # runs in a thread
        return {"id": channel.publish({"event": "said", "data": text})}

    with Client(app) as client:
        with client.stream("/events") as one, client.stream("/events") as other:
            assert one.status == other.status == 200
            with client.stream("/say?text=hello", method="POST") as answer:
                assert answer.status == 200
            heard = one.event()
            assert (heard.type, heard.data) == ("said", "hello") and other.event() == heard
        with client.stream("/say?text=again", method="POST") as answer:
            assert answer.status == 200
        last = {"Last-Event-ID": heard.last_event_id}
        with client.stream("/events", headers=last) as again:
            assert again.event().data == "again"
