"""How often voucher codes are redeemed, beside how many orders there are: counted by quarters of an hour.

That tickets about a code rise while it is redeemed as ever says something else than that it is redeemed no more.
Redemptions alone say little: at night they fall, too. So they are held against the orders of the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.names import fold
from detectors.facet_sets import at_least

QUARTER = timedelta(minutes=15)
KEPT = 30 * 4
"""Quarters that are kept: an incident of a day, and the hours before it."""
CODES_A_QUARTER = 5_000
"""Shops make codes of one use by the hundred thousand; a quarter with more codes forgets those redeemed once."""
IDS = 200_000
"""Ids of orders that are known again, the newest: some 20 MB."""
_BEFORE = timedelta(hours=6)
_LAST = timedelta(hours=1)
_CHANCE = 0.01
_FALLS_TO = 0.5
_GOES_ON_FROM = 0.8
_ENOUGH = 5


@dataclass(frozen=True, slots=True)
class Quarters:
    """Numbers by quarters of an hour, the first of which begins at `begins_at`."""

    begins_at: datetime
    counts: tuple[int, ...]

    def between(self, begin: datetime, end: datetime) -> int:
        """The sum of the quarters that begin in [`begin`, `end`).

        >>> noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
        >>> Quarters(noon, (1, 2, 3)).between(noon + QUARTER, noon + 4 * QUARTER)
        5
        """
        first, last = -((self.begins_at - begin) // QUARTER), -((self.begins_at - end) // QUARTER)
        return sum(self.counts[max(first, 0) : max(last, 0)])


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A code's redemptions and all orders, by the same quarters."""

    redemptions: Quarters
    orders: Quarters


@dataclass(frozen=True, slots=True)
class Comparison:
    """Redemptions of a code lately and before a rise began.

    Attributes:
        lately: redemptions in the last `minutes`, all since the rise began.
        minutes: an hour and the beginning of a quarter at most.
        usual: redemptions to be expected in these minutes: the code's part of the orders in the six hours before
            the rise, of the orders lately.
        falls: they are at most half of that, and that is no chance (Fisher's exact test, 1 %).
        goes_on: they are nearly as many or more, and enough to say so.
    """

    lately: int
    minutes: int
    usual: float
    falls: bool
    goes_on: bool


def compare(redeemed: Redeemed, onset: datetime, at: datetime) -> Comparison | None:
    """Hold redemptions since a rise began, in the last hour at most, against those before; None without orders.

    Args:
        redeemed: the code's redemptions and all orders.
        onset: when the rise began.
        at: the present.

    >>> noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    >>> day = Quarters(noon - 16 * QUARTER, (10,) * 16 + (0, 1, 0, 0)), Quarters(noon - 16 * QUARTER, (50,) * 20)
    >>> compare(Redeemed(*day), noon, noon + 4 * QUARTER)
    Comparison(lately=1, minutes=60, usual=40.0, falls=True, goes_on=False)
    """
    begun, end = floor(onset), floor(at) + QUARTER
    # The quarter in which the rise began is half before it: left out as soon as there is another one.
    whole = begun if begun == onset or at < begun + 2 * QUARTER else begun + QUARTER
    since = max(whole, floor(at - _LAST))
    lately, orders = (one.between(since, end) for one in (redeemed.redemptions, redeemed.orders))
    before, orders_before = (
        one.between(begun - _BEFORE, begun) for one in (redeemed.redemptions, redeemed.orders)
    )
    if not orders or not orders_before:
        return None
    # An order counts once, however many codes it carries; a code twice in one order would exceed the orders.
    lately, before = min(lately, orders), min(before, orders_before)
    usual = orders * before / orders_before
    chance = at_least(before, orders_before, float(lately), float(orders))
    return Comparison(
        lately=lately,
        minutes=max(int((at - since) / timedelta(minutes=1)), 1),
        usual=usual,
        falls=lately <= _FALLS_TO * usual and usual >= 1.0 and chance <= _CHANCE,
        goes_on=lately >= _ENOUGH and lately >= _GOES_ON_FROM * usual,
    )


def per_thousand_orders(tickets: int, onset: datetime, window_minutes: int, orders: Quarters) -> float | None:
    """Tickets for every 1,000 orders placed in the same time; None where too few were to say so.

    Orders are known by the quarter of an hour, so those of a part of a quarter are that part of them.

    >>> noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    >>> per_thousand_orders(42, noon, 30, Quarters(noon, (600, 800)))
    30.0
    """
    begun, end = floor(onset), onset + timedelta(minutes=window_minutes)
    whole = floor(end - timedelta(microseconds=1)) + QUARTER
    placed = orders.between(begun, whole) * ((end - onset) / (whole - begun)) if whole > begun else 0.0
    return 1000.0 * tickets / placed if placed >= 20 else None


class OrderTally:
    """Counts orders and the codes on them, by quarters of an hour of the orders' own time.

    Bounded whatever comes: `KEPT` quarters, `CODES_A_QUARTER` codes in each, and `IDS` orders that are known again
    when they are stated a second time (paid, shipped). An order older than what is kept is left out.

    >>> tally, noon = OrderTally(), datetime(2026, 11, 20, 12, tzinfo=UTC)
    >>> for order in ("o1", "o2", "o1"):
    ...     tally.add(order, noon, ["Sommer 25"])
    >>> found = tally.facts(["SOMMER25"], noon)["sommer25"]
    >>> found.redemptions.counts[-1], found.orders.counts[-1]
    (2, 2)
    """

    def __init__(self) -> None:
        self._orders: dict[int, int] = {}
        self._codes: dict[int, dict[str, int]] = {}
        self._ids: dict[int, None] = {}
        self._newest = -1

    def add(self, order_id: str, created_at: datetime, codes: Iterable[str]) -> None:
        """Take an order in; one that is known already changes nothing."""
        quarter = _number(created_at)
        if quarter <= self._newest - KEPT:
            return
        # Eight bytes of an id suffice: that two of 200,000 agree has a chance of one in a billion.
        known = hash(order_id)
        if known in self._ids:
            return
        self._ids[known] = None
        if len(self._ids) > IDS:
            del self._ids[next(iter(self._ids))]
        if quarter > self._newest:
            self._newest = quarter
            self._forget()
        self._orders[quarter] = self._orders.get(quarter, 0) + 1
        held = self._codes.setdefault(quarter, {})
        for code in {fold(code) for code in codes}:
            held[code] = held.get(code, 0) + 1
        if len(held) > CODES_A_QUARTER:
            self._codes[quarter] = {code: count for code, count in held.items() if count > 1}

    def facts(self, codes: Collection[str], at: datetime) -> dict[str, Redeemed]:
        """Redemptions of each code up to an instant, by its folded name; empty while no order came.

        A code that was never redeemed has zeros: that is a fact, too.
        """
        orders = self.orders(at)
        if orders is None:
            return {}
        last = _number(at)
        found = {}
        for code in {fold(code) for code in codes}:
            counts = tuple(self._codes.get(one, {}).get(code, 0) for one in range(last - KEPT + 1, last + 1))
            found[code] = Redeemed(Quarters(orders.begins_at, counts), orders)
        return found

    def orders(self, at: datetime) -> Quarters | None:
        """All orders up to an instant; None while no order came."""
        last = _number(at)
        quarters = range(last - KEPT + 1, last + 1)
        if not any(one in self._orders for one in quarters):
            return None
        begins_at = datetime.fromtimestamp(quarters[0] * QUARTER.total_seconds(), UTC)
        return Quarters(begins_at, tuple(self._orders.get(one, 0) for one in quarters))

    def _forget(self) -> None:
        for quarter in [one for one in self._orders if one <= self._newest - KEPT]:
            del self._orders[quarter]
            self._codes.pop(quarter, None)


def floor(at: datetime) -> datetime:
    """The beginning of the quarter of an hour that an instant falls into."""
    return datetime.fromtimestamp(_number(at) * QUARTER.total_seconds(), UTC)


def _number(at: datetime) -> int:
    return int(at.timestamp() // QUARTER.total_seconds())
