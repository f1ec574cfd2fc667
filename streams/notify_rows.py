"""The rows that *notify* keeps: one an incident, one for how far each topic was read.

Rows of the version before were kept by contact reason and are taken over; what cannot be read any more is made
anew from `incidents`, the public record, which holds where each message stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import structlog

from alerts import restoring
from alerts.campaign_notice import NoticeSaid
from alerts.digested import DigestSaid
from alerts.entry import Entry
from alerts.records import Incident
from streams.errors import UNREADABLE

POSITIONS = b"\0position"
DIGEST = b"\0digest"
_ENTRY = b"#"
_NOTICE = b"!"

log = structlog.get_logger("notify")


@dataclass(slots=True)
class Stored:
    """What the rows hold.

    Attributes:
        entries: by incident id.
        notices: what was said of campaigns to come, by campaign id.
        digest: the last digest that was sent on a schedule.
        positions: by topic of the contract, the offset to be read next.
        obsolete: keys of rows that are to be removed.
        complete: False where a row was lost, so that the public record is to be asked.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    notices: dict[str, NoticeSaid] = field(default_factory=dict)
    digest: DigestSaid | None = None
    positions: dict[str, int] = field(default_factory=dict)
    obsolete: list[bytes] = field(default_factory=list)
    complete: bool = True


def key_of(incident_id: str) -> bytes:
    """The key of an incident's row."""
    return _ENTRY + incident_id.encode()


def notice_key(campaign_id: str) -> bytes:
    """The key of the row of what was said of a campaign to come."""
    return _NOTICE + campaign_id.encode()


def read(rows: Mapping[bytes, bytes], position_stamp: int) -> Stored:
    """Read the rows of this version or of the one before.

    Args:
        rows: key to value, without stamps.
        position_stamp: the stamp of the row of positions, which was the position in `spikes` before.
    """
    stored = Stored(complete=POSITIONS in rows)
    for key, value in rows.items():
        if key == POSITIONS:
            stored.positions = _positions(value, position_stamp)
            continue
        if key == DIGEST:
            _read_digest(value, stored)
            continue
        if key.startswith(_NOTICE):
            _read_notice(key, value, stored)
            continue
        if not key.startswith(_ENTRY):
            stored.obsolete.append(key)
        try:
            entry = msgspec.json.decode(value, type=Entry)
        except UNREADABLE:
            log.error("a stored incident cannot be read; it is made anew from its public record")
            stored.complete = False
            continue
        known = stored.entries.get(entry.incident_id)
        # Both versions of a row are there after a crash in the middle of taking over.
        if known is None or key.startswith(_ENTRY):
            stored.entries[entry.incident_id] = entry
    return stored


def restored(public: Iterable[bytes], entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The entries, and those that only the public record holds."""
    found = dict(entries)
    for value in public:
        try:
            incident = msgspec.json.decode(value, type=Incident)
        except UNREADABLE:
            continue
        if incident.incident_id in found:
            continue
        found[incident.incident_id] = restoring.restored(incident)
    return found


def positions_row(positions: Mapping[str, int]) -> dict[bytes, bytes]:
    """The row of the positions."""
    return {POSITIONS: msgspec.json.encode(positions)}


def was_open(row: bytes | None) -> bool:
    """Whether a stored row is of an open incident: one that joined another vanishes, one that is over stays known."""
    if row is None:
        return False
    try:
        return msgspec.json.decode(row, type=Entry).open
    except UNREADABLE:
        return False


def _read_notice(key: bytes, value: bytes, stored: Stored) -> None:
    try:
        said = msgspec.json.decode(value, type=NoticeSaid)
    except UNREADABLE:
        # Said again rather than never: it can be looked up no more, and a notice harms nobody.
        log.error("what was said of a campaign to come cannot be read")
        stored.obsolete.append(key)
        return
    stored.notices[said.campaign.id] = said


def _read_digest(value: bytes, stored: Stored) -> None:
    try:
        stored.digest = msgspec.json.decode(value, type=DigestSaid)
    except UNREADABLE:
        # The channel is asked before a digest is posted, so nothing is said twice.
        log.error("what was said of the last digest cannot be read")


def _positions(value: bytes, stamp: int) -> dict[str, int]:
    if not value:
        return {"spikes": stamp}
    return msgspec.json.decode(value, type=dict[str, int])
