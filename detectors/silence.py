"""Is nobody writing, or is nobody listening? Silence of the whole source, and the burst after it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from detectors.rows import FloatArray

SILENT_NATS = 20.0
"""-log of the probability of a silence that is no coincidence; once in 9,000 years of hourly tries."""
LEAST_MINUTES = 5
_CAREFUL = 0.5
"""A silence is held against half of what is expected, since a quiet day may be as quiet as that."""
SETTLING_LEAST = 15
SETTLING_MOST = 60
_SETTLED_SIGMAS = 3.0

Phase = Literal["heard", "silent", "settling"]


class Silence:
    """Tells "no tickets" from "no source": judges the channel as a whole, minute by minute.

    With n reasons whose counts are NB1 with mean m and dispersion phi, a minute without any ticket has the
    probability exp(-sum of m log(phi) / (phi - 1)). When a run of such minutes has become less probable than
    e^-20, and lasts five minutes at least, the source is *silent*: what is missing says nothing about
    contact reasons, so nothing is learnt from it and no alarm is raised or cleared by it.

    When tickets come again the channel is *settling*: what was held back comes in a burst, which is no
    spike of any reason; only what the silence cannot have held back is (`detectors.backlog`). That lasts a
    quarter of an hour at least, and ends when five minutes in a row hold no more than usual, or after an
    hour.

    Example:
        >>> silence, usual = Silence(), np.array([0.5, 2.5])
        >>> def minute(number, tickets):
        ...     return silence.hear(number, tickets, usual, np.array([1.2, 1.2]))
        >>> [minute(number, 0.0) for number in range(15)][-2:]
        ['heard', 'silent']
        >>> silence.since, silence.held
        (0, 15)
        >>> minute(15, 80.0), minute(16, 3.0)
        ('settling', 'settling')
    """

    def __init__(self) -> None:
        self.since: int | None = None
        """First minute of the silence that is going on, or None."""
        self.held = 0
        """Minutes of the silence that goes on, or of the last one."""
        self._run = 0
        self._nats = 0.0
        self._settling: int | None = None
        """Minute at which tickets came again."""
        self._recent = [0.0, 0.0, 0.0]
        """Tickets, expected ones and their variance over the last minutes of settling."""

    @property
    def heard(self) -> bool:
        """Whether the newest minute was neither silent nor settling."""
        return self.since is None and self._settling is None

    @property
    def nats(self) -> float:
        """Evidence that the run of minutes without a ticket is no chance; alarming from `SILENT_NATS` on."""
        return self._nats

    def hear(self, minute: int, tickets: float, mean: FloatArray, phi: FloatArray) -> Phase:
        """Take in one closed minute.

        Args:
            minute: which.
            tickets: of all reasons together.
            mean: expected tickets per reason.
            phi: variance of a count relative to Poisson, per reason.

        Returns:
            What the minute belongs to.
        """
        if tickets > 0.0:
            if self.since is not None:
                self.since, self._settling, self._recent = None, minute, [0.0, 0.0, 0.0]
            self._run, self._nats = 0, 0.0
        else:
            self._run += 1
            self._nats += _CAREFUL * float((mean * np.log(phi) / (phi - 1.0)).sum())
            if self.since is None and self._nats >= SILENT_NATS and self._run >= LEAST_MINUTES:
                self.since, self._settling = minute + 1 - self._run, None
        if self.since is not None:
            self.held = self._run
            return "silent"
        if self._settling is not None and not self._settled(minute, tickets, mean, phi):
            return "settling"
        return "heard"

    def _settled(self, minute: int, tickets: float, mean: FloatArray, phi: FloatArray) -> bool:
        assert self._settling is not None  # noqa: S101 - asked only then
        lasted = minute + 1 - self._settling
        recent = self._recent
        recent[0], recent[1] = 0.8 * recent[0] + tickets, 0.8 * recent[1] + float(mean.sum())
        recent[2] = 0.8 * recent[2] + float((phi * mean).sum())
        calm = recent[0] <= recent[1] + _SETTLED_SIGMAS * recent[2] ** 0.5
        if lasted <= SETTLING_LEAST or (lasted <= SETTLING_MOST and not calm):
            return False
        self._settling = None
        return True

    def snapshot(self) -> list[object]:
        """JSON-able."""
        return [self.since, self.held, self._run, self._nats, self._settling, *self._recent]

    def restore(self, state: object) -> None:
        """Take a snapshot back.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(state, list) or len(state) != 8:
            raise ValueError("the stored state of silence is not one")
        since, held, run, nats, settling, *recent = state
        self.since, self.held, self._run, self._nats = since, int(held), int(run), float(nats)
        self._settling = settling
        self._recent = [float(part) for part in recent]
