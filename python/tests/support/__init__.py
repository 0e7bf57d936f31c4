"""What tests stand on: the other side of a response, clients, and real servers."""

import importlib.util

STARLETTE = importlib.util.find_spec("starlette") is not None
"""Whether our classes are subclasses of Starlette's here, or stand alone."""
