"""Each class over one of the extension's is registered wherever it has to be.

| registration            | where                                     | without it              |
|-------------------------|-------------------------------------------|-------------------------|
| ``@_antiphon.native``   | the class, if its base has ``_native``    | ``__init__`` is called  |
| its parameters          | ``PARAMETERS`` and ``REQUIRED`` in Rust   | arguments change places |
| ``__all__``             | the class's module                        | ``import *`` lacks it   |
| the base                | ``_antiphon.pyi`` and its ``__all__``     | checkers see an error   |
| ``#[pymodule_export]``  | ``src/lib.rs``                            | the import fails        |
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from antiphon import _antiphon, channel, datastructures, responses, sse
from antiphon.responses import HTMLResponse, JSONResponse, Response

PYTHON = Path(__file__).parents[1]
STUB = (PYTHON / "antiphon" / "_antiphon.pyi").read_text(encoding="utf-8")
MODULES = (responses, sse, datastructures, channel)


def faults(cls: Any, module: Any, stub: str = STUB, extension: Any = _antiphon) -> Iterator[str]:
    """Name each registration that a class lacks."""
    name = cls.__name__
    if name not in module.__all__:
        yield f"{name}: expected it in `__all__` of {module.__name__}"
    for base in cls.__bases__:
        if base.__module__ == _antiphon.__name__:
            yield from faults_of_base(base.__name__, stub, extension)
            if "_native" in vars(base):
                yield from faults_of_native(cls)


def faults_of_base(base: str, stub: str, extension: Any) -> Iterator[str]:
    declared, public = declarations(stub)
    if base not in declared:
        yield f"{base}: expected `class {base}` in _antiphon.pyi"
    if base not in public:
        yield f"{base}: expected it in `__all__` of _antiphon.pyi"
    if not hasattr(extension, base):
        yield f"{base}: expected `#[pymodule_export]` in src/lib.rs"


def faults_of_native(cls: Any) -> Iterator[str]:
    name, native = cls.__name__, cls._native
    if "__init__" not in vars(cls):
        yield f"{name}: expected an `__init__` of its own, for its native constructor"
        return
    if not _antiphon.is_native(cls):
        yield f"{name}: expected the decorator `@_antiphon.native`"
    _, *parameters = inspect.signature(cls.__init__).parameters.values()
    # A call with one that is by keyword only goes to `__init__`.
    parameters = [given for given in parameters if given.kind is not given.KEYWORD_ONLY]
    found = tuple(parameter.name for parameter in parameters)
    if found != native.parameters:
        yield f"{name}.__init__: expected the parameters {native.parameters}, but found {found}"
    required = sum(parameter.default is parameter.empty for parameter in parameters)
    if required != native.required:
        yield f"{name}.__init__: expected {native.required} without a default, but found {required}"


def declarations(stub: str) -> tuple[set[str], set[str]]:
    """Read the classes that a stub declares, and the names in its ``__all__``."""
    body = ast.parse(stub).body
    classes = {statement.name for statement in body if isinstance(statement, ast.ClassDef)}
    public: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            public = set(ast.literal_eval(statement.value))
    return classes, public


def classes_of(module: ModuleType) -> list[Any]:
    """Find the public classes that a module defines."""
    return [
        held
        for name, held in vars(module).items()
        if isinstance(held, type) and held.__module__ == module.__name__ and name[0] != "_"
    ]


def unexported(sources: Iterable[str], root: str) -> list[str]:
    """Name the classes in Rust that are to have subclasses, and that the extension lacks."""
    pyclass = re.compile(r"#\[pyclass\(([^\]]*)\)\](?:\s*#\[[^\]]*\])*\s*pub\S* struct (\w+)")
    exports = re.findall(r"#\[pymodule_export\]\s*use ([^;]*);", root)
    exported = set(re.findall(r"\w+", " ".join(exports)))
    return [
        f"{name}: expected `#[pymodule_export]` in src/lib.rs"
        for source in sources
        for options, name in pyclass.findall(source)
        if "subclass" in re.split(r"\W+", options) and name not in exported
    ]


@pytest.mark.parametrize(
    ("cls", "module"),
    [
        pytest.param(cls, module, id=cls.__name__)
        for module in MODULES
        for cls in classes_of(module)
    ],
)
def test_a_class_is_registered_everywhere(cls: Any, module: ModuleType) -> None:
    assert list(faults(cls, module)) == []


def test_all_response_classes_are_checked() -> None:
    checked = {cls for module in (responses, sse) for cls in classes_of(module)}
    assert {cls for cls in checked if issubclass(cls, Response)} >= {
        *(getattr(responses, name) for name in responses.__all__),
        sse.EventSourceResponse,
    }
    with_native = [cls for cls in checked if any("_native" in vars(base) for base in cls.__bases__)]
    assert len(with_native) >= 4


def test_each_class_in_rust_that_has_subclasses_is_exported() -> None:
    paths = sorted((PYTHON / "src").rglob("*.rs"))
    sources = [path.read_text(encoding="utf-8") for path in paths]
    root = (PYTHON / "src" / "lib.rs").read_text(encoding="utf-8")
    assert unexported(sources, root) == []
    assert len(unexported(sources, "")) >= 10, "expected the classes in src, but found too few"


class TestWhatIsLeftOutIsFound:
    """A class that lacks one registration, and what is said of it."""

    @staticmethod
    def module(*names: str) -> Any:
        return SimpleNamespace(__name__="ours", __all__=list(names))

    def test_the_decorator(self) -> None:
        def made() -> Any:
            class Plain(_antiphon.JSONResponse, Response):  # type: ignore[misc]
                def __init__(
                    self,
                    content: Any,
                    status_code: int = 200,
                    headers: Any = None,
                    media_type: Any = None,
                    background: Any = None,
                ) -> None:
                    super().__init__(content, status_code, headers, media_type, background)

                render = JSONResponse.render

            return Plain

        module, decorated = self.module("Plain"), _antiphon.native(made())
        expected = ["Plain: expected the decorator `@_antiphon.native`"]
        assert list(faults(made(), module)) == expected
        assert list(faults(decorated, module)) == [] and decorated([1]).body == b"[1]"

    def test_an_init_of_its_own(self) -> None:
        class Plain(_antiphon.JSONResponse, Response):  # type: ignore[misc]
            pass

        assert list(faults(Plain, self.module("Plain"))) == [
            "Plain: expected an `__init__` of its own, for its native constructor"
        ]

    def test_the_parameters(self) -> None:
        class Other(_antiphon.RedirectResponse, Response):  # type: ignore[misc]
            def __init__(self, url: Any = "/", status: int = 307) -> None: ...

        expected = ("url", "status_code", "headers", "background")
        found = ("url", "status")
        assert list(faults(Other, self.module("Other"))) == [
            "Other: expected the decorator `@_antiphon.native`",
            f"Other.__init__: expected the parameters {expected}, but found {found}",
            "Other.__init__: expected 1 without a default, but found 0",
        ]
        words = f"Other.__init__: expected the parameters {expected} of its native constructor, "
        with pytest.raises(TypeError, match=re.escape(words + f"but found {found}")):
            _antiphon.native(Other)
        assert not _antiphon.is_native(Other)

    def test_a_class_without_a_native_constructor(self) -> None:
        class Other: ...

        with pytest.raises(AttributeError, match="_native"):
            _antiphon.native(Other)

    def test_all(self) -> None:
        assert list(faults(HTMLResponse, self.module())) == [
            "HTMLResponse: expected it in `__all__` of ours"
        ]

    def test_the_stub(self) -> None:
        name = '    "JSONResponse",\n'
        without_name = STUB.replace(name, "")
        assert list(faults(JSONResponse, responses, without_name)) == [
            "JSONResponse: expected it in `__all__` of _antiphon.pyi"
        ]
        without_class = STUB.replace("class JSONResponse(", "class Other(")
        assert list(faults(JSONResponse, responses, without_class)) == [
            "JSONResponse: expected `class JSONResponse` in _antiphon.pyi"
        ]

    def test_the_export(self) -> None:
        expected = ["JSONResponse: expected `#[pymodule_export]` in src/lib.rs"]
        assert list(faults(JSONResponse, responses, extension=SimpleNamespace())) == expected
        source = """
            #[pyclass(extends = Response, subclass, module = "antiphon._antiphon")]
            #[derive(Default)]
            pub(crate) struct JSONResponse;

            #[pyclass(frozen, module = "antiphon._antiphon")]
            pub(super) struct Native {}
        """
        assert unexported([source], "#[pymodule_export]\nuse crate::{Other};") == expected
        assert unexported([source], "#[pymodule_export]\nuse crate::{JSONResponse};") == []
