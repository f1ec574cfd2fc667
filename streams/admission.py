"""Which contact reasons are counted under their own name."""

from __future__ import annotations

from streams.cells import OTHER
from streams.tally import Tally

UNLABELLED = "unlabelled"


class Admission:
    """Takes in so many distinct contact reasons per hour of the log; further ones count as `other`.

    So a bug upstream that makes up reasons cannot fill the memory.

    >>> admission = Admission(Tally(), 1)
    >>> admission.admit("voucher"), admission.admit("delivery"), admission.admit("voucher")
    ('voucher', 'other', 'voucher')
    """

    __slots__ = ("_max_reasons", "_tally", "admitted")

    def __init__(self, tally: Tally, max_reasons: int) -> None:
        self._tally = tally
        self._max_reasons = max_reasons
        self.admitted: set[str] = set()
        """The reasons that were taken in since the hour began."""

    def begin_hour(self) -> None:
        """Begin an hour of the log: whoever comes first is taken in."""
        self.admitted = set()

    def admit(self, reason: str | None) -> str:
        """The contact reason that a ticket counts under; null and "" count as unlabelled."""
        reason = reason or UNLABELLED
        admitted = self.admitted
        if reason in admitted:
            return reason
        if len(admitted) >= self._max_reasons:
            self._tally.overflow += 1
            return OTHER
        admitted.add(reason)
        return reason
