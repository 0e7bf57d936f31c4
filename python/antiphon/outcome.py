"""How a response ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """How a response ended: what ``on_complete`` is called with.

    ================  ==============================================================================
    ``reason``        when
    ================  ==============================================================================
    ``complete``      All of it was handed to the server, or the path of the file.
    ``disconnected``  The client left before: ``send`` raised an ``OSError``, or the server said so.
    ``shut_down``     The server ended before: it ended a stream of events, or cancelled the task.
    ``failed``        Something else did not go on: the file is missing, the iterator raised, the
                      task was cancelled. ``error`` says what.
    ================  ==============================================================================

    Example:
        >>> from antiphon.outcome import Outcome
        >>> Outcome("complete", status=200, bytes_sent=5)
        Outcome(reason='complete', status=200, bytes_sent=5, error=None)
    """

    reason: Literal["complete", "disconnected", "failed", "shut_down"]

    #: The status code; ``None`` if no head was handed to the server.
    status: int | None

    #: How many bytes of content were handed to the server; ``None`` if it was told the path, and
    #: reads the file itself.
    bytes_sent: int | None

    #: What was raised, if the reason is ``failed``.
    error: BaseException | None = None
