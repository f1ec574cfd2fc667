"""What one run measures: tickets, wall seconds and CPU seconds between the first record and the last."""

from __future__ import annotations

import os
import sys
import time

import msgspec


class Run(msgspec.Struct, frozen=True):
    """One run of one way to count."""

    tickets: int
    wall_seconds: float
    cpu_seconds: float
    """User and system time of the whole process, all its threads."""

    @property
    def rate(self) -> float:
        """Tickets a second."""
        return self.tickets / self.wall_seconds

    @property
    def cpu_micros(self) -> float:
        """Microseconds of CPU a ticket."""
        return self.cpu_seconds / self.tickets * 1e6


class Stopwatch:
    """Starts with the first record that a client hands over, so that start-up and joining a group do not count."""

    def __init__(self) -> None:
        self.started: tuple[float, float] | None = None

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self.started is None:
            self.started = time.perf_counter(), time.process_time()

    def stop(self, tickets: int) -> Run:
        """End, and say how many tickets it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        assert self.started is not None, "stopped before the first record"
        return Run(tickets, wall - self.started[0], cpu - self.started[1])


def pin() -> None:
    """Stay on the last core where the system lets us: all ways get the same, and the broker keeps the others."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[-1]})


def report(run: Run) -> None:
    """Hand the run over to the parent: one JSON line on the real stdout."""
    # Faust turns sys.stdout into a log.
    out = sys.__stdout__
    assert out is not None, "a run has a stdout to report to"
    out.write(msgspec.json.encode(run).decode() + "\n")
    out.flush()
