"""The last two hours, kept out of the baseline until it is known whether they were a spike."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.rows import Field, FloatArray, Rows

SLOT = 5
"""Minutes per slot: what is learnt is learnt in slots."""
SLOTS = 24
GUARDBAND = SLOT * SLOTS
"""Minutes between the newest minute and the newest one that the baseline has learnt."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Five minutes that leave the guardband.

    Attributes:
        start: first minute.
        tickets: tickets per reason.
        usual: what the baseline alone (without recent level) expected at the time.
        minutes: minutes of observation, weighted by announced uplifts; 0 where nobody looked.
    """

    start: int
    tickets: FloatArray
    usual: FloatArray
    minutes: FloatArray


class Guardband(Rows):
    """A ring of 24 slots of five minutes per reason, and the slot being filled.

    Without it a slow spike raises its own baseline before it is noticed. Two hours is where the study's
    measurements are flat: longer delays the recent level, shorter lets ramps in.
    """

    FIELDS = {  # noqa: RUF012 - a constant of the class
        "tickets": Field((SLOTS,), "f4"),
        "usual": Field((SLOTS,), "f4"),
        "minutes": Field((SLOTS,), "f2"),
        "open": Field((3,)),
    }
    tickets: FloatArray
    usual: FloatArray
    minutes: FloatArray
    open: FloatArray
    """Tickets, usual tickets and minutes of the slot being filled."""

    def add(self, tickets: FloatArray, usual: FloatArray, announced: FloatArray | float) -> None:
        """Add one observed minute to the slot being filled."""
        self.open[0] += tickets
        self.open[1] += usual
        self.open[2] += announced

    def forget(self, since: int, minute: int) -> None:
        """Nobody looked from `since` to `minute`, as it turned out: nothing is learnt from that time."""
        first = max(since // SLOT, minute // SLOT - SLOTS + 1)
        for slot in range(first, minute // SLOT):
            self.minutes[slot % SLOTS] = 0.0
        self.open[:] = 0.0

    def turn(self, minute: int) -> Slot:
        """Close the slot that `minute` is the last of, and let out the one of two hours ago.

        Args:
            minute: last minute of a slot, so `minute % 5 == 4`.
        """
        index = (minute // SLOT) % SLOTS
        out = Slot(
            start=minute + 1 - SLOT - GUARDBAND,
            tickets=self.tickets[index].astype("f8"),
            usual=self.usual[index].astype("f8"),
            minutes=self.minutes[index].astype("f8"),
        )
        self.tickets[index], self.usual[index], self.minutes[index] = self.open
        self.open[:] = 0.0
        return out

    @staticmethod
    def recent(minute: int, slots: int) -> list[int]:
        """Indices of the newest full slots, newest first, after `minute` was closed."""
        newest = (minute + 1) // SLOT - 1
        return [(newest - back) % SLOTS for back in range(slots)]
