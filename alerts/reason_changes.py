"""Which contact reasons a day was about, how they differ from usual, and which ones no longer come."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from alerts.digested import Change, QuietReason, ReasonChange
from detectors.rate_change import RateChange, dispersion_of, fewer, rate_change

WEEKS = 4
TOP = 5
QUIET = 5
_QUIET_LEVEL = 0.05
"""How often a digest may call a contact reason quiet by chance, all of them together."""
_FEWEST_DAYS = 2
"""One day says nothing of how days differ."""

Days = Mapping[date, tuple[int, int]]
"""Tickets and distinct customers of a contact reason by local date; days without tickets may be left out."""


def usual_days(
    day: date, *, counted_from: date | None, holidays: frozenset[date] = frozenset()
) -> list[date]:
    """The same weekday of the four weeks before, as far as whole days were counted and were no holidays.

    A holiday's own usual days are not known to be like it: it has none.

    Args:
        day: a local date.
        counted_from: the first date that was counted from its beginning; None where nothing was.
        holidays: local dates.

    >>> usual_days(date(2026, 11, 19), counted_from=date(2026, 11, 1), holidays=frozenset())
    [datetime.date(2026, 11, 12), datetime.date(2026, 11, 5)]
    """
    if counted_from is None or day in holidays:
        return []
    before = (day - timedelta(weeks=week) for week in range(1, WEEKS + 1))
    return [one for one in before if one >= counted_from and one not in holidays]


def changes(
    counts: Mapping[str, Days], day: date, usual: Sequence[date], *, min_customers: int
) -> tuple[Change | None, list[ReasonChange]]:
    """All tickets of a day against its usual days, and the contact reasons with the most tickets.

    Contact reasons with fewer distinct customers than `min_customers` are in the total only.
    """
    names = sorted(counts)
    spread = dict(zip(names, dispersion_of([_series(counts[one], usual) for one in names]), strict=True))
    total = [sum(_tickets(counts[one], each) for one in names) for each in usual]
    today = sum(_tickets(counts[one], day) for one in names)
    found = [
        ReasonChange(
            contact_reason=one,
            change=_change(_tickets(counts[one], day), _series(counts[one], usual), spread[one]),
            customers=counts[one][day][1],
        )
        for one in names
        if day in counts[one] and counts[one][day][0] > 0 and counts[one][day][1] >= min_customers
    ]
    found.sort(key=lambda one: (-one.change.tickets, one.contact_reason))
    whole = _change(today, total, dispersion_of([total])[0]) if names else None
    return whole, found[:TOP]


def quiet(
    counts: Mapping[str, Days],
    day: date,
    usual: Sequence[date],
    last_at: Mapping[str, datetime],
    *,
    min_customers: int,
) -> list[QuietReason]:
    """Contact reasons that came on every usual day and not at all on this one, beyond what chance explains.

    All that could be called quiet share one error rate, so that a thousand contact reasons bring no more of them
    by chance than ten. Where nothing came at all the source is silent, and no contact reason is quiet.

    Args:
        counts: tickets by contact reason and local date.
        day: the day in question.
        usual: its usual days.
        last_at: when each contact reason was seen last, also after the day.
        min_customers: contact reasons that had fewer distinct customers on each of the usual days are not named.
    """
    if len(usual) < _FEWEST_DAYS or not any(_tickets(one, day) for one in counts.values()):
        return []
    regular = {name: _series(one, usual) for name, one in counts.items() if all(_series(one, usual))}
    spread = dispersion_of(list(regular.values()))
    found = [
        QuietReason(contact_reason=name, usual=sum(series) / len(series), last_at=last_at[name])
        for (name, series), dispersion in zip(regular.items(), spread, strict=True)
        if not _tickets(counts[name], day)
        and max(counts[name][one][1] for one in usual) >= min_customers
        and fewer(0, series, dispersion=dispersion) < _QUIET_LEVEL / len(regular)
    ]
    found.sort(key=lambda one: (-one.usual, one.contact_reason))
    return found[:QUIET]


def _change(count: int, usual: Sequence[int], dispersion: float) -> Change:
    if len(usual) < _FEWEST_DAYS:
        return Change(tickets=count)
    found: RateChange = rate_change(count, usual, dispersion=dispersion)
    return Change(
        tickets=count,
        usual=sum(usual) / len(usual),
        ratio=_finite(found.ratio),
        lower=found.lower,
        upper=_finite(found.upper),
        clear=found.clear,
    )


def _series(days: Days, usual: Sequence[date]) -> list[int]:
    return [_tickets(days, one) for one in usual]


def _tickets(days: Days, day: date) -> int:
    return days.get(day, (0, 0))[0]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
