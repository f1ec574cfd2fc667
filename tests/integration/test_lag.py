"""A stage's lag on real Kafka: Faust hears where a topic ends also while the stage hangs."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

from streams.metrics import Metrics
from streams.notify import Notify
from streams.publish import publisher
from streams.settings import Settings
from streams.slack_channel import delivery_of


async def until(claim: Callable[[], bool]) -> bool:
    """Whether a claim becomes true in time."""
    for _ in range(300):
        if claim():
            return True
        await asyncio.sleep(0.2)
    return False


def append(settings: Settings, number: int) -> None:
    """So many records on `spikes` that nobody can read."""
    with publisher(settings, "spikes") as outlet:
        for _ in range(number):
            outlet.send(None, b"nonsense")
        outlet.flush()


async def test_a_stage_that_hangs_shows_what_it_has_not_read(settings: Settings) -> None:
    settings.ticketspike_data_dir.mkdir()
    metrics = Metrics()
    delivery = delivery_of(settings, metrics.slack_call, print)
    stage = Notify(settings, metrics, "a", delivery)
    shown = functools.partial(
        metrics.registry.get_sample_value, "ticketspike_lag_records", {"stage": "notify"}
    )

    def behind(number: int) -> bool:
        stage.lag.observe()
        return shown() == number

    await stage.app.start()
    try:
        await asyncio.to_thread(append, settings, 3)
        assert await until(lambda: stage.positions.get("spikes") == 3 and behind(0))
        async with stage._taking:
            await asyncio.to_thread(append, settings, 5)
            assert await until(lambda: behind(5))
        assert await until(lambda: stage.positions["spikes"] == 8 and behind(0))
    finally:
        await stage.app.stop()
        await delivery.close()
