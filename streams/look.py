"""How a contact reason stands, from what the topics retain: what `explain` and `missed` print."""

from __future__ import annotations

from datetime import datetime

from streams.explain import Explanation, explain, unknown
from streams.retained import read_retained
from streams.settings import Settings


def look(settings: Settings, reason: str, at: datetime | None) -> Explanation:
    """Explain a contact reason at an instant; None is what was counted last.

    Raises:
        UnknownReason: no ticket has come in for it; names the nearest ones.
        Failure: nothing is retained for that time.
    """
    retained = read_retained(settings, reason, until=None if at is None else int(at.timestamp() // 60))
    if reason not in retained.surveillance.detector.reasons:
        raise unknown(reason, retained.surveillance.detector.reasons)
    return explain(
        retained.surveillance,
        reason,
        campaigns=retained.campaigns,
        min_customers=settings.ticketspike_min_customers,
        customers=retained.customers,
    )
