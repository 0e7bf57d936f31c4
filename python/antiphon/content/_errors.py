"""Why a source cannot be sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from antiphon import _starlette


class SourceError(_starlette.HTTPException):
    """The error of a source that cannot be sent.

    Its text names the source, for the log. Where it is raised before anything was sent, Starlette
    and FastAPI answer with its ``status_code`` and the reason phrase; without them it is an error
    like any other. A source of your own raises it, or one of its subclasses.

    Args:
        message: What is wrong.

    Example:
        >>> from antiphon.content import SourceNotFound
        >>> error = SourceNotFound("there is no such row")
        >>> error.status_code, str(error)
        (404, 'there is no such row')
    """

    #: What the client is told.
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_GATEWAY

    def __init__(self, message: str) -> None:
        super().__init__(self.status.value, self.status.phrase)
        #: The status of the answer.
        self.status_code = self.status.value
        self.message = message
        #: The source's name, once that is known.
        self.source = ""

    def __str__(self) -> str:
        """Say which source it is, and what is wrong."""
        return f"source {self.source}: {self.message}" if self.source else self.message

    def __repr__(self) -> str:
        """Show the class and the text."""
        return f"{type(self).__name__}({str(self)!r})"


class SourceNotFound(SourceError):
    """There is no such content: 404."""

    status = HTTPStatus.NOT_FOUND


class SourceForbidden(SourceError):
    """It may not be read: 403."""

    status = HTTPStatus.FORBIDDEN


class SourceChanged(SourceError):
    """It is another version than the one that was asked for.

    Before anything is sent, the answer is made anew for what there is, three times at most: then
    it is 503.
    """

    status = HTTPStatus.SERVICE_UNAVAILABLE


class SourceTimeout(SourceError):
    """It did not answer in time: 504."""

    status = HTTPStatus.GATEWAY_TIMEOUT


def of_system(error: OSError) -> SourceError:
    """Return what an error of the system, or of a store, is."""
    match error:
        case FileNotFoundError():
            return SourceNotFound(str(error))
        case PermissionError():
            return SourceForbidden(str(error))
        case TimeoutError():
            return SourceTimeout(str(error) or "expected an answer in time, but found none")
    return SourceError(str(error))
