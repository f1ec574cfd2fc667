"""From a detector's alarm to the spike that is stated: its id, its words, its customers, what stands out.

The detector knows counts; who wrote and in which browser is remembered here, and so is what was said last.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from alerts import language as words
from alerts.records import Course, Driver, Spike
from alerts.words import spread_evenly
from detectors.drivers import drivers
from detectors.evenly import evenly
from streams.chart import Chart
from streams.facet_memory import FacetMemory, before
from streams.open_minutes import Counted, add_facets, distinct

if TYPE_CHECKING:
    from alerts.language import Language
    from detectors.alarm import AlarmChange
    from detectors.past import Past
    from detectors.rows import FloatArray


class Stating:
    """States spikes, and keeps what that takes beside the counts.

    Stating the same alarm again makes the same spike, but for the tickets that came since.

    Args:
        language: of the rule's words in a spike.
        min_customers: a spike is stated again when it reaches so many distinct customers.
        past: gives what a contact reason had before and since its alarm's onset, when the alarm is raised.
        more: further words for an alarm's rule, or None.
        shard: part of the spikes' ids, where there are several.
    """

    def __init__(
        self,
        language: Language,
        min_customers: int,
        past: Callable[[AlarmChange], Past],
        more: Callable[[AlarmChange], str | None] = lambda _: None,
        shard: str | None = None,
    ) -> None:
        self.said: dict[str, Spike] = {}
        """The last statement about a spike of each contact reason, open or cleared."""
        self._language = language
        self._min_customers = min_customers
        self._past = past
        self._more = more
        self._shard = shard
        self._facets: dict[str, FacetMemory] = {}
        self._charts: dict[str, Chart] = {}
        """The course of each open spike over closed minutes."""

    def follow(
        self, minute: int, index: Mapping[str, int], counts: FloatArray, expected: FloatArray
    ) -> set[str]:
        """Let the courses of open spikes go on by a closed minute; gives their contact reasons."""
        for reason, chart in self._charts.items():
            chart.add(minute, float(counts[index[reason]]), float(expected[index[reason]]))
        return set(self._charts)

    def lately(self, reason: str) -> tuple[float, float] | None:
        """Tickets of an open spike's last half hour and their expectation; None without one."""
        chart = self._charts.get(reason)
        return None if chart is None else chart.lately(30)

    def firing(self, reason: str) -> bool:
        """Whether a spike of this contact reason is open."""
        spike = self.said.get(reason)
        return spike is not None and spike.state != "cleared"

    def remember(self, minute: int, cells: Mapping[str, Counted]) -> None:
        """Take a minute's facets and customers in; those of an open spike do not shape what is usual."""
        for reason, cell in cells.items():
            # A bare count, as files of counts give it, leaves nothing to remember.
            if cell.customers or cell.facets:
                self._memory(reason).close(minute, cell, teaches=not self.firing(reason))

    def recall(self, minute: int, cells: Mapping[str, Counted]) -> None:
        """Take a minute in again that was remembered before a restart."""
        for reason, cell in cells.items():
            self._memory(reason).close(minute, cell, teaches=False)

    def state(self, change: AlarmChange, running: Mapping[int, Mapping[str, Counted]], now: int) -> Spike:
        """The spike that an alarm is, as it stands; from now on what was said last.

        Args:
            change: the alarm.
            running: the cells of open minutes, by minute and contact reason.
            now: the last closed minute.
        """
        reason = change.contact_reason
        memory = self._memory(reason)
        if change.state == "raised":
            memory.unlearn(change.onset)
        facets, cells = memory.window(change.onset)
        # Open minutes before the onset are no part of it, and after a start or a delay there are many.
        open_cells = [
            found[reason]
            for minute, found in sorted(running.items())
            if minute >= change.onset and reason in found
        ]
        for cell in open_cells:
            add_facets(facets, cell.facets)
        cells = [*cells, *open_cells]
        customers = distinct(cells)
        observed, known = round(change.observed), memory.usual_tickets
        lately, lately_tickets = memory.lately(change.onset, now)
        found = drivers(
            facets,
            memory.usual,
            observed,
            change.expected,
            usual_tickets=known,
            lately=lately,
            lately_tickets=lately_tickets,
            repeated=max(0, sum(cell.count for cell in cells) - customers) if customers else 0,
            minutes=[(cell.count, cell.facets) for cell in cells],
            before=before(self._facets, reason, change.onset, now),
        )
        course = self._course(change, running, now)
        even = () if found else evenly(facets, memory.usual, observed, change.expected, usual_tickets=known)
        spread = spread_evenly(even, self._language)
        spike = Spike(
            spike_id=spike_id(reason, change.onset, change.raised_minute, self._shard),
            contact_reason=reason,
            state=change.state,
            onset=instant(change.onset),
            raised_at=instant(change.raised_minute),
            cleared_at=None if change.cleared_minute is None else instant(change.cleared_minute),
            window_minutes=change.window_minutes,
            observed=observed,
            expected=round(change.expected, 3),
            lower=round(change.lower, 3),
            upper=round(change.upper, 3),
            uplift=round(change.uplift, 3),
            excess=round(change.observed - change.expected, 3),
            customers=customers,
            score=round(change.score, 3),
            rule="; ".join(filter(None, (words.rule(change, self._language), self._more(change), spread))),
            drivers=[
                Driver(
                    facet=one.facet,
                    value=one.value,
                    tickets=one.tickets,
                    share=round(one.share, 4),
                    usual_share=round(one.usual_share, 4),
                    excess_share=round(one.excess_share, 4),
                )
                for one in found
            ],
            course=course,
        )
        self.said[reason] = spike
        return spike

    def _course(self, change: AlarmChange, running: Mapping[int, Mapping[str, Counted]], now: int) -> Course:
        """The alarm's course up to `now`, and on to the newest of the open minutes."""
        reason = change.contact_reason
        chart = self._charts.get(reason)
        if chart is None:
            chart = self._charts[reason] = Chart(self._past(change), change.onset)
        if change.state == "cleared":
            del self._charts[reason]
        if running:
            chart, rate = chart.copy(), change.expected / change.window_minutes
            for minute in range(now + 1, max(running) + 1):
                cell = running.get(minute, {}).get(reason)
                chart.add(minute, cell.count if cell else 0, rate)
        return chart.course()

    def reached(
        self, reasons: Collection[str], open_alarms: Callable[[], Collection[AlarmChange]], now: int
    ) -> Iterator[Spike]:
        """Spikes that were held back for too few customers and have reached the number.

        Args:
            reasons: contact reasons with new tickets and nothing said about them.
            open_alarms: gives the alarms as they stand; asked only if a spike is held back.
            now: the last closed minute.
        """
        if not self._min_customers:
            return
        waiting = {
            reason
            for reason in reasons
            if self.firing(reason) and self.said[reason].customers < self._min_customers
        }
        if not waiting:
            return
        for change in open_alarms():
            if change.contact_reason in waiting:
                stated = self.said[change.contact_reason]
                spike = self.state(change, {}, now)
                if spike.customers >= self._min_customers:
                    yield spike
                else:
                    self.said[change.contact_reason] = stated

    def snapshot(self, reason: str) -> dict[str, object]:
        """All that is to be kept of a contact reason; JSON-able."""
        spike = self.said.get(reason)
        memory = self._facets.get(reason)
        chart = self._charts.get(reason)
        return {
            "facets": memory.snapshot() if memory else None,
            "spike": msgspec.to_builtins(spike) if spike else None,
            "chart": chart.snapshot() if chart else None,
        }

    def restore(self, reason: str, state: Mapping[str, object]) -> None:
        """Take a snapshot back."""
        if state.get("facets"):
            memory = self._facets[reason] = FacetMemory()
            memory.restore(state["facets"])  # type: ignore[arg-type]
        if state.get("spike"):
            self.said[reason] = msgspec.convert(state["spike"], Spike)
        if state.get("spike") and state.get("chart"):
            self._charts[reason] = Chart.restored(state["chart"])  # type: ignore[arg-type]

    def adopt(self, reason: str, learnt: Mapping[str, object]) -> None:
        """Take over what `learn` found to be usual of a contact reason; what was said stays."""
        if learnt.get("facets"):
            usual = FacetMemory()
            usual.restore(learnt["facets"])  # type: ignore[arg-type]
            memory = self._memory(reason)
            memory.usual, memory.usual_tickets = usual.usual, usual.usual_tickets

    def _memory(self, reason: str) -> FacetMemory:
        return self._facets.setdefault(reason, FacetMemory())


def instant(minute: int) -> datetime:
    """A minute as an aware UTC datetime."""
    return datetime.fromtimestamp(minute * 60, UTC)


def spike_id(reason: str, onset: int, raised_minute: int, shard: str | None = None) -> str:
    """The spike's stable name: a digest of the contact reason, its onset and the minute it was raised.

    With several shards also of the shard, as the same may rise in two at once.

    >>> spike_id("voucher", 100, 107)
    's-ab2oc76bcp'
    """
    named = f"{reason}\0{onset}\0{raised_minute}" + (f"\0{shard}" if shard is not None else "")
    digest = hashlib.sha256(named.encode()).digest()
    return "s-" + base64.b32encode(digest).decode().lower()[:10]
