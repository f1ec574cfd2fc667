"""When a minute may be closed, and from where a restart reads again."""

from __future__ import annotations

import json

from streams.events import Cell, TicketCounts
from streams.minutes import GRACE_SECONDS, Minutes


def hear(
    minutes: Minutes, partition: int, watermark: float | None, *, offset: int = 0, of: int = 2, **more: object
) -> None:
    statement = TicketCounts(partition=partition, partitions=of, offset=1, watermark=watermark, **more)  # type: ignore[arg-type]
    minutes.hear(statement, offset)


def test_no_minute_closes_before_every_partition_has_spoken() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 6000.0)
    assert minutes.closable() is None


def test_a_minute_closes_when_the_slowest_partition_has_passed_it() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 6000.0)
    hear(minutes, 1, 659.9)
    assert minutes.closable() == 9
    hear(minutes, 1, 660.0)
    assert minutes.closable() == 10


def test_a_watermark_never_goes_back() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 600.0, of=1)
    hear(minutes, 0, 60.0, of=1)
    assert minutes.closable() == 9


def test_when_all_partitions_are_read_to_their_end_the_newest_minute_closes() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 630.0, drained=True)
    hear(minutes, 1, None, drained=False)
    assert minutes.closable() is None
    hear(minutes, 1, None, drained=True)
    assert minutes.closable() == 10


def test_after_an_end_marker_quiet_closes_no_minute_more() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 660.0, of=1)
    assert minutes.closable() == 10
    hear(minutes, 0, 660.0, of=1, drained=True)
    assert minutes.closable() == 10


def test_the_wall_clock_leaves_a_grace_for_late_tickets() -> None:
    minutes = Minutes("wall")
    hear(minutes, 0, 6000.0, of=1)
    assert minutes.closable() == (6000 - GRACE_SECONDS) // 60 - 1


def test_a_restart_reads_from_the_first_statement_about_an_open_minute() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 600.0, of=1, offset=10, cells=[Cell("a", 10, 1, "", {})])
    hear(minutes, 0, 600.0, of=1, offset=17, cells=[Cell("a", 10, 2, "", {}), Cell("a", 11, 1, "", {})])
    assert minutes.rebuild_from(30) == 10


def test_a_restart_reads_the_last_day_again_for_the_drivers() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 600.0, of=1, offset=10, cells=[Cell("a", 10, 1, "", {})])
    minutes.closed(10)
    assert minutes.rebuild_from(30) == 10
    minutes.closed(10 + 1440)
    assert minutes.rebuild_from(30) == 30


def test_a_snapshot_survives_json() -> None:
    minutes = Minutes("event")
    hear(minutes, 0, 600.0, of=1, offset=10, cells=[Cell("a", 9, 1, "", {}), Cell("a", 10, 1, "", {})])
    minutes.closed(9)
    again = Minutes("event")
    again.restore(json.loads(json.dumps(minutes.snapshot())))
    assert (again.closable(), again.rebuild_from(99)) == (minutes.closable(), minutes.rebuild_from(99))
