"""Chaos over several processes that share channels.

Redis dies, stalls, forgets and is replaced, nodes die and stall, and clients hop between them.

    python chaos.py RUST_NODE PYTHON [--seconds 60] [--seed N] [--fsync always|everysec|no]

``RUST_NODE`` is the program of this folder; ``PYTHON`` has antiphon, redis, uvicorn and granian.

What has to hold: between two ``resync`` events every client saw, in order and once, every event
that was acknowledged and that Redis still had when it came back. It ends with an error if that does
not hold, or if a client does not hear the last event.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CHANNEL = "chaos"
KEY = f"antiphon:{CHANNEL}"
CLIENTS = 40

Id = tuple[int, int]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def parsed(text: str) -> Id:
    milliseconds, sequence = text.split("-")
    return int(milliseconds), int(sequence)


class Redis:
    """One ``redis-server``."""

    def __init__(self, folder: Path, fsync: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.fsync = fsync
        folder.mkdir()
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self, *options: str) -> None:
        command = ["redis-server", "--port", str(self.port), "--dir", str(self.folder)]
        command += ["--save", "", "--appendonly", "yes", "--appendfsync", self.fsync]
        command += ["--repl-diskless-sync-delay", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(500):
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                if await self.run("PING") == b"PONG":
                    return
            await asyncio.sleep(0.02)
        raise RuntimeError("expected redis-server to answer")

    async def run(self, *command: str) -> Any:
        connection = await Connection.open(self.port)
        try:
            return await asyncio.wait_for(connection.run(*command), 5)
        finally:
            connection.close()

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Connection:
    """A connection to Redis, which sends what ``redis-cli`` does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def run(self, *command: str) -> Any:
        parts = [f"*{len(command)}\r\n"]
        parts += [f"${len(word.encode())}\r\n{word}\r\n" for word in command]
        self.writer.write("".join(parts).encode())
        await self.writer.drain()
        return await self.reply()

    async def reply(self) -> Any:
        line = (await self.reader.readuntil(b"\r\n"))[:-2]
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            return (await self.reader.readexactly(int(rest) + 2))[:-2]
        return [await self.reply() for _ in range(max(int(rest), 0))]

    def close(self) -> None:
        self.writer.close()


class Gate:
    """The address that nodes know: it leads to whichever Redis is the one."""

    def __init__(self, redis: Redis) -> None:
        self.port = free_port()
        self.redis = redis
        self.open: set[asyncio.StreamWriter] = set()

    async def serve(self) -> None:
        await asyncio.start_server(self.pass_on, "127.0.0.1", self.port)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.redis.port)
        except OSError:
            writer.close()
            return
        self.open |= {writer, other_writer}
        await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer))
        self.open -= {writer, other_writer}

    def cut(self) -> None:
        for writer in self.open:
            writer.transport.abort()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


class Node:
    """A process that serves the channel."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.port = int(environment["PORT"])
        self.command = command
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=self.environment, cwd=HERE, start_new_session=True
        )
        for _ in range(600):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        raise RuntimeError(f"expected {self.name} to listen")

    def signal(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        if self.process is not None:
            # A server may have a worker, which is in its session.
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    async def request(self, head: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head.encode())
        await writer.drain()
        return reader, writer


class Record:
    """What was acknowledged, and what Redis has lost."""

    def __init__(self) -> None:
        self.acknowledged: dict[Id, str] = {}
        self.lost: set[Id] = set()
        #: The last before each deletion of the stream.
        self.deleted: list[Id] = [(0, 0)]
        self.failed = 0

    def acknowledge(self, text: str, data: str) -> None:
        self.acknowledged[parsed(text)] = data


class Client:
    """A browser: it keeps the last id, and comes back with it."""

    def __init__(self, number: int, nodes: list[Node], dice: random.Random) -> None:
        self.number, self.nodes, self.dice = number, nodes, dice
        self.last: str | None = None
        #: What it saw: ``("event", id, data)``, or ``("begin", id, "")`` where it began anew.
        self.seen: list[tuple[str, Id, str]] = []
        self.node = ""
        #: Which node sent an event.
        self.by: dict[Id, str] = {}
        self.connections = self.resyncs = self.refusals = 0
        self.is_hopping = True

    async def run(self) -> None:
        while True:
            node = self.dice.choice(self.nodes)
            stay = self.dice.uniform(0.2, 4) if self.is_hopping else 3600
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await asyncio.wait_for(self.listen(node), stay)
            await asyncio.sleep(self.dice.uniform(0, 0.1))

    async def listen(self, node: Node) -> None:
        self.node = node.name
        last = "" if self.last is None else f"Last-Event-ID: {self.last}\r\n"
        head = f"GET /{CHANNEL} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n"
        reader, writer = await node.request(head)
        try:
            status = await reader.readuntil(b"\r\n\r\n")
            if not status.startswith(b"HTTP/1.1 200 "):
                self.refusals += 1
                return
            self.connections += 1
            text = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                text += (await reader.readexactly(size + 2))[:-2]
                *frames, text = text.split(b"\r\n\r\n")
                for frame in frames:
                    self.take(frame.decode())
        finally:
            writer.transport.abort()

    def take(self, frame: str) -> None:
        fields = dict(line.split(": ", 1) for line in frame.split("\r\n") if ": " in line)
        if "id" not in fields:
            return
        first, self.last = self.last is None, fields["id"]
        here = parsed(self.last)
        if fields.get("event") == "resync":
            self.resyncs += 1
            self.seen.append(("begin", here, ""))
        elif "data" in fields:
            self.seen.append(("event", here, fields["data"]))
            self.by[here] = self.node
        elif first:
            self.seen.append(("begin", here, ""))

    def check(self, record: Record) -> list[str]:
        """What it should have seen and did not, or saw twice."""
        problems = []
        known = sorted(record.acknowledged.keys() - record.lost)
        before: Id | None = None
        for kind, here, data in self.seen:
            if kind == "event" and before is not None:
                if here <= before:
                    problems.append(f"client {self.number}: {here} came after {before}")
                if before == (0, 0):
                    # The stream was empty: since it was deleted, or ever.
                    before = max((one for one in record.deleted if one < here), default=before)
                between = known[bisect_right(known, before) : bisect_left(known, here)]
                if between:
                    problems.append(
                        f"client {self.number}: {len(between)} events are missing between {before} "
                        f"of {self.by.get(before)} and {here} of {self.by[here]}, "
                        f"such as {between[0]}"
                    )
                if record.acknowledged.get(here, data) != data:
                    problems.append(f"client {self.number}: {here} has {data}")
            before = here
        return problems


class Chaos:
    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self.dice = random.Random(arguments.seed)
        self.folder, self.fsync, self.seconds = folder, arguments.fsync, arguments.seconds
        self.redis = Redis(folder / "a", self.fsync)
        self.replica = Redis(folder / "b", self.fsync)
        self.gate = Gate(self.redis)
        self.record = Record()
        environment = dict(os.environ, REDIS_URL=f"redis://127.0.0.1:{self.gate.port}/0")
        python = arguments.python

        def node(name: str, *command: str) -> Node:
            port = str(free_port())
            words = [port if word == "PORT" else word for word in command]
            return Node(name, words, dict(environment, PORT=port))

        self.nodes = [node("serve", arguments.rust)]
        quiet = ["--log-level", "error"]
        self.nodes.append(
            node("uvicorn", python, "-m", "uvicorn", "app:app", "--port", "PORT", *quiet)
        )
        granian = ["--interface", "asgi", "--host", "127.0.0.1", "--port", "PORT", "app:app"]
        self.nodes.append(node("granian", python, "-m", "granian", *quiet, *granian))
        self.clients = [Client(number, self.nodes, self.dice) for number in range(CLIENTS)]
        self.number = 0
        self.done: dict[str, int] = {}
        self.deleted = 0.0
        #: What was done, and when.
        self.history: list[str] = []

    async def publish_by_node(self) -> None:
        while True:
            self.number += 1
            data = f"n{self.number}"
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await asyncio.wait_for(self.post(self.dice.choice(self.nodes), data), 10)
            await asyncio.sleep(self.dice.expovariate(60))

    async def post(self, node: Node, data: str) -> bool:
        head = f"POST /{CHANNEL} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        reader, writer = await node.request(f"{head}Content-Length: {len(data)}\r\n\r\n{data}")
        try:
            answer = (await reader.read()).decode()
        finally:
            writer.close()
        is_acknowledged = answer.startswith("HTTP/1.1 200 ")
        if is_acknowledged:
            self.record.acknowledge(re.findall(r"\d+-\d+", answer.split("\r\n\r\n", 1)[1])[0], data)
        else:
            self.record.failed += 1
        return is_acknowledged

    async def publish_by_hand(self) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, RuntimeError):
                connection = await Connection.open(self.gate.port)
                try:
                    while True:
                        self.number += 1
                        data = f"h{self.number}"
                        add = connection.run("XADD", KEY, "*", "data", data)
                        identity = await asyncio.wait_for(add, 10)
                        self.record.acknowledge(identity.decode(), data)
                        await asyncio.sleep(self.dice.expovariate(60))
                finally:
                    connection.close()
            await asyncio.sleep(0.1)

    async def note_losses(self) -> None:
        """Of what was acknowledged, Redis came back without these: that is its durability."""
        # An acknowledgement may still be on its way through a node.
        await asyncio.sleep(1)
        entries = await self.redis.run("XRANGE", KEY, "-", "+")
        there = {parsed(entry[0].decode()) for entry in entries}
        oldest = min(there, default=(0, 0))
        # What was trimmed or deleted before is no loss of this kind.
        acknowledged = {one for one in self.record.acknowledged if one > self.record.deleted[-1]}
        self.record.lost |= {one for one in acknowledged if one not in there and one > oldest}
        if not there:
            self.record.lost |= acknowledged

    async def kill_redis(self) -> None:
        self.redis.kill()
        await asyncio.sleep(self.dice.uniform(0, 1))
        await self.redis.start()
        await self.note_losses()

    async def stall_redis(self) -> None:
        self.redis.signal(signal.SIGSTOP)
        await asyncio.sleep(self.dice.uniform(0.1, 3))
        self.redis.signal(signal.SIGCONT)

    async def cut(self) -> None:
        await self.redis.run("CLIENT", "KILL", "TYPE", "normal")

    async def trim(self) -> None:
        await self.redis.run("XTRIM", KEY, "MAXLEN", str(self.dice.choice([1, 5, 50])))

    async def delete(self, *command: str) -> None:
        # Of a key that is deleted twice with nothing read in between nobody can know.
        if time.monotonic() - self.deleted < 6:
            return await self.trim()
        self.deleted = time.monotonic()
        await self.redis.run(*(command or ("DEL", KEY)))
        # By the clock, as the last may not be acknowledged yet.
        self.record.deleted.append((int(time.time() * 1000), 1 << 64))

    async def flush(self) -> None:
        await self.delete("FLUSHALL")

    async def promote(self) -> None:
        """A replica that lags takes over."""
        await self.replica.start("--replicaof", "127.0.0.1", str(self.redis.port))
        for _ in range(200):
            if b"master_link_status:up" in await self.replica.run("INFO", "replication"):
                break
            await asyncio.sleep(0.05)
        self.replica.signal(signal.SIGSTOP)
        await asyncio.sleep(self.dice.uniform(0, 0.5))
        self.redis.kill()
        self.replica.signal(signal.SIGCONT)
        await self.replica.run("REPLICAOF", "NO", "ONE")
        self.redis, self.replica = self.replica, self.redis
        self.gate.redis = self.redis
        self.gate.cut()
        shutil.rmtree(self.replica.folder)
        self.replica.folder.mkdir()
        await self.note_losses()

    async def stall_node(self) -> None:
        """A node falls behind, and what it has not read goes."""
        node = self.dice.choice(self.nodes)
        node.signal(signal.SIGSTOP)
        await asyncio.sleep(self.dice.uniform(0.1, 0.8))
        await self.dice.choice([self.trim, self.trim, self.delete])()
        await asyncio.sleep(self.dice.uniform(0, 0.3))
        node.signal(signal.SIGCONT)

    async def kill_node(self) -> None:
        node = self.dice.choice(self.nodes)
        node.kill()
        await asyncio.sleep(self.dice.uniform(0, 0.5))
        await node.start()

    async def run(self) -> int:
        await self.redis.start()
        await self.gate.serve()
        for node in self.nodes:
            await node.start()
        tasks = [asyncio.create_task(client.run()) for client in self.clients]
        publishers = [asyncio.create_task(self.publish_by_node()) for _ in range(3)]
        publishers.append(asyncio.create_task(self.publish_by_hand()))
        events = [self.kill_redis, self.stall_redis, self.cut, self.trim, self.delete]
        events += [self.flush, self.promote, self.kill_node, self.stall_node, self.stall_node]
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            await asyncio.sleep(self.dice.uniform(0.2, 2))
            event = self.dice.choice(events)
            begun = int(time.time() * 1000)
            await asyncio.wait_for(event(), 30)
            self.history.append(f"{begun} to {int(time.time() * 1000)}: {event.__name__}")
            self.done[event.__name__] = self.done.get(event.__name__, 0) + 1
        for task in publishers:
            task.cancel()
        await asyncio.gather(*publishers, return_exceptions=True)
        for client in self.clients:
            client.is_hopping = False
        late = await self.hear_last()
        for task in tasks:
            task.cancel()
        return self.report(late)

    async def hear_last(self) -> list[Client]:
        """All clients hear the last event, or those that do not are returned."""
        late = self.clients
        for _ in range(60):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
                await asyncio.wait_for(self.post(self.nodes[0], "last"), 5)
            await asyncio.sleep(0.5)
            late = [one for one in self.clients if not one.seen or one.seen[-1][2] != "last"]
            if not late:
                break
        return late

    def report(self, late: list[Client]) -> int:
        problems = [problem for client in self.clients for problem in client.check(self.record)]
        problems += [f"client {client.number}: heard no last event" for client in late]
        events = sum(len(client.seen) for client in self.clients)
        print(
            f"{len(self.record.acknowledged)} events acknowledged, {self.record.failed} failed, "
            f"{len(self.record.lost)} lost by Redis; {CLIENTS} clients: "
            f"{sum(client.connections for client in self.clients)} connections, {events} events, "
            f"{sum(client.resyncs for client in self.clients)} resyncs, "
            f"{sum(client.refusals for client in self.clients)} refusals; "
            f"{len(problems)} problems; {self.done}"
        )
        for problem in problems[:20]:
            print(problem)
        if problems:
            print(*self.history, sep="\n")
        for client in late:
            print(f"client {client.number} at {client.node}: {client.seen[-1:]}")
        refused = sum(client.refusals for client in self.clients)
        return 1 if problems or refused else 0

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()
        self.redis.kill()
        self.replica.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rust", type=lambda path: str(Path(path).resolve()))
    parser.add_argument("python")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--fsync", choices=["always", "everysec", "no"], default="everysec")
    arguments = parser.parse_args()
    # Who is told to end ends its nodes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"seed {arguments.seed}, fsync {arguments.fsync}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        chaos = Chaos(arguments, Path(folder))
        try:
            return asyncio.run(chaos.run())
        finally:
            chaos.stop()


if __name__ == "__main__":
    sys.exit(main())
