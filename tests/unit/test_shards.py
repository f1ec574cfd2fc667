"""Shards by market: who counts where, exactly, whatever becomes of a ticket; and that without them nothing differs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.records import Campaign
from streams import access, backup
from streams.campaign_rows import concerning
from streams.counting import PartitionCounts
from streams.counts import Counted
from streams.customers import pseudonymiser
from streams.errors import Failure
from streams.events import TicketCounts
from streams.metrics import Metrics
from streams.settings import Settings, SettingsError, load
from streams.shards import Shards
from streams.statements import parted
from streams.topics import changelogs, specs
from streams.watch import Watch

START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
PSEUDONYM = pseudonymiser("test")
FACETS = ("voucher_code", "market", "browser")
SHARDS = Shards(["DE", "AT"])


@dataclass
class Record:
    """A Kafka record as far as counting reads it."""

    offset: int
    value: bytes
    timestamp: int
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def ticket(
    number: int | str,
    minute: float = 0,
    reason: str | None = "voucher",
    market: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    created = (START + timedelta(minutes=minute)).isoformat()
    return {"id": str(number), "created_at": created, "contact_reason": reason, "market": market, **more}


def records(tickets: list[dict[str, Any]], *, first: int = 0, hours: float = 1) -> list[Record]:
    at = int((START + timedelta(hours=hours)).timestamp() * 1000)
    return [Record(first + index, json.dumps(one).encode(), at) for index, one in enumerate(tickets)]


def counts_of(shards: Shards | None, **options: Any) -> PartitionCounts:
    return PartitionCounts(0, PSEUDONYM, facets=FACETS, shards=shards, **options)


def said(counts: PartitionCounts, shards: Shards = SHARDS) -> list[TicketCounts]:
    statement = counts.statement(watermark=60.0, drained=True, partitions=4)
    counts.settle()
    return list(parted(statement, shards))


def stated(counts: PartitionCounts) -> dict[str, dict[str, int]]:
    """Tickets by shard and contact reason, as readers of each shard's topic hold them."""
    return {shard: read([one]) for shard, one in zip(SHARDS.names, said(counts), strict=True)}


def read(statements: list[TicketCounts]) -> dict[str, int]:
    reader = Counted()
    reader.feed(map(msgspec.json.encode, statements))
    found: dict[str, int] = {}
    for (reason, _), count in reader.minutes().items():
        found[reason] = found.get(reason, 0) + count
    return {reason: count for reason, count in found.items() if count}


def sharded(**more: object) -> Settings:
    return load(ticketspike_shard_by="market", ticketspike_markets="DE,AT", **more)


def test_a_ticket_counts_in_the_shard_of_its_market_however_it_is_written() -> None:
    counts = counts_of(SHARDS)
    counts.feed(records([ticket(n, market=m) for n, m in enumerate(["DE", " de", "AT", "CH", "", None])]))
    assert stated(counts) == {"DE": {"voucher": 2}, "AT": {"voucher": 1}, "other": {"voucher": 3}}


def test_a_ticket_stays_in_its_first_shard_whatever_market_a_later_record_names() -> None:
    counts = counts_of(SHARDS)
    counts.feed(
        records(
            [
                ticket(1, market="DE"),
                ticket(1, market="AT"),
                ticket(1, reason="delivery", market="AT", kind="relabelled"),
                ticket(2, market="AT"),
                ticket(2, reason="delivery", kind="relabelled"),
            ]
        )
    )
    assert stated(counts) == {"DE": {"delivery": 1}, "AT": {"delivery": 1}, "other": {}}


def test_a_ticket_that_was_taken_out_comes_back_into_its_own_shard() -> None:
    counts = counts_of(SHARDS)
    out, back = ticket(1, kind="retracted"), ticket(1, reason="delivery", market="AT", kind="relabelled")
    counts.feed(records([ticket(1, market="DE"), out]))
    assert stated(counts) == {"DE": {}, "AT": {}, "other": {}}
    counts.feed(records([back], first=2))
    assert stated(counts) == {"DE": {"delivery": 1}, "AT": {}, "other": {}}


def test_what_comes_too_late_is_said_singly_in_its_own_shard() -> None:
    counts = counts_of(SHARDS, horizon_hours=1)
    counts.feed(records([ticket(1, market="DE"), ticket(2, market="AT")]))
    before = said(counts)
    counts.feed(records([ticket(3, 600, market="DE")], first=2, hours=11))
    said(counts)
    relabelled = ticket(
        1, reason="delivery", market="DE", kind="relabelled", previous_contact_reason="voucher"
    )
    counts.feed(records([relabelled, ticket(4, market="AT")], first=3, hours=12))
    after = said(counts)
    assert [[(one.contact_reason, one.count) for one in part.late] for part in after] == [
        [("voucher", -1), ("delivery", 1)],
        [("voucher", 1)],
        [],
    ]
    assert [read([first, second]) for first, second in zip(before, after, strict=True)] == [
        {"delivery": 1},
        {"voucher": 2},
        {},
    ]


def test_a_contact_reason_may_hold_what_parts_shards_inside_count() -> None:
    reason = "a\0b"
    counts = counts_of(SHARDS)
    counts.feed(records([ticket(1, reason=reason, market="AT")]))
    assert stated(counts) == {"DE": {}, "AT": {reason: 1}, "other": {}}
    whole = counts_of(None)
    whole.feed(records([ticket(1, reason=reason), ticket(1, reason="c\0d", kind="relabelled")]))
    assert read(said(whole, Shards())) == {"c\0d": 1}


MARKETS = st.sampled_from(["DE", "de", "AT", "CH", None])
EVENTS = st.lists(
    st.builds(
        ticket,
        st.integers(0, 7),
        st.integers(0, 3),
        st.sampled_from(["voucher", "delivery", None]),
        MARKETS,
        kind=st.sampled_from(["created", "created", "created", "relabelled", "retracted", "updated"]),
        customer=st.sampled_from(["a", "b", None]),
        attributes=st.sampled_from([None, {"browser": "Safari"}]),
    ),
    max_size=40,
)


@given(EVENTS, st.integers(1, 40))
def test_each_shard_states_what_would_be_counted_of_its_tickets_alone(
    events: list[dict[str, Any]], batch: int
) -> None:
    log = records(events)
    counts, heard = counts_of(SHARDS), {name: list[TicketCounts]() for name in SHARDS.names}
    for begin in range(0, len(log), batch):
        counts.feed(log[begin : begin + batch])
        for name, part in zip(SHARDS.names, said(counts), strict=True):
            heard[name].append(part)
    home: dict[str, str | None] = {}
    for one in events:
        if one["kind"] != "updated":
            home.setdefault(one["id"], SHARDS.of(one["market"]))
    for name in SHARDS.names:
        alone = counts_of(None)
        alone.feed(entry for entry, one in zip(log, events, strict=True) if home.get(one["id"]) == name)
        [truth] = said(alone, Shards())
        held = {
            (cell.contact_reason, cell.minute): (cell.count, cell.customers, cell.facets)
            for part in heard[name]
            for cell in part.cells
        }
        assert {key: cell for key, cell in held.items() if cell[0]} == {
            (cell.contact_reason, cell.minute): (cell.count, cell.customers, cell.facets)
            for cell in truth.cells
            if cell.count
        }


@given(EVENTS, EVENTS)
def test_what_a_journal_recalls_of_the_shards_goes_on_as_if_it_had_been_read(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    read_all, recalled = counts_of(SHARDS), counts_of(SHARDS)
    log = records(before + after)
    read_all.feed(log[: len(before)])
    for page in read_all.pages():
        recalled.recall(page)
    said(read_all)
    for counts in (read_all, recalled):
        counts.feed(log[len(before) :])
    assert [stated_cells(part) for part in said(recalled)] == [stated_cells(part) for part in said(read_all)]


def stated_cells(part: TicketCounts) -> dict[tuple[str, int], tuple[int, str, dict[str, dict[str, int]]]]:
    return {
        (cell.contact_reason, cell.minute): (cell.count, cell.customers, cell.facets) for cell in part.cells
    }


def test_every_shard_hears_of_the_time_also_where_nothing_was_counted() -> None:
    counts = counts_of(SHARDS)
    counts.feed(records([ticket(1, market="AT")]))
    parts = said(counts)
    assert {(one.offset, one.watermark, one.drained, one.partitions) for one in parts} == {(1, 60.0, True, 4)}


def test_without_shards_a_statement_goes_out_as_it_is() -> None:
    counts = counts_of(None)
    counts.feed(records([ticket(1, market="AT")]))
    statement = counts.statement(watermark=None, drained=False, partitions=1)
    assert list(parted(statement, load().sharding)) == [statement]
    settings = load(ticketspike_topic_prefix="eu.")
    assert settings.shards == (settings,)
    assert settings.topics("spikes") == ("eu.spikes",)
    assert settings.keeps("ts-DE-oroak3oat6")
    assert settings.leads


def test_each_shard_has_topics_groups_and_tables_of_its_own_and_shares_the_rest() -> None:
    names = {spec.name for spec in specs(sharded(ticketspike_topic_prefix="eu."), brokers=1)}
    for topic in ("ticket-counts", "spikes", "conditions", "incidents", "baselines"):
        assert {name for name in names if name.startswith(f"eu.{topic}")} == {
            f"eu.{topic}.{shard}" for shard in ("DE", "AT", "other")
        }
    assert {"eu.tickets", "eu.campaigns", "eu.answers", "eu.orders", "eu.dead-letters"} <= names
    assert "eu.ticketspike-watch.AT-baselines-and-alarms-changelog" in names
    listed = access.rules(sharded(), ["watch", "count"])
    groups = [rule.names for rule in listed if rule.resource == "group"]
    assert groups == [
        tuple(f"ticketspike-watch.{one}" for one in ("DE", "AT", "other")),
        ("ticketspike-count",),
    ]


@pytest.mark.parametrize(
    ("by", "markets"),
    [
        ("market", ""),
        ("none", "DE"),
        ("market", "DE,de"),
        ("market", "DE,other"),
        ("market", "D E"),
        ("market", "Deutschland-und-Umgebung"),
        ("market", ",".join(f"m{number}" for number in range(21))),
    ],
)
def test_markets_that_make_no_shards_are_refused_with_the_settings_name(by: str, markets: str) -> None:
    with pytest.raises(SettingsError, match="TICKETSPIKE_MARKETS="):
        load(ticketspike_shard_by=by, ticketspike_markets=markets)


def test_what_looks_at_one_topic_for_all_shards_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="TICKETSPIKE_SHARD_BY=market gives each market its own spikes"):
        sharded().topic("spikes")


def test_an_answer_reaches_the_shard_of_its_incident_and_strange_ids_the_last() -> None:
    keepers = {
        name: [view.shard for view in sharded().shards if view.keeps(name)]
        for name in (
            "ts-DE-oroak3oat6",
            "ts-AT-oroak3oat6",
            "ts-other-oroak3oat6",
            "ts-oroak3oat6",
            "ts-CH-x",
        )
    }
    assert [found for [found] in keepers.values()] == ["DE", "AT", "other", "other", "other"]


def test_a_campaign_raises_what_is_expected_in_its_own_markets_only() -> None:
    campaigns = [
        Campaign(
            id=str(number), name="c", starts_at=START, ends_at=START + timedelta(days=1), markets=markets
        )
        for number, markets in enumerate([[], ["de"], ["AT", "CH"]])
    ]
    heard = {view.shard: [one.id for one in concerning(campaigns, view)] for view in sharded().shards}
    assert heard == {"DE": ["0", "1"], "AT": ["0", "2"], "other": ["0", "2"]}
    assert concerning(campaigns, load()) == tuple(campaigns)


class Group:
    """The workers of one shard's group, told by Faust's assignor, as ours changes it, who holds what."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers: dict[str, Any] = {}
        self.cluster = SimpleNamespace(partitions_for_topic=lambda _topic: {0})

    def holder(self, *workers: str) -> str:
        """Let these be the members; who holds the shard then."""
        for name in workers:
            if name not in self.workers:
                self.workers[name] = Watch(self.settings, Metrics(self.settings.sharding.names), name)
        assignors = {name: self.workers[name].app.assignor for name in workers}
        topics = {self.settings.topic(name) for name in ("ticket-counts", "campaigns", "baselines")}
        topics |= set(changelogs(self.settings, "watch"))
        asked = {name: assignor.metadata(topics) for name, assignor in assignors.items()}
        leader = next(iter(assignors.values()))
        for name, said in leader.assign(self.cluster, asked).items():
            assignors[name].on_assignment(said)
        source = self.settings.topic("ticket-counts")
        [held] = [
            name
            for name, assignor in assignors.items()
            if any(tp.topic == source for tp in assignor.assigned_actives())
        ]
        return held


def test_two_workers_share_the_shards_and_one_takes_the_others_while_it_is_gone(tmp_path: Path) -> None:
    groups = [Group(view) for view in sharded(ticketspike_data_dir=tmp_path).shards]
    assert [group.holder("b") for group in groups] == ["b", "b", "b"]
    assert [group.holder("b", "a") for group in groups] == ["a", "b", "a"]
    assert [group.holder("a") for group in groups] == ["a", "a", "a"]
    assert [group.holder("a", "b") for group in groups] == ["a", "b", "a"]


def test_without_shards_the_shard_stays_with_its_worker(tmp_path: Path) -> None:
    group = Group(load(ticketspike_data_dir=tmp_path))
    assert (group.holder("b"), group.holder("a", "b")) == ("b", "b")


def test_a_backup_of_other_shards_is_refused_as_a_whole() -> None:
    records = [backup.Saved("baselines", b"k", b"v", "FR"), backup.Saved("campaigns", b"k", b"v")]
    with pytest.raises(Failure, match="has records of FR"):
        backup.restore(sharded(), records)
    with pytest.raises(Failure, match="has records of no market"):
        backup.restore(sharded(), [backup.Saved("incidents", b"k", b"v")])
