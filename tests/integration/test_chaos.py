"""A short `make chaos`: six kills and one of each other fault, on three brokers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from chaos import BROKERS, WORKERS, Chaos

SEED = 5
KILLS = 6
LOST = BROKERS[:3]
"""`make chaos` also freezes a leader, and loses two for a minute."""


@pytest.mark.timeout(600)
def test_counts_incidents_and_messages_are_exact_whatever_happens_to_workers_and_brokers(
    free_port: Callable[[], int], tmp_path: Path
) -> None:
    said: list[str] = []
    report = Chaos(tmp_path, free_port(), seed=SEED, kills=KILLS, brokers=LOST, say=said.append).run()
    told = "\n".join([*report.lines(), *said])
    assert not report.verdict.wrong, told
    assert not report.stopped_badly, told
    assert not report.crashes, told
    assert report.done == {"kill": KILLS} | {fault.__name__: 1 for fault in (*WORKERS, *LOST)}, told
    assert report.verdict.figures["rises"] == report.verdict.figures["root messages"], told
