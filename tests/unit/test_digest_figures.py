"""The figures of a digest: what a day was about, what is usual, who answered, and the one number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from message_states import MUTE, ONSET, POST, TAKEN, answer, answered, incident
from msgspec.structs import replace as altered

from alerts.north_star import star
from alerts.reason_changes import changes, quiet, usual_days
from alerts.records import Answer, Incident
from alerts.week_answers import count_answers
from streams.counts import CellCount, Statement
from streams.customers import pack
from streams.day_counts import DayTally, midnight
from streams.digest_facts import silences
from streams.events import Late

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 19)
USUAL = usual_days(DAY, counted_from=date(2026, 1, 1))
AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)


def counts(**reasons: tuple[int, ...]) -> dict[str, dict[date, tuple[int, int]]]:
    """Tickets of the day, then of its usual days, each from a customer of its own."""
    days = [DAY, *USUAL]
    return {
        name: {day: (one, one) for day, one in zip(days, series, strict=True) if one}
        for name, series in reasons.items()
    }


def seen(found: Mapping[str, object]) -> dict[str, datetime]:
    return dict.fromkeys(found, ONSET)


def test_a_day_is_held_against_the_same_weekday_of_the_four_weeks_before() -> None:
    assert [one.isoformat() for one in USUAL] == ["2026-11-12", "2026-11-05", "2026-10-29", "2026-10-22"]


def test_holidays_and_days_that_were_not_counted_whole_are_not_usual() -> None:
    found = usual_days(DAY, counted_from=date(2026, 10, 23), holidays=frozenset({date(2026, 11, 5)}))
    assert found == [date(2026, 11, 12), date(2026, 10, 29)]
    assert usual_days(DAY, counted_from=date(2026, 1, 1), holidays=frozenset({DAY})) == []
    assert usual_days(DAY, counted_from=None) == []


def test_the_contact_reasons_with_the_most_tickets_come_first_with_their_change() -> None:
    found = counts(voucher=(42, 10, 12, 9, 13), delivery=(60, 58, 61, 66, 59), tail=(1, 0, 0, 0, 0))
    total, top = changes(found, DAY, USUAL, min_customers=3)
    assert total is not None
    assert (total.tickets, total.usual) == (103, 72.0)
    assert [one.contact_reason for one in top] == ["delivery", "voucher"]
    assert [one.change.clear for one in top] == [False, True]
    assert top[1].change.usual == 11.0


def test_a_contact_reason_of_too_few_customers_is_not_named() -> None:
    found = {"jo@example.org asks": {DAY: (9, 2)}}
    total, top = changes(found, DAY, USUAL, min_customers=3)
    assert total is not None
    assert total.tickets == 9
    assert top == []


def test_one_usual_day_says_nothing_of_what_is_usual() -> None:
    total, top = changes(counts(a=(5, 4, 0, 0, 0)), DAY, USUAL[:1], min_customers=1)
    assert total is not None
    assert (total.usual, top[0].change.usual) == (None, None)
    assert (
        quiet(counts(a=(0, 9, 9, 9, 9), b=(3, 3, 3, 3, 3)), DAY, USUAL[:1], seen({"a": 1}), min_customers=1)
        == []
    )


def test_nothing_counted_is_nothing_told() -> None:
    assert changes({}, DAY, USUAL, min_customers=1) == (None, [])
    assert quiet({}, DAY, USUAL, {}, min_customers=1) == []


def test_a_reason_that_used_to_come_and_did_not_is_quiet() -> None:
    found = counts(gone=(0, 20, 24, 18, 22), rare=(0, 1, 2, 1, 1), there=(9, 9, 9, 9, 9))
    (one,) = quiet(found, DAY, USUAL, seen(found), min_customers=3)
    assert (one.contact_reason, one.usual, one.last_at) == ("gone", 21.0, ONSET)


def test_a_quiet_reason_that_one_customer_wrote_about_is_not_named() -> None:
    found = counts(gone=(0, 20, 24, 18, 22), there=(9, 9, 9, 9, 9))
    found["gone"] = {day: (tickets, 1) for day, (tickets, _) in found["gone"].items()}
    assert quiet(found, DAY, USUAL, seen(found), min_customers=3) == []


def test_where_nothing_came_at_all_the_source_is_silent_and_no_reason_is_quiet() -> None:
    found = counts(gone=(0, 20, 24, 18, 22), other=(0, 9, 9, 9, 9))
    assert quiet(found, DAY, USUAL, seen(found), min_customers=3) == []


def test_of_a_thousand_small_reasons_hardly_ever_one_is_called_quiet_by_chance() -> None:
    rng = np.random.default_rng(7)
    called = 0
    for _ in range(40):
        rows = rng.poisson(rng.uniform(2, 8, 300)[:, None], (300, 5))
        found = counts(**{f"r{index}": tuple(map(int, row)) for index, row in enumerate(rows)})
        called += bool(quiet(found, DAY, USUAL, seen(found), min_customers=3))
    assert called <= 6


def test_answers_count_once_however_often_they_stand_on_the_topic() -> None:
    one = answer("acknowledged")
    begin, end = ONSET - timedelta(hours=1), ONSET + timedelta(hours=1)
    found = count_answers(
        [one, one, answer("useful", note="yes")], begin, end, AT + timedelta(days=1), knob=1.0
    )
    assert found.by_kind == {"acknowledged": 1, "useful": 1}


def test_a_false_alarm_called_expected_afterwards_does_not_count_against_the_knob() -> None:
    at = ONSET + timedelta(hours=3)
    false, later = answer("false_alarm", minutes=20), answer("expected", minutes=40)
    other = altered(false, incident_id="other")
    assert count_answers([false, later, other], ONSET, at, at, knob=1.0).false_alarms == 1
    week_later = at + timedelta(days=8)
    assert count_answers([false, other], ONSET, at, week_later, knob=1.0).false_alarms == 0


def test_a_missed_spike_counts_by_when_it_was() -> None:
    missed = Answer(incident_id="missed-1", kind="missed", by="cli", at=ONSET, note="voucher")
    assert count_answers([missed, missed], ONSET, AT, ONSET + timedelta(days=1), knob=1.0).missed == 1
    assert count_answers([missed], ONSET, AT, ONSET + timedelta(days=8), knob=1.0).missed == 0


def over(*answers: Answer, **more: object) -> Incident:
    return altered(answered(incident("cleared"), *answers), **({"status": "resolved", "slack": POST} | more))


YES, NO = answer("useful", note="yes"), answer("useful", note="no", by="U0G9QF9C6")
NOW = ONSET + timedelta(hours=4)


def test_the_share_of_useful_alerts_counts_silence_as_not_useful() -> None:
    found = star([over(YES), over(NO), over(YES, NO), over()], NOW, "useful")
    assert (found.value, found.of, found.against, found.silent) == (0.5, 4, 1, 1)


def test_a_false_alarm_speaks_against_like_a_no() -> None:
    assert star([over(answer("false_alarm"))], NOW, "useful").against == 1


def test_open_incidents_and_those_nobody_was_told_of_are_no_measure_of_use() -> None:
    found = star([altered(incident(), slack=POST), over(YES, slack=None)], NOW, "useful")
    assert (found.value, found.of) == (None, 0)


def test_what_began_more_than_four_weeks_ago_no_longer_counts() -> None:
    assert star([over(YES)], NOW + timedelta(days=29), "useful").of == 0


def test_the_share_of_answered_alerts_takes_any_answer() -> None:
    found = star([over(TAKEN), over(), altered(answered(incident(), MUTE), slack=POST)], NOW, "answered")
    assert (found.value, found.of) == (pytest.approx(2 / 3), 3)


def test_the_minutes_run_from_the_onset_to_the_message_by_slacks_time_of_it() -> None:
    found = star([over()], NOW, "minutes")
    assert (found.value, found.of) == (pytest.approx(9.0), 1)
    replayed = over(slack=altered(POST, ts="1999999999.000000"))
    assert star([replayed, over(slack=altered(POST, ts="none"))], NOW, "minutes").value is None


def tally(*statements: Statement, wanted: tuple[date, ...] = (DAY,), until: datetime = AT) -> DayTally:
    found = DayTally(wanted, BERLIN, until=until)
    for one in statements:
        found.add(one)
    return found


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() // 60)


def test_a_day_is_counted_by_the_local_clock_with_its_customers() -> None:
    cells = [
        CellCount("a", minute("2026-11-18T23:59"), 1, pack({1})),
        CellCount("a", minute("2026-11-19T00:00"), 2, pack({1, 2})),
        CellCount("a", minute("2026-11-19T23:59"), 1, pack({2})),
        CellCount("a", minute("2026-11-20T00:00"), 5, pack({3})),
    ]
    found = tally(Statement(partition=0, offset=9, cells=cells)).counted()
    assert found.days == {"a": {DAY: (3, 2)}}
    assert found.first_at == datetime(2026, 11, 18, 22, 59, tzinfo=UTC)
    assert found.newest_at == found.last_at["a"] == midnight(date(2026, 11, 20), BERLIN)


def test_days_of_23_and_25_hours_are_counted_whole() -> None:
    days = (date(2026, 3, 29), date(2026, 10, 25))
    late = [
        Late(index, "a", minute(f"{day}T{clock}"), 1)
        for index, (day, clock) in enumerate((day, clock) for day in days for clock in ("00:00", "23:59"))
    ]
    found = tally(Statement(partition=0, offset=9, late=late), wanted=days).counted()
    assert found.days == {"a": dict.fromkeys(days, (2, 0))}


def test_a_newer_statement_replaces_an_older_one_and_the_time_to_come_is_left_out() -> None:
    at = minute("2026-11-19T10:00")
    first = Statement(partition=0, offset=5, cells=[CellCount("a", at, 3, "")])
    newer = Statement(partition=0, offset=9, cells=[CellCount("a", at, 4, ""), CellCount("a", at + 9, 1, "")])
    until = datetime.fromtimestamp((at + 5) * 60, UTC)
    assert tally(newer, first, until=until).counted().days == {"a": {DAY: (4, 0)}}


def test_silences_that_reach_into_the_day_are_told_the_open_one_too() -> None:
    silent = altered(incident(), kind="source_silent")
    ended = altered(silent, opened_at=ONSET - timedelta(days=3), resolved_at=ONSET - timedelta(hours=20))
    old = altered(silent, opened_at=ONSET - timedelta(days=9), resolved_at=ONSET - timedelta(days=8))
    found = silences([silent, ended, old, incident()], ONSET - timedelta(days=1), NOW)
    assert [one.until for one in found] == [ONSET - timedelta(hours=20), None]
