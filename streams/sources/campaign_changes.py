"""What must be written on `campaigns` so that it says what a calendar says, and nothing of anybody else is touched.

A source changes and withdraws only what it wrote itself: a campaign that a person imported under the same id, or that
another source wrote first, stays as it is. A calendar that says nothing at all withdraws nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from alerts.records import Campaign
from alerts.twins import essence
from streams.reading import read
from streams.sources.reading import Reading

HISTORY = timedelta(days=60)
"""What ended longer ago stays when a source drops it: calendars forget, and `learn` wants to know what was."""

LARGEST = 256 * 1024
"""Bytes of a campaign; one that Kafka refuses would keep the others of its source from being written."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to write, and what is left as it is.

    Attributes:
        updates: id -> new value.
        withdrawn: ids that get a tombstone.
        left_alone: ids that the source names and somebody else wrote.
        too_large: ids whose texts are longer than Kafka takes.
        kept: how many campaigns an empty source would have withdrawn.
        doubled: ids of the source's campaigns that stand there once more under another id.
    """

    updates: Mapping[str, bytes] = field(default_factory=dict)
    withdrawn: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    too_large: tuple[str, ...] = ()
    kept: int = 0
    doubled: tuple[str, ...] = ()


def changes(
    source: str,
    reading: Reading,
    rows: Mapping[bytes, bytes],
    origins: Mapping[bytes, str],
    now: datetime,
) -> Changes:
    """Compare what a source says with what stands on the topic.

    Args:
        source: the source's name.
        reading: all that it says.
        rows: key -> value, as on the topic.
        origins: key -> the source that wrote it.
        now: what ended long before is history.

    Example:
        >>> at = datetime.fromisoformat("2026-11-20T08:00Z")
        >>> sale = Campaign(id="c1", name="Sale", starts_at=at, ends_at=at + HISTORY)
        >>> found = changes("marketing", Reading({"c1": sale}), {}, {}, at)
        >>> list(found.updates), changes("marketing", Reading({"c1": sale}), {b"c1": b"{}"}, {}, at).left_alone
        (['c1'], ('c1',))
    """
    own = {key.decode("utf-8", "replace"): value for key, value in rows.items() if origins.get(key) == source}
    others = {key.decode("utf-8", "replace") for key in rows if origins.get(key) != source}
    encoded = {
        name: msgspec.json.encode(one) for name, one in reading.campaigns.items() if name not in others
    }
    wanted = {name: value for name, value in encoded.items() if len(value) + len(name.encode()) <= LARGEST}
    gone = [
        name
        for name, value in own.items()
        if name not in reading.campaigns
        and (name in reading.cancelled or not (_refused(name, reading) or _history(value, now)))
    ]
    return Changes(
        updates={name: value for name, value in wanted.items() if own.get(name) != value},
        withdrawn=() if reading.empty else tuple(gone),
        left_alone=tuple(sorted(others & reading.campaigns.keys())),
        too_large=tuple(sorted(encoded.keys() - wanted.keys())),
        kept=len(gone) if reading.empty else 0,
        doubled=_doubled(reading, [value for key, value in rows.items() if origins.get(key) != source]),
    )


def _doubled(reading: Reading, others: Iterable[bytes]) -> tuple[str, ...]:
    names: dict[tuple[object, ...], set[str]] = {}
    for one in [*reading.campaigns.values(), *filter(None, (read(value, Campaign) for value in others))]:
        names.setdefault(essence(one), set()).add(one.id)
    twice = {name for ids in names.values() if len(ids) > 1 for name in ids}
    return tuple(sorted(twice & reading.campaigns.keys()))


def _refused(name: str, reading: Reading) -> bool:
    """Whether the campaign's event, or the series that it is an occurrence of, could not be read this time."""
    return name in reading.refused or name.rpartition("@")[0] in reading.refused


def _history(value: bytes, now: datetime) -> bool:
    try:
        return msgspec.json.decode(value, type=Campaign).ends_at < now - HISTORY
    except msgspec.MsgspecError:
        return False
