"""Header fields, as programs read and change them."""

from __future__ import annotations

from antiphon import _antiphon, _starlette

__all__ = ["Headers", "MutableHeaders"]


class Headers(_antiphon.Headers, _starlette.Headers):  # type: ignore[misc, override]
    """Header fields that are read: an ordered multidict whose names know no case.

    Args:
        headers: A mapping of text, or pairs of text.
        raw: Pairs of byte strings, names in lower case; the list is kept, not copied.
        scope: An ASGI scope, whose ``headers`` become the list that is kept.

    Raises:
        AssertionError: If more than one of them is given.
        ValueError: If a name is no token, or a value holds a control character.
        UnicodeEncodeError: If something is not Latin-1.

    Example:
        >>> from antiphon.datastructures import Headers
        >>> headers = Headers({"X-Request-Id": "7"})
        >>> headers["x-request-id"]
        '7'
        >>> headers.raw
        [(b'x-request-id', b'7')]

    Source: RFC 9110, section 5; ``starlette.datastructures.Headers``.
    """


class MutableHeaders(_antiphon.MutableHeaders, Headers, _starlette.MutableHeaders):  # type: ignore[misc, override]
    """Header fields that can be changed, in place.

    The arguments are those of :class:`Headers`. ``raw`` is the list itself: what is appended to it
    is sent, unchecked.

    Example:
        >>> from antiphon.datastructures import MutableHeaders
        >>> headers = MutableHeaders({"Link": "</a>; rel=preload"})
        >>> headers.append("Link", "</b>; rel=preload")
        >>> headers.getlist("link")
        ['</a>; rel=preload', '</b>; rel=preload']
        >>> headers["Link"] = "</c>; rel=preload"
        >>> headers
        MutableHeaders({'link': '</c>; rel=preload'})

    Source: RFC 9110, section 5; ``starlette.datastructures.MutableHeaders``.
    """
