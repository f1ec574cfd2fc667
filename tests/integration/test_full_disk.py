"""A disk without room costs no count; messages wait until there is some."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from counted_reasons import counted
from shop import burst
from worker_process import WorkerProcess, eventually

from streams.settings import Settings


def test_tickets_count_and_the_message_comes_once_there_is_room(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    settings = make_settings()
    data = tmp_path / "data"
    data.mkdir()
    # Whatever is written there finds no room; and no folder can be made for the journal.
    messages = data / "messages.jsonl"
    messages.symlink_to("/dev/full")
    (data / "journal").touch()
    worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log").start()
    try:
        burst(settings)
        assert eventually(lambda: counted(settings) == {"delivery": 30, "voucher <!channel>": 40})
        assert eventually(
            lambda: "messages.jsonl cannot be written (No space left on device)" in worker.said()
        )
        assert "the journal cannot be written; after a crash the log is read" in worker.said()
        assert "Traceback" not in worker.said()
        messages.unlink()
        assert eventually(lambda: messages.exists() and "voucher" in messages.read_text(), 90)
    finally:
        assert worker.stop() == 0
    calls = [json.loads(line) for line in messages.read_text().splitlines()]
    assert len([one for one in calls if one["method"] == "chat.postMessage" and "thread_ts" not in one]) == 1


def test_a_worker_without_room_for_its_name_says_so_and_starts_once_there_is_some(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    env = environment(make_settings())
    name = tmp_path / "data/instance-id.new"
    name.parent.mkdir()
    name.symlink_to("/dev/full")
    done = subprocess.run(
        [executable, "worker"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "cannot be used (No space left on device); make room" in line
    name.unlink()
    worker = WorkerProcess(executable, env, tmp_path / "worker.log").start()
    assert worker.stop() == 0
