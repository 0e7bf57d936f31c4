"""Tests of endless streams: an application is driven message by message.

A test takes what the application sends as a client with a slow connection does, sees what it does
when the client leaves or the server ends, and lets time pass.
"""

from antiphon.testing._client import Client
from antiphon.testing._exchange import Exchange
from antiphon.testing._parser import Event

__all__ = ["Client", "Event", "Exchange"]
