"""The fold over `ticket-counts`: any order and repetition of the same records gives the same counts."""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.counts import Bucket, CellCount, Counted, Statement
from streams.customers import pack
from streams.events import Cell, Late, TicketCounts

REASONS = ("voucher", "delivery")
MINUTES = (100, 101)


class _Source:
    """A partition as `count` would state it: minute 100 is too old to be whole after `horizon` tickets."""

    def __init__(self, partition: int, tickets: list[tuple[str, int]], horizon: int) -> None:
        self.truth: Counter[tuple[str, int]] = Counter()
        self.statements: list[bytes] = []
        late: list[Late] = []
        for offset, (reason, minute) in enumerate(tickets):
            self.truth[reason, minute] += 1
            if offset >= horizon and minute == 100:
                late.append(Late(offset, reason, minute, 1))
            cells = [
                Cell(reason, minute, count, "", {})
                for (reason, minute), count in self.truth.items()
                if not (minute == 100 and offset >= horizon)
            ]
            statement = TicketCounts(
                partition=partition, partitions=2, offset=offset + 1, cells=cells, late=late[-1:]
            )
            self.statements.append(msgspec.json.encode(statement))


logs = st.lists(st.tuples(st.sampled_from(REASONS), st.sampled_from(MINUTES)), max_size=12)


@given(logs, logs, st.integers(0, 12), st.data())
def test_any_order_and_repetition_of_statements_gives_the_truth(
    first: list[tuple[str, int]], second: list[tuple[str, int]], horizon: int, data: st.DataObject
) -> None:
    sources = [_Source(0, first, horizon), _Source(1, second, horizon)]
    statements = [statement for source in sources for statement in source.statements]
    again = data.draw(st.lists(st.sampled_from(statements), max_size=10)) if statements else []
    counted = Counted()
    counted.feed(data.draw(st.permutations(statements + again)))
    truth = sources[0].truth + sources[1].truth
    assert counted.minutes() == dict(truth)


def test_a_whole_statement_absorbs_what_came_singly_before_it() -> None:
    counted = Counted()
    counted.add(Statement(partition=0, offset=8, late=[Late(7, "voucher", 100, 1)]))
    assert counted.minutes() == {("voucher", 100): 1}
    counted.add(Statement(partition=0, offset=8, cells=[CellCount("voucher", 100, 5, "")]))
    assert counted.minutes() == {("voucher", 100): 5}


def test_a_late_relabel_moves_and_a_late_relabel_to_the_same_reason_changes_nothing() -> None:
    counted = Counted()
    counted.add(Statement(partition=0, offset=1, cells=[CellCount("voucher", 100, 2, "")]))
    counted.add(
        Statement(partition=0, offset=3, late=[Late(2, "voucher", 100, -1), Late(2, "delivery", 100, 1)])
    )
    counted.add(
        Statement(partition=0, offset=4, late=[Late(3, "voucher", 100, -1), Late(3, "voucher", 100, 1)])
    )
    assert counted.minutes() == {("voucher", 100): 1, ("delivery", 100): 1}


def test_customers_of_a_bucket_are_distinct_over_minutes_and_partitions() -> None:
    counted = Counted()
    counted.add(Statement(partition=0, offset=1, cells=[CellCount("voucher", 100, 2, pack([1, 2]))]))
    counted.add(Statement(partition=1, offset=1, cells=[CellCount("voucher", 101, 2, pack([2, 3]))]))
    counted.add(Statement(partition=1, offset=1, cells=[CellCount("delivery", 101, 0, "")]))
    assert counted.buckets(lambda _minute: 6000) == [Bucket(6000, "voucher", 4, 3)]
    assert counted.buckets(lambda minute: minute * 60, since=101) == [Bucket(6060, "voucher", 2, 2)]
    assert counted.buckets(lambda minute: minute * 60, until=101) == [Bucket(6000, "voucher", 2, 2)]
