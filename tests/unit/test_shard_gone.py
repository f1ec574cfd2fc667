"""Of a shard that went to another worker the former holder's metrics and `/readyz` say nothing more."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from memory_slack import Office
from structlog.testing import capture_logs
from told_channel import spike

from alerts.delivery import DeliveryError
from streams.metrics import Metrics
from streams.notify import Notify
from streams.settings import load
from streams.stage_readiness import slack_ready
from streams.watch import Watch

ARCHIVED = DeliveryError("channel C1 is archived", code="is_archived", permanent=True)


async def test_the_outbox_is_empty_and_troubles_end_without_a_word_of_slack_being_mended() -> None:
    office = Office()
    office.slack.fault = lambda _: ARCHIVED
    await office.hear(spike())
    await office.run(60)

    def shown() -> tuple[float, float, float, bool]:
        metrics = office.metrics
        gauges = (metrics.outbox_depth, metrics.outbox_age, metrics.slack_trouble.labels("is_archived"))
        depth, age, trouble = (gauge._value.get() for gauge in gauges)
        standing: Any = SimpleNamespace(sender=office.sender)
        return depth, age > 50, trouble, slack_ready([standing])[0]

    assert shown() == (1, True, 1, False)
    with capture_logs() as lines:
        office.sender.take_over(None)
        await office.run(60)
    assert shown() == (0, False, 0, True)
    assert lines == []


@pytest.fixture
def notify(tmp_path: Path) -> Notify:
    """A stage that holds its shard, with one open incident."""
    office = Office()
    stage = Notify(load(ticketspike_data_dir=tmp_path), Metrics(), "a", office.slack)
    stage.board = office.board
    stage.board.hear_spike(spike(), office.context())
    stage.board.changed.clear()
    stage._built = stage.generation
    return stage


async def test_open_incidents_are_the_holders_to_count_also_where_a_write_ends_after_the_rebalance(
    notify: Notify,
) -> None:
    shown = notify.metrics.open_incidents._value
    await notify.keep()
    assert shown.get() == 1
    notify._rebalanced()
    assert shown.get() == 0
    await notify.keep()
    assert shown.get() == 0


def test_keys_that_differ_are_the_holders_to_tell_also_where_a_look_ends_after_the_rebalance(
    tmp_path: Path,
) -> None:
    watch = Watch(load(ticketspike_data_dir=tmp_path), Metrics(), "a")
    watch.keys.hear(0, ("one",))
    watch.keys.hear(1, ("other",))
    shown = watch.metrics.keys_differ._value
    watch._built = watch.generation
    watch._look_at_keys()
    assert shown.get() == 1
    watch._rebalanced()
    watch._look_at_keys()
    assert shown.get() == 0
