"""A fault inside an announced campaign: is it found as well as one outside?"""

from __future__ import annotations

import msgspec
import numpy as np

from benchmarks.detection.versus import PER_REASON
from detectors.detector import DetectorSettings
from detectors.evaluate import AFTERMATH, delays
from detectors.oracle import WEEK
from detectors.simulate import Announced, Channel, Life, Planted, simulate
from detectors.trial import holidays, watch

LEARN, WEEKS = 6, 4
LIFE = Life(campaigns=2.0, holidays=1.0)
UPLIFT = 3.0
LENGTH = 180
"""Minutes of a fault."""
_SETTLED = 60
"""Minutes that a campaign has run before its fault."""


class Fault(msgspec.Struct, frozen=True):
    """Faults that triple what was announced, and the same reasons' faults outside that triple the usual."""

    seed: int
    pairs: int
    inside: int
    """Found."""
    outside: int
    by_kind: dict[str, tuple[int, int, int]]
    """Pairs, found inside, found outside."""
    alarms_of_campaigns: int
    """Alarms in campaigns that no fault explains, and of how many campaigns and reasons."""
    campaign_rows: int


def one_seed(seed: int, reasons: int) -> Fault:
    """Plant a fault into each campaign and reason, and its twin at the same hour of another week."""
    rng = np.random.default_rng(seed)
    channel = simulate(rng, reasons, LEARN + WEEKS, LIFE)
    inside: list[Planted] = []
    outside: list[Planted] = []
    rows = 0
    for campaign in channel.campaigns:
        begin = max(campaign.start + _SETTLED, LEARN * WEEK)
        if campaign.end - LENGTH <= begin:
            continue
        onset = int(rng.integers(begin, campaign.end - LENGTH))
        for row in campaign.rows:
            rows += 1
            twin = _twin(channel, row, onset, inside + outside)
            if twin is not None and _free(row, onset, inside + outside):
                inside.append(_plant(rng, channel, row, onset, campaign))
                outside.append(_plant(rng, channel, row, twin, None))
    asked = PER_REASON * reasons
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=asked, holidays=holidays(channel))
    alerts = watch(channel, settings, live_from=LEARN * WEEK)
    found = [
        (one is not None, two is not None)
        for one, two in zip(delays(inside, alerts), delays(outside, alerts), strict=True)
    ]
    by_kind = {}
    for kind in dict.fromkeys(channel.kinds):
        own = [pair for one, pair in zip(inside, found, strict=True) if channel.kinds[one.row] == kind]
        by_kind[kind] = (len(own), sum(pair[0] for pair in own), sum(pair[1] for pair in own))
    faults = inside + outside
    unexplained = [
        alert
        for alert in alerts
        if any(one.start < alert.raised <= one.end and alert.row in one.rows for one in channel.campaigns)
        and not any(
            one.row == alert.row and one.onset <= alert.raised <= one.end + AFTERMATH for one in faults
        )
    ]
    hits = np.array(found, int).reshape(-1, 2).sum(axis=0)
    return Fault(seed, len(inside), int(hits[0]), int(hits[1]), by_kind, len(unexplained), rows)


def _free(row: int, onset: int, others: list[Planted]) -> bool:
    """Whether a reason's fault would be apart from its others and their aftermath."""
    return all(
        one.row != row or onset > one.end + AFTERMATH or onset + LENGTH + AFTERMATH < one.onset
        for one in others
    )


def _twin(channel: Channel, row: int, onset: int, others: list[Planted]) -> int | None:
    """The same hour of another watched week, outside of the reason's campaigns."""
    for shift in (-1, 1, -2, 2, -3, 3):
        at = onset + shift * WEEK
        inside = LEARN * WEEK <= at < len(channel.counts) - LENGTH
        busy = any(
            row in one.rows and one.start - AFTERMATH < at < one.end + AFTERMATH for one in channel.campaigns
        )
        holiday = at // 1440 in channel.holidays
        if inside and not busy and not holiday and _free(row, at, others):
            return at
    return None


def _plant(
    rng: np.random.Generator, channel: Channel, row: int, onset: int, campaign: Announced | None
) -> Planted:
    """Add tickets so that there are three times as many as announced, or as usual.

    A sum of NB1 counts of one dispersion is an NB1 count of that dispersion, so what comes on top is drawn alone.
    """
    part = slice(onset, onset + LENGTH)
    promised = 1.0 if campaign is None else campaign.announced / campaign.true
    added = np.maximum((UPLIFT * promised - 1.0) * channel.rate[part, row], 1e-9)
    phi = channel.dispersion[row]
    channel.counts[part, row] += rng.poisson(rng.gamma(added / (phi - 1.0), phi - 1.0)).astype(np.uint16)
    return Planted(row, onset, onset + LENGTH, UPLIFT, "step", float(added.sum()))
