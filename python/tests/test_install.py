"""install() and uninstall(), in interpreters of their own, since they change the whole one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from antiphon import _install

pytest.importorskip("starlette")


def run(program: str) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_before_starlette_is_imported() -> None:
    run("""
import antiphon
antiphon.install()
antiphon.install()
from starlette.responses import JSONResponse, PlainTextResponse
import starlette.middleware.cors
assert JSONResponse.__module__ == PlainTextResponse.__module__ == "antiphon.responses"
assert starlette.middleware.cors.PlainTextResponse is PlainTextResponse
antiphon.uninstall()
antiphon.uninstall()
import starlette.responses
assert starlette.responses.JSONResponse.__module__ == "starlette.responses"
assert starlette.middleware.cors.PlainTextResponse is starlette.responses.PlainTextResponse
""")


def test_after_starlette_is_imported() -> None:
    run("""
import sys, types
import starlette.responses, starlette.middleware.cors
original = starlette.responses.PlainTextResponse
program = types.ModuleType("program")
sys.modules["program"] = program
exec("from starlette.responses import PlainTextResponse as Plain\\n"
     "def make(cls=Plain, *, other=Plain): return cls, other", vars(program))
import antiphon
from antiphon import responses
antiphon.install()
assert program.Plain is responses.PlainTextResponse
assert program.make() == (responses.PlainTextResponse,) * 2
assert starlette.middleware.cors.PlainTextResponse is responses.PlainTextResponse
assert issubclass(program.Plain, original)
antiphon.uninstall()
assert program.Plain is original is starlette.middleware.cors.PlainTextResponse
assert program.make() == (original,) * 2
""")


def test_directories_are_ours() -> None:
    run("""
import sys, types
import starlette.staticfiles
# In a list, where it is not replaced.
original = [starlette.staticfiles.StaticFiles]
program = types.ModuleType("program")
program.Static = original[0]
sys.modules["program"] = program
before = program.Static(directory=".")
import antiphon
from antiphon import staticfiles
antiphon.install()
from fastapi.staticfiles import StaticFiles
assert StaticFiles is program.Static is staticfiles.StaticFiles
assert isinstance(StaticFiles(directory="."), original[0])
assert type(before) is original[0]
antiphon.uninstall()
import fastapi.staticfiles
assert fastapi.staticfiles.StaticFiles is program.Static is original[0]
assert starlette.staticfiles.StaticFiles is original[0]
""")


def test_a_class_stays_while_it_has_a_subclass_that_we_have_not() -> None:
    run("""
import starlette.responses
class Odd(starlette.responses.HTMLResponse): ...
starlette.responses.Odd = Odd
import antiphon
antiphon.install()
assert starlette.responses.HTMLResponse.__module__ == "starlette.responses"
assert starlette.responses.JSONResponse.__module__ == "antiphon.responses"
""")


def test_a_class_that_starlette_lacks_is_no_hindrance() -> None:
    run("""
import antiphon
from antiphon import responses
class JsonLinesResponse(responses.StreamingResponse): ...
responses.JsonLinesResponse = JsonLinesResponse
responses.__all__.append("JsonLinesResponse")
antiphon.install()
import starlette.responses
assert starlette.responses.JSONResponse is responses.JSONResponse
assert not hasattr(starlette.responses, "JsonLinesResponse")
antiphon.uninstall()
assert starlette.responses.JSONResponse.__module__ == "starlette.responses"
""")


def test_every_class_that_starlette_has_too_is_replaced() -> None:
    import starlette.responses

    from antiphon import responses

    shared = {name for name in responses.__all__ if hasattr(starlette.responses, name)}
    assert set(_install._REPLACED) == shared


@pytest.mark.parametrize("first", ["import fastapi", "import antiphon; antiphon.install()"])
def test_fastapi(first: str) -> None:
    pytest.importorskip("fastapi")
    run(
        first
        + """
import antiphon, fastapi, fastapi.routing
antiphon.install()
from antiphon import responses
app = fastapi.FastAPI()

@app.get("/")
def root(): return {"a": 1}

@app.get("/stream")
def stream(): return fastapi.responses.StreamingResponse(iter("ab"))

@app.get("/html", response_class=responses.HTMLResponse)
def page() -> responses.HTMLResponse: return responses.HTMLResponse("<p>")

route = app.routes[-3]
assert fastapi.responses.JSONResponse is responses.JSONResponse
assert app.router.default_response_class.value is responses.JSONResponse
assert app.openapi()["paths"]["/"]["get"]["responses"].keys() == {"200"}
from fastapi.testclient import TestClient
client = TestClient(app)
assert client.get("/").json() == {"a": 1}
assert client.get("/stream").text == "ab"
assert client.get("/html").text == "<p>"
antiphon.uninstall()
assert fastapi.responses.JSONResponse.__module__ == "starlette.responses"
assert fastapi.FastAPI().router.default_response_class.value.__module__ == "starlette.responses"
"""
    )


@pytest.mark.parametrize(
    "first", ["import fastapi", "import starlette.responses", "import starlette.templating"]
)
def test_classes_that_were_there_before_are_responses_of_fastapi(first: str) -> None:
    pytest.importorskip("fastapi")
    run(
        first
        + """
from starlette.responses import JSONResponse, Response, StreamingResponse
class Own(JSONResponse): ...
class Stream(StreamingResponse): ...
Before = Response
import antiphon
antiphon.install()
antiphon.install()
from antiphon import responses
import fastapi, fastapi.responses
from fastapi.testclient import TestClient
app = fastapi.FastAPI()

@app.get("/own")
def own(): return Own({"a": 1}, headers={"set-cookie": "session=secret"})

@app.get("/stream")
def stream() -> Stream: return Stream(iter("ab"))

@app.get("/given")
def given(response: Before):
    assert type(response) is responses.Response
    response.set_cookie("a", "b")
    return {}

@app.get("/schema", response_class=Own)
def schema() -> dict[str, int]: return {"a": 1}

client = TestClient(app)
assert client.get("/own").json() == {"a": 1}
assert client.get("/own").headers["set-cookie"] == "session=secret"
assert client.get("/stream").text == "ab"
assert client.get("/given").headers["set-cookie"].startswith("a=b")
content = app.openapi()["paths"]["/schema"]["get"]["responses"]["200"]["content"]
assert "schema" in content["application/json"]
antiphon.uninstall()
import fastapi.dependencies.utils, fastapi.openapi.utils, fastapi.routing
assert fastapi.routing.Response is Before is fastapi.dependencies.utils.Response
assert fastapi.openapi.utils.JSONResponse.__module__ == "starlette.responses"
"""
    )


def test_where_there_is_no_starlette() -> None:
    run("""
import importlib.util
importlib.util.find_spec = lambda name, find=importlib.util.find_spec: (
    None if name == "starlette" else find(name))
import antiphon
try:
    antiphon.install()
except ModuleNotFoundError as error:
    assert "starlette" in str(error)
else:
    raise AssertionError
antiphon.uninstall()
""")
