"""What a canary's age is at each stage, and which canaries watch passes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.canary import PASS_ON_SECONDS, Arrival, Sightings
from streams.events import TicketCounts
from streams.markers import CANARY, CANARY_AT, HEADER, passed_on, read_passed_on
from streams.metrics import Metrics

NOW = 1_800_000_000.0


class Clock:
    """A wall clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> float:
        return self.at


def stated(partition: int, canary: float | None) -> TicketCounts:
    return TicketCounts(partition=partition, partitions=2, offset=1, canary=canary)


def test_a_canary_is_passed_on_once_when_its_minute_is_closed_in_every_partition() -> None:
    clock = Clock()
    seen, sent = Sightings(clock), NOW - 100.0
    minute = int(sent // 60)
    seen.hear(stated(0, sent))
    seen.closed(minute)
    assert seen.news() is None
    seen.hear(stated(1, sent))
    assert seen.news() is None
    seen.closed(minute)
    assert seen.news() == sent
    for _ in range(3):
        # A partition's newest canary is stated again and again.
        clock.at += 2 * PASS_ON_SECONDS
        seen.hear(stated(0, sent))
        seen.closed(minute)
        assert seen.news() is None


def test_of_a_backlog_the_newest_is_passed_on_now_and_then_and_a_clock_set_back_holds_none_up() -> None:
    clock = Clock()
    seen, told = Sightings(clock), []
    for number in range(60):
        sent = NOW - 7200.0 + number * 60.0
        for partition in range(2):
            seen.hear(stated(partition, sent))
        seen.closed(int(sent // 60))
        told.append(seen.news())
        clock.at += 1.0
    passed = [sent for sent in told if sent is not None]
    assert len(passed) == 60 / PASS_ON_SECONDS
    assert passed == sorted(set(passed))
    clock.at -= 3600.0
    assert seen.news() == NOW - 7200.0 + 59 * 60.0


def see(seen: Sightings, sent: float) -> None:
    """A canary comes through both partitions, and its minute is closed."""
    for partition in range(2):
        seen.hear(stated(partition, sent))
    seen.closed(int(sent // 60))


@pytest.mark.parametrize("before", [True, False], ids=["held it before", "stood by"])
def test_to_take_the_shard_over_begins_the_age_anew(before: bool) -> None:
    clock = Clock()
    seen, arrival = Sightings(clock), Arrival(clock)

    def ages() -> tuple[float, float]:
        return seen.age(), arrival.age()

    if before:
        see(seen, NOW - 200.0)
        arrival.hear(passed_on(NOW - 200.0))
    clock.at += 86_400.0
    assert min(ages()) >= 86_400.0
    seen.begin()
    arrival.begin()
    assert ages() == (0.0, 0.0)
    clock.at += 30.0
    assert ages() == (30.0, 30.0)
    see(seen, clock.at - 150.0)
    arrival.hear(passed_on(clock.at - 150.0))
    assert ages() == (150.0, 150.0)


def test_a_canary_of_the_future_and_one_that_comes_late_change_nothing() -> None:
    arrival = Arrival(Clock())
    for sent in (NOW - 50.0, NOW + 1.0, NOW - 60.0):
        arrival.hear(passed_on(sent))
    assert arrival.age() == 50.0


@given(st.one_of(st.none(), st.binary(), st.datetimes().map(lambda at: f"{at.isoformat()}+23:59".encode())))
def test_a_header_from_outside_is_an_instant_or_nothing(content: bytes) -> None:
    assert isinstance(read_passed_on([(HEADER, CANARY), (CANARY_AT, content)]), float | None)
    assert read_passed_on([(CANARY_AT, content)]) is None


@pytest.mark.parametrize(("shards", "shard"), [((), {}), (("DE", "AT"), {"shard": "DE"})])
def test_only_stages_that_run_here_tell_an_age_each_for_its_shard(
    shards: tuple[str, ...], shard: dict[str, str]
) -> None:
    metrics = Metrics(shards)

    def told() -> dict[str, float]:
        (family,) = [one for one in metrics.registry.collect() if "canary" in one.name]
        assert all(sample.labels == {"stage": sample.labels["stage"], **shard} for sample in family.samples)
        return {sample.labels["stage"]: sample.value for sample in family.samples}

    assert told() == {}
    metrics.of(shard.get("shard")).canary("watch", lambda: 130.0)
    assert told() == {"watch": 130.0}
    metrics.of(shard.get("shard")).canary("notify", lambda: 140.0)
    assert told() == {"watch": 130.0, "notify": 140.0}
