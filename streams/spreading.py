"""Which worker holds which shard: they take turns, so that two workers share two shards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import faust
from faust.assignor.client_assignment import ClientAssignment, ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor


def taking_turns(members: Sequence[str], place: int) -> list[str]:
    """The members in the order in which this shard asks them.

    Each shard is a group of its own and knows nothing of the others. All see the workers in the same order, so the
    first shard begins at the first worker, the second at the second, and so on.

    >>> [taking_turns(["a", "b"], place)[0] for place in range(3)]
    ['a', 'b', 'a']
    """
    ordered = sorted(members)
    begin = place % len(ordered)
    return ordered[begin:] + ordered[:begin]


class SpreadingAssignor(PartitionAssignor):  # type: ignore[misc] # Faust says nothing of its types
    """Faust's assignor, that lets go of who held the one partition before and asks the workers in turn.

    Args:
        app: the stage of the shard.
        place: the shard's number.
        replicas: Faust's own.
    """

    def __init__(self, app: faust.App, replicas: int = 0, *, place: int) -> None:
        super().__init__(app, replicas)
        self._place = place

    @classmethod
    def _get_client_metadata(cls, metadata: Any) -> ClientMetadata:
        said = super()._get_client_metadata(metadata)
        said.assignment = ClientAssignment(actives={}, standbys={})
        return said

    def _perform_assignment(self, cluster: Any, member_metadata: Any) -> Any:
        order = taking_turns(list(member_metadata), self._place)
        return super()._perform_assignment(cluster, {member: member_metadata[member] for member in order})


def assignor_of(names: Sequence[str], shard: str | None) -> dict[str, Any]:
    """The option of a stage's Faust app; none where there is one shard, which stays where it is.

    >>> assignor_of((), None)
    {}
    """
    if shard is None:
        return {}
    return {"PartitionAssignor": partial(SpreadingAssignor, place=names.index(shard))}
