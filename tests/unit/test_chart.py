"""The chart: the course as Slack draws it, and as text where Slack does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_states import CONTEXT, COURSE, LATER_COURSE, ONSET, group, incident, spike
from msgspec.structs import replace as altered

from alerts import blocks, chart, chart_limits, message
from alerts.figures import extra, figures, peak
from alerts.records import Course
from alerts.terminal import plain


def drawn(course: Course | None) -> dict[str, Any]:
    return chart.chart(course, CONTEXT)[0]


def test_observed_and_expected_are_two_lines_over_the_same_times() -> None:
    block = drawn(COURSE)
    assert block["title"] == "Tickets je 5 min"
    observed, expected = block["chart"]["series"]
    assert (observed["name"], expected["name"]) == ("Beobachtet", "Erwartet")
    assert [point["value"] for point in observed["data"]] == COURSE.counts
    assert block["chart"]["axis_config"]["categories"][:2] == ["09:35", "09:40"]
    assert block["chart"]["axis_config"]["x_label"] == "Uhrzeit (CET)"
    assert list(chart_limits.chart(block)) == []


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1e6)), min_size=0, max_size=200),
    st.integers(1, 1440),
    st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kathmandu"]),
    st.integers(-400 * 1440, 400 * 1440),
)
def test_any_course_fits_and_keeps_its_end(
    steps: list[tuple[int, float]], minutes: int, zone: str, later: int
) -> None:
    begins = ONSET + timedelta(minutes=later)
    counts = [count for count, _ in steps]
    course = Course(begins_at=begins, minutes=minutes, counts=counts, expected=[one for _, one in steps])
    found = chart.chart(course, replace(CONTEXT, timezone=ZoneInfo(zone)))
    assert bool(found) is (len(steps) >= 3)
    for block in found:
        assert list(chart_limits.chart(block)) == []
        shown = [point["value"] for point in block["chart"]["series"][0]["data"]]
        assert 2 <= len(shown) <= chart_limits.POINTS
        # What does not fill a step goes at the old end: the newest tickets are never cut.
        assert sum(shown) == sum(counts[len(counts) % -(-len(counts) // chart_limits.POINTS) :])


def test_the_hour_that_comes_twice_has_labels_apart() -> None:
    begins = ONSET.replace(month=10, day=25, hour=0, minute=0)
    course = Course(begins_at=begins, minutes=30, counts=[1] * 6, expected=[1.0] * 6)
    block = chart.chart(course, CONTEXT)[0]
    assert list(chart_limits.chart(block)) == []
    assert block["chart"]["axis_config"]["categories"][0] == "02:00 CEST"


def test_without_chart_puts_bars_there_and_touches_nothing_else() -> None:
    payload = message.root(incident(course=COURSE), CONTEXT)
    before = json.dumps(payload)
    bare = message.without_chart(payload)
    assert json.dumps(payload) == before
    assert message.validate(bare) == []
    kinds = [block["type"] for block in payload["blocks"]]
    at = kinds.index("data_visualization")
    assert bare["blocks"][at] == blocks.markdown(
        "Tickets je 5 min: 09:35 `▂▃▃▂▃▂▃▃▃▆▇▆██` 10:40 · höchstens 9", "de"
    )
    assert [*bare["blocks"][:at], *bare["blocks"][at + 1 :]] == [
        block for block in payload["blocks"] if block["type"] != "data_visualization"
    ]
    assert {key: value for key, value in bare.items() if key != "blocks"} == {
        key: value for key, value in payload.items() if key != "blocks"
    }


def test_a_payload_without_a_chart_stays_the_very_same() -> None:
    payload = message.root(incident(), CONTEXT)
    assert message.without_chart(payload) is payload
    text_only: message.Payload = {"text": "x"}
    assert message.without_chart(text_only) is text_only


def test_a_terminal_shows_the_bars() -> None:
    assert "09:35 ▂▃▃▂▃▂▃▃▃▆▇▆██ 10:40" in plain(message.root(incident(course=COURSE), CONTEXT))


def test_counts_are_bars_only_where_there_is_no_course() -> None:
    with_course = json.dumps(message.root(incident(course=COURSE), CONTEXT, [1, 2, 3]))
    assert "data_visualization" in with_course
    assert "Tickets je Zeitabschnitt" not in with_course
    assert "Tickets je Zeitabschnitt" in json.dumps(message.root(incident(), CONTEXT, [1, 2, 3]))


def test_a_group_has_the_sum_of_its_courses_where_they_overlap() -> None:
    later = altered(COURSE, begins_at=COURSE.begins_at + timedelta(minutes=10))
    both = altered(
        group(),
        contact_reasons=["a", "b"],
        spikes=[spike(reason="a", course=COURSE), spike(reason="b", course=later)],
    )
    course = figures(both).course
    assert course is not None
    assert course.begins_at == later.begins_at
    assert course.counts == [
        one + other for one, other in zip(COURSE.counts[2:], COURSE.counts, strict=False)
    ]


@pytest.mark.parametrize(
    "other",
    [
        None,
        altered(COURSE, minutes=10),
        altered(COURSE, begins_at=COURSE.begins_at + timedelta(minutes=2)),
        altered(COURSE, begins_at=COURSE.begins_at + timedelta(days=2)),
    ],
)
def test_courses_that_do_not_match_are_not_added(other: Course | None) -> None:
    both = altered(
        group(),
        contact_reasons=["a", "b"],
        spikes=[spike(reason="a", course=COURSE), spike(reason="b", course=other)],
    )
    assert figures(both).course is None


def test_the_peak_is_known_only_where_the_course_reaches_back_to_the_onset() -> None:
    known = figures(incident("cleared", course=LATER_COURSE))
    assert peak(known) == (14, 5, ONSET + timedelta(minutes=35))
    cut = altered(LATER_COURSE, begins_at=ONSET + timedelta(minutes=5))
    assert peak(figures(incident("cleared", course=cut))) is None
    assert peak(figures(incident("cleared"))) is None


def test_extra_tickets_come_with_what_they_could_be_at_least_and_at_most() -> None:
    assert extra(figures(incident())) == (31, 24, 37)
    assert extra(figures(incident(observed=10))) == (0, 0, 5)
