"""After a restart the last day is read again: as it was closed then, and never more of it open than there was."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from alerts.records import Spike
from detectors.detector import DetectorSettings
from streams.customers import pack
from streams.events import Cell, TicketCounts
from streams.minutes import GRACE_SECONDS, Minutes
from streams.recollection import Recollection
from streams.surveillance import Surveillance

BEGIN = 29_600_000 // 1440 * 1440
SETTINGS = DetectorSettings(timezone="UTC")
BREAKS = BEGIN + 600
UNTIL = BREAKS + 40
Clock = Literal["wall", "event"]


def log_of(clock: Clock) -> list[TicketCounts]:
    """Some hours of one partition; while the voucher fails, tickets come late for minutes long closed."""
    ahead = GRACE_SECONDS if clock == "wall" else 0.0
    made: list[TicketCounts] = []
    for minute in range(BEGIN, UNTIL + 1):
        broken = minute >= BREAKS
        cells = [
            cell("voucher", minute, 3 if broken else minute % 10 == 0),
            cell("return", minute, minute % 4 == 0),
        ]
        if broken and minute % 5 == 0:
            # A hundred customers more for a minute of a quarter of an hour ago.
            cells.append(cell("voucher", minute - 15, 100))
        heard = [one for one in cells if one.count]
        made.append(
            TicketCounts(
                partition=0,
                partitions=1,
                offset=len(made),
                watermark=(minute + 1) * 60.0 + ahead,
                cells=heard,
            )
        )
    return made


def cell(reason: str, minute: int, count: int) -> Cell:
    return Cell(reason, minute, count, pack(minute * 1_000_003 + number for number in range(count)), {})


def afterwards(log: list[TicketCounts], one: Cell) -> TicketCounts:
    """A statement about one cell behind a log, whose watermark it leaves as it is."""
    return TicketCounts(partition=0, partitions=1, offset=len(log), watermark=log[-1].watermark, cells=[one])


def lived(log: list[TicketCounts], clock: Clock, until: int) -> tuple[Surveillance, list[Spike]]:
    """What was held and said after so many statements."""
    core, minutes, said = Surveillance(SETTINGS), Minutes(clock), list[Spike]()
    for offset, statement in enumerate(log[:until]):
        said += heard(core, minutes, statement, offset)
    return core, said


def heard(core: Surveillance, minutes: Minutes, statement: TicketCounts, offset: int) -> list[Spike]:
    minutes.hear(statement, offset)
    for one in statement.cells:
        core.add(one, partition=statement.partition, stamp=statement.offset)
    closable = minutes.closable()
    return [] if closable is None else [spike for spikes in core.close_until(closable) for spike in spikes]


def restarted(
    first: Surveillance, log: list[TicketCounts], clock: Clock, until: int
) -> tuple[Surveillance, int]:
    """The same made anew from rows and log, and how many minutes were open at most meanwhile."""
    second = Surveillance(SETTINGS)
    for reason in first.detector.reasons:
        second.restore(reason, json.loads(json.dumps(first.snapshot(reason))))
    channel = json.loads(json.dumps(first.channel()))
    again, most = Recollection(second, clock, first.closed, young=channel["young"] is not None), 0
    for offset, statement in enumerate(log[:until]):
        again.hear(statement, offset)
        most = max(most, len(second.open.minutes()))
    assert first.closed is not None
    second.recall(first.closed, channel)
    return second, most


def gone_on(core: Surveillance, log: list[TicketCounts], clock: Clock, since: int) -> list[Spike]:
    """What it says of the rest of the log."""
    minutes, said = Minutes(clock), list[Spike]()
    for offset, statement in enumerate(log[since:], since):
        said += heard(core, minutes, statement, offset)
    return said


@pytest.mark.parametrize("clock", ["wall", "event"])
def test_a_day_is_read_again_without_holding_it_open(clock: Clock) -> None:
    log = log_of(clock)
    first, _ = lived(log, clock, len(log) - 20)
    _, most = restarted(first, log, clock, len(log) - 20)
    assert most <= 2


@pytest.mark.parametrize("clock", ["wall", "event"])
def test_what_came_after_its_minute_was_closed_is_left_out_again(clock: Clock) -> None:
    log = log_of(clock)
    restart = len(log) - 20
    first, said = lived(log, clock, restart)
    assert said[-1].state != "cleared"
    assert first.late == 5
    second, _ = restarted(first, log, clock, restart)
    assert second.late == 0
    again = gone_on(second, log, clock, restart)
    whole, all_said = lived(log, clock, len(log))
    assert whole.said == second.said
    assert all_said[len(said) :] == again
    assert second.said["voucher"].customers < 200


def test_minutes_that_are_open_at_the_restart_stay_open() -> None:
    log = log_of("wall")
    late = afterwards(log, cell("return", UNTIL + 1, 2))
    first, _ = lived([*log, late], "wall", len(log) + 1)
    second, _ = restarted(first, [*log, late], "wall", len(log) + 1)
    assert second.open.minutes() == first.open.minutes() == [UNTIL + 1]


def installed() -> list[TicketCounts]:
    """Two tickets to try it out, hours of nothing, then four contact reasons as every day."""
    made: list[TicketCounts] = []
    for minute in range(BEGIN, BEGIN + 1200):
        tried, busy = minute < BEGIN + 2, minute >= BEGIN + 960
        names = ["voucher"] * tried + ["voucher", "delivery", "return", "size"] * busy
        cells = [cell(name, minute, 1 + (minute + place) % 3) for place, name in enumerate(names)]
        made.append(
            TicketCounts(
                partition=0, partitions=1, offset=len(made), watermark=(minute + 1) * 60.0, cells=cells
            )
        )
    return made


@pytest.mark.parametrize("restart", [1, 2, 30, 900, 1000])
def test_a_restart_in_the_first_hours_makes_no_alarm_of_the_first_real_tickets(restart: int) -> None:
    log = installed()
    whole, said = lived(log, "event", len(log))
    assert said == []
    first, before = lived(log, "event", restart)
    second, _ = restarted(first, log, "event", restart)
    assert before + gone_on(second, log, "event", restart) == []
    assert second.closed == whole.closed


def test_what_is_late_but_still_counted_in_the_first_hours_counts_after_a_restart() -> None:
    log = installed()[:60]
    log.append(afterwards(log, cell("voucher", BEGIN + 30, 7)))
    first, _ = lived(log, "event", len(log))
    second, _ = restarted(first, log, "event", len(log))
    assert first.late == second.late == 0
    assert second.closed == first.closed
    assert second.open.minutes() == first.open.minutes()
