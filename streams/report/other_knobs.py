"""What the channel would have heard with another value of the one knob."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from detectors.alarm import AlarmChange
from detectors.near import Near
from detectors.threshold import nats

LARGER = (2.0, 5.0)
SMALLER = 0.5
REACH = nats(max(LARGER))
"""Nats below the bar that the largest knob reaches."""
APART = 120
"""Minutes without evidence after which the next rise of a reason is another one."""


class Alarm(NamedTuple):
    """An alarm in its last state: minutes since 1970, `until` after the last one of its window."""

    contact_reason: str
    onset: int
    raised: int
    until: int
    observed: int
    expected: float


class _Rise:
    """A rise that stayed below the bar: when it came within reach of each knob, and how far it went."""

    def __init__(self, minute: int, seen: Near) -> None:
        self.last = minute
        self.first: dict[float, Alarm] = {}
        self.take(minute, seen)

    def take(self, minute: int, seen: Near) -> None:
        self.last = minute
        for factor in LARGER:
            if factor in self.first or seen.short_by <= nats(factor):
                raised = self.first[factor].raised if factor in self.first else minute + 1
                self.first[factor] = Alarm(
                    seen.contact_reason, seen.onset, raised, minute + 1, seen.observed, seen.expected
                )


class OtherKnobs:
    """Says which alarms half, twice and five times the knob would have brought, from one run with the knob itself.

    The bar falls by `detectors.threshold.nats` of the factor. So a larger knob adds the rises that came so near
    their bar, and a smaller one leaves out the alarms whose evidence never went so far beyond it. That is what a
    run with that value says but for what its own alarms would have kept from the baseline, at no price; customers
    are not looked at.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Rise] = {}
        self._past: list[_Rise] = []
        self._raised: dict[tuple[str, int, int], tuple[Alarm, float]] = {}

    def close(self, minute: int, rises: Iterable[Near]) -> None:
        """Take in what was near its bar after a closed minute."""
        for seen in rises:
            held = self._open.get(seen.contact_reason)
            if held is not None and minute - held.last <= APART:
                held.take(minute, seen)
            else:
                if held is not None:
                    self._past.append(held)
                self._open[seen.contact_reason] = _Rise(minute, seen)

    def take(self, change: AlarmChange) -> None:
        """Take in an alarm as it stands."""
        until = change.onset + change.window_minutes
        key = (change.contact_reason, change.onset, change.raised_minute)
        self._raised[key] = (
            Alarm(*key, until, change.observed, change.expected),
            change.score - change.bar,
        )

    def alarms(self) -> dict[float, list[Alarm]]:
        """The alarms of each factor, by when they were raised."""
        own = [alarm for alarm, _ in self._raised.values()]
        found = {SMALLER: [alarm for alarm, beyond in self._raised.values() if beyond >= -nats(SMALLER)]}
        rises = [*self._past, *self._open.values()]
        for factor in LARGER:
            more = [rise.first[factor] for rise in rises if factor in rise.first]
            found[factor] = [*own, *without(more, own)]
        return {
            factor: sorted(alarms, key=lambda alarm: (alarm.raised, alarm.contact_reason))
            for factor, alarms in found.items()
        }


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
