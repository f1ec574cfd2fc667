"""The incidents that are kept, and the ways to find them: by spike, by fingerprint, the open ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.entry import Entry, Mute
from alerts.incident import fingerprints
from alerts.records import ConditionKind


class Known:
    """All entries with their indexes, which are a function of the entries: a restart makes them anew.

    A spike is in one incident. Where a crash left it in two rows, as between the writing of an incident that
    another one joined and the removal of the other's row, the one that it did not open keeps it.

    Args:
        entries: stored rows by incident id.
    """

    def __init__(self, entries: Mapping[str, Entry] | None = None) -> None:
        self.entries: dict[str, Entry] = {}
        self._spikes: dict[str, str] = {}
        self._conditions: dict[tuple[str, datetime], str] = {}
        self._fingerprints: dict[str, set[str]] = {}
        self._open: set[str] = set()
        self._muted: set[str] = set()
        rows = list((entries or {}).values())
        homes = Counter(spike.spike_id for entry in rows for spike in entry.incident.spikes)
        self.left_over: list[str] = []
        """Ids of rows that are left out, as the spike that opened them stands in another incident."""
        for entry in rows:
            first = entry.incident.spikes[:1]
            if first and homes[first[0].spike_id] > 1:
                self.left_over.append(entry.incident_id)
            else:
                self.keep(entry)

    def keep(self, entry: Entry) -> None:
        """Put an entry in, in the place of the one with its id."""
        key, before = entry.incident_id, self.entries.get(entry.incident_id)
        self.entries[key] = entry
        if before is None or before.incident.spikes is not entry.incident.spikes:
            for spike in entry.incident.spikes:
                self._spikes[spike.spike_id] = key
        if before is None or before.conditions is not entry.conditions:
            for condition in entry.conditions:
                self._conditions[condition.kind, condition.since] = key
        for name in fingerprints(entry.incident):
            self._fingerprints.setdefault(name, set()).add(key)
        _put(self._open, key, entry.open)
        _put(self._muted, key, bool(entry.mutes))

    def forget(self, key: str) -> None:
        """Take an entry out."""
        entry = self.entries.pop(key)
        for spike in entry.incident.spikes:
            if self._spikes.get(spike.spike_id) == key:
                del self._spikes[spike.spike_id]
        for condition in entry.conditions:
            self._conditions.pop((condition.kind, condition.since), None)
        for name in fingerprints(entry.incident):
            held = self._fingerprints[name]
            held.discard(key)
            if not held:
                del self._fingerprints[name]
        self._open.discard(key)
        self._muted.discard(key)

    def of_spike(self, spike_id: str) -> Entry | None:
        """The entry that a spike belongs to."""
        key = self._spikes.get(spike_id)
        return None if key is None else self.entries[key]

    def of_condition(self, kind: ConditionKind, since: datetime) -> Entry | None:
        """The entry that a condition belongs to."""
        key = self._conditions.get((kind, since))
        return None if key is None else self.entries[key]

    def under(self, fingerprint: str) -> list[Entry]:
        """All entries under a fingerprint, oldest first."""
        return self._sorted(self._fingerprints.get(fingerprint, ()))

    def open(self) -> list[Entry]:
        """The open incidents, oldest first."""
        return self._sorted(self._open)

    def mutes(self) -> list[Mute]:
        """All mutes that people set, running or not, in the order in which they were set."""
        found = [mute for key in self._muted for mute in self.entries[key].mutes]
        return sorted(found, key=lambda mute: (mute.answer.at, mute.answer.incident_id))

    def _sorted(self, keys: Iterable[str]) -> list[Entry]:
        found = [self.entries[key] for key in keys]
        return sorted(found, key=age)


def age(entry: Entry) -> tuple[datetime, str]:
    """The order of incidents, oldest first."""
    return entry.incident.opened_at, entry.incident_id


def _put(keys: set[str], key: str, belongs: bool) -> None:
    if belongs:
        keys.add(key)
    else:
        keys.discard(key)
