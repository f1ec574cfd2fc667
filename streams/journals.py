"""The journals of the partitions that a worker counts: written behind each commit, recalled after a restart."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable

import structlog
from aiokafka import TopicPartition

from streams.committed import Committed
from streams.counting import PartitionCounts
from streams.deadletters import APP_VERSION
from streams.journal import Journal
from streams.memory import without_collector
from streams.pages import FORMAT
from streams.settings import Settings

log = structlog.get_logger("count")


class Journals:
    """The journals of the partitions that this worker counts.

    Args:
        settings: where they lie, and what pages depend on.
        pseudonym: of customers; another key makes other pages.
    """

    def __init__(self, settings: Settings, pseudonym: Callable[[str], int]) -> None:
        self._folder = settings.ticketspike_data_dir / "journal"
        self._made_by = repr(
            (
                FORMAT,
                APP_VERSION,
                pseudonym("journal"),
                settings.ticketspike_facets,
                settings.ticketspike_horizon_hours,
                settings.ticketspike_max_reasons,
                settings.ticketspike_markets,
            )
        )
        self._held: dict[TopicPartition, tuple[Journal, int]] = {}
        # Pages hold pseudonyms of one key, and are of no use after the change.
        self._kept = settings.ticketspike_hmac_key_old is None

    def forget(self, tp: TopicPartition) -> None:
        """The partition went to another worker; what lies on the disk stays true."""
        self._held.pop(tp, None)

    async def recall(self, tp: TopicPartition, counts: PartitionCounts, commit: Committed) -> None:
        """Bring fresh counts, whose `position` is the committed window's, as far as the journal goes.

        Trouble with the disk is told and ends the recalling: the log is read from `position` on, as what was recalled
        is as true as before. While the key of pseudonyms is changed there is none, and what an older key left on the
        disk goes.
        """
        if not self._kept:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            return
        journal = Journal(self._folder / f"{tp.topic}-{tp.partition}", self._made_by)
        self._held[tp] = journal, counts.position
        tickets = 0
        with without_collector():
            try:
                for page in journal.read(counts.position, commit.offset):
                    counts.recall(page)
                    tickets += len(page.tickets)
                    # Heartbeats get their turn.
                    await asyncio.sleep(0)
            except OSError as error:
                log.warning("the journal cannot be read; the log is read instead", error=str(error))
        if tickets:
            log.info("recalled", partition=tp.partition, position=counts.position, tickets=tickets)

    def write(self, tp: TopicPartition, counts: PartitionCounts) -> None:
        """Write what the partition took in since it was asked last; all of it must be covered by a commit."""
        pages = counts.pages()
        if not self._kept:
            return
        journal, window = self._held[tp]
        journal.write(pages)
        now, _ = counts.window()
        if now != window:
            journal.let_go(now)
            self._held[tp] = journal, now
