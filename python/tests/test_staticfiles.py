"""Directories: the table, compressed copies, caching, hooks, and what hostile clients ask for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from antiphon.responses import FileResponse, Response
from antiphon.staticfiles import (
    IMMUTABLE,
    HTTPException,
    NotModifiedResponse,
    StaticFiles,
)

LONG_AGO = 1_700_000_000
TABLE = json.loads(
    (Path(__file__).parents[2] / "conformance" / "directory.json").read_text("utf-8")
)


def write(root: Path, name: str, content: str, modified: int = LONG_AGO) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    os.utime(path, (modified, modified))


class Answer:
    """What a client gets, an error of Starlette's included."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.text = status, headers, body.decode()

    def __repr__(self) -> str:
        return f"{self.status} {self.headers} {self.text!r}"


def ask(
    app: Any,
    path: str,
    method: str = "GET",
    *,
    root_path: str = "",
    lines: Sequence[tuple[str, str]] = (),
    **fields: str,
) -> Answer:
    """Ask for a path that is percent-decoded, as a server hands it over."""
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        await anyio.sleep_forever()

    path, _, query = path.partition("?")
    lines = [*lines, *((name.replace("_", "-"), value) for name, value in fields.items())]
    scope = {
        "type": "http",
        "method": method,
        "path": root_path + path,
        "root_path": root_path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in lines],
    }
    try:
        asyncio.run(app(scope, receive, send))
    except HTTPException as error:
        body = b"" if method == "HEAD" else error.detail.encode()
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        return Answer(error.status_code, headers, body)
    headers = {name.decode(): value.decode("latin-1") for name, value in messages[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return Answer(messages[0]["status"], headers, body)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, content in TABLE["meta"]["files"].items():
        write(tmp_path / "site", name, content)
    for name, content in TABLE["meta"]["outside"].items():
        write(tmp_path, name, content)
    return tmp_path / "site"


@pytest.fixture
def compressed(tmp_path: Path) -> Path:
    write(tmp_path, "app.js", "let app;")
    write(tmp_path, "app.js.br", "as br 678")
    # Of the same length and time as the original.
    write(tmp_path, "app.js.zst", "as zstd.")
    write(tmp_path, "app.js.gz", "as gzip")
    return tmp_path


class InSteps(StaticFiles):
    """Does each step as Starlette does, since one is overridden."""

    def get_path(self, scope: Any) -> str:
        return super().get_path(scope)


@pytest.fixture(params=[StaticFiles, InSteps], ids=["at once", "in steps"])
def files(request: pytest.FixtureRequest) -> type[StaticFiles]:
    return request.param  # type: ignore[no-any-return]


def decoded(path: str) -> str:
    from urllib.parse import unquote

    if "{" in path:
        start, _, count = path.partition("{")
        return start + "a" * int(count.rstrip("}"))
    path, mark, query = path.partition("?")
    return unquote(path) + mark + query


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["id"])
def test_directories_answer_as_the_table_says(
    files: type[StaticFiles], site: Path, case: Any
) -> None:
    fallback = TABLE["meta"]["fallback"] if case.get("fallback") else None
    app = files(directory=site, html=True, fallback=fallback)
    fields = {name.replace("-", "_"): value for name, value in case.get("headers", [])}
    answer = ask(app, decoded(case["path"]), case.get("method", "GET"), **fields)
    assert answer.status == case["status"]
    for key, name in [
        ("type", "content-type"),
        ("location", "location"),
        ("allow", "allow"),
        ("cache", "cache-control"),
    ]:
        if key in case or key != "type":
            assert answer.headers.get(name) == case.get(key)
    if "content" in case:
        assert answer.text == case["content"]
    elif case["status"] == 404 and case.get("method") != "HEAD":
        assert answer.text == "Not Found"


@pytest.mark.parametrize(
    ("accepted", "coding", "content"),
    [
        (None, None, "let app;"),
        ("gzip, deflate, br, zstd", "br", "as br 678"),
        ("gzip;q=1.0, br;q=0.5", "gzip", "as gzip"),
        ("zstd", "zstd", "as zstd."),
        ("deflate", None, "let app;"),
        ("br;q=0, gzip;q=0", None, "let app;"),
        ("identity;q=0", None, "let app;"),
    ],
)
def test_the_copy_that_the_client_likes_best_is_sent(
    files: type[StaticFiles],
    compressed: Path,
    accepted: str | None,
    coding: str | None,
    content: str,
) -> None:
    app = files(directory=compressed, precompressed=("br", "zstd", "gzip"))
    plain = ask(app, "/app.js")
    fields = {} if accepted is None else {"accept_encoding": accepted}
    answer = ask(app, "/app.js", **fields)
    assert (answer.status, answer.text) == (200, content)
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["etag"].startswith('"')
    assert (answer.headers["etag"] == plain.headers["etag"]) == (coding is None)


ACCEPTED = json.loads(
    (Path(__file__).parents[2] / "conformance" / "accept_encoding.json").read_text("utf-8")
)


@pytest.mark.parametrize("case", ACCEPTED["cases"], ids=lambda case: case["id"])
def test_copies_are_ranked_as_the_table_says(compressed: Path, case: Any) -> None:
    app = StaticFiles(directory=compressed, precompressed=case["offered"])
    codings = []
    for coding in [*case["ranked"], None]:
        lines = [("accept-encoding", line) for line in case["lines"]]
        codings.append(ask(app, "/app.js", lines=lines).headers.get("content-encoding"))
        assert codings[-1] == coding
        if coding is not None:
            extension = {"br": "br", "zstd": "zst", "gzip": "gz"}[coding]
            (compressed / f"app.js.{extension}").unlink()


def test_conditions_and_ranges_are_of_the_copy_that_is_sent(
    files: type[StaticFiles], compressed: Path
) -> None:
    app = files(directory=compressed, precompressed=["br"])

    def br(**fields: str) -> Answer:
        return ask(app, "/app.js", accept_encoding="br", **fields)

    plain, coded = ask(app, "/app.js").headers["etag"], br().headers["etag"]
    same = br(if_none_match=coded)
    assert (same.status, same.text) == (304, "")
    assert same.headers["vary"] == "Accept-Encoding"
    assert same.headers["etag"] == coded
    assert "content-encoding" not in same.headers
    assert (br(if_none_match=plain).status, br(if_match=plain).status) == (200, 412)
    part = br(range="bytes=3-4", if_range=coded)
    assert (part.status, part.text, part.headers["content-encoding"]) == (206, "br", "br")
    assert part.headers["content-range"] == "bytes 3-4/9"
    assert part.headers["vary"] == "Accept-Encoding"
    # A part of the copy behind a part of the original would be neither.
    assert br(range="bytes=3-4", if_range=plain).text == "as br 678"
    head = ask(app, "/app.js", "HEAD", accept_encoding="br")
    assert (head.headers["content-length"], head.text) == ("9", "")


def test_a_copy_counts_beside_an_original_that_is_not_newer_only(
    files: type[StaticFiles], tmp_path: Path
) -> None:
    for name, modified in [("older.js", LONG_AGO - 1), ("newer.js", LONG_AGO + 1)]:
        write(tmp_path, name, "original")
        write(tmp_path, f"{name}.br", "copy", modified)
    write(tmp_path, "alone.js.br", "copy")
    write(tmp_path, "folder.js", "original")
    (tmp_path / "folder.js.br").mkdir()
    app = files(directory=tmp_path, precompressed=["br"])
    for path, content in [
        ("/older.js", "original"),
        ("/newer.js", "copy"),
        ("/folder.js", "original"),
        ("/alone.js", "Not Found"),
    ]:
        assert ask(app, path, accept_encoding="br").text == content


def test_a_copy_that_is_asked_for_itself_is_a_file(
    files: type[StaticFiles], compressed: Path
) -> None:
    app = files(directory=compressed, precompressed=["br", "gzip"])
    for path, kind, content in [
        ("/app.js.gz", "application/gzip", "as gzip"),
        ("/app.js.zst", "application/zstd", "as zstd."),
        ("/app.js.br", "application/octet-stream", "as br 678"),
    ]:
        answer = ask(app, path, accept_encoding="br, gzip")
        assert (answer.headers["content-type"], answer.text) == (kind, content)
        assert not answer.headers.keys() & {"content-encoding", "vary"}


@pytest.mark.skipif(os.name == "nt", reason="links and pipes")
def test_links_lead_nowhere_outside_and_nothing_but_files_is_sent(
    files: type[StaticFiles], tmp_path: Path
) -> None:
    root = tmp_path / "site"
    write(root, "app.js", "let app;")
    write(root, "inside/page.js", "page")
    write(tmp_path, "secret", "secret")
    write(tmp_path, "secret.br", "secret", LONG_AGO + 1)
    (root / "link").symlink_to("../secret")
    (root / "up").symlink_to("..")
    (root / "app.js.br").symlink_to("../secret.br")
    (root / "within").symlink_to("inside")
    (root / "absolute").symlink_to(root / "inside")
    (root / "null").symlink_to("/dev/null")
    (root / "circle").symlink_to("circle")
    os.mkfifo(root / "pipe")
    app = files(directory=root, precompressed=["br"])
    for path in ["/link", "/up/secret", "/null", "/circle", "/pipe", "/up", "/up/"]:
        assert ask(app, path, accept_encoding="br").status == 404, path
    assert ask(app, "/app.js", accept_encoding="br").text == "let app;"
    assert ask(app, "/within/page.js").text == "page"
    # As Starlette's, which resolves such a link.
    assert ask(app, "/absolute/page.js").text == "page"
    followed = files(directory=root, precompressed=["br"], follow_symlink=True)
    assert ask(followed, "/link").text == "secret"
    assert ask(followed, "/app.js", accept_encoding="br").text == "let app;"


HOSTILE = [
    "/\0",
    "/app.js\0",
    "/..\\secret",
    "/C:\\secret",
    "/\\\\host\\share",
    "//host/share",
    "/....//secret",
    "/%2e%2e/secret",
    "/app.js/../../secret",
    "/\udcff",
    "/" + "a/" * 3000,
    "/" + "a" * 100_000,
    "/\U0010ffff",
    "/.",
    "/..",
    "/CON",
    "/~root",
]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: ascii(path)[:20])
def test_hostile_paths_are_not_found(files: type[StaticFiles], site: Path, path: str) -> None:
    app = files(directory=site, fallback="index.html", precompressed=["gzip"])
    assert ask(app, path, accept_encoding="gzip").status == 404


def test_cache_control_goes_by_the_path_of_what_is_sent(
    files: type[StaticFiles], tmp_path: Path
) -> None:
    for name in ("index.html", "assets/app.1f.js", "assets/app.1f.js.br", "robots.txt"):
        write(tmp_path, name, name)
    rules = {"assets/**": IMMUTABLE, "**/*.html": "max-age=60"}
    app = files(
        directory=tmp_path,
        html=True,
        fallback="index.html",
        precompressed=["br"],
        cache_control=rules,
    )

    def kept(app: StaticFiles, path: str) -> str | None:
        answer = ask(app, path, accept="text/html", accept_encoding="br")
        return answer.headers.get("cache-control")

    assert kept(app, "/assets/app.1f.js") == IMMUTABLE
    assert kept(app, "/") == "max-age=60"
    assert kept(app, "/users") == "no-cache"
    assert kept(app, "/robots.txt") is None
    assert kept(app, "/assets/app.2f.js") is None
    assert kept(files(directory=tmp_path, cache_control="max-age=1"), "/robots.txt") == "max-age=1"
    asked = []

    def by(path: str) -> str | None:
        asked.append(path)
        return "max-age=2" if path.endswith(".txt") else None

    app = files(directory=tmp_path, html=True, cache_control=by)
    assert [kept(app, path) for path in ("/robots.txt", "/")] == ["max-age=2", None]
    assert asked == ["robots.txt", "index.html"]


def test_media_types_are_as_the_program_says(files: type[StaticFiles], compressed: Path) -> None:
    app = files(directory=compressed, media_types={"JS": "text/x-own"}, precompressed=["br"])
    kind = "text/x-own; charset=utf-8"
    assert ask(app, "/app.js", accept_encoding="br").headers["content-type"] == kind


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"precompressed": ["deflate"]}, 'precompressed: expected "br", "zstd" or "gzip"'),
        ({"precompressed": "br"}, r"precompressed: .* write \('br',\)"),
        ({"cache_control": "a\r\nb: c"}, "cache_control"),
        ({"cache_control": {"*.js": "a\nb"}}, 'cache_control, "\\*.js"'),
        ({"media_types": {"tar.gz": "a/b"}}, "media_types: expected an extension"),
        ({"media_types": {".x": "a\nb"}}, "media_types, .x"),
    ],
)
def test_wrong_options_are_named(tmp_path: Path, keywords: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        StaticFiles(directory=tmp_path, **keywords)


@pytest.fixture
def on_a_disk() -> Iterator[Path]:
    """A folder that lies on no tmpfs, which can say nothing without waiting."""
    with tempfile.TemporaryDirectory(prefix=".files-", dir=Path(__file__).parent) as folder:
        yield Path(folder)


def test_what_memory_holds_is_sent_without_a_thread(
    on_a_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("app.js", "app.js.br", "index.html"):
        write(on_a_disk, name, "content")
    app = StaticFiles(directory=on_a_disk, html=True, precompressed=["br"])
    for path in ("/app.js", "/"):
        ask(app, path, accept_encoding="br")
    waited: list[object] = []
    original = anyio.to_thread.run_sync

    async def run_sync(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        waited.append(function)
        return await original(function, *arguments, **keywords)

    monkeypatch.setattr(anyio.to_thread, "run_sync", run_sync)
    for path in ("/app.js", "/", "/app.js"):
        assert ask(app, path, accept_encoding="br").status == 200
    if os.name != "nt" and hasattr(os, "memfd_create"):
        assert not waited
    assert ask(InSteps(directory=on_a_disk), "/app.js").status == 200
    assert waited


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Let the test go on without root's rights, who may read all."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_may_not_be_read_is_401(files: type[StaticFiles]) -> None:
    # Not where pytest's folders are, which others may not enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name, mode in [("app.js", 0), ("free.js", 0o644)]:
            (Path(folder) / name).write_text("let a;")
            (Path(folder) / name).chmod(mode)
        app = files(directory=folder)
        # Whatever is imported late is imported now.
        assert ask(app, "/free.js").status == 200
        with as_nobody():
            assert ask(app, "/free.js").status == 200
            assert ask(app, "/app.js").status == 401


def test_a_subclass_has_attributes_of_its_own(compressed: Path) -> None:
    class Own(StaticFiles):
        def __init__(self, **arguments: Any) -> None:
            self.fallback = self.precompressed = self.media_types = "own"
            self._files = self._cache_control = "own"
            super().__init__(**arguments)

    own: Any = Own(directory=compressed, cache_control="no-cache")
    assert ask(own, "/app.js").status == 200
    for name in ("fallback", "precompressed", "media_types", "_files", "_cache_control"):
        assert getattr(own, name) == "own"


def test_hooks_are_called_as_starlettes(compressed: Path) -> None:
    seen: list[Any] = []

    class Own(StaticFiles):
        def get_path(self, scope: Any) -> str:
            return super().get_path(scope).replace("alias", "app")

        def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
            seen.append(path)
            return super().lookup_path(path)

        def file_response(
            self, full_path: Any, stat_result: os.stat_result, scope: Any, status_code: int = 200
        ) -> Response:
            response = super().file_response(full_path, stat_result, scope, status_code)
            response.headers["x-own"] = "1"
            return response

        async def get_response(self, path: str, scope: Any) -> Response:
            try:
                return await super().get_response(path, scope)
            except HTTPException as error:
                if error.status_code != 404:
                    raise
                return await super().get_response("app.js", scope)

    app = Own(directory=compressed, precompressed=["br"])
    answer = ask(app, "/alias.js", accept_encoding="br")
    assert (answer.text, answer.headers["x-own"]) == ("as br 678", "1")
    assert ask(app, "/missing").text == "let app;"
    assert seen == ["app.js", "missing", "app.js"]


def test_is_not_modified_decides_if_it_is_overridden(compressed: Path) -> None:
    class Never(StaticFiles):
        def is_not_modified(self, response_headers: Any, request_headers: Any) -> bool:
            assert response_headers["etag"]
            return False

    class Always(StaticFiles):
        def is_not_modified(self, response_headers: Any, request_headers: Any) -> bool:
            return True

    for precompressed in ([], ["br"]):
        app = Never(directory=compressed, precompressed=precompressed)
        tag = ask(app, "/app.js").headers["etag"]
        assert ask(app, "/app.js", if_none_match=tag).text == "let app;"
        answer = ask(Always(directory=compressed, precompressed=precompressed), "/app.js")
        assert (answer.status, answer.text) == (304, "")
    own = StaticFiles(directory=compressed)
    own.is_not_modified = lambda *_: True  # type: ignore[method-assign]
    assert ask(own, "/app.js").status == 304


def test_a_hook_that_is_replaced_on_the_class_counts(
    compressed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = StaticFiles(directory=compressed)
    assert ask(app, "/app.js").status == 200
    monkeypatch.setattr(StaticFiles, "lookup_path", lambda *_: ("", None))
    assert ask(app, "/app.js").status == 404


def test_a_mounted_directory_answers_what_is_beneath(files: type[StaticFiles], site: Path) -> None:
    app = files(directory=site, html=True)
    assert ask(app, "/app.js", root_path="/static").text == "let app;"
    assert ask(app, "/docs?a=1", root_path="/static").headers["location"] == "./docs/?a=1"
    assert ask(app, "/", root_path="/static").text == "<p>home</p>"


def test_all_directories_are_looked_in(files: type[StaticFiles], tmp_path: Path) -> None:
    write(tmp_path, "first/a.txt", "first a")
    write(tmp_path, "second/a.txt", "second a")
    write(tmp_path, "second/b.txt", "second b")
    write(tmp_path, "second/b.txt.br", "as br")
    app = files(directory=tmp_path / "first", precompressed=["br"])
    app.all_directories = [tmp_path / "first", tmp_path / "second"]
    assert ask(app, "/a.txt").text == "first a"
    assert ask(app, "/b.txt").text == "second b"
    assert ask(app, "/b.txt", accept_encoding="br").text == "as br"


def test_a_response_of_a_file_may_be_sent_again(compressed: Path) -> None:
    app = InSteps(directory=compressed, precompressed=["br"])
    full_path, stat_result = app.lookup_path("app.js")
    assert stat_result is not None
    scope = {"type": "http", "method": "GET", "path": "/app.js", "headers": []}
    response = app.file_response(full_path, stat_result, scope)
    assert isinstance(response, FileResponse)
    assert [ask(response, "/", accept_encoding="br").text for _ in range(2)] == ["as br 678"] * 2
    assert ask(response, "/").text == "let app;"


def test_a_304_has_what_a_client_needs() -> None:
    given = {"etag": '"1"', "content-type": "text/css", "vary": "a", "x-a": "b"}
    response = NotModifiedResponse(given)
    assert response.status_code == 304
    assert dict(response.headers) == {"etag": '"1"', "vary": "a"}


def test_a_websocket_handshake_is_refused(compressed: Path) -> None:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {"type": "websocket", "path": "/app.js", "headers": []}
    asyncio.run(StaticFiles(directory=compressed)(scope, None, send))  # type: ignore[arg-type]
    assert messages == [{"type": "websocket.close", "code": 1000, "reason": ""}]


def test_the_classes_are_starlettes() -> None:
    starlette = pytest.importorskip("starlette.staticfiles")
    assert issubclass(StaticFiles, starlette.StaticFiles)
    assert issubclass(NotModifiedResponse, starlette.NotModifiedResponse)
    import inspect

    theirs = inspect.signature(starlette.StaticFiles.__init__).parameters
    ours = inspect.signature(StaticFiles.__init__).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    for name in vars(starlette.StaticFiles):
        if not name.startswith("_"):
            method = getattr(starlette.StaticFiles, name)
            own = getattr(StaticFiles, name)
            assert list(inspect.signature(own).parameters) == list(
                inspect.signature(method).parameters
            )
