"""How a contact reason stands, from what the topics retain: what `explain` and `missed` print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from streams.errors import Failure
from streams.explain import Explanation, UnknownReason, explain, sentences, unknown
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


def look_at_all(
    views: Sequence[Settings], reason: str, at: datetime | None
) -> list[tuple[str | None, Explanation]]:
    """Explain a contact reason in each shard that it came in; by the shard's name.

    Raises:
        UnknownReason: it came in nowhere.
        Failure: nothing is retained for that time.
    """
    found, failures = [], []
    for view in views:
        try:
            found.append((view.shard, look(view, reason, at)))
        except Failure as failure:
            failures.append(failure)
    if not found:
        # Where nothing is retained, nobody can say that the reason is a typing error.
        raise min(failures, key=lambda failure: isinstance(failure, UnknownReason))
    return found


def printed(found: Sequence[tuple[str | None, Explanation]], *, as_json: bool) -> Iterator[str]:
    """The lines that say it; each shard under its name."""
    for shard, one in found:
        if as_json:
            named = {"market": shard} if shard is not None else {}
            yield msgspec.json.encode({**named, **msgspec.to_builtins(one)} if named else one).decode()
            continue
        if shard is not None:
            yield f"{shard}:"
        yield from sentences(one)
