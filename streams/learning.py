"""History into baselines: what `learn` finds, publishes and takes back.

A baseline is the surveillance's own snapshot of a contact reason after it has seen the history, so a worker
takes it over as it takes its own state over after a restart. Versions only grow, also over a tombstone, so
that a running worker knows the newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from alerts.records import Campaign
from detectors.detector import DetectorSettings
from streams.events import BaselineRecord
from streams.history import History
from streams.replay import Period, replay
from streams.surveillance import Surveillance


class Learnt(NamedTuple):
    """What a history taught: a snapshot per contact reason, and how many minutes were observed."""

    baselines: dict[str, dict[str, object]]
    minutes: int


def learn(
    history: History,
    detector: DetectorSettings,
    *,
    excluded: Sequence[Period],
    advance: Callable[[float], None],
    campaigns: Collection[Campaign] = (),
) -> Learnt:
    """Show a history to a fresh surveillance, minute by minute; nothing fires.

    Args:
        history: what was counted.
        detector: as for the worker: a baseline learnt in one time zone is wrong in another.
        excluded: minutes [from, to) that count as not observed.
        advance: told of the last closed minute now and then.
        campaigns: those of that time: what they brought is learnt as theirs, not as the week's.
    """
    surveillance = Surveillance(detector, campaigns=lambda: campaigns)
    end = history.until
    for _ in replay(history, surveillance, learn_until=end, excluded=excluded, advance=advance):
        raise AssertionError("a spike was raised while learning")
    reasons = surveillance.detector.reasons
    baselines = {reason: {**surveillance.snapshot(reason), "spike": None} for reason in reasons}
    missed = sum(max(0, min(end, to) - max(begin, history.first)) for begin, to in excluded)
    return Learnt(baselines, end - history.first - missed)


def publishable(
    baselines: Mapping[str, dict[str, object]], known: Mapping[str, BaselineRecord], now: datetime
) -> list[BaselineRecord]:
    """The records to publish, each with what it replaces.

    Args:
        baselines: snapshots by contact reason.
        known: what stands on `baselines`.
        now: when it was learnt; the first version of a reason, in epoch seconds.
    """
    first = int(now.timestamp())
    records = []
    for reason in sorted(baselines):
        before = known.get(reason)
        records.append(
            BaselineRecord(
                contact_reason=reason,
                version=max(first, before.version + 1 if before else 0),
                learnt_at=now,
                baseline=baselines[reason],
                previous=_without_previous(before) if before else None,
            )
        )
    return records


def taken_back(known: Mapping[str, BaselineRecord]) -> dict[str, BaselineRecord | None]:
    """What to publish to take the last learning back: its predecessor, or None for a tombstone.

    The last learning is every record of the newest `learnt_at`. One step is remembered: what stood before the
    predecessor is gone.

    >>> taken_back({})
    {}
    """
    if not known:
        return {}
    last = max(record.learnt_at for record in known.values())
    undone: dict[str, BaselineRecord | None] = {}
    for reason, record in sorted(known.items()):
        if record.learnt_at == last:
            undone[reason] = _restored(record)
    return undone


def decode_baselines(rows: Mapping[str, bytes]) -> dict[str, BaselineRecord]:
    """The records of `baselines` by contact reason.

    Raises:
        msgspec.DecodeError: one of them is none of ours.
    """
    decode = msgspec.json.Decoder(BaselineRecord).decode
    return {record.contact_reason: record for record in map(decode, rows.values())}


def _without_previous(record: BaselineRecord) -> dict[str, object]:
    kept: dict[str, object] = msgspec.to_builtins(record)
    return {**kept, "previous": None}


def _restored(record: BaselineRecord) -> BaselineRecord | None:
    if record.previous is None:
        return None
    before = msgspec.convert(record.previous, BaselineRecord)
    return msgspec.structs.replace(before, version=record.version + 1)
