"""A made-up past for the report: figures by a formula, incidents by hand, messages by the real pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from alerts.context import Context
from alerts.language import Language
from alerts.records import Campaign, Spike
from detectors.expectation import Expectation
from streams.rehearsal import Rehearsal
from streams.report.contents import Contents
from streams.report.figures import Figures
from streams.report.other_knobs import Alarm
from streams.report.recorder import told

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 5, 31, 22, tzinfo=UTC)
FIRST = int(START.timestamp() // 60)
NEWSLETTER = Campaign(
    id="c1",
    name="Newsletter SOMMER25",
    starts_at=START + timedelta(days=16, hours=9),
    ends_at=START + timedelta(days=16, hours=15),
    kind="newsletter",
    voucher_codes=["SOMMER25"],
)


def spike(reason: str, minute: int, *, number: int = 0, customers: int = 30) -> Spike:
    """A spike of an hour that began `minute` minutes after the start."""
    onset = START + timedelta(minutes=minute)
    return Spike(
        spike_id=f"s-{number}",
        contact_reason=reason,
        state="raised",
        onset=onset,
        raised_at=onset + timedelta(minutes=9),
        window_minutes=9,
        observed=21,
        expected=1.5,
        lower=0,
        upper=5,
        uplift=14.0,
        excess=19.5,
        customers=customers,
        score=20.0,
        rule="21 tickets in 9 min where ~1.5 are expected",
    )


def figures_of(reasons: int, minutes: int, spikes: Sequence[tuple[Spike, int]]) -> Figures:
    """Figures of reasons that get 6 tickets an hour, 50 more in each spike's hour; the last one halves slowly."""
    figures = Figures()
    bursts = {(int(one.onset.timestamp() // 60), row): one for one, row in spikes}
    starts = sorted((minute, row) for minute, row in bursts)
    level = np.ones(reasons)
    open_until: dict[int, int] = {}
    for step in range(minutes):
        minute = FIRST + step
        level[-1] = 1.0 - 0.5 * step / minutes
        counts = np.full(reasons, float(step % 10 == 0)) * np.round(10 * level) / 10
        while starts and starts[0][0] == minute:
            _, row = starts.pop(0)
            figures.follow(bursts[minute, row].spike_id, row, minute)
            open_until[row] = minute + 60
        for row, until in open_until.items():
            counts[row] += float(minute < until and minute % 6 != 0)
        expected = 0.1 * level
        figures.add(counts, Expectation(minute, expected, 0.1 * expected, np.full(reasons, 1.2), expected))
    figures.finish()
    return figures


def contents(
    folder: Path, language: Language, *, reasons: Sequence[str], many: int = 2, **changes: Any
) -> Contents:
    """Five weeks, two of them learnt; `many` spikes over the reasons in turn."""
    minutes = 35 * 1440
    step = (19 * 1440) // max(many, 1)
    spikes = [
        (
            spike(reasons[number % len(reasons)], 15 * 1440 + number * step + 14 * 60, number=number),
            number % len(reasons),
        )
        for number in range(many)
    ]
    context = Context(
        now=START, language=language, timezone=BERLIN, campaigns={"c1": NEWSLETTER}, min_customers=3
    )
    file = folder / "messages.jsonl"
    file.touch()
    rehearsal = Rehearsal(file, context)

    async def rehearse() -> None:
        for one, _ in spikes:
            await rehearsal.take(one)
            end = one.onset + timedelta(minutes=65)
            over = {
                "state": "cleared",
                "cleared_at": end,
                "window_minutes": 60,
                "observed": 71,
                "excess": 65.0,
            }
            await rehearsal.take(replace(one, expected=6.0, lower=1.0, upper=12.0, **over))

    asyncio.run(rehearse())
    begin = FIRST + 20 * 1440
    given: dict[str, Any] = {
        "language": language,
        "zone": BERLIN,
        "knob": 1.0,
        "min_customers": 3,
        "campaigns": [NEWSLETTER],
        "first": FIRST,
        "watched": FIRST + 14 * 1440,
        "until": FIRST + minutes,
        "tickets": 12_345,
        "refused": 0,
        "reasons": list(reasons),
        "told": told(list(rehearsal.incidents.values()), file),
        "figures": figures_of(len(reasons), minutes, spikes),
        "others": {
            0.5: [],
            2.0: [],
            5.0: [Alarm(reasons[-1], begin, begin + 5, begin + 30, 6, 1.25)],
        },
        "version": "0.1.0",
    }
    return Contents(**{**given, **changes})
