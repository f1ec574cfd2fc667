"""Tickets as a rough world sends them, and the truth about them, which never touches the system.

Time is that of the log: a step is some minutes of it, and whoever sends the steps says how fast they pass. Most
tickets come at once and once. Some come again, out of order, minutes to days late; some are relabelled or
retracted, a moment or days later; some records are no tickets at all. Each cycle of four hours has one rise that
must be told of, of another contact reason each time.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = int(BEGIN.timestamp()) // 60
STEP_MINUTES = 5
CYCLE_MINUTES = 240
RISE = range(60, 110)
"""Minutes of a cycle in which a contact reason rises, the first ten of them to more than a set of customers holds."""
CALM = range(180, 230)
"""Minutes of a cycle in which nothing rises and everything before is over."""
HISTORY_MINUTES = 14 * CYCLE_MINUTES
"""Without rises: two days and a bit, after which a baseline is believed."""
HORIZON_HOURS = 6
"""What a worker remembers here; a day would be longer than most runs."""
REASONS = {f"reason {number:02}": 0.2 + 0.1 * (number % 9) for number in range(12)}
"""Tickets a minute of each contact reason."""


class Sent(NamedTuple):
    """A record to send; `at` is the log's time in milliseconds."""

    key: bytes
    value: bytes | None
    at: int


@dataclass(slots=True)
class Known:
    """A ticket as it should count: reason None once it was taken out."""

    event: dict[str, Any]
    minute: int
    reason: str | None
    reasons: list[str]
    odd: bool
    """It came so late, or was changed so late, that its customer may be left out."""
    changed: bool = False


class Rise(NamedTuple):
    """A planted rise, [first, last] in minutes since 1970."""

    contact_reason: str
    first: int
    last: int


@dataclass
class World:
    """Everything that was ever sent follows from the seed and the number of steps taken."""

    seed: int
    tickets: list[Known] = field(default_factory=list)
    rises: list[Rise] = field(default_factory=list)
    poisons: int = 0
    minute: int = FIRST
    """The next one to be sent."""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self._begun: list[int] = []

    @property
    def elapsed(self) -> int:
        """Minutes sent so far."""
        return self.minute - FIRST

    @property
    def calm(self) -> bool:
        """Whether nothing rises now nor in the next hour."""
        return self.elapsed % CYCLE_MINUTES in CALM

    def step(self, *, faulty: bool = True) -> list[Sent]:
        """The next minutes' records in the order of sending; without faults only new tickets."""
        self._begun.append(len(self.tickets))
        sent: list[Sent] = []
        for _ in range(STEP_MINUTES):
            sent += self._minute()
            self.minute += 1
        if faulty:
            # Everything that happens to tickets happens to those of before, and among the others' crowd.
            sent += [one for _ in range(4) for one in self._misfortune()]
        self.rng.shuffle(sent)
        return sent

    def counts(self) -> dict[tuple[str, int], int]:
        """The tickets of every contact reason and minute."""
        found: dict[tuple[str, int], int] = {}
        for one in self.tickets:
            if one.reason is not None:
                found[one.reason, one.minute] = found.get((one.reason, one.minute), 0) + 1
        return found

    def customers(self) -> dict[tuple[str, int], tuple[set[str], set[str]]]:
        """Of every contact reason and hour (epoch seconds), the customers that must and that may be counted."""
        found: dict[tuple[str, int], tuple[set[str], set[str]]] = {}
        for one in self.tickets:
            for reason in one.reasons:
                must, may = found.setdefault((reason, one.minute // 60 * 3600), (set(), set()))
                may.add(one.event["customer"])
                if reason == one.reason and not one.odd:
                    must.add(one.event["customer"])
        return found

    def _minute(self) -> list[Sent]:
        into = self.elapsed % CYCLE_MINUTES
        cycle = self.elapsed // CYCLE_MINUTES
        rising = list(REASONS)[cycle % len(REASONS)] if self.elapsed >= HISTORY_MINUTES else None
        if into == RISE.start and rising is not None:
            self.rises.append(Rise(rising, self.minute, self.minute + len(RISE) - 1))
        sent = []
        for reason, rate in REASONS.items():
            if reason == rising and into in RISE:
                rate = 90.0 if into < RISE.start + 10 else 12.0
            sent += [self._ticket(reason, self.minute) for _ in range(self._drawn(rate))]
        return sent

    def _ticket(self, reason: str, minute: int, *, odd: bool = False) -> Sent:
        event = {
            "id": f"t-{len(self.tickets)}",
            "created_at": _at(minute, self.rng.randrange(60)),
            "contact_reason": reason,
            "customer": f"c-{self.rng.randrange(3000)}",
        }
        self.tickets.append(Known(event, minute, reason, [reason], odd))
        return self._sent(event)

    def _misfortune(self) -> list[Sent]:
        drawn = self.rng.random()
        if drawn < 0.15:
            return self._poison()
        if drawn < 0.35:
            back = self.rng.choice((7, 30, 150, 60 * 9, 60 * 30, 60 * 75))
            minute = self.minute - back - self.rng.randrange(5)
            return [self._ticket(self.rng.choice(list(REASONS)), minute, odd=back > 150)]
        if drawn < 0.6:
            # Twice, and the second time perhaps an hour later.
            one = self._one_of(2, 60)
            return [self._sent(one.event)] if one else []
        return self._change()

    def _change(self) -> list[Sent]:
        long_ago = self.rng.random() < 0.3
        one = self._one_of(60 * 10, 60 * 40) if long_ago else self._one_of(6, 150)
        if one is None or one.changed or one.odd:
            return []
        kind = self.rng.choice(("relabelled", "relabelled", "retracted"))
        event = one.event | {"kind": kind, "changed_at": _at(self.minute - 1, 30)}
        if kind == "relabelled":
            event["contact_reason"] = self.rng.choice(list(REASONS))
            if long_ago:
                # Nobody remembers the ticket any more; whoever changes it says where it counted.
                event["previous_contact_reason"] = one.reason
        one.changed, one.odd = True, one.odd or long_ago
        one.reason = event["contact_reason"] if kind == "relabelled" else None
        one.reasons += [one.reason] if one.reason is not None else []
        sent = self._sent(event)
        return [sent, sent] if self.rng.random() < 0.2 else [sent]

    def _one_of(self, newest: int, oldest: int) -> Known | None:
        """A ticket sent between so many minutes ago, if the one that is drawn was; none that rose."""
        begin, end = (self._sent_before(minutes) for minutes in (oldest, newest))
        if begin >= end:
            return None
        one = self.tickets[self.rng.randrange(begin, end)]
        risen = any(rise.first <= one.minute <= rise.last for rise in self.rises[-8:])
        on_time = self.minute - oldest - STEP_MINUTES <= one.minute
        return one if on_time and not risen else None

    def _sent_before(self, minutes: int) -> int:
        """How many tickets had been sent so many minutes ago: they stand in the order of sending."""
        steps = (self.elapsed - minutes) // STEP_MINUTES
        return self._begun[min(steps, len(self._begun) - 1)] if steps > 0 else 0

    def _poison(self) -> list[Sent]:
        number, self.poisons = self.poisons, self.poisons + 1
        ticket = {"id": f"p-{number}", "created_at": _at(self.minute, 0), "contact_reason": "poison"}
        values: list[bytes | None] = [
            b"{" + b"not json",
            None,
            b"",
            json.dumps(ticket | {"created_at": "yesterday"}).encode(),
            json.dumps(ticket | {"created_at": _at(self.minute + 60 * 24, 0)}).encode(),
            json.dumps(ticket | {"id": 7}).encode(),
            json.dumps({"id": ticket["id"]}).encode(),
            b"\xff\xfe",
        ]
        return [Sent(b"poison-%d" % number, self.rng.choice(values), self.minute * 60_000)]

    def _sent(self, event: dict[str, Any]) -> Sent:
        return Sent(event["id"].encode(), json.dumps(event).encode(), self.minute * 60_000)

    def _drawn(self, rate: float) -> int:
        """A Poisson number, as the sum of many unlikely things."""
        whole = int(rate * 4) + 8
        return sum(self.rng.random() < rate / whole for _ in range(whole))


def _at(minute: int, second: int) -> str:
    return (datetime.fromtimestamp(minute * 60, UTC) + timedelta(seconds=second)).isoformat()
