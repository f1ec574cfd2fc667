"""Three embedded brokers whose processes are killed, frozen and started again."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams import broker
from streams.broker_layout import nodes_of, read
from streams.broker_process import Node
from streams.connection import open_admin
from streams.errors import Failure
from streams.settings import Settings

MEMORY_MB = 256
SETTLE_SECONDS = 5.0
"""For so long after brokers are mended, leaders and coordinators still move."""


class Cluster:
    """A KRaft quorum of three in a folder: three copies, two in sync, no unclean election."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.whole = threading.Lock()
        """Held while a broker is broken, or must not be."""
        self._broken_until = -math.inf
        """By the monotonic clock."""
        self.addresses = broker.up(data, brokers=3, port=port, memory_mb=MEMORY_MB)

    @property
    def nodes(self) -> list[Node]:
        return nodes_of(self.data, read(self.data))

    @property
    def broken(self) -> bool:
        """Whether brokers are broken, or were until a moment ago."""
        return time.monotonic() < self._broken_until

    @contextmanager
    def breaking(self) -> Iterator[None]:
        """While a broker is broken: one fault of brokers at a time."""
        with self.whole:
            self._broken_until = math.inf
            yield
            self._broken_until = time.monotonic() + SETTLE_SECONDS

    def signal(self, node: Node, number: signal.Signals) -> None:
        """Send a signal to a broker's process, if it runs."""
        pid = node.pid()
        if pid is not None:
            os.kill(pid, number)

    def kill(self, node: Node) -> None:
        """Kill -9, and wait until it is gone."""
        self.signal(node, signal.SIGKILL)
        while node.pid() is not None:
            time.sleep(0.02)

    def mend(self) -> None:
        """Start what is down and wait until clients can work with every broker."""
        broker.up(self.data, memory_mb=MEMORY_MB)

    def leader(self, settings: Settings, topic: str) -> Node:
        """The broker that leads partition 0 of a topic, named as in the contract."""
        name = settings.topic(topic)
        with open_admin(settings) as admin:
            (described,) = admin.describe_topics([name])
        leads = {one["partition_index"]: one["leader_id"] for one in described["partitions"]}
        found = [node for node in self.nodes if node.number == leads[0]]
        if not found:
            raise Failure(f"{name} has no leader")
        return found[0]

    def down(self) -> None:
        """End all of them."""
        for node in self.nodes:
            self.signal(node, signal.SIGCONT)
        broker.down(self.data)
