"""Ten thousand listen to one channel, and one of them reads nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio
from pathlib import Path

from antiphon.channel import EventChannel
from antiphon.sse import EventSourceResponse
from support.scripted import Scripted, request

LISTENERS, EVENTS = 10_000, 300


class Listener:
    def __init__(self):
        self.events = 0
        self.gone = asyncio.Event()

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.events += bytes(message.get("body", b"")).count(b"data: ")


async def main():
    channel = EventChannel()
    crowd = [Listener() for _ in range(LISTENERS)]
    stalled = Scripted(at=1, does="stall")
    serving = [
        asyncio.create_task(
            EventSourceResponse(channel.subscribe())(request(), peer.receive, peer.send)
        )
        for peer in (*crowd, stalled)
    ]
    while channel.counters.subscribers <= LISTENERS:
        await asyncio.sleep(0)
    for number in range(EVENTS):
        channel.publish({"data": number})
        if number % 10 == 0:
            await asyncio.sleep(0)
    channel.close()
    await asyncio.wait(serving[:-1])
    assert [peer.events for peer in crowd] == [EVENTS] * LISTENERS
    assert len(stalled.messages) == 1
    stalled.gone.set()
    await serving[-1]
    assert channel.counters.subscribers == 0
    # The peak of this program: getrusage's may be that of the program that started it.
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)


asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is counted otherwise")
def test_nobody_loses_anything() -> None:
    run = [sys.executable, "-c", PROGRAM]
    megabytes = subprocess.run(run, check=True, capture_output=True, text=True, timeout=120).stdout
    assert int(megabytes) < 500
