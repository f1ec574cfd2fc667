"""The worker's metrics: one list, each with its unit and meaning, for Prometheus.

Labels hold stages, outcomes and partitions only, never anything that a ticket holds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from streams.counting import PartitionCounts

_OF_A_SHARD = (
    "closed_until",
    "reasons",
    "late_cells",
    "keys_differ",
    "open_incidents",
    "outbox_depth",
    "outbox_age",
    "spike_to_slack",
    "event_to_slack",
)
_ALERT_SECONDS = (0.5, 1, 2, 3, 5, 10, 30, 60, 120, 300, 900, 1800, 3600)
_LABEL = re.compile(r"[A-Za-z][A-Za-z._]{0,60}\d{0,3}")


def label(text: str) -> str:
    """A word that came from outside (Slack names its errors) as a label: what is no plain word is "other".

    >>> label("invalid_blocks"), label("http_502"), label("no user jo@example.org"), label("customer_20045123")
    ('invalid_blocks', 'http_502', 'other', 'other')
    """
    return text if _LABEL.fullmatch(text) else "other"


class Metrics:
    """All metrics of one worker, in a registry of its own.

    Args:
        shards: their names, where there are several: then what each has of its own bears a label `shard`.
    """

    def __init__(self, shards: Sequence[str] = ()) -> None:
        self.registry = registry = CollectorRegistry()
        by_shard = ["shard"] if shards else []
        self.tickets = Counter(
            "ticketspike_tickets",
            "Ticket records read, by what became of them; by source see ticketspike_source_records",
            ["outcome"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "ticketspike_dead_letters", "Ticket records refused and sent to dead-letters", registry=registry
        )
        self.halted = Gauge(
            "ticketspike_halted_partitions",
            "Partitions of tickets whose counting stands still, as too many records cannot be read",
            registry=registry,
        )
        self.remembered = Gauge(
            "ticketspike_remembered_tickets", "Ticket ids remembered to count each once", registry=registry
        )
        self.info = Gauge(
            "ticketspike_info", "Always 1; the version of the worker", ["version"], registry=registry
        )
        self.info.labels(version("ticketspike")).set(1)
        self.knob = Gauge(
            "ticketspike_false_alarms_asked_per_week",
            "The knob: how many false alarms a week the channel is to have",
            registry=registry,
        )
        self.ready = Gauge(
            "ticketspike_ready",
            "1 while a stage is ready, 0 while it is not, as /readyz says",
            ["stage"],
            registry=registry,
        )
        self.rebalances = Counter(
            "ticketspike_rebalances",
            "How often the group told a stage of this worker which partitions are its own, at its start too",
            ["stage"],
            registry=registry,
        )
        self.recovery = Gauge(
            "ticketspike_recovery_seconds",
            "From being told its partitions until a stage had its state and went on, the last time it held any",
            ["stage"],
            registry=registry,
        )
        self.canary_age = Gauge(
            "ticketspike_canary_age_seconds",
            "Age of the newest canary that a stage has seen (watch: in a closed minute); only where any are sent",
            ["stage", *by_shard],
            registry=registry,
        )
        self.lag_seconds = Gauge(
            "ticketspike_lag_seconds",
            "How long ago the newest record that was read came onto the stage's topics; 0 when all are read",
            ["stage"],
            registry=registry,
        )
        self.lag = Gauge(
            "ticketspike_lag_records",
            "Records of the stage's topics not yet read, as far as they were heard of",
            ["stage"],
            registry=registry,
        )
        self.closed_until = Gauge(
            "ticketspike_closed_until_seconds",
            "Event time up to which minutes are closed (epoch)",
            by_shard,
            registry=registry,
        )
        self.reasons = Gauge(
            "ticketspike_contact_reasons", "Contact reasons under watch", by_shard, registry=registry
        )
        self.late_cells = Gauge(
            "ticketspike_late_cells",
            "Counts that came after their minute was closed",
            by_shard,
            registry=registry,
        )
        self.keys_differ = Gauge(
            "ticketspike_keys_differ",
            "1 while workers count customers under HMAC keys that have nothing in common",
            by_shard,
            registry=registry,
        )
        self.skipped = Counter(
            "ticketspike_skipped_records",
            "Records that Faust's consumer passed over and the stage read from the log itself",
            ["stage"],
            registry=registry,
        )
        self.spikes = Counter("ticketspike_spikes", "Statements about spikes", ["state"], registry=registry)
        self.open_incidents = Gauge(
            "ticketspike_open_incidents", "Open incidents", by_shard, registry=registry
        )
        self.slack_calls = Counter(
            "ticketspike_slack_calls",
            "Calls to Slack by method and result",
            ["method", "result"],
            registry=registry,
        )
        self.presses = Counter(
            "ticketspike_presses",
            "Presses in Slack by the way they came (http, socket) and what became of them",
            ["way", "outcome"],
            registry=registry,
        )
        self.answers = Counter(
            "ticketspike_answers",
            "People's answers by kind, as they came; what is read again after a restart is not counted again",
            ["kind"],
            registry=registry,
        )
        self.source_events = Counter(
            "ticketspike_source_events",
            "Requests of sources that send, and turns of those that are asked, by what became of them",
            ["source", "outcome"],
            registry=registry,
        )
        self.source_records = Counter(
            "ticketspike_source_records",
            "Records of tickets and orders that a source brought and Kafka took, changes and repeats among them",
            ["source"],
            registry=registry,
        )
        self.source_last = Gauge(
            "ticketspike_source_last_event_seconds",
            "When a source last brought something, or said all that it holds (epoch)",
            ["source"],
            registry=registry,
        )
        self.source_delay = Gauge(
            "ticketspike_source_delay_seconds",
            "How old new tickets of a source are when they come, the median of the last twenty",
            ["source"],
            registry=registry,
        )
        self.source_held_back = Gauge(
            "ticketspike_source_held_back",
            "1 while tickets of a source come more than ten minutes late, or it asked to wait: throttled, not silent",
            ["source"],
            registry=registry,
        )
        self.source_gaps = Counter(
            "ticketspike_source_gaps",
            "Changes that a source told of without their content",
            ["source"],
            registry=registry,
        )
        self.source_unmapped = Counter(
            "ticketspike_source_unmapped",
            "Requests with a ticket that no entry of the source's reasons fits",
            ["source"],
            registry=registry,
        )
        self.outbox_depth = Gauge(
            "ticketspike_outbox_depth",
            "Messages to Slack that are due and not sent yet",
            by_shard,
            registry=registry,
        )
        self.outbox_age = Gauge(
            "ticketspike_outbox_oldest_seconds",
            "How long the oldest message to Slack has been due; 0 when none is",
            by_shard,
            registry=registry,
        )
        self.slack_trouble = Gauge(
            "ticketspike_slack_trouble",
            "1 while Slack takes no messages, by its own word for why; 0 when it was mended",
            ["error"],
            registry=registry,
        )
        self.spike_to_slack = Histogram(
            "ticketspike_spike_to_slack_seconds",
            "Wall time from the record on Kafka by which a new incident was due to Slack's answer to its message",
            by_shard,
            buckets=_ALERT_SECONDS,
            registry=registry,
        )
        self.event_to_slack = Histogram(
            "ticketspike_event_to_slack_seconds",
            "From the minute whose tickets made a new incident due to Slack's answer; on the wall clock only",
            by_shard,
            buckets=_ALERT_SECONDS,
            registry=registry,
        )
        self._tallied: dict[Any, dict[str, int]] = {}
        self._recovering: dict[str, float] = {}
        self._behind = ""
        self._shard: tuple[str, ...] = ()

    def of(self, shard: str | None) -> Metrics:
        """These metrics as a stage of this shard sets them; themselves where there is one shard."""
        if shard is None:
            return self
        seen = copy(self)
        seen._recovering, seen._behind, seen._shard = {}, f".{shard}", (shard,)  # noqa: SLF001 - of its own kind
        for name in _OF_A_SHARD:
            setattr(seen, name, getattr(self, name).labels(shard))
        return seen

    def assigned(self, stage: str) -> None:
        """The group has told a stage its partitions."""
        self.rebalances.labels(stage + self._behind).inc()
        self._recovering[stage] = time.monotonic()

    def canary(self, stage: str, age: Callable[[], float]) -> None:
        """From now on tell how old the newest canary is that a stage has seen, in seconds."""
        self.canary_age.labels(stage, *self._shard).set_function(age)

    def recovered(self, stage: str) -> None:
        """A stage has the state of its partitions; said again without another assignment, it changes nothing."""
        begun = self._recovering.pop(stage, None)
        if begun is not None:
            self.recovery.labels(stage + self._behind).set(time.monotonic() - begun)

    def count(
        self, counts: Mapping[Any, PartitionCounts], highwater: Mapping[Any, int | None], now: float
    ) -> None:
        """Take over what the partitions tallied since the last call; `now` in epoch seconds."""
        for tp, held in counts.items():
            tally = asdict(held.tally)
            before = self._tallied.get(tp, {})
            for outcome, total in tally.items():
                # A partition that came back starts its tallies anew: then all of it is new.
                more = total - before.get(outcome, 0)
                more = total if more < 0 else more
                if more:
                    self.tickets.labels(outcome).inc(more)
                    if outcome == "refused":
                        self.dead_letters.inc(more)
            self._tallied[tp] = tally
        self.remembered.set(sum(held.remembered for held in counts.values()))
        behind = {
            tp: max(0, (high or 0) - counts[tp].position) for tp, high in highwater.items() if tp in counts
        }
        read = [counts[tp].newest_appended for tp, unread in behind.items() if unread]
        self.behind("count", sum(behind.values()), max((now - at for at in read if at), default=0.0))

    def behind(self, stage: str, unread: int, seconds: float) -> None:
        """So many records of a stage's topics are not read yet, and those read last came so many seconds ago."""
        self.lag.labels(stage + self._behind).set(unread)
        self.lag_seconds.labels(stage + self._behind).set(seconds)

    def slack_call(self, method: str, result: str) -> None:
        """Count a call to Slack."""
        self.slack_calls.labels(method, label(result)).inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
