"""Files that nginx sends, as they come over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from support.nginx import nginx
from support.servers import needs, served

NAME = "ü %?#%41;a+b&c\\d.pdf"
CONTENT = b"0123456789"


@pytest.fixture(params=["uvicorn", "granian"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    needs(request.param)
    files = tmp_path / "app" / "files"
    files.mkdir(parents=True)
    (files / NAME).write_bytes(CONTENT)
    (files / "plain.txt").write_bytes(CONTENT)
    (tmp_path / "app" / "secret").write_text("secret")
    place = tmp_path / "nginx"
    place.mkdir()
    app = served(request.param, tmp_path / "app", "support.offloading:app")
    with app as running, nginx(place, files, running.port) as url:
        yield url


def ask(
    url: str, name: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, name, headers=fields)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    content = answer.read()
    connection.close()
    return answer.status, found, content


def test_nginx_sends_the_file(url: str) -> None:
    for name in (NAME, "plain.txt"):
        path = "/" + quote(name)
        status, fields, content = ask(url, path)
        assert (status, content) == (200, CONTENT)
        # Ours, which nginx keeps.
        assert fields["content-type"] == "application/x-own"
        assert fields["cache-control"] == "private"
        assert fields["set-cookie"].startswith("a=b;")
        assert fields["content-disposition"].startswith("attachment; filename")
        # Its own.
        assert fields["content-length"] == "10"
        assert fields["accept-ranges"] == "bytes"
        assert fields["etag"] != '"ours"' and "GMT" in fields["last-modified"]
        assert "x-accel-redirect" not in fields
        # And what it makes of a request.
        head = ask(url, path, "HEAD")
        assert (head[0], head[1]["content-length"], head[2]) == (200, "10", b"")
        part = ask(url, path, range="bytes=2-4")
        assert (part[0], part[1]["content-range"], part[2]) == (206, "bytes 2-4/10", b"234")
        assert ask(url, path, if_none_match=fields["etag"])[::2] == (304, b"")
        assert ask(url, path, if_match='"other"')[0] == 412
        assert ask(url, path, range="bytes=10-")[0] == 416


def test_only_the_program_says_what_is_sent(url: str) -> None:
    assert ask(url, "/_files/plain.txt")[0] == 404
    assert ask(url, "/missing.txt")[0] == 404
    mapped = {"x_accel_mapping": "files=/_files/../secret", "x_sendfile_type": "X-Sendfile"}
    status, fields, content = ask(url, "/plain.txt", **mapped, x_accel_redirect="/_files/missing")
    assert (status, content) == (200, CONTENT) and "x-sendfile" not in fields
    # The application decodes more than it should, and the core refuses.
    for path in ("/..%2fsecret", "/%2e%2e%2fsecret", "/x%2f..%2f..%2fsecret"):
        status, _, content = ask(url, path)
        assert status in (400, 404, 500) and b"secret" not in content
