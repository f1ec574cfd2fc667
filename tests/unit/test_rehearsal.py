"""A rehearsal tells what the notify stage would: the same incidents, one root message each, and no reminders."""

from __future__ import annotations

import json
from pathlib import Path

from told_channel import ONSET, driver, minutes, spike

from alerts.context import Context
from alerts.message import EVENT_TYPE
from alerts.records import Spike
from streams.rehearsal import Rehearsal

CODE = driver("voucher_code", "SOMMER25")
WEEK = 7 * 24 * 60


async def rehearsed(folder: Path, *statements: Spike) -> tuple[Rehearsal, list[str]]:
    """The rehearsal, and the incidents of the root messages that it posted."""
    file = folder / "messages.jsonl"
    rehearsal = Rehearsal(file, Context(now=ONSET))
    for statement in statements:
        await rehearsal.take(statement)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    roots = [
        line["metadata"]["event_payload"]["incident_id"]
        for line in lines
        if line["metadata"]["event_type"] == EVENT_TYPE and line["method"] == "chat.postMessage"
    ]
    return rehearsal, roots


async def test_reasons_with_one_cause_are_one_root_message(tmp_path: Path) -> None:
    rehearsal, roots = await rehearsed(
        tmp_path,
        spike(drivers=[CODE]),
        spike(reason="payment", onset=ONSET + minutes(10), drivers=[CODE]),
        spike("cleared", 20, 60, drivers=[CODE]),
        spike("cleared", 20, 60, reason="payment", onset=ONSET + minutes(10), drivers=[CODE]),
    )
    (incident,) = rehearsal.incidents.values()
    assert roots == [incident.incident_id]
    assert (incident.status, incident.contact_reasons) == ("resolved", ["voucher invalid", "payment"])


async def test_what_joined_another_incident_before_it_was_told_is_none_of_its_own(tmp_path: Path) -> None:
    rehearsal, roots = await rehearsed(
        tmp_path,
        spike(drivers=[CODE]),
        spike(reason="payment", onset=ONSET + minutes(10), customers=2),
        spike("grown", 20, 20, reason="payment", onset=ONSET + minutes(10), drivers=[CODE]),
    )
    assert roots == list(rehearsal.incidents)


async def test_incidents_that_the_board_has_forgotten_are_in_the_rehearsal(tmp_path: Path) -> None:
    rehearsal, roots = await rehearsed(
        tmp_path,
        spike(),
        spike("cleared", 20, 60),
        spike(reason="payment", onset=ONSET + minutes(2 * WEEK)),
    )
    assert len(roots) == len(rehearsal.incidents) == 2


async def test_nobody_is_reminded_in_a_rehearsal(tmp_path: Path) -> None:
    rehearsal, _ = await rehearsed(tmp_path, spike(), spike("grown", 15, 300))
    assert rehearsal.sent == 2
