"""What the channel would have heard with another value of the one knob."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from detectors.alarm import AlarmChange
from detectors.detector import Detector, DetectorSettings
from detectors.rows import FloatArray

FACTORS = (0.5, 2.0, 5.0)


class Alarm(NamedTuple):
    """An alarm in its last state: minutes since 1970, `until` after the last one of its window."""

    contact_reason: str
    onset: int
    raised: int
    until: int
    observed: int
    expected: float


class OtherKnobs:
    """Says, for each factor of the knob, which alarms there would have been.

    A detector of its own for each factor sees the same minutes as the main one: exactly what a backtest with that
    value would raise, at the price of one more `close` a factor and minute. Customers are not looked at.

    Args:
        settings: the main detector's.
        factors: of its `false_alarms_per_week`.
    """

    def __init__(self, settings: DetectorSettings, factors: Sequence[float] = FACTORS) -> None:
        budget = settings.false_alarms_per_week
        self._detectors = {
            factor: Detector(replace(settings, false_alarms_per_week=factor * budget)) for factor in factors
        }
        self._found: dict[float, dict[tuple[str, int, int], Alarm]] = {factor: {} for factor in factors}

    def close(
        self,
        minute: int,
        reasons: Sequence[str],
        counts: FloatArray,
        announced: FloatArray | None,
        *,
        alarms: bool,
    ) -> None:
        """Show a closed minute; the arguments are those of `Detector.close`, in the order of `reasons`."""
        for factor, detector in self._detectors.items():
            if len(detector.reasons) < len(reasons):
                detector.add(reasons[len(detector.reasons) :], minute)
            self._keep(factor, detector.close(minute, counts, announced, alarms=alarms))

    def alarms(self) -> dict[float, list[Alarm]]:
        """The alarms of each factor, by when they were raised."""
        return {
            factor: sorted(found.values(), key=lambda alarm: (alarm.raised, alarm.contact_reason))
            for factor, found in self._found.items()
        }

    def _keep(self, factor: float, changes: Iterable[AlarmChange]) -> None:
        for change in changes:
            key = (change.contact_reason, change.onset, change.raised_minute)
            self._found[factor][key] = Alarm(
                change.contact_reason,
                change.onset,
                change.raised_minute,
                change.onset + change.window_minutes,
                change.observed,
                change.expected,
            )


def without(alarms: Iterable[Alarm], known: Iterable[Alarm]) -> list[Alarm]:
    """The alarms that share no minute with a known one of the same contact reason.

    >>> first, second = Alarm("a", 0, 5, 30, 9, 1.0), Alarm("a", 50, 55, 80, 9, 1.0)
    >>> without([first, second], [Alarm("a", 20, 25, 40, 7, 1.0)]) == [second]
    True
    """
    spans: dict[str, list[Alarm]] = {}
    for alarm in known:
        spans.setdefault(alarm.contact_reason, []).append(alarm)
    return [
        alarm
        for alarm in alarms
        if not any(
            alarm.onset < max(other.until, other.raised) and other.onset < max(alarm.until, alarm.raised)
            for other in spans.get(alarm.contact_reason, ())
        )
    ]
