"""When a partition counts as read to its end and quiet: never by what was only not heard."""

from __future__ import annotations

from aiokafka import TopicPartition

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.freshness import FRESH_SECONDS, QUIET_SECONDS, RETURN_SECONDS, Freshness

TP = TopicPartition("tickets", 0)


class Broker:
    """A partition without tickets whose broker answers every fetch until it is away."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.answered: float | None = None
        self.away = False

    def assignment(self) -> set[TopicPartition]:
        return {TP}

    def highwater(self, tp: TopicPartition) -> int:
        assert tp == TP
        return 0

    def last_poll_timestamp(self, tp: TopicPartition) -> float | None:
        assert tp == TP
        return None if self.answered is None else self.answered * 1000

    def pass_time(self, fresh: Freshness, counts: PartitionCounts, seconds: float) -> list[bool]:
        """Let time pass by halves of seconds, and say whether the partition was drained at each."""
        said = []
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            self.answered = self.answered if self.away else self.now
            fresh.turned()
            said.append(fresh.drained(TP, counts))
        return said


def watched(clock: str) -> tuple[Broker, Freshness, PartitionCounts]:
    broker = Broker()
    fresh = Freshness(broker, clock, lambda: broker.now)
    fresh.heard(TP)
    return broker, fresh, PartitionCounts(0, pseudonymiser("key"))


def test_a_partition_read_to_its_end_and_quiet_is_drained() -> None:
    broker, fresh, counts = watched("event")
    assert not any(broker.pass_time(fresh, counts, QUIET_SECONDS - 0.5))
    assert broker.pass_time(fresh, counts, 1.0)[-1]


def test_an_outage_is_no_quiet_for_producers_could_not_write_either() -> None:
    broker, fresh, counts = watched("event")
    broker.pass_time(fresh, counts, 20)
    broker.away = True
    assert not any(broker.pass_time(fresh, counts, 60)[int(FRESH_SECONDS * 2) :])
    broker.away = False
    assert not any(broker.pass_time(fresh, counts, RETURN_SECONDS - 0.5))
    assert broker.pass_time(fresh, counts, 1.0)[-1]


def test_after_an_outage_the_wall_clock_moves_the_watermark_only_when_producers_had_time_to_write() -> None:
    broker, fresh, counts = watched("wall")
    broker.pass_time(fresh, counts, 20)
    before = fresh.watermark(TP, counts)
    broker.away = True
    broker.pass_time(fresh, counts, 300)
    broker.away = False
    broker.pass_time(fresh, counts, RETURN_SECONDS - 0.5)
    assert before is not None
    assert fresh.watermark(TP, counts) is None
    broker.pass_time(fresh, counts, 1.0)
    after = fresh.watermark(TP, counts)
    assert after is not None
    assert after >= before + 300
