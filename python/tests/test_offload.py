"""Files that a server in front sends: what it is told, and what is never looked at."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from antiphon.offload import XAccel, XSendfile
from antiphon.responses import FileResponse
from support.peer import scope, sent
from vectors.tables import cases

MEDIA = XAccel({"/srv/media/": "/_files/"})


def told(response: FileResponse, **request: Any) -> dict[str, str]:
    peer = sent(response, **request)
    assert peer.start["status"] == 200 and peer.body == b""
    return dict(map(tuple, peer.headers))


@pytest.mark.parametrize("case", cases("offload"))
def test_files_are_named_to_servers_in_front(case: Any) -> None:
    if case["id"] in ("relative", "sendfile-relative", "empty"):
        return  # It begins in the folder of the process.

    def fields() -> dict[str, str]:
        offload: Any
        if case["server"] == "nginx":
            offload = XAccel(case["mapping"])
        else:
            offload = XSendfile(case["server"])
        return told(FileResponse(case["path"], offload=offload))

    if "error" in case:
        with pytest.raises(ValueError, match=r"^offload: ") as raised:
            fields()
        assert case["error"] in str(raised.value)
    else:
        name, value = case["field"]
        assert fields()[name] == value


def test_requests_change_nothing() -> None:
    response = FileResponse(
        "/srv/media/report ü.pdf",
        headers={"cache-control": "private", "etag": '"1"', "x-accel-redirect": "/secret"},
        filename="report.pdf",
        offload=MEDIA,
    )
    before = list(response.raw_headers)
    plain = sent(response)
    assert plain.headers == [
        ["cache-control", "private"],
        ["x-accel-redirect", "/_files/report%20%C3%BC.pdf"],
        ["content-type", "application/pdf"],
        ["content-disposition", 'attachment; filename="report.pdf"'],
        ["content-length", "0"],
    ]
    headers = [
        (b"x-accel-mapping", b"/srv/media/=/secret/"),
        (b"x-sendfile-type", b"X-Sendfile"),
        (b"x-accel-redirect", b"/secret"),
        (b"range", b"bytes=0-1"),
        (b"if-none-match", b"*"),
        (b"if-match", b'"other"'),
    ]
    for method in ("GET", "HEAD", "POST"):
        extensions = {"http.response.pathsend": {}}
        peer = sent(response, method=method, headers=headers, extensions=extensions)
        assert peer.messages == plain.messages
    assert response.raw_headers == before


def test_what_a_program_knows_of_the_file_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    stat_result = (tmp_path / "a.txt").stat()
    offload = XAccel([(tmp_path, "/_tmp")])
    response = FileResponse(tmp_path / "a.txt", stat_result=stat_result, offload=offload)
    assert set(told(response)) == {"content-type", "x-accel-redirect", "content-length"}


def test_paths_of_all_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    offload = XAccel({str(tmp_path): "/_tmp"})
    for path in ("a.txt", "./a.txt", tmp_path / "a.txt", b"a.txt"):
        assert told(FileResponse(path, media_type="a/b", offload=offload))["x-accel-redirect"] == (
            "/_tmp/a.txt"
        )
    path = b"/srv/media/\xff.txt"
    response = FileResponse(path, media_type="a/b", offload=MEDIA)
    assert told(response)["x-accel-redirect"] == "/_files/%FF.txt"
    with pytest.raises(ValueError, match=r"^offload: expected .* without a part \"..\""):
        told(FileResponse("../a.txt", offload=offload))


def test_a_class_can_say_it() -> None:
    class Media(FileResponse):
        offload = MEDIA

    assert told(Media("/srv/media/a"))["x-accel-redirect"] == "/_files/a"
    assert told(Media("/srv/a", offload=XSendfile()))["x-sendfile"] == "/srv/a"
    with pytest.raises(ValueError, match="delete_after"):
        Media("/srv/media/a", delete_after=True)


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^delete_after: expected a file that is sent from here"):
        FileResponse("/srv/media/a", offload=MEDIA, delete_after=True)
    with pytest.raises(TypeError, match="^offload: expected XAccel or XSendfile, but found dict"):
        FileResponse("/srv/media/a", offload={"/srv": "/_f"})  # type: ignore[arg-type]
    response = FileResponse("/srv/media/a", status_code=404, offload=MEDIA)
    with pytest.raises(ValueError, match="^offload: expected status code 200, .* but found 404"):
        sent(response)
    response = FileResponse("/srv/media/a", offload=MEDIA)
    response.delete_after = True
    with pytest.raises(ValueError, match="^delete_after: "):
        sent(response)
    with pytest.raises(ValueError, match="lifespan"):
        sent(FileResponse("/srv/media/a", offload=MEDIA), **{**scope(), "type": "lifespan"})


@pytest.mark.parametrize("mapping", [1, [1], [("/srv",)], {"/srv": 1}, {1: "/_f"}])
def test_what_is_no_mapping(mapping: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        XAccel(mapping)


def test_offloads_are_values() -> None:
    offload = XAccel([("/srv", "/_f")])
    assert repr(offload) == "XAccel({'/srv': '/_f'})" and repr(XSendfile()) == "XSendfile()"
    assert repr(pickle.loads(pickle.dumps(XSendfile("apache")))) == "XSendfile('apache')"
    with pytest.raises(ValueError, match='^server: expected "apache" or "lighttpd", but found "x"'):
        XSendfile("x")  # type: ignore[arg-type]
    response = pickle.loads(pickle.dumps(FileResponse("/srv/a", offload=offload)))
    assert told(response)["x-accel-redirect"] == "/_f/a"


def test_a_background_task_runs() -> None:
    ran = []

    async def task() -> None:
        ran.append(True)

    told(FileResponse("/srv/media/a", background=task, offload=MEDIA))
    assert ran == [True]
