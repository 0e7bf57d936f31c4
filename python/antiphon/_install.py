"""Putting our classes in the place of Starlette's, without a change of a program's imports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

from antiphon import _starlette, responses

_OWN = __name__.partition(".")[0]
_FRAMEWORKS = ("starlette", "fastapi")

#: The classes that Starlette has. Ours may be more.
_REPLACED = (
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
)

#: The classes of directories, which Starlette has in a module of their own.
_OF_DIRECTORIES = ("NotModifiedResponse", "StaticFiles")

#: Where FastAPI asks whether something is a response, and by which name.
_ASKED = {
    "fastapi.routing": "Response",
    "fastapi.dependencies.utils": "Response",
    "fastapi.openapi.utils": "JSONResponse",
}

_undo: list[Callable[[], object]] = []


def install() -> None:
    """Put our classes in the place of Starlette's, everywhere.

    ``starlette.responses`` gets them, and so does every module that has been imported and holds
    Starlette's own, with the defaults of its functions. It does not matter whether that is before
    or after Starlette or FastAPI is imported, nor whether it is done twice.

    Classes that already inherit from Starlette's go on doing so, and work as before: FastAPI takes
    their instances for responses. What a program's own ``isinstance`` says of them changes with the
    class that it names; so it is best to call this first. ``sse_starlette`` and ``fastapi.sse``
    keep classes of their own. ``StaticFiles`` is replaced, too; one that was made before, or of a
    subclass that was there before, stays what it is, and sends our ``FileResponse``.

    A type checker does not see it: what we add to Starlette's signatures is typed in
    :mod:`antiphon.responses`.

    Raises:
        ModuleNotFoundError: If there is no Starlette.

    Example:
        >>> import antiphon
        >>> antiphon.install()
        >>> from starlette.responses import JSONResponse
        >>> JSONResponse.__module__
        'antiphon.responses'
        >>> antiphon.uninstall()
    """
    if _starlette.responses is None:
        raise ModuleNotFoundError("there is no starlette to install antiphon in")
    pairs = dict(_pairs())
    for module in _modules():
        _replace(module, pairs, _undo)
    if "fastapi" in sys.modules or any(_has_others(original, pairs) for original in pairs):
        # It must not be imported later, without the stand-ins.
        with suppress(ImportError):
            for name, asked in _ASKED.items():
                _stand_in(import_module(name), asked, pairs)


class _StandIn(type):
    """A class that counts the instances of Starlette's as its own, and makes ours.

    What is made of a class that was there before is none of ours. FastAPI would take it for data
    and send all it holds, cookies too, as JSON.
    """

    original: type
    ours: type

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.original)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.original)

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        return cls.ours(*arguments, **keywords)


def _stand_in(module: ModuleType, name: str, pairs: dict[type, type]) -> None:
    original = getattr(_starlette, name)
    held = getattr(module, name, None)
    if original in pairs and held in (original, pairs[original]):
        setattr(module, name, _StandIn(name, (), {"original": original, "ours": pairs[original]}))
        _undo.append(partial(setattr, module, name, held))


def _has_others(original: type, pairs: dict[type, type]) -> bool:
    """Whether a class inherits from this one of Starlette's that is not of ours."""
    subclasses: list[type] = original.__subclasses__()
    for held in subclasses:
        is_ours = held in pairs or held.__module__.partition(".")[0] == _OWN
        if not is_ours or (held in pairs and _has_others(held, pairs)):
            return True
    return False


def uninstall() -> None:
    """Take back what :func:`install` did.

    A program's modules that were imported since then keep what they got.

    Example:
        >>> import antiphon
        >>> antiphon.install()
        >>> antiphon.uninstall()
        >>> from starlette.responses import JSONResponse
        >>> JSONResponse.__module__
        'starlette.responses'
    """
    if _starlette.responses is None:
        return
    while _undo:
        _undo.pop()()
    pairs = {ours: original for original, ours in _pairs()}
    for module in _modules():
        if module.__name__.partition(".")[0] in _FRAMEWORKS:
            _replace(module, pairs, [])


def _pairs() -> Iterator[tuple[type, type]]:
    """Yield what is replaced, and by what."""
    for name, original in _originals():
        yield original, getattr(responses, name)
    # Few programs that do not install us need it.
    from antiphon import staticfiles

    for name in _OF_DIRECTORIES:
        yield _starlette.find("staticfiles", name, None), getattr(staticfiles, name)


def _originals() -> Iterator[tuple[str, type]]:
    """Yield the classes of responses that are replaced.

    A class from which one of Starlette's inherits that we have not stays where it is: an instance
    of that one must go on being an instance of what programs import.
    """
    ours = {getattr(_starlette, name) for name in _REPLACED}
    theirs = [held for held in vars(_starlette.responses).values() if isinstance(held, type)]
    for name in _REPLACED:
        original = getattr(_starlette, name)
        if all(held in ours for held in theirs if issubclass(held, original)):
            yield name, original


def _modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.partition(".")[0] != _OWN:
            yield module


def _replace(module: ModuleType, pairs: dict[type, type], undo: list[Callable[[], object]]) -> None:
    held = _holdings(vars(module), pairs)
    for name in held:
        original = getattr(module, name)
        setattr(module, name, pairs[original])
        undo.append(partial(setattr, module, name, original))
    if held or module.__name__.partition(".")[0] in _FRAMEWORKS:
        for function in _functions(module):
            _replace_defaults(function, pairs, undo)


def _replace_defaults(
    function: FunctionType, pairs: dict[type, type], undo: list[Callable[[], object]]
) -> None:
    defaults = function.__defaults__ or ()
    by_name = function.__kwdefaults__ or {}
    for default in (*defaults, *by_name.values()):
        # FastAPI's Default(…), which tells a default from the same value given.
        original = getattr(default, "value", None)
        if isinstance(original, type) and original in pairs:
            default.value = pairs[original]
            undo.append(partial(setattr, default, "value", original))
    if any(isinstance(default, type) and default in pairs for default in defaults):
        function.__defaults__ = tuple(
            pairs.get(default, default) if isinstance(default, type) else default
            for default in defaults
        )
        undo.append(partial(setattr, function, "__defaults__", defaults))
    for name in _holdings(by_name, pairs):
        original = by_name[name]
        by_name[name] = pairs[original]
        undo.append(partial(by_name.__setitem__, name, original))


def _holdings(names: dict[str, Any], pairs: dict[type, type]) -> list[str]:
    return [name for name, held in names.items() if isinstance(held, type) and held in pairs]


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for held in list(vars(module).values()):
        members = list(vars(held).values()) if isinstance(held, type) else [held]
        for member in members:
            if isinstance(member, FunctionType) and member.__module__ == module.__name__:
                yield member
