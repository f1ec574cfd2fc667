"""The partitions of `tickets` that this worker counts: what the group says, and each one's counts and commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from streams.committed import Committed, read_committed
from streams.counting import PartitionCounts
from streams.journals import Journals
from streams.resumption import resume
from streams.settings import Settings
from streams.shards import Shards
from streams.topics import app_id


class Holdings:
    """What is held of the log, partition by partition; `prepare` brings it to what the group says.

    A partition that comes back is gone on with; any other is recalled from the journal, and what is missing there is
    read from the log again.

    Args:
        settings: facets, horizon and all else that counting depends on.
        pseudonym: a customer key to its pseudonym.
        shards: say which shard a ticket counts in.
        assigned_anew: told when the group has said which partitions are ours.

    Attributes:
        counts: of each partition that was prepared.
        committed: what of each is stated.
        assigned: the partitions that are ours.
        unprepared: those of them whose state is not known yet.
        partitions: how many the topic has.
        joined: whether the group has said anything yet.
        given: whether the group has given all partitions out and nobody has let go of the others yet; from a
            revocation until then it is open whose they are.
        journals: what was counted, on this worker's own disk.
    """

    def __init__(
        self,
        settings: Settings,
        pseudonym: Callable[[str], int],
        shards: Shards,
        assigned_anew: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.counts: dict[TopicPartition, PartitionCounts] = {}
        self.committed: dict[TopicPartition, Committed] = {}
        self.assigned: set[TopicPartition] = set()
        self.unprepared: set[TopicPartition] = set()
        self.partitions = 0
        self.joined = False
        self.journals = Journals(settings, pseudonym)
        self._pseudonym = pseudonym
        self._shards = shards
        self.assigned_anew = assigned_anew
        self.given = False

    @property
    def ready(self) -> bool:
        """Whether the group has said which partitions are ours (perhaps none), and their state is rebuilt."""
        return self.joined and not self.unprepared and not any(map(self._rebuilding, self.assigned))

    def listener(self) -> ConsumerRebalanceListener:
        """Hears from the consumer what is assigned and revoked."""
        return _Listener(self)

    def begin_anew(self) -> None:
        """What was fetched may be half used: every partition is prepared again, from what is held of it."""
        self.unprepared |= self.assigned

    def let_go(self) -> list[TopicPartition]:
        """Hold nothing more of the partitions that the group has given to others since this was last called; which."""
        if not self.given:
            return []
        self.given = False
        gone = [tp for tp in self.counts if tp not in self.assigned]
        for tp in gone:
            del self.counts[tp]
            self.journals.forget(tp)
        return gone

    async def prepare(self, consumer: AIOKafkaConsumer, prepared: Callable[[TopicPartition], None]) -> None:
        """Bring newly assigned partitions to their state: keep what is known, else read the window again.

        Args:
            consumer: seeks to where each is to be read on.
            prepared: told of each partition once it is.

        Raises:
            Failure: the topic had another number of partitions before.
            KafkaError: Kafka cannot be asked; what was prepared stays so.
        """
        parts = sorted(self.unprepared)
        commits = await read_committed(self.settings, app_id(self.settings, "count"), parts)
        begins = await consumer.beginning_offsets(parts)
        ends = await consumer.end_offsets(parts)
        self.partitions = len(consumer.partitions_for_topic(self.settings.topic("tickets")) or ())
        for tp in parts:
            if tp not in self.assigned:
                continue  # it moved on while we asked
            held = self.counts.get(tp)
            self.counts[tp], self.committed[tp] = resume(
                tp,
                held,
                commits.get(tp, Committed()),
                begins=begins[tp],
                ends=ends[tp],
                partitions=self.partitions,
                begin=self._begin,
            )
            if self.counts[tp] is not held:
                await self.journals.recall(tp, self.counts[tp], self.committed[tp])
                if tp not in self.assigned:
                    continue
            consumer.seek(tp, self.counts[tp].position)
            prepared(tp)
            self.unprepared.discard(tp)

    def write_journals(self) -> None:
        """Only what is covered by a commit: what is recalled is not stated again."""
        for tp, counts in self.counts.items():
            if (
                tp in self.assigned
                and tp not in self.unprepared
                and counts.position <= self.committed[tp].offset
            ):
                self.journals.write(tp, counts)

    def due(self) -> list[tuple[TopicPartition, PartitionCounts]]:
        """The partitions of which there may be something to state: prepared, and read to what is stated already."""
        prepared = sorted(self.assigned - self.unprepared)
        return [(tp, self.counts[tp]) for tp in prepared if tp in self.counts and not self._rebuilding(tp)]

    def _rebuilding(self, tp: TopicPartition) -> bool:
        return tp in self.counts and self.counts[tp].position < self.committed[tp].offset

    def _begin(self, tp: TopicPartition, commit: Committed, beginning: int) -> PartitionCounts:
        return PartitionCounts(
            tp.partition,
            self._pseudonym,
            facets=self.settings.ticketspike_facets,
            horizon_hours=self.settings.ticketspike_horizon_hours,
            max_reasons=self.settings.ticketspike_max_reasons,
            complete_from=commit.complete_from,
            cut=commit.window_start < beginning,
            shards=self._shards,
        )


class _Listener(ConsumerRebalanceListener):
    """Only notes what changed: aiokafka swallows whatever a listener raises, so the work is the main loop's."""

    def __init__(self, held: Holdings) -> None:
        self._held = held

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._held.given = False
        self._held.assigned.difference_update(revoked)
        self._held.unprepared.difference_update(revoked)

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._held.joined = True
        self._held.assigned_anew()
        self._held.assigned = set(assigned)
        self._held.unprepared = set(assigned)
        self._held.given = True
