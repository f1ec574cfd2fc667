"""How tests start workers and wait for what they say: no test fails because a machine is slow."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
from worker_process import WorkerProcess, eventually

SAYS = """#!/bin/sh
echo "$WORDS"
echo "ready: count; web on 127.0.0.1:$PORT"
exec sleep 60
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    """What says some words, and that it is ready as a worker does."""
    executable = tmp_path / "worker"
    executable.write_text(SAYS, encoding="utf-8")
    executable.chmod(0o755)
    made = WorkerProcess(str(executable), {}, tmp_path / "worker.log")
    yield made
    made.kill()


def test_a_restart_is_ready_by_its_own_words_and_not_by_those_of_the_worker_before(
    worker: WorkerProcess,
) -> None:
    # More bytes than letters: whoever counts the one for the other passes over what comes next.
    worker.environment |= {"PORT": "1", "WORDS": "größer " * 100}
    assert worker.start(30).port == 1
    worker.kill()
    worker.environment |= {"PORT": "2", "WORDS": "quiet"}
    assert worker.start(30).port == 2


def test_what_cannot_be_asked_yet_is_asked_again() -> None:
    tries = itertools.count()

    def claim() -> bool:
        number = next(tries)
        if number < 2:
            raise URLError("busy") if number else ValueError("nothing to unpack")
        return True

    assert eventually(claim, seconds=30, pause=0.0)


def test_what_can_never_be_asked_says_why() -> None:
    def claim() -> bool:
        raise URLError("busy")

    with pytest.raises(URLError, match="busy"):
        eventually(claim, seconds=0.05, pause=0.01)
