"""The course of what is told of, as a chart shows it: at most twenty equal steps, coarser the longer it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from alerts.records import Course
from detectors.past import Past

MOST_STEPS = 20


class Chart:
    """Counts and expectations in equal steps, the onset always among them.

    Older steps are let go as long as some time before the onset remains; then two steps become one. The last
    step may not be over yet.

    Args:
        past: the steps so far.
        onset: first minute of what is told of.

    Example:
        >>> chart = Chart(Past(100, 5, [1.0, 2.0], [1.5, 1.5]), onset=105)
        >>> for minute in range(110, 300):
        ...     chart.add(minute, 1.0, 0.5)
        >>> course = chart.course()
        >>> course.minutes, len(course.counts), sum(course.counts)
        (10, 20, 193)
    """

    __slots__ = ("_counts", "_expected", "_first", "_minutes", "_onset")

    def __init__(self, past: Past, onset: int) -> None:
        self._first, self._minutes, self._onset = past.first, past.minutes, onset
        self._counts, self._expected = list(past.tickets), list(past.expected)
        self._fit()

    def add(self, minute: int, count: float, expected: float) -> None:
        """Take in a minute later than all so far; those in between had nothing and expected nothing."""
        place = (minute - self._first) // self._minutes
        while place >= len(self._counts):
            self._counts.append(0.0)
            self._expected.append(0.0)
            self._fit()
            place = (minute - self._first) // self._minutes
        self._counts[place] += count
        self._expected[place] += expected

    def lately(self, minutes: int) -> tuple[float, float]:
        """Tickets and expectation of the last steps, so many minutes at least."""
        steps = -(-minutes // self._minutes) + 1
        return sum(self._counts[-steps:]), sum(self._expected[-steps:])

    def course(self) -> Course:
        """The chart as a record."""
        return Course(
            begins_at=datetime.fromtimestamp(self._first * 60, UTC),
            minutes=self._minutes,
            counts=[round(count) for count in self._counts],
            expected=[round(expected, 2) for expected in self._expected],
        )

    def copy(self, onset: int | None = None) -> Chart:
        """The same, to be gone on with apart, perhaps about another onset."""
        past = Past(self._first, self._minutes, self._counts, self._expected)
        return Chart(past, self._onset if onset is None else onset)

    def snapshot(self) -> list[object]:
        """JSON-able."""
        return [self._first, self._minutes, self._onset, self._counts.copy(), self._expected.copy()]

    @classmethod
    def restored(cls, state: Sequence[object]) -> Chart:
        """Take a snapshot back."""
        first, minutes, onset, counts, expected = state
        return cls(Past(first, minutes, counts, expected), onset)  # type: ignore[arg-type]

    def _fit(self) -> None:
        while len(self._counts) > MOST_STEPS:
            if self._onset >= self._first + 2 * self._minutes:
                self._first += self._minutes
                del self._counts[0], self._expected[0]
            else:
                self._counts, self._expected = _paired(self._counts), _paired(self._expected)
                self._minutes *= 2


def _paired(steps: list[float]) -> list[float]:
    return [sum(steps[at : at + 2]) for at in range(0, len(steps), 2)]
