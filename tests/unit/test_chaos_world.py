"""The truth that `make chaos` compares with: the counting core agrees with it, and the verdict sees a difference."""

from __future__ import annotations

import msgspec
import pytest
from chaos_tickets import HORIZON_HOURS, STEP_MINUTES, World
from chaos_verdict import Verdict, judge_counts

from streams.counting import PartitionCounts
from streams.counts import Counted, Statement
from streams.customers import pseudonymiser

DAYS = 4


class Record:
    """A record of the log."""

    headers: tuple[()] = ()

    def __init__(self, offset: int, timestamp: int, value: bytes | None) -> None:
        self.offset, self.timestamp, self.value = offset, timestamp, value


def counted(world: World, days: int = DAYS, *, statement_every: int = 7) -> tuple[Counted, int]:
    """What the core counts of a world, stated every few steps, and how many records it refused."""
    counts = PartitionCounts(0, pseudonymiser("key"), horizon_hours=HORIZON_HOURS)
    found, offset, refused = Counted(), 0, 0
    steps = days * 1440 // STEP_MINUTES
    for step in range(steps):
        records = [Record(offset + place, one.at, one.value) for place, one in enumerate(world.step())]
        offset += len(records)
        refused += len(counts.feed(records))
        if step % statement_every == 0 or step == steps - 1:
            said = counts.statement(watermark=None, drained=False, partitions=1)
            found.add(msgspec.json.decode(msgspec.json.encode(said), type=Statement))
            counts.settle()
    return found, refused


@pytest.mark.parametrize(("seed", "statement_every"), [(1, 7), (2, 400)])
def test_the_counting_core_agrees_with_the_truth_of_the_world(seed: int, statement_every: int) -> None:
    # 400 steps are a day and a half: what a backlog holds before anything of it is stated.
    world = World(seed)
    found, refused = counted(world, statement_every=statement_every)
    verdict = Verdict()
    judge_counts(verdict, found, world)
    assert not verdict.wrong, verdict.lines()
    assert refused == world.poisons
    assert sum(one.changed for one in world.tickets) > 100


def test_a_lost_and_a_doubled_ticket_are_named_with_their_reason_and_minute() -> None:
    world = World(4)
    found, _ = counted(world, 1)
    first, *_, last = (one for one in world.tickets if one.reason is not None and not one.odd)
    first.reason, last.minute = None, last.minute - 1
    verdict = Verdict()
    judge_counts(verdict, found, world)
    assert set(verdict.wrong) == {"tickets lost", "tickets counted twice or in a wrong minute"}
    assert "reason " in verdict.first["tickets lost"]
