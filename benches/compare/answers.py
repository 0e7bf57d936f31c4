"""Whether a server answers what its scenario expects."""

from __future__ import annotations

from compare import BenchError
from compare.load import listening
from compare.scenarios import Scenario
from compare.server import Server

COOKIE_ATTRIBUTES = {"domain", "expires", "httponly", "max-age", "path", "samesite", "secure"}


def check(server: Server, scenario: Scenario) -> dict[str, str]:
    """Checks the server's answer; returns the request's header fields."""
    if scenario.events:
        check_events(server, scenario)
        return {}
    headers = dict(scenario.headers)
    if scenario.conditional:
        headers |= validators(server, scenario)
    response, content = server.get(scenario.path, headers)
    expected = scenario.content()
    if response.status != scenario.status:
        raise BenchError(f"{scenario.path}: status {response.status}, not {scenario.status}")
    if content != expected:
        raise BenchError(
            f"{scenario.path}: other content than expected ({len(content)} bytes, "
            f"expected {len(expected)})"
        )
    length = None if scenario.streamed else str(len(expected))
    if scenario.status == 200 and response.getheader("Content-Length") != length:
        raise BenchError(f"{scenario.path}: Content-Length is missing or wrong")
    media_type = response.getheader("Content-Type")
    if scenario.media_type is not None and media_type != scenario.media_type:
        raise BenchError(
            f"{scenario.path}: Content-Type is {media_type!r}, not {scenario.media_type!r}"
        )
    if scenario.cookie:
        _, *attributes = (response.getheader("Set-Cookie") or "").split(";")
        names = {attribute.partition("=")[0].strip().lower() for attribute in attributes}
        if names != COOKIE_ATTRIBUTES:
            raise BenchError(f"{scenario.path}: the cookie has the attributes {sorted(names)}")
    return headers


def check_events(server: Server, scenario: Scenario) -> None:
    """Checks that two listeners get every event, and that those of `/sse` are the right ones."""
    path, events, publish = scenario.path, scenario.events, scenario.publish
    with listening(server.port, path, 2, events, publish) as load:
        load(0)
    if scenario.publish is None:
        _, content = server.get(scenario.path, {})
        lines = content.splitlines()
        data = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        if data != [b"%d" % number for number in range(scenario.events)]:
            raise BenchError(f"{scenario.path}: other events than expected")


def validators(server: Server, scenario: Scenario) -> dict[str, str]:
    """The header field that makes a request conditional: by ETag if there is one, else by date."""
    response, _ = server.get(scenario.path, {})
    for answer, condition in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
        value = response.getheader(answer)
        if value:
            return {condition: value}
    raise BenchError(f"{scenario.path}: neither ETag nor Last-Modified")
