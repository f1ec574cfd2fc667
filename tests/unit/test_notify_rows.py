"""The rows that notify keeps: read back, taken over from the version before, made anew from the public record."""

from __future__ import annotations

import msgspec
from told_channel import Channel, spike

from alerts.context import Said
from alerts.entry import Entry
from alerts.records import SlackPost
from streams import notify_rows


def told_entry() -> Entry:
    """An incident that was told."""
    channel = Channel()
    channel.hear(spike())
    (entry,) = channel.board.entries.values()
    return entry


def row_of_the_version_before(entry: Entry) -> bytes:
    """An entry as it was stored by contact reason."""
    said = entry.said
    assert said is not None
    old_said = {name: getattr(said, name) for name in ("incident_id", "revision", "observed", "status")}
    incident = msgspec.to_builtins(entry.incident)
    for later in ("condition", "related", "kind"):
        del incident[later]
    return msgspec.json.encode({"incident": incident, "said": old_said, "attempted_at": None})


def test_rows_and_positions_are_read_back() -> None:
    entry = told_entry()
    rows = {notify_rows.key_of(entry.incident_id): msgspec.json.encode(entry)}
    rows |= notify_rows.positions_row({"spikes": 7, "answers": 2})
    stored = notify_rows.read(rows, 99)
    assert stored.entries == {entry.incident_id: entry}
    assert stored.positions == {"spikes": 7, "answers": 2}
    assert (stored.obsolete, stored.complete) == ([], True)


def test_a_row_of_the_version_before_is_taken_over_with_what_was_said() -> None:
    entry = told_entry()
    rows = {b"=voucher invalid": row_of_the_version_before(entry), notify_rows.POSITIONS: b""}
    stored = notify_rows.read(rows, 41)
    taken = stored.entries[entry.incident_id]
    assert taken.incident == entry.incident
    assert entry.said is not None
    assert taken.said == msgspec.structs.replace(entry.said, called_at=None)
    assert stored.positions == {"spikes": 41}
    assert stored.obsolete == [b"=voucher invalid"]


def test_a_crash_in_the_middle_of_taking_over_keeps_the_newer_row() -> None:
    entry = told_entry()
    newer = msgspec.structs.replace(entry, incident=msgspec.structs.replace(entry.incident, revision=9))
    new_row = {notify_rows.key_of(entry.incident_id): msgspec.json.encode(newer)}
    old_row = {b"=voucher invalid": row_of_the_version_before(entry)}
    for rows in (new_row | old_row, old_row | new_row):
        assert notify_rows.read(rows, 0).entries == {entry.incident_id: newer}


def test_what_cannot_be_read_is_made_anew_from_the_public_record_and_not_said_again() -> None:
    entry = told_entry()
    rows = {notify_rows.key_of(entry.incident_id): b"{", **notify_rows.positions_row({"spikes": 3})}
    stored = notify_rows.read(rows, 0)
    assert (stored.entries, stored.complete) == ({}, False)
    incident = msgspec.structs.replace(entry.incident, slack=SlackPost(channel="C1", ts="1.0"))
    untold = msgspec.structs.replace(incident, incident_id="ts-untold", slack=None)
    public = [msgspec.json.encode(incident), msgspec.json.encode(untold), b"{"]
    found = notify_rows.restored(public, stored.entries)
    assert found[entry.incident_id] == Entry(
        incident, Said(incident_id=entry.incident_id, revision=1, observed=incident.observed, status="open")
    )
    assert found["ts-untold"].said is None


def test_only_an_incident_that_was_open_vanishes_from_the_public_record() -> None:
    entry = told_entry()
    over = msgspec.structs.replace(entry, incident=msgspec.structs.replace(entry.incident, status="resolved"))
    stored = [msgspec.json.encode(entry), msgspec.json.encode(over), None, b"{"]
    assert [notify_rows.was_open(row) for row in stored] == [True, False, False, False]
