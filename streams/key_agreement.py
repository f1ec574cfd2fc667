"""Whether all workers count customers under the same key."""

from __future__ import annotations

from collections.abc import Iterable


class KeyAgreement:
    """Which keys of pseudonyms each partition of `tickets` is counted under, by their marks.

    Two that have none in common come from a worker whose `TICKETSPIKE_HMAC_KEY` is another one: a slip, or a second
    deployment on the same topics with a key of its own (with the same key it is a worker like any other, and is not
    noticed). A customer of two such partitions counts twice. While the key is changed a worker states both, which
    agrees with either.

    >>> keys = KeyAgreement()
    >>> keys.hear(0, ["a1b2"])
    >>> keys.hear(1, ["c3d4", "a1b2"])
    >>> keys.differ
    False
    >>> keys.hear(0, ["e5f6"])
    >>> keys.differ
    True
    """

    __slots__ = ("_by_partition", "_told")

    def __init__(self) -> None:
        self._by_partition: dict[int, frozenset[str]] = {}
        self._told = False

    def hear(self, partition: int, keys: Iterable[str]) -> None:
        """A statement about a partition names its keys; one of an older version names none, which says nothing."""
        named = frozenset(keys)
        if named:
            self._by_partition[partition] = named

    @property
    def differ(self) -> bool:
        """Whether two partitions have no key in common."""
        held = set(self._by_partition.values())
        return any(one.isdisjoint(other) for one in held for other in held)

    def news(self) -> bool:
        """Whether they have come to differ since this was asked last."""
        before, self._told = self._told, self.differ
        return self._told and not before
