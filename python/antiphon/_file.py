"""Awaiting: the messages of a file, some of which the disk has to be waited for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import anyio
import anyio.to_thread

from antiphon._antiphon import FileMessages
from antiphon._disconnect import Interruption, disconnected, interruptible
from antiphon.types import Receive, Send

#: After so many messages for which nobody waited, others get their turn.
_TURN = 64

#: A client that leaves is noticed after so many seconds, or messages of two turns: most files are
#: sent before.
_DELAY = 0.02


async def file(messages: FileMessages, receive: Receive, send: Send) -> None:
    """Send the messages of a file, and close it, however that ends.

    Returns quietly when the client is gone, if the server leaves it to us to notice.
    """
    try:
        if messages.needs_listener:
            interruption = Interruption()
            sending = _send_all(messages, send, interruption.listen_now)
            listen = partial(disconnected, receive)
            await interruptible(sending, interruption, listen, delay=_DELAY)
        else:
            await _send_all(messages, send, bool)
    finally:
        messages.close()


async def _send_all(
    messages: FileMessages, send: Send, has_sent_much: Callable[[], object]
) -> None:
    for number, message in enumerate(messages, 1):
        if message is None:
            await anyio.to_thread.run_sync(messages.wait)
        else:
            await send(message)
        if number % _TURN == 0:
            has_sent_much()
            await anyio.sleep(0)
