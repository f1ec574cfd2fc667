"""A stage's lag is what the log holds beyond its position, and nothing where another worker reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from faust.types import TP
from memory_slack import Office

from streams.follow import Entry
from streams.lag import Lag
from streams.metrics import Metrics
from streams.notify import Notify
from streams.settings import load
from streams.watch import Watch

T0 = 1_780_308_000.0


def shown(metrics: Metrics, stage: str) -> tuple[float | None, float | None]:
    """Records and seconds."""
    names = ("ticketspike_lag_records", "ticketspike_lag_seconds")
    records, seconds = (metrics.registry.get_sample_value(name, {"stage": stage}) for name in names)
    return records, seconds


def test_it_adds_the_topics_up_and_is_as_old_as_the_oldest_that_is_not_read_to_its_end() -> None:
    metrics, now = Metrics(), [T0]
    ends = {"spikes": 10, "conditions": 4, "answers": 7}
    lag = Lag(metrics, "notify", ends.get, lambda: True, now=lambda: now[0])
    for topic, offset in (("spikes", 2), ("conditions", 4), ("answers", 5)):
        lag.begin(topic, offset)
    lag.read("spikes", 9, T0 - 30.0)
    now[0] += 5.0
    lag.observe()
    assert shown(metrics, "notify") == (3, 35.0)
    lag.read("spikes", 10, T0 - 29.0)
    lag.observe()
    assert shown(metrics, "notify") == (2, 5.0)
    lag.read("answers", 7, T0)
    lag.observe()
    assert shown(metrics, "notify") == (0, 0)


def test_a_stage_that_hangs_falls_behind_by_every_second() -> None:
    metrics, now = Metrics(), [T0]
    lag = Lag(metrics, "watch", lambda _: 8, lambda: True, now=lambda: now[0])
    lag.begin("ticket-counts", 7)
    now[0] += 600.0
    lag.observe()
    assert shown(metrics, "watch") == (1, 600.0)


@pytest.fixture
def stages(tmp_path: Path) -> dict[str, Watch | Notify]:
    """Both stages on Faust of the shard AT, as if they held it and had read a record of nonsense at offset 3."""
    settings = load(ticketspike_data_dir=tmp_path, ticketspike_shard_by="market", ticketspike_markets="DE,AT")
    view = next(one for one in settings.shards if one.shard == "AT")
    metrics = Metrics(settings.sharding.names).of("AT")
    watch = Watch(view, metrics, "a", now=lambda: T0)
    watch.surveillance = watch._fresh()
    notify = Notify(view, metrics, "a", Office().slack, now=lambda: T0)
    notify.board = Office().board
    for stage in (watch, notify):
        stage._built = stage.generation
        stage.app.monitor.track_tp_end_offset(TP(stage.source, 0), 6)
    return {"watch": watch, "notify": notify}


async def test_watch_and_notify_tell_how_far_they_read_and_nothing_once_the_shard_moved(
    stages: dict[str, Watch | Notify],
) -> None:
    nonsense = Entry(3, T0 - 20.0, b"nonsense")
    watch, notify = stages["watch"], stages["notify"]
    await watch._apply(nonsense)  # type: ignore[call-arg, arg-type]
    notify._apply(notify.source, nonsense, live=True)  # type: ignore[call-arg, union-attr, arg-type]
    for name, stage in stages.items():
        stage.lag.observe()
        assert shown(stage.metrics, f"{name}.AT") == (2, 20.0)
        stage._rebalanced()
        stage.lag.observe()
        assert shown(stage.metrics, f"{name}.AT") == (0, 0)
