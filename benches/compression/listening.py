"""A client that decodes a stream as it comes, and knows when."""

from __future__ import annotations

import importlib
import re
import select
import socket
import time
import zlib
from collections.abc import Callable

#: What `Accept-Encoding` calls content as it is.
PLAIN = "identity"
STAMP = re.compile(rb'"at":(\d+),')


class Listener:
    """One connection with a stream on it, in a coding or as it is (`PLAIN`)."""

    def __init__(self, port: int, path: str, coding: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.begun = time.perf_counter()
        request = f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n\r\n"
        self.socket.sendall(request.encode())
        self.coding = coding
        self.decode = decoder(coding)
        self.head_after: float | None = None
        self.content_after: float | None = None
        #: What has come of the content, with the framing of its chunks.
        self.received = 0
        #: How late each event came, in nanoseconds.
        self.late: list[int] = []
        self.waiting = b""
        self.left = 0
        self.text = b""

    def read(self) -> bool:
        """Takes what has come; tells whether more may come."""
        piece = self.socket.recv(1 << 16)
        if not piece:
            return False
        self.waiting += piece
        if self.head_after is None:
            head, end, rest = self.waiting.partition(b"\r\n\r\n")
            if not end:
                return True
            self.head_after = time.perf_counter() - self.begun
            self.check(head.decode("latin-1").lower())
            self.waiting = rest
            self.received += len(rest)
        else:
            self.received += len(piece)
        content = b"".join(map(self.decode, self.chunks()))
        if content:
            if self.content_after is None:
                self.content_after = time.perf_counter() - self.begun
            self.note(content)
        return True

    def check(self, head: str) -> None:
        """Sees to it that the stream is what was asked for."""
        expected = "" if self.coding == PLAIN else self.coding
        found = re.search(r"^content-encoding: (\S+)", head, re.MULTILINE)
        if not head.startswith("http/1.1 200") or (found[1] if found else "") != expected:
            raise ValueError(f"expected a stream in {self.coding}, but found {head!r}")
        if "transfer-encoding: chunked" not in head:
            raise ValueError(f"expected chunks, but found {head!r}")

    def chunks(self) -> list[bytes]:
        """What is there of the content without the framing of HTTP/1.1."""
        content, rest = [], self.waiting
        while rest:
            if self.left > 2:
                part = rest[: self.left - 2]
                content.append(part)
                self.left -= len(part)
                rest = rest[len(part) :]
            elif self.left:
                skipped = min(self.left, len(rest))
                self.left -= skipped
                rest = rest[skipped:]
            else:
                line, end, after = rest.partition(b"\r\n")
                if not end:
                    break
                self.left = int(line, 16) + 2
                rest = after
        self.waiting = rest
        return content

    def note(self, content: bytes) -> None:
        now = time.time_ns()
        self.text += content
        end = 0
        for found in STAMP.finditer(self.text):
            self.late.append(now - int(found[1]))
            end = found.end()
        self.text = self.text[max(end, len(self.text) - 64) :]

    def forget(self) -> None:
        """Begins to count anew."""
        self.late.clear()
        self.received = 0


def decoder(coding: str) -> Callable[[bytes], bytes]:
    """What decodes content piece by piece: all that each piece holds."""
    match coding:
        case "gzip":
            return zlib.decompressobj(31).decompress
        case "br":
            brotli = importlib.import_module("brotli").Decompressor()

            def decode(piece: bytes) -> bytes:
                parts = [brotli.process(piece)]
                # It returns no more than its buffer holds, and the rest when it is asked again.
                while parts[-1] and not brotli.is_finished():
                    parts.append(brotli.process(b""))
                return b"".join(parts)

            return decode
    return bytes


def listen(listeners: list[Listener], seconds: float) -> None:
    """Reads whatever comes within some seconds."""
    with select.epoll() as ready:
        by_number = {listener.socket.fileno(): listener for listener in listeners}
        for number in by_number:
            ready.register(number, select.EPOLLIN)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for number, _ in ready.poll(left):
                if not by_number[number].read():
                    raise ValueError("a stream of events ended")
