"""Tags of responses whose content lies ready: by whom they are made, and when."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from antiphon import responses
from antiphon.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse
from antiphon.testing import Client
from support import STARLETTE
from support.peer import delivered, scope, sent

if STARLETTE:
    import fastapi

HELLO = '"ea8f163db38682925e4491c5e58d4bb3"'


def conditional(response: Any, tag: str, method: str = "GET") -> Any:
    return sent(response, method=method, headers=[(b"if-none-match", tag.encode())])


class Tagged(JSONResponse):
    """At module level, so that it can be pickled."""

    add_etags = True


class Versioned(JSONResponse):
    add_etags = True
    version: Any = '"v1"'

    def generate_etag(self) -> Any:
        return self.version


def test_the_tag_is_there_at_once_and_the_same_for_the_same_bytes(tmp_path: Path) -> None:
    response = PlainTextResponse("hello")
    assert response.add_etag() is None
    assert response.headers["etag"] == HELLO
    same: list[Any] = [
        Response(b"hello"),
        Response(memoryview(b"hello")),
        HTMLResponse("hello"),
    ]
    for other in same:
        other.add_etag()
        assert other.headers["etag"] == HELLO
    (tmp_path / "a").write_text("hello")
    file = delivered(FileResponse(tmp_path / "a", etag="content"))
    assert dict(map(tuple, file.headers))["etag"] == HELLO


@pytest.mark.parametrize("length", [0, 1, 25_000, 300_000])
def test_content_of_any_length(length: int) -> None:
    response = Response(b"a" * length)
    response.add_etag()
    tag = response.headers["etag"]
    assert len(tag) == 34
    assert conditional(response, tag).start["status"] == 304
    assert conditional(response, '"x"').body == b"a" * length


def test_a_response_that_is_not_asked_does_as_ever() -> None:
    response = PlainTextResponse("hello", headers={"etag": HELLO})
    assert conditional(response, HELLO).start["status"] == 200
    assert "etag" not in PlainTextResponse("hello").headers


def test_adding_twice_is_adding_once() -> None:
    response = PlainTextResponse("hello")
    response.add_etag()
    response.add_etag(weak=True)
    assert response.headers.getlist("etag") == [HELLO]


def test_a_tag_that_the_program_sets_afterwards_counts() -> None:
    response = PlainTextResponse("hello")
    response.add_etag()
    response.headers["etag"] = '"v2"'
    assert conditional(response, '"v2"').start["status"] == 304
    del response.headers["etag"]
    assert conditional(response, '"v2"').start["status"] == 200


def test_a_body_that_is_replaced_has_another_tag() -> None:
    response = PlainTextResponse("world", headers={"x": "y"})
    response.add_etag()
    response.body = b"hello"
    assert ["etag", HELLO] in sent(response).headers
    assert conditional(response, HELLO).start["status"] == 304
    response.headers["etag"] = '"v2"'
    assert ["etag", '"v2"'] in sent(response).headers


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_copies_answer_alike(copied: Any) -> None:
    asked = PlainTextResponse("hello")
    asked.add_etag()
    assert conditional(copied(asked), HELLO).start["status"] == 304
    by_class = Tagged("hello")
    tag = dict(map(tuple, sent(by_class).headers))["etag"]
    assert conditional(copied(by_class), tag).start["status"] == 304


def test_a_class_makes_its_own_tags() -> None:
    response = Versioned({})
    assert conditional(response, '"v1"').start["status"] == 304
    response.version = None
    assert "etag" not in dict(map(tuple, sent(response).headers))
    weak = Versioned({})
    weak.add_etag(weak=True)
    assert weak.headers["etag"] == 'W/"v1"'
    plain = Versioned({})
    plain.version = "v1"
    assert conditional(plain, '"v1"').start["status"] == 304
    weak = Versioned({})
    weak.version = 'W/"v1"'
    weak.add_etag()
    assert weak.headers["etag"] == 'W/"v1"'


@pytest.mark.parametrize(
    "made", ["a b", '"a"\r\nset-cookie: x', '"ä"', 'W/"', '"a" ', "", 'w/"a"', '"\0"', '"\ud800"']
)
def test_what_is_no_tag_is_refused_before_anything_is_sent(made: str) -> None:
    response = Versioned({})
    response.version = made
    with pytest.raises(ValueError, match=r"^etag: expected an entity tag such as"):
        sent(response)
    with pytest.raises(ValueError, match="^etag: "):
        response.add_etag()
    assert "etag" not in response.headers
    response.version = 7
    with pytest.raises(TypeError, match=r"^Versioned.generate_etag: expected str or None"):
        sent(response)


def test_a_class_says_so_in_its_own_words() -> None:
    class Wrong(JSONResponse):
        add_etags: Any = "strong"

    with pytest.raises(ValueError, match=r'^Wrong.add_etags: expected True, False or "weak", but'):
        Wrong({})


def test_every_way_to_build_a_response_heeds_the_class() -> None:
    class Rendering(PlainTextResponse):
        add_etags = True

        def render(self, content: Any) -> bytes:
            return b"hello"

    class Initialising(PlainTextResponse):
        add_etags = True

        def __init__(self, content: str) -> None:
            super().__init__(content, headers={"x-a": "b"})

    class Alone(Response):
        add_etags = True

        def __init__(self) -> None:
            self.status_code = 200
            self.background = None
            self.body = b"hello"
            self.init_headers()

    for response in (Rendering(None), Initialising("hello"), Alone()):
        assert conditional(response, HELLO).start["status"] == 304
        assert sent(response).body == b"hello"


def test_a_class_whose_mind_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert conditional(PlainTextResponse("hello"), HELLO).start["status"] == 200
    monkeypatch.setattr(PlainTextResponse, "add_etags", True)
    assert conditional(PlainTextResponse("hello"), HELLO).start["status"] == 304
    monkeypatch.undo()
    assert conditional(PlainTextResponse("hello"), HELLO).start["status"] == 200


def test_a_websocket_handshake_is_denied_whole() -> None:
    response = Tagged("hello")
    asked = PlainTextResponse("hello")
    asked.add_etag()
    for denial in (response, asked):
        peer = sent(denial, type="websocket", headers=[(b"if-none-match", b"*")])
        assert (peer.start["status"], len(peer.messages)) == (200, 2)


def test_what_does_not_lie_ready_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    others: list[Any] = [
        FileResponse(tmp_path / "a"),
        StreamingResponse([b"a"]),
        EventSourceResponse([]),
    ]
    for response in others:
        with pytest.raises(TypeError, match=r"\.add_etag: expected a response whose content lies"):
            response.add_etag()


def test_classes_without_ready_content_pass_over_the_wish(tmp_path: Path) -> None:
    class Stream(StreamingResponse):
        add_etags = True

    class File(FileResponse):
        add_etags = True

    (tmp_path / "a").write_text("hello")
    assert delivered(Stream([b"a"])).body == b"a"
    assert delivered(File(tmp_path / "a")).body == b"hello"


def test_the_background_task_runs_after_a_304() -> None:
    ran = []

    async def task() -> None:
        ran.append(True)

    response = PlainTextResponse("hello", background=task)
    response.add_etag()
    conditional(response, HELLO)
    assert ran == [True]


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette")
class TestFastAPI:
    def test_a_default_class_and_a_response_of_ones_own(self) -> None:
        app = fastapi.FastAPI(default_response_class=Tagged)

        @app.api_route("/rows", methods=["GET", "POST"])
        def rows() -> Any:
            return {"rows": [1, 2, 3]}

        @app.get("/versioned")
        def versioned(response: fastapi.Response) -> Any:
            response.headers["ETag"] = '"v7"'
            return {"rows": [1]}

        @app.get("/page")
        def page() -> Any:
            response = responses.HTMLResponse("hello")
            response.add_etag()
            return response

        with Client(app) as client:
            for path in ("/rows", "/versioned", "/page"):
                with client.stream(path) as answer:
                    tags = [value for name, value in answer.headers if name == "etag"]
                    assert answer.status == 200 and len(tags) == 1 and answer.read()
                with client.stream(path, headers={"if-none-match": tags[0]}) as answer:
                    assert (answer.status, answer.read()) == (304, b"")
            with client.stream("/rows", method="POST", headers={"if-none-match": "*"}) as answer:
                assert answer.status == 200


def test_a_scope_without_headers() -> None:
    bare = scope()
    del bare["headers"]
    messages = []

    async def send(message: Any) -> None:
        messages.append(message)

    coroutine = Tagged("hello")(bare, None, send)  # type: ignore[arg-type]
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert messages[0]["status"] == 200
