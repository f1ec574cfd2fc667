"""What would have alerted on past tickets: the worker's own core, from files to files.

Everything is written into a folder beside the one asked for, which takes its place at the end: what looks
complete is complete.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from alerts.context import Context
from alerts.language import Language
from alerts.records import Campaign, Incident, Spike
from detectors.detector import DetectorSettings
from streams.errors import Failure
from streams.history import History
from streams.rehearsal import Rehearsal
from streams.replay import replay
from streams.report.contents import Contents, Told
from streams.report.page import page
from streams.report.recorder import Recorder, told
from streams.surveillance import Surveillance

FILES = ("spikes.jsonl", "incidents.jsonl", "messages.jsonl", "summary.json", "report.html")
"""What a backtest's folder may hold; a folder with anything else in it is somebody's own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run: what the worker would be told by its settings."""

    detector: DetectorSettings
    language: Language
    min_customers: int
    campaigns: tuple[Campaign, ...]
    learn_until: int | None = None
    tickets_url: str | None = None
    shard: str | None = None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `summary.json`; `minutes` were watched or learnt, `seconds` is the time taken."""

    tickets: int
    refused: int
    reasons: int
    minutes: int
    spikes: int
    incidents: int
    messages: int
    seconds: float


def run(
    history: History, plan: Plan, out: Path, *, began: float, advance: Callable[[float], None]
) -> Summary:
    """Replay a history and write what would have been said.

    Args:
        history: what was counted.
        plan: settings and campaigns.
        out: the folder to write; must not exist, or be an earlier backtest's.
        began: `time.perf_counter()` when the reading of the files began.
        advance: told of the last closed minute now and then.

    Raises:
        Failure: the folder cannot be written or holds something else.
    """
    recorder = Recorder()
    surveillance = Surveillance(
        plan.detector,
        language=plan.language,
        # Counts know no customers: nothing is held back for too few of them.
        min_customers=plan.min_customers if history.has_customers else 0,
        campaigns=lambda: plan.campaigns,
        witness=recorder,
        shard=plan.shard,
    )
    with _folder(out) as folder:
        spikes, rehearsal = asyncio.run(_replay(history, plan, surveillance, recorder, folder, advance))
        spikes = sorted(spikes, key=lambda spike: (spike.raised_at, spike.contact_reason))
        _write_lines(folder / "spikes.jsonl", spikes)
        incidents = sorted(rehearsal.incidents.values(), key=lambda one: (one.opened_at, one.incident_id))
        _write_lines(folder / "incidents.jsonl", incidents)
        (folder / "messages.jsonl").touch()
        recorder.figures.finish()
        contents = _contents(history, plan, recorder, told(incidents, folder / "messages.jsonl"))
        (folder / "report.html").write_text(page(contents), encoding="utf-8")
        summary = Summary(
            tickets=history.tickets,
            refused=history.refused,
            reasons=len(surveillance.detector.reasons),
            minutes=history.until - history.first,
            spikes=len(spikes),
            incidents=len(incidents),
            messages=rehearsal.sent,
            seconds=round(time.perf_counter() - began, 3),
        )
        (folder / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    return summary


async def _replay(
    history: History,
    plan: Plan,
    surveillance: Surveillance,
    recorder: Recorder,
    folder: Path,
    advance: Callable[[float], None],
) -> tuple[Collection[Spike], Rehearsal]:
    context = Context(
        now=datetime.fromtimestamp(history.first * 60, UTC),
        language=plan.language,
        timezone=ZoneInfo(plan.detector.timezone),
        campaigns={campaign.id: campaign for campaign in plan.campaigns},
        min_customers=plan.min_customers if history.has_customers else 0,
        tickets_url=plan.tickets_url,
        market=plan.shard,
    )
    rehearsal = Rehearsal(folder / "messages.jsonl", context)
    last: dict[str, Spike] = {}
    for spike in replay(history, surveillance, learn_until=plan.learn_until, advance=advance):
        last[spike.spike_id] = spike
        recorder.take(spike)
        await rehearsal.take(spike)
    return last.values(), rehearsal


def _contents(history: History, plan: Plan, recorder: Recorder, incidents: Sequence[Told]) -> Contents:
    watched = history.first if plan.learn_until is None else max(history.first, plan.learn_until)
    return Contents(
        language=plan.language,
        zone=ZoneInfo(plan.detector.timezone),
        knob=plan.detector.false_alarms_per_week,
        min_customers=plan.min_customers if history.has_customers else 0,
        campaigns=plan.campaigns,
        first=history.first,
        watched=min(watched, history.until),
        until=history.until,
        tickets=history.tickets,
        refused=history.refused,
        reasons=recorder.reasons,
        told=incidents,
        figures=recorder.figures,
        others=recorder.knobs.alarms(),
        version=metadata.version("ticketspike"),
    )


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A folder to fill that becomes `out` when all went well, and vanishes when not."""
    out = out.absolute()
    try:
        held = sorted(path.name for path in out.iterdir()) if out.exists() else []
        if any(name not in FILES for name in held):
            raise Failure(f"{out} holds other things than a backtest; name a new folder with --out.")
        draft = out.with_name(f".{out.name}.{os.getpid()}")
        draft.mkdir(parents=True)
    except OSError as error:
        raise Failure(f"{out}: {error.strerror or error}; name a folder that can be written.") from None
    try:
        yield draft
        if out.exists():
            shutil.rmtree(out)
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_lines(path: Path, records: Collection[Spike] | Collection[Incident]) -> None:
    encode = msgspec.json.encode
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))
