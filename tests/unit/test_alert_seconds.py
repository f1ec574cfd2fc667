"""How long an alert takes is measured from what made it due, once for each new incident, and not where it was held."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from memory_slack import Office
from told_channel import ONSET, spike

from alerts.board import Board
from alerts.delivery import DeliveryError
from alerts.records import Spike
from streams.follow import Entry
from streams.messenger import Heard
from streams.metrics import Metrics
from streams.notify import Notify
from streams.settings import load

OUTAGE = DeliveryError("Slack failed on its side (http_503)", code="http_503", ambiguous=True)
RECORDED = ONSET.timestamp() + 420.0


def measured(metrics: Metrics, name: str) -> tuple[float | None, float | None]:
    """How many, and their seconds together."""
    ends = ("count", "sum")
    count, total = (
        metrics.registry.get_sample_value(f"ticketspike_{name}_to_slack_seconds_{end}") for end in ends
    )
    return count, total


async def test_an_alert_lasts_from_what_made_it_due_to_slacks_answer_and_counts_once() -> None:
    office = Office()
    await office.hear(spike())
    [incident_id] = office.board.entries
    office.slack.fault = lambda _: OUTAGE
    begun = office.clock.now
    office.sender.messenger.heard_at[incident_id] = Heard(begun - 2.0, begun - 30.0)
    await office.run(100)
    assert measured(office.metrics, "spike") == (0, 0)
    office.slack.fault = lambda _: None
    await office.run(60)
    answered = next(when for when, method, _ in office.slack.calls if method == "post")
    assert answered - begun > 100
    assert measured(office.metrics, "spike") == (1, pytest.approx(answered - begun + 2.0))
    assert measured(office.metrics, "event") == (1, pytest.approx(answered - begun + 30.0))
    await office.hear(spike("grown", 40, 20))
    await office.run(60)
    assert measured(office.metrics, "spike")[0] == 1


def stage(tmp_path: Path, clock: str = "wall") -> Notify:
    """*notify* with its shard and no incident."""
    settings = load(ticketspike_data_dir=tmp_path, ticketspike_clock=clock)
    held = Notify(settings, Metrics(), "a", Office().slack, now=lambda: RECORDED)
    held.board = Board()
    return held


def heard(notify: Notify, said: Spike, offset: int = 0, *, live: bool = True) -> list[Heard]:
    notify._apply("spikes", Entry(offset, RECORDED + offset, msgspec.json.encode(said)), live=live)
    return list(notify.sender.messenger.heard_at.values())


@pytest.mark.parametrize(
    ("clock", "happened"), [("wall", (ONSET + timedelta(minutes=10)).timestamp()), ("event", None)]
)
def test_it_begins_with_the_record_and_with_its_event_time_where_that_is_of_the_wall(
    tmp_path: Path, clock: str, happened: float | None
) -> None:
    notify = stage(tmp_path, clock)
    assert heard(notify, spike()) == [Heard(RECORDED, happened)]
    assert heard(notify, spike("grown", 40, 20), 1) == [Heard(RECORDED, happened)]


def test_of_too_few_customers_it_begins_when_there_are_enough(tmp_path: Path) -> None:
    notify = stage(tmp_path)
    assert heard(notify, spike(customers=1)) == []
    [held] = heard(notify, spike("grown", 40, 20), 60)
    assert held.recorded == RECORDED + 60


def test_what_is_read_at_a_rebuild_is_not_measured(tmp_path: Path) -> None:
    assert heard(stage(tmp_path), spike(), live=False) == []
