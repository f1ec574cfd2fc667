"""What is announced for each contact reason, minute by minute."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from alerts.campaign import announced
from alerts.records import Campaign

if TYPE_CHECKING:
    from detectors.rows import FloatArray


class Announcements:
    """The campaigns as a detector wants to hear of them: a factor per contact reason.

    Args:
        campaigns: the campaigns as they stand; asked once a minute.

    Example:
        >>> from datetime import timedelta
        >>> start = datetime(2026, 11, 20, 20, tzinfo=UTC)
        >>> sale = Campaign(id="1", name="Sale", starts_at=start, ends_at=start + timedelta(hours=2),
        ...     expected_uplift=2.0, contact_reasons=["delivery"])
        >>> held, minute = Announcements(lambda: [sale]), int(start.timestamp() // 60)
        >>> held.at(minute - 1, ["delivery", "refund"])
        >>> held.at(minute, ["delivery", "refund"])
        array([2., 1.])
    """

    def __init__(self, campaigns: Callable[[], Collection[Campaign]]) -> None:
        self._campaigns = campaigns
        self._answered: tuple[object, ...] = ()
        self._factors: FloatArray | None = None
        self._raised: set[str] = set()
        """Contact reasons that a campaign raised the expectation of in the last closed minute."""

    def at(self, minute: int, reasons: Sequence[str]) -> FloatArray | None:
        """The announced uplift of each contact reason in a minute, or None when nothing is announced."""
        campaigns = self._campaigns()
        if not campaigns:
            return None
        at = datetime.fromtimestamp(minute * 60, UTC)
        active = tuple(
            campaign
            for campaign in campaigns
            if campaign.expected_uplift != 1.0 and campaign.starts_at <= at < campaign.ends_at
        )
        question = (active, len(reasons))
        if question != self._answered:
            factors = announced(active, reasons, at) if active else None
            self._factors = None if factors is None else np.asarray(factors, dtype=float)
            self._answered = question
        return self._factors

    def touched(self, factors: FloatArray | None, reasons: Sequence[str]) -> set[str]:
        """The contact reasons whose rows change in a closed minute also without tickets.

        Those are the reasons that a campaign raises the expectation of, or did in the minute before.

        Args:
            factors: what `at` gave for the minute.
            reasons: in row order.
        """
        before = self._raised
        self._raised = set() if factors is None else {reasons[row] for row in (factors != 1.0).nonzero()[0]}
        return self._raised | before
