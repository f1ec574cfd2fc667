"""A worker that finds the state of a former or a later version: nothing is said twice, nothing stays open for ever."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from former_version import make_other
from shop import BREAKS, send, shop, spikes_on
from worker_process import WorkerProcess, eventually

from streams.settings import Settings


@pytest.mark.parametrize("version", [2, 9], ids=["upgrade", "rollback"])
def test_the_state_of_another_version_is_made_anew_and_its_open_incident_is_carried_to_its_end(
    version: int,
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    settings = make_settings(ticketspike_clock="event")
    tickets = shop(3)
    middle = (BREAKS.timestamp() + 3600) // 60 * 60
    before = [one for one in tickets if one["created_at"] < BREAKS.isoformat()[:11] + "11"]
    after = [one for one in tickets if one["created_at"] >= BREAKS.isoformat()[:11] + "11"]
    worker = WorkerProcess(executable, environment(settings), tmp_path / "worker.log").start()
    try:
        send(settings, before, 5.0)
        assert eventually(
            lambda: worker.metric("ticketspike_closed_until_seconds") >= middle - 120, seconds=90
        )
        assert eventually(lambda: any(one.state != "cleared" for one in spikes_on(settings).values()))
        time.sleep(3)
        assert worker.stop() == 0
        assert make_other(settings, version) >= 6
        worker.start()
        send(settings, after, 5.0)
        assert eventually(
            lambda: worker.metric("ticketspike_closed_until_seconds") > middle + 3600 * 8, seconds=90
        )
        assert eventually(
            lambda: all(one.state == "cleared" for one in spikes_on(settings).values()), seconds=60
        )
        # The last word about each spike is on its way to Slack.
        assert eventually(lambda: 0 < len(told(tmp_path)[0]) == len(told(tmp_path)[1])), messages(tmp_path)
    finally:
        worker.stop()
    assert "it is made anew from the log" in worker.said()
    for spike in spikes_on(settings).values():
        assert spike.customers <= spike.observed  # each ticket has a customer of its own
    roots, over = told(tmp_path)
    # The rise that goes on is told anew, as its evidence was lost; it is told once, and both are resolved.
    assert len(roots) <= 2
    assert len(over) == len(roots)


def messages(tmp_path: Path) -> list[dict[str, str]]:
    """What went to the outbox."""
    file = tmp_path / "data" / "messages.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def told(tmp_path: Path) -> tuple[list[str], list[str]]:
    """The root messages about the rise, and what says of one that it is over.

    That is a reply; or the root itself, where the worker is so late that it is told of a rise when it has passed.
    """
    sent = [one for one in messages(tmp_path) if one["method"] == "chat.postMessage"]
    about = [one for one in sent if "voucher" in one["text"]]
    roots = [one["text"] for one in about if "thread_ts" not in one]
    return roots, [one["text"] for one in about if "over after" in one["text"].casefold()]
