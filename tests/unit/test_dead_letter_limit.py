"""How much may be refused before counting stands still."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from streams.dead_letter_limit import DAY_MS, DeadLetterLimit, Halt
from streams.validity import Refusal


def stopped_at(
    readable: str, *, run: int = 20, ratio: float = 0.5, batch: int = 7, apart_ms: int = 1000
) -> Halt | None:
    """Feed a log as counting does, `.` readable and `x` refused, in batches; the halt if there is one."""
    limit = DeadLetterLimit(run, ratio)
    log = [SimpleNamespace(offset=100 + 2 * n, timestamp=n * apart_ms) for n in range(len(readable))]
    for begin in range(0, len(log), batch):
        rest = list(zip(log, readable, strict=True))[begin : begin + batch]
        while rest:
            fed, room = [], limit.room
            while rest and room:
                record, sign = rest.pop(0)
                fed.append((record, sign))
                room -= sign == "x"
            refusals = [Refusal(record.offset, "id", "is missing") for record, sign in fed if sign == "x"]
            halt = limit.judge([record for record, _ in fed], refusals)
            if halt is not None:
                return halt
    return None


def test_a_run_stops_right_behind_its_last_record_and_says_what_is_wrong() -> None:
    halt = stopped_at("." * 500 + "x" * 30 + "." * 5)
    assert halt is not None
    assert halt.position == 100 + 2 * 519 + 1
    assert str(halt) == "20 records one after the other cannot be read, most often as id: is missing"


def test_more_than_the_share_of_the_last_records_stops_although_some_can_be_read() -> None:
    halt = stopped_at("." * 100 + "xx." * 60)
    assert halt is not None
    assert (halt.refused, halt.of) == (51, 100)
    assert stopped_at("x." * 500) is None
    assert stopped_at("xx." * 60, ratio=0.7) is None


def test_a_handful_in_a_quiet_topic_stops_nothing_whatever_its_share() -> None:
    assert stopped_at("x" * 19) is None
    assert stopped_at("x" * 500, apart_ms=DAY_MS // 10) is None


def test_none_stops_when_told_never() -> None:
    assert stopped_at("x" * 5000, run=0) is None


@given(st.text(".xxx", max_size=150), st.integers(1, 60), st.integers(1, 12))
def test_it_stops_at_the_same_record_however_the_log_is_cut(readable: str, batch: int, run: int) -> None:
    assert stopped_at(readable, run=run, batch=batch) == stopped_at(readable, run=run, batch=1)


def test_what_is_known_to_end_passes_and_what_comes_behind_it_is_judged_anew() -> None:
    limit = DeadLetterLimit(5, 0.5)
    limit.lift(50)
    log = [SimpleNamespace(offset=offset, timestamp=0) for offset in range(60)]
    refused = [Refusal(record.offset, "id", "is missing") for record in log]
    for place in range(54):
        assert limit.judge(log[place : place + 1], refused[place : place + 1]) is None
    assert limit.judge(log[54:55], refused[54:55]) is not None
