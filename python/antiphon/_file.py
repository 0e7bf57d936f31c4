"""Awaiting: the messages of a file, some of which the disk has to be waited for."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.to_thread

from antiphon._antiphon import FileMessages
from antiphon._disconnect import Interruption, disconnected, interruptible
from antiphon.types import Receive, Send

#: After so many messages for which nobody waited, others get their turn.
_TURN = 64

#: A client that leaves is noticed after so many seconds: most files are sent before.
_DELAY = 0.02


async def file(messages: FileMessages, receive: Receive, send: Send) -> None:
    """Send the messages of a file, and close it, however that ends.

    Returns quietly when the client is gone, if the server leaves it to us to notice.
    """
    try:
        sending = _send_all(messages, send)
        if messages.needs_listener:
            listen = partial(disconnected, receive)
            await interruptible(sending, Interruption(), listen, delay=_DELAY)
        else:
            await sending
    finally:
        messages.close()


async def _send_all(messages: FileMessages, send: Send) -> None:
    for number, message in enumerate(messages, 1):
        if message is None:
            await anyio.to_thread.run_sync(messages.wait)
        else:
            await send(message)
        if number % _TURN == 0:
            await anyio.sleep(0)
