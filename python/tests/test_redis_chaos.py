"""Channels over a Redis that is killed, hangs, is trimmed and emptied, with clients that hop.

Each client sees all acknowledged events between two of its ``resync``s, in order and once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from typing import Any

import pytest

from antiphon.channel import _connection, _reader
from antiphon.channel.redis import AmbiguousError, EngineError, RedisChannels
from support.redis_server import RedisServer, redis_server

pytest.importorskip("redis", reason="there is no redis-py")

#: For how many seconds, as in ``ANTIPHON_CHAOS=60``.
SECONDS = float(os.environ.get("ANTIPHON_CHAOS", "6"))

NAMES = ("a", "b", "c")


@pytest.mark.parametrize("is_emptied", [False, True], ids=["kept", "emptied"])
def test_every_client_sees_all_or_is_told(monkeypatch: Any, is_emptied: bool) -> None:
    # What hangs is noticed sooner, so that more can happen.
    monkeypatch.setattr(_connection, "TIMEOUT", 2.0)
    monkeypatch.setattr(_reader, "BLOCK", 1.0)
    monkeypatch.setattr(_reader, "MAX_PAUSE", 0.5)
    seed = random.randrange(1 << 32)
    print("seed", seed)
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as server:
        world = World(server, random.Random(seed), is_emptied)
        asyncio.run(world.run())
    assert world.acknowledged["a"] and world.events > 100
    if not is_emptied:
        assert world.resyncs == 0


class World:
    """Three processes' channels, publishers, clients, and what happens to the server."""

    def __init__(self, server: RedisServer, chance: random.Random, is_emptied: bool) -> None:
        self.server = server
        self.chance = chance
        self.acknowledged: dict[str, list[str]] = {name: [] for name in NAMES}
        self.events = self.resyncs = 0
        self.end = False
        self.last: dict[str, str] = {}
        self.happenings = [self.kill, self.hang, self.cut]
        if is_emptied:
            self.happenings += [self.trim, self.delete]
        self.nodes: list[RedisChannels] = []

    async def run(self) -> None:
        maxlen = 60 if self.trim in self.happenings else None
        for _ in range(3):
            self.nodes.append(RedisChannels(self.server.url, history_events=20, maxlen=maxlen))
        clients = [asyncio.create_task(Client(self).run()) for _ in range(20)]
        publishers = [asyncio.create_task(self.publish(number)) for number in range(3)]
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.random())
            await self.chance.choice(self.happenings)()
        self.end = True
        await asyncio.gather(*publishers)
        # Those who are behind have to get the last of all.
        for name in NAMES:
            while name not in self.last:
                with contextlib.suppress(EngineError, AmbiguousError):
                    id = await self.nodes[0][name].publish("last")
                    self.acknowledged[name].append(id)
                    self.last[name] = id
                await asyncio.sleep(0.05)
        await asyncio.wait_for(asyncio.gather(*clients), 30)
        for node in self.nodes:
            node.close()

    async def publish(self, number: int) -> None:
        count = 0
        while not self.end:
            name = self.chance.choice(NAMES)
            count += 1
            with contextlib.suppress(EngineError, AmbiguousError):
                id = await self.chance.choice(self.nodes)[name].publish(f"{number}-{count}")
                self.acknowledged[name].append(id)
            await asyncio.sleep(self.chance.random() * 0.01)

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)
        await asyncio.sleep(self.chance.random() / 2)
        await asyncio.to_thread(self.server.start)

    async def hang(self) -> None:
        self.server.stop()
        await asyncio.sleep(self.chance.random() * 3)
        self.server.go_on()

    async def cut(self) -> None:
        await self.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    async def trim(self) -> None:
        key = f"antiphon:{self.chance.choice(NAMES)}"
        await self.command("XTRIM", key, "MAXLEN", self.chance.randrange(3))

    async def delete(self) -> None:
        await self.command("DEL", f"antiphon:{self.chance.choice(NAMES)}")

    async def command(self, *words: Any) -> None:
        def run() -> None:
            with self.server.client() as client:
                client.execute_command(*words)

        await asyncio.to_thread(run)


class Client:
    """Connects again and again, to any process, with the last id that it was given."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._name = world.chance.choice(NAMES)
        self._last: str | None = None
        #: The ids and data since the beginning, or since the last ``resync``.
        self._seen: list[tuple[str, str]] = []

    async def run(self) -> None:
        world = self._world
        while not self._has_all():
            channel = world.chance.choice(world.nodes)[self._name]
            subscription = channel.subscribe(self._last)
            subscription.tells_position = True
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._read(subscription), world.chance.random() * 2)
            await subscription.aclose()
        self._check()

    async def _read(self, subscription: Any) -> None:
        async for encoded in subscription:
            for frame in filter(None, encoded.decode().split("\r\n\r\n")):
                fields = dict(line.split(": ", 1) for line in frame.split("\r\n"))
                self._last = fields["id"]
                if fields.get("event") == "resync":
                    self._world.resyncs += 1
                    self._check()
                    self._seen.clear()
                self._seen.append((fields["id"], fields.get("data", "")))
                self._world.events += 1

    def _has_all(self) -> bool:
        last = self._world.last.get(self._name)
        return last is not None and self._last is not None and number(self._last) >= number(last)

    def _check(self) -> None:
        ids = [number(id) for id, _ in self._seen]
        assert ids == sorted(ids)
        texts = [text for _, text in self._seen if text]
        assert len(texts) == len(set(texts))
        # Behind 0-0 comes what was added since the stream was deleted, and that is not known here.
        ids = [id for id in ids if id != (0, 0)]
        known = map(number, self._world.acknowledged[self._name])
        missed = {id for id in known if ids and ids[0] < id < ids[-1]} - set(ids)
        assert not missed


def number(id: str) -> tuple[int, ...]:
    return tuple(map(int, id.split("-")))
