"""Responses as Starlette's users know them: attributes, hooks, subclasses, sending."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import re
import weakref
from typing import Any

import anyio
import pytest

from antiphon.datastructures import MutableHeaders
from antiphon.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse
from support import STARLETTE
from support.peer import Peer, Waiting, delivered, scope, sent

CLASSES = [Response, HTMLResponse, PlainTextResponse, JSONResponse, RedirectResponse]


class Custom(JSONResponse):
    """At module level, so that it can be pickled."""

    media_type = "application/vnd.custom+json"

    def __init__(self, content: Any, tenant: str) -> None:
        self.tenant = tenant
        super().__init__(content, status_code=201, headers={"x-tenant": self.tenant})


def test_every_class_is_a_coroutine_function_when_called() -> None:
    for cls in CLASSES:
        assert inspect.iscoroutinefunction(cls("x").__call__)


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette to compare with")
def test_every_class_is_a_subclass_of_starlettes_with_its_signatures() -> None:
    import starlette.responses

    for cls in CLASSES:
        theirs = getattr(starlette.responses, cls.__name__)
        assert issubclass(cls, theirs) and isinstance(cls("x"), theirs)
        for name in ("__init__", "set_cookie", "delete_cookie", "render", "init_headers"):
            own, other = (inspect.signature(getattr(c, name)) for c in (cls, theirs))
            # What is ours alone is by keyword only.
            theirs_too = [p for p in own.parameters.values() if p.kind is not p.KEYWORD_ONLY]
            assert [(p.name, p.default) for p in theirs_too] == [
                (p.name, p.default) for p in other.parameters.values()
            ], (cls, name)
        public = {name for name in dir(theirs) if not name.startswith("_")}
        assert public <= set(dir(cls))
        assert (cls.media_type, cls.charset) == (theirs.media_type, theirs.charset)


@pytest.mark.skipif(STARLETTE, reason="there is Starlette here")
def test_without_starlette_the_classes_stand_alone() -> None:
    for cls in CLASSES:
        modules = {base.__module__ for base in cls.__mro__}
        assert modules == {"antiphon.responses", "antiphon._antiphon", "builtins"}


def test_attributes() -> None:
    async def task() -> None: ...

    response = Response("hi", 201, {"X-A": "1"}, "text/csv", task)
    assert response.status_code == 201
    assert response.media_type == "text/csv"
    assert response.charset == "utf-8"
    assert response.body == b"hi"
    assert response.background is task
    assert response.raw_headers == [
        (b"x-a", b"1"),
        (b"content-length", b"2"),
        (b"content-type", b"text/csv; charset=utf-8"),
    ]
    assert isinstance(response.headers, MutableHeaders)
    assert response.headers is response.headers
    assert response.headers.raw is response.raw_headers


def test_the_class_keeps_its_media_type() -> None:
    assert PlainTextResponse("x", media_type="text/css").media_type == "text/css"
    assert PlainTextResponse("x").headers["content-type"] == "text/plain; charset=utf-8"


def test_attributes_that_are_not_set_yet_are_not_there() -> None:
    response = Response.__new__(Response)
    for name in ("status_code", "body", "background", "raw_headers", "headers"):
        assert not hasattr(response, name)
    with pytest.raises(AttributeError, match="'Response' object has no attribute 'body'"):
        response.body  # noqa: B018


def test_responses_do_not_share_headers() -> None:
    first, second = PlainTextResponse("x"), PlainTextResponse("x")
    first.headers["x-a"] = "1"
    first.raw_headers.append((b"x-b", b"2"))
    assert "x-a" not in second.headers and "x-b" not in PlainTextResponse("x").headers


def test_headers_follow_another_list() -> None:
    response = Response()
    assert response.headers["content-length"] == "0"
    response.raw_headers = [(b"x-a", b"1")]
    assert dict(response.headers) == {"x-a": "1"}


def test_arguments_that_do_not_fit_have_pythons_words() -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) got an unexpected keyword argument 'foo'"):
        Response("x", foo=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'content'"):
        JSONResponse()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'url'"):
        RedirectResponse()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="multiple values for argument 'content'"):
        Response("x", content="y")  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional arguments"):
        Response(*"abcdef")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="'<' not supported between instances of 'NoneType'"):
        Response("x", None)  # type: ignore[arg-type]
    keywords = {"".join(["media", "_type"]): "text/css"}
    assert Response("x", **keywords).media_type == "text/css"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (None, b""),
        ("grüße", "grüße".encode()),
        (b"\xff", b"\xff"),
        (memoryview(b"abc"), b"abc"),
        (memoryview(b"abcd").cast("H"), b"abcd"),
        (memoryview(b"abcd")[::2], b"ac"),
    ],
)
def test_content_is_rendered(content: Any, body: bytes) -> None:
    assert sent(Response(content)).body == body
    assert sent(Response(content)).headers[0] == ["content-length", str(len(body))]


def test_content_without_bytes_is_refused_as_in_starlette() -> None:
    with pytest.raises(AttributeError, match="'int' object has no attribute 'encode'"):
        Response(7)
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        PlainTextResponse("\ud800")


def test_a_class_says_charset_and_media_type() -> None:
    class Latin(PlainTextResponse):
        charset = "latin-1"
        media_type = "text/x"

    response = Latin("é")
    assert response.body == b"\xe9"
    assert response.headers["content-type"] == "text/x; charset=latin-1"

    class Lazy(PlainTextResponse):
        @property
        def charset(self) -> str:  # type: ignore[override]
            return "utf-16-le"

    assert Lazy("a").body == b"a\0"
    assert Lazy("a").headers["content-type"] == "text/plain; charset=utf-16-le"


def test_render_and_init_headers_can_be_overridden() -> None:
    class Shouting(PlainTextResponse):
        def render(self, content: Any) -> bytes:
            assert (self.status_code, self.background) == (202, None)
            return super().render(content.upper()) + b"!"

        def init_headers(self, headers: Any = None) -> None:
            assert self.body == b"HI!"
            super().init_headers({**(headers or {}), "x-shout": "1"})

    peer = sent(Shouting("hi", status_code=202, headers={"x-a": "b"}))
    assert peer.headers[:3] == [["x-a", "b"], ["x-shout", "1"], ["content-length", "3"]]
    assert peer.body == b"HI!"


def test_a_method_replaced_later_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert JSONResponse([1]).body == b"[1]"
    monkeypatch.setattr(JSONResponse, "render", lambda self, content: b"other")
    assert JSONResponse([1]).body == b"other"
    monkeypatch.undo()
    assert JSONResponse([1]).body == b"[1]"
    monkeypatch.setattr(PlainTextResponse, "media_type", "text/y")
    assert PlainTextResponse("").headers["content-type"] == "text/y; charset=utf-8"
    monkeypatch.undo()
    built: list[Any] = []
    monkeypatch.setattr(Response, "__init__", lambda self, *given, **_: built.append(given))
    HTMLResponse("x", 201)
    assert built == [("x", 201)]
    JSONResponse("x", 201)
    with pytest.raises(AttributeError):
        RedirectResponse("/")
    monkeypatch.undo()
    assert len(built) == 3
    assert HTMLResponse("x").body == b"x"


def test_an_init_of_ones_own_counts_in_a_subclass_that_calls_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    init = Response.__init__

    def tracing(self: Any, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        self.headers["x-traced"] = "1"

    class Own(JSONResponse):
        pass

    assert "x-traced" not in Own([]).headers
    monkeypatch.setattr(Response, "__init__", tracing)
    for response in (Own([]), JSONResponse([]), RedirectResponse("/"), PlainTextResponse("")):
        assert response.headers["x-traced"] == "1"
    monkeypatch.undo()
    assert "x-traced" not in Own([]).headers


def test_a_finalizer_may_build_responses_while_another_is_built() -> None:
    class Own(Response):
        pass

    built = 0

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            nonlocal built
            for _ in range(10):
                # Other than 200, they have lists of their own, copied when they are built.
                assert Own("x" * (4 + built % 999), 204).status_code == 204
                built += 1

    before = gc.get_threshold()
    kept = []
    try:
        for number in range(5000):
            Cycle()
            gc.set_threshold(1 + number % 10)
            kept.append(Own("abc", 204))
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert built == 5000 * 10
    assert all(response.raw_headers == [] for response in kept)


def test_properties_of_a_class_see_the_response() -> None:
    class Problem(JSONResponse):
        @property
        def media_type(self) -> str:  # type: ignore[override]
            return "application/problem+json" if self.status_code >= 400 else "application/json"

    class Sized(Response):
        @property
        def media_type(self) -> str:  # type: ignore[override]
            return f"a/{len(self.body)}"

    class Chosen(FileResponse):
        @property
        def charset(self) -> str:  # type: ignore[override]
            return "latin-1" if self.status_code >= 400 else "utf-8"

    class Own(FileResponse):
        @property
        def media_type(self) -> str:  # type: ignore[override]
            return "text/own"

        @media_type.setter
        def media_type(self, _: str) -> None:
            pass

    for status_code, media_type in [(200, "application/json"), (404, "application/problem+json")]:
        for headers in (None, {"x-a": "1"}):
            response = Problem({}, status_code, headers)
            assert response.headers["content-type"] == media_type
    assert Sized("abc", headers={"x-a": "1"}).headers["content-type"] == "a/3"
    assert Chosen("a.txt").headers["content-type"] == "text/plain; charset=utf-8"
    assert Chosen("a.txt", 404).headers["content-type"] == "text/plain; charset=latin-1"
    assert Own("a.pdf").headers["content-type"] == "text/own; charset=utf-8"


def test_a_file_is_offered_under_the_name_that_the_class_keeps() -> None:
    class Safe(FileResponse):
        def __setattr__(self, name: str, value: Any) -> None:
            if name == "filename":
                value = value.rsplit("/", 1)[-1]
            super().__setattr__(name, value)

    disposition = Safe("a", filename="../q.txt").headers["content-disposition"]
    assert disposition == 'attachment; filename="q.txt"'


def test_a_media_type_that_is_not_used_is_not_looked_at() -> None:
    given = {"content-type": "a/b"}
    assert Response(headers=given, media_type="a\nb").headers["content-type"] == "a/b"

    class Odd(Response):
        charset: Any = None
        media_type = "a/b"

    assert Odd(b"x").headers["content-type"] == "a/b"
    with pytest.raises(AttributeError, match="startswith"):
        Response(media_type=1)  # type: ignore[arg-type]


def test_an_init_of_ones_own_may_set_attributes_first() -> None:
    response = Custom({"a": 1}, "acme")
    assert (response.tenant, response.status_code) == ("acme", 201)
    assert response.headers["x-tenant"] == "acme"
    assert response.headers["content-type"] == "application/vnd.custom+json"

    class Chosen(Response):
        def __init__(self, content: Any) -> None:
            self.media_type = "text/chosen"
            self.charset = "latin-1"
            super().__init__(content)

    assert Chosen("é").headers["content-type"] == "text/chosen; charset=latin-1"
    assert Chosen("é").body == b"\xe9"


def test_a_class_may_do_without_init() -> None:
    class Bare(Response):
        def __init__(self) -> None:
            self.status_code = 418
            self.background = None
            self.body = b"teapot"
            self.init_headers({"x-a": "1"})

    peer = sent(Bare())
    assert (peer.start["status"], peer.headers) == (418, [["x-a", "1"], ["content-length", "6"]])

    class Streaming(Bare):
        def __init__(self) -> None:
            self.status_code = 200
            self.init_headers()

    assert Streaming().raw_headers == []


def test_mixins_take_part() -> None:
    class Tagged:
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords)
            self.headers["x-tag"] = "1"  # type: ignore[attr-defined]

    class Page(Tagged, HTMLResponse):
        pass

    assert sent(Page("<p>")).headers[-1] == ["x-tag", "1"]


def test_attributes_that_a_class_keeps_itself() -> None:
    class Teapot(PlainTextResponse):
        status_code = 418

    assert Teapot("x").status_code == 200
    response = Teapot("x", status_code=201)
    response.status_code = 202
    assert sent(response).start["status"] == 202

    class Watched(PlainTextResponse):
        seen: list[Any] = []

        @property
        def body(self) -> Any:  # type: ignore[override]
            return self._body + b"!"

        @body.setter
        def body(self, value: bytes) -> None:
            self.seen.append(value)
            self._body = value

    assert sent(Watched("hi")).body == b"hi!"
    assert Watched.seen == [b"hi"]


@pytest.mark.parametrize(
    "response",
    [
        Response(b"x", 201, {"a": "b"}),
        PlainTextResponse("x", media_type="text/z"),
        JSONResponse({"a": [1]}),
        RedirectResponse("/x"),
        Custom([1], "acme"),
    ],
)
def test_responses_can_be_copied_and_pickled(response: Response) -> None:
    response.headers["x-late"] = "1"
    copies = [copy.copy(response), copy.deepcopy(response)]
    copies += [pickle.loads(pickle.dumps(response, protocol)) for protocol in range(2, 6)]
    for other in copies:
        assert type(other) is type(response)
        assert sent(other).messages == sent(response).messages
        assert other.media_type == response.media_type
        assert getattr(other, "tenant", None) == getattr(response, "tenant", None)
    assert copies[1].raw_headers is not response.raw_headers


def test_a_state_that_changes_while_it_is_restored() -> None:
    class Clearing(Response):
        def __setattr__(self, name: str, value: Any) -> None:
            state.clear()
            super().__setattr__(name, value)

    before = Response("x", 201)
    state = before.__getstate__()
    response = Clearing.__new__(Clearing)
    response.__setstate__(state)
    assert state == {}
    assert sent(response).messages == sent(before).messages


def test_weak_references_and_cycles() -> None:
    response = PlainTextResponse("x")
    response.me = response  # type: ignore[attr-defined]
    other = JSONResponse({})
    other.background = other  # type: ignore[assignment]
    dying = [weakref.ref(response), weakref.ref(other)]
    del response, other
    gc.collect()
    assert [ref() for ref in dying] == [None, None]


@pytest.mark.anyio
async def test_one_response_is_sent_many_times_and_by_several_tasks() -> None:
    response = JSONResponse({"a": 1}, headers={"x-a": "1"})
    peers = [Peer() for _ in range(20)]

    async def send_to(peer: Peer) -> None:
        async def send(message: Any) -> None:
            await anyio.sleep(0)
            # As middleware does it, in place.
            if "headers" in message:
                message["headers"] = [*message["headers"], (b"x-once", b"1")]
            await peer.send(message)

        await response(scope(), peer.receive, send)

    async with anyio.create_task_group() as tasks:
        for peer in peers:
            tasks.start_soon(send_to, peer)
    for peer in peers:
        assert peer.messages == peers[0].messages
        assert [name for name, _ in peer.headers].count("x-once") == 1


@pytest.mark.anyio
async def test_the_background_task_runs_last_and_not_after_a_failure() -> None:
    order: list[str] = []

    async def task() -> None:
        order.append("task")

    async def send(message: Any) -> None:
        order.append(message["type"])

    await PlainTextResponse("x", background=task)(scope(), None, send)
    assert order == ["http.response.start", "http.response.body", "task"]

    async def fail(message: Any) -> None:
        raise OSError("gone")

    order.clear()
    with pytest.raises(OSError, match="gone"):
        await PlainTextResponse("x", background=task)(scope(), None, fail)
    assert order == []


def test_a_websocket_handshake_is_denied() -> None:
    peer = sent(PlainTextResponse("no", status_code=403), type="websocket")
    assert [message["type"] for message in peer.messages] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert peer.body == b"no"


def test_a_scope_may_be_any_mapping_without_a_method() -> None:
    from collections import ChainMap, UserDict

    for of in (UserDict, ChainMap, dict):
        peer = Peer()
        with pytest.raises(StopIteration):
            PlainTextResponse("x")(of({"type": "http"}), peer.receive, peer.send).send(None)
        assert peer.body == b"x"
    with pytest.raises(KeyError, match="type"):
        PlainTextResponse("x")({}, peer.receive, peer.send).send(None)


def test_a_length_that_is_wrong_is_an_error_before_anything_is_sent() -> None:
    response = PlainTextResponse("hello", headers={"content-length": "3"})
    peer = Peer()
    with pytest.raises(ValueError, match="content-length.*expected 5"):
        response(scope(), peer.receive, peer.send).send(None)
    assert peer.messages == []
    assert sent(response, method="HEAD").headers[0] == ["content-length", "3"]


def test_a_length_that_was_taken_out_stays_out() -> None:
    response = PlainTextResponse("hello")
    del response.headers["content-length"]
    peer = sent(response)
    assert (peer.headers, peer.body) == ([["content-type", "text/plain; charset=utf-8"]], b"hello")


def test_a_status_set_late_counts() -> None:
    response = JSONResponse(None)
    response.status_code = 204
    peer = sent(response)
    assert (peer.start["status"], peer.headers) == (204, [["content-type", "application/json"]])
    assert peer.body == b""
    assert response.headers["content-length"] == "4"


def test_status_codes_of_any_kind_are_passed_on() -> None:
    from http import HTTPStatus

    response = Response(status_code=HTTPStatus.CREATED)
    assert sent(response).start["status"] is HTTPStatus.CREATED
    assert sent(Response("x", status_code=-1)).start["status"] == -1
    assert sent(Response("x", status_code=10**30)).start["status"] == 10**30


def test_making_a_subclass_takes_part_in_what_others_do() -> None:
    class Registering:
        tags: list[str] = []

        def __init_subclass__(cls, tag: str = "", **keywords: Any) -> None:
            super().__init_subclass__(**keywords)
            Registering.tags.append(tag)

    class First(PlainTextResponse, Registering, tag="first"):
        pass

    class Second(First, tag="second"):
        def __init__(self) -> None:
            super().__init__("second", 202)

    assert Registering.tags == ["first", "second"]
    assert (First("x", 201).status_code, Second().status_code) == (201, 202)
    with pytest.raises(TypeError):

        class Third(PlainTextResponse, tag="third"):  # type: ignore[call-arg]
            pass


def test_a_metaclass_may_say_how_a_class_is_called() -> None:
    class Loud(type):
        def __call__(cls, *arguments: Any) -> Any:
            return super().__call__("!".join(arguments))

    class Called(PlainTextResponse, metaclass=Loud):
        pass

    assert Called("a", "b").body == b"a!b"


@pytest.mark.parametrize(
    "response",
    [
        Response("x"),
        JSONResponse([]),
        FileResponse(__file__),
        StreamingResponse(iter("ab")),
        EventSourceResponse(iter("ab")),
    ],
    ids=lambda response: type(response).__name__,
)
@pytest.mark.parametrize("kind", ["lifespan", "http.request", ""])
def test_a_scope_that_no_response_answers(response: Any, kind: str) -> None:
    async def background() -> None:
        raise AssertionError

    response.background, peer = background, Waiting()
    expected = f'expected a scope of type "http" or "websocket", but found "{kind}"'
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        delivered(response, peer, type=kind)
    assert not peer.messages
    response.background = None
    # A stream is not spent.
    assert delivered(response).start["status"] == 200


def test_a_scope_of_no_type() -> None:
    for wrong, error in [({}, KeyError), ({"type": None}, TypeError)]:
        with pytest.raises(error):
            Response("x")._messages(wrong)
