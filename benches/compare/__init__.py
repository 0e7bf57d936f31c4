"""Compares Antiphon with its peers: server CPU per request, and requests per second.

The server runs on core 0, the load generator (wrk, or listeners) on core 1. See README.md for the
method.
"""


class BenchError(Exception):
    """A measurement that cannot be made; the text says why."""
