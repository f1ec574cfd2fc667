"""Which shard a ticket counts in: one for each named market, and a last one for the others.

Inside *count* a contact reason bears its shard in front, so that one reading of the log holds the cells of all
shards and a relabel, a retraction or a late ticket finds the one that its ticket first came in.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.markets import OTHER

SHARDED = frozenset({"ticket-counts", "spikes", "conditions", "incidents", "baselines"})
"""Topics of which each shard has its own; the others are shared."""
_END = "\0"


class Shards:
    """The shards by market, the last one for all others; without markets one holds everything and has no name.

    Args:
        markets: those with a shard of their own. Letters are compared without their case.

    >>> shards = Shards(["DE", "AT"])
    >>> shards.names, shards.of(" de "), shards.of("CH"), shards.of(None)
    (('DE', 'AT', 'other'), 'DE', 'other', 'other')
    >>> shards.parted(shards.prefix("at") + "voucher")
    ('AT', 'voucher')
    >>> whole = Shards()
    >>> whole.names, whole.of("DE"), whole.prefix("DE")
    ((), None, '')
    """

    __slots__ = ("_prefixes", "_rest", "names")

    def __init__(self, markets: Sequence[str] = ()) -> None:
        self.names: tuple[str, ...] = (*markets, OTHER) if markets else ()
        self._prefixes = {folded(market): market + _END for market in markets}
        self._rest = OTHER + _END if markets else ""

    def of(self, market: str | None) -> str | None:
        """The shard of a market; None where there is one shard."""
        return self.prefix(market)[:-1] or None

    def prefix(self, market: str | None) -> str:
        """What stands before a contact reason of this market inside *count*."""
        return self._prefixes.get(folded(market), self._rest) if market else self._rest

    def prefix_of(self, name: str | None) -> str:
        """What stands before this name; a ticket that was taken out has nothing else."""
        return name[: name.index(_END) + 1] if name and self._rest else ""

    def parted(self, name: str) -> tuple[str, str]:
        """The shard and the contact reason of a name that bears its shard."""
        shard, _, reason = name.partition(_END)
        return shard, reason


def folded(market: str) -> str:
    """How markets are compared."""
    return market.strip().casefold()
