"""Stands beside a replay and keeps what the report will need; says and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alerts.records import Incident, Spike
from detectors.detector import Detector
from detectors.rows import FloatArray
from streams.report.contents import Told, minute_of
from streams.report.course import DAY, HOUR
from streams.report.figures import Figures
from streams.report.other_knobs import REACH, OtherKnobs

_AFTER = 4 * HOUR
_AFTER_AT_MOST = DAY


class Recorder:
    """Fed with each closed minute (it is a surveillance's witness) and each statement of a spike."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.knobs = OtherKnobs()
        self.reasons: Sequence[str] = ()
        self._detector: Detector | None = None

    def __call__(
        self, detector: Detector, counts: FloatArray, _announced: FloatArray | None, alarms: bool
    ) -> None:
        """Take in a closed minute."""
        expected = detector.expectation()
        self.reasons, self._detector = detector.reasons, detector
        self.figures.add(counts, expected)
        if alarms:
            self.knobs.close(expected.minute, detector.near(REACH))

    def take(self, spike: Spike) -> None:
        """Take in a statement of a spike."""
        if self._detector is not None:
            for change in self._detector.open_alarms(spike.contact_reason):
                self.knobs.take(change)
        if spike.state == "raised":
            row = self.reasons.index(spike.contact_reason)
            self.figures.follow(spike.spike_id, row, minute_of(spike.onset))
        elif spike.cleared_at is not None:
            after = min(max(spike.window_minutes // 2, _AFTER), _AFTER_AT_MOST)
            self.figures.leave(spike.spike_id, minute_of(spike.cleared_at) + after + HOUR)


def told(incidents: Sequence[Incident], messages: Path) -> list[Told]:
    """The incidents by when they were raised, each with its lines of `messages.jsonl`."""
    by_thread: dict[str, list[Mapping[str, Any]]] = {}
    with messages.open(encoding="utf-8") as file:
        for line in file:
            message = json.loads(line)
            thread = message.get("thread_ts") or message.get("ts") or message["posted_ts"]
            by_thread.setdefault(thread, []).append(message)
    ordered = sorted(incidents, key=lambda one: (one.spikes[-1].raised_at, one.contact_reasons))
    return [Told(one, by_thread.get(one.slack.ts, []) if one.slack else []) for one in ordered]
