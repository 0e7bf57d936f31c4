"""What a subinterpreter gets that imports the package."""

import pytest

interpreters = pytest.importorskip("concurrent.interpreters", reason="it is new in 3.14")


def test_the_package_is_refused_by_an_error_that_says_so():
    interpreter = interpreters.create()
    try:
        with pytest.raises(
            interpreters.ExecutionFailed, match="ImportError.*does not support.*subinterpreters"
        ):
            interpreter.exec("import antiphon")
    finally:
        interpreter.close()
