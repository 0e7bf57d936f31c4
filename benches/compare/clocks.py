"""The CPU time that the server, the load generator and others use."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True)
class Clocks:
    """CPU time in seconds: of the server, of the load generator, of other processes, and of all."""

    server: float
    client: float
    others: float
    machine: float

    def since(self, before: Clocks) -> Clocks:
        return Clocks(
            self.server - before.server,
            self.client - before.client,
            self.others - before.others,
            self.machine - before.machine,
        )

    @property
    def foreign(self) -> float:
        """What neither server nor load generator used, by the larger of two counts.

        The kernel counts the machine's time by sampling and misses short bursts; the list of
        processes lacks those of other containers and what a hypervisor stole.
        """
        return max(0.0, self.others, self.machine - self.server - self.client)


def clocks(group: int) -> Clocks:
    """The CPU time that everyone has used until now. `group` is the server's process group."""
    own = os.getpid()
    server = client = others = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # What follows the process's name, which may hold spaces: see proc(5).
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                server += sum(map(int, fields[11:13]))
            elif int(fields[1]) == own:
                client += sum(map(int, fields[11:13]))
            elif stat.parent.name != str(own):
                # With the children that have ended, so that short-lived ones count.
                others += sum(map(int, fields[11:15]))
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Clocks(
        server=server / TICKS_PER_SECOND,
        client=client / TICKS_PER_SECOND + ended.ru_utime + ended.ru_stime,
        others=others / TICKS_PER_SECOND,
        machine=machine_seconds(),
    )


def machine_seconds() -> float:
    """CPU time of the whole machine, with interrupts and what a hypervisor stole."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(
            int, stat.readline().split()[1:9]
        )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
