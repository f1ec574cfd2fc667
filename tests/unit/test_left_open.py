"""What open incidents of a backup speak of is ended as of its last statement, and nothing else."""

from __future__ import annotations

import msgspec
from told_channel import condition, minutes, spike

from alerts.incident import opened, opened_by, with_spikes
from alerts.records import Incident
from streams.left_open import ends


def stored(*incidents: Incident) -> list[bytes]:
    return [msgspec.json.encode(one) for one in incidents]


def test_every_open_spike_of_an_open_incident_is_cleared_and_those_that_are_over_are_left_alone() -> None:
    first, second, over = spike(reason="a"), spike(reason="b"), spike("cleared", reason="c")
    said = ends(stored(with_spikes(opened(first, []), [first, second, over], []), opened(over, [])))
    assert [(one.contact_reason, one.state, one.cleared_at) for one in said if hasattr(one, "spike_id")] == [
        (one.contact_reason, "cleared", one.onset + minutes(one.window_minutes)) for one in (first, second)
    ]
    assert len(said) == 2


def test_a_silent_source_ends_when_it_was_last_stated_and_before_the_spikes_that_it_may_explain() -> None:
    silent, rise = condition("source_silent"), spike()
    said = ends(stored(opened(rise, []), opened_by(silent)))
    assert said[0] == msgspec.structs.replace(silent, ended_at=silent.stated_at)
    assert len(said) == 2


def test_a_record_that_cannot_be_read_keeps_nothing_else_open() -> None:
    assert len(ends([b"{", *stored(opened(spike(), []))])) == 1
