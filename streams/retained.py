"""What the topics retain, replayed through the worker's own core up to an instant."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from alerts.records import Campaign
from streams.answered import Answered
from streams.campaign_rows import campaigns_of
from streams.compacted import read_compacted
from streams.detection import detector_settings
from streams.errors import UNREADABLE, Failure
from streams.events import BaselineRecord, Cell, TicketCounts
from streams.learning import decode_baselines
from streams.minutes import Minutes
from streams.progress import progress
from streams.replay import close
from streams.settings import Settings
from streams.surveillance import Surveillance
from streams.to_end import read_to_end


class Retained(NamedTuple):
    """A surveillance after its replay, the campaigns, and one reason's packed customers by minute."""

    surveillance: Surveillance
    campaigns: tuple[Campaign, ...]
    customers: dict[int, list[str]]


def read_retained(settings: Settings, reason: str, *, until: int | None) -> Retained:
    """Replay `ticket-counts` with the learnt baselines, the campaigns and what people's answers change.

    What a baseline was learnt from is not judged again; if `until` lies inside it, that baseline is left out.

    Args:
        settings: where Kafka is, and what the detector is told.
        reason: whose customers to keep.
        until: the minute to end before; None is all that every partition has passed.

    Raises:
        Failure: nothing is retained before `until`, or a topic holds foreign records.
    """
    rows = {key.encode(): value for key, value in read_compacted(settings, "campaigns").items()}
    campaigns = campaigns_of(rows, settings)
    incidents = {key.encode(): value for key, value in read_compacted(settings, "incidents").items()}
    effects = Answered(settings.ticketspike_clock).of(incidents)
    surveillance = Surveillance(
        detector_settings(settings),
        language=settings.ticketspike_language,
        min_customers=settings.ticketspike_min_customers,
        campaigns=lambda: campaigns,
        answered=lambda: effects,
        shard=settings.shard,
    )
    newest: dict[tuple[int, int], tuple[int, str]] = {}
    minutes = Minutes(settings.ticketspike_clock)
    try:
        baselines = decode_baselines(read_compacted(settings, "baselines"))
        decode = msgspec.json.Decoder(TicketCounts).decode
        for record in read_to_end(settings, "ticket-counts"):
            if not record.value:
                continue
            statement = decode(record.value)
            minutes.hear(statement, record.offset)
            _take(surveillance, statement, reason, newest, until)
    except UNREADABLE as error:
        raise Failure(
            f"A topic of ticketspike holds a record that is not ours ({error}); only workers may write there."
        ) from None
    closable = minutes.closable()
    end = closable if until is None or (closable is not None and closable < until) else until - 1
    first = surveillance.open.first
    if closable is None or end is None or first is None or first > end:
        raise Failure("Nothing that was counted is retained for that time; see `ticketspike counts`.")
    for name, record in baselines.items():
        if _learnt_until(record) < end:
            surveillance.adopt(name, record.baseline)
    _replay(surveillance, first, end)
    customers: dict[int, list[str]] = {}
    for (minute, _), (_, packed) in newest.items():
        customers.setdefault(minute, []).append(packed)
    return Retained(surveillance, campaigns, customers)


def _replay(surveillance: Surveillance, first: int, end: int) -> None:
    with progress("Replaying", end - first) as advance:
        for stop in range(first, end + 1440, 1440):
            for _ in close(surveillance, min(stop, end)):
                pass
            advance(stop - first)
    if surveillance.detector.minute is None:
        raise Failure("Too little was counted by then to judge anything; wait for more tickets.")


def _take(
    surveillance: Surveillance,
    statement: TicketCounts,
    reason: str,
    newest: dict[tuple[int, int], tuple[int, str]],
    until: int | None,
) -> None:
    for cell in statement.cells:
        if until is not None and cell.minute >= until:
            continue
        # Facets are of no use here, and most of what a cell weighs.
        slim = Cell(cell.contact_reason, cell.minute, cell.count, cell.customers, {})
        surveillance.add(slim, partition=statement.partition, stamp=statement.offset)
        key = (cell.minute, statement.partition)
        if cell.contact_reason == reason and newest.get(key, (-1, ""))[0] < statement.offset:
            newest[key] = statement.offset, cell.customers


def _learnt_until(record: BaselineRecord) -> int:
    detector = record.baseline["detector"]
    assert isinstance(detector, dict)  # noqa: S101 - surveillance writes it so
    minute = detector["minute"]
    return minute if isinstance(minute, int) else -1
