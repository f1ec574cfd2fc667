"""Product, oracle and peers on the same simulated channel."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import msgspec
import numpy as np

from benchmarks.detection.day_over_day import DayOverDay
from benchmarks.detection.ears import EarsC1
from benchmarks.detection.expected import Calibration, Expectations
from benchmarks.detection.farrington import Farrington
from benchmarks.detection.holt_winters import Residual
from benchmarks.detection.peer import Peer, listen
from benchmarks.detection.posthog import PostHog
from benchmarks.detection.same_slot import SameSlot
from detectors.detector import DetectorSettings
from detectors.evaluate import LARGE, Alert, admitted, delays, false_alarms, score
from detectors.oracle import WEEK, Oracle, know
from detectors.relative import relative
from detectors.simulate import Channel, Life, simulate
from detectors.trial import holidays, watch

LEARN, QUIET, WEEKS = 6, 4, 4
"""Weeks of warm-up, of calibration, and with incidents."""
FIRST, FROM, LAST = LEARN * WEEK, (LEARN + QUIET) * WEEK, (LEARN + QUIET + WEEKS) * WEEK
LIFE = Life(incidents=5.0, from_week=LEARN + QUIET, campaigns=2.0, outages=3.0, holidays=1.0)
PER_REASON = 0.01
"""False alarms a week and reason that all are allowed: three a week with 300 reasons."""
FEWEST = 0.25
"""False alarms a week taken for none: one in the four weeks."""
_SLOW_SHARE = 8
"""One reason in so many is given to a peer that is too slow for all."""

PRODUCT, ORACLE = "ticketspike", "oracle (knows all but the onset)"


class Found(msgspec.Struct, frozen=True):
    """What one way found in the weeks with incidents."""

    name: str
    reasons: int
    quiet_false_alarms: float
    """A week, in the calibration weeks."""
    usual_false_alarms: float
    """The same at the bar that comes with the method; `nan` where it comes with none."""
    false_alarms: float
    """A week, beside the incidents."""
    detected: float
    detected_large: float
    by_kind: dict[str, float]
    relative: float
    recall: float
    delay_ratio: float
    median_delay: float
    alerts_per_incident: float


class Incident(msgspec.Struct, frozen=True):
    """An incident, and after how many minutes the product and the oracle found it."""

    kind: str
    uplift: float
    shape: str
    extra: float
    ours: int | None
    oracle: int | None


class Seed(msgspec.Struct, frozen=True):
    """Everything of one simulated channel."""

    seed: int
    reasons: int
    asked: float
    found: list[Found]
    incidents: list[Incident]
    calibration: Calibration
    outages: int
    outage_alarms: int
    """Of the product, in outages, their bursts and the hour after, those aside that an incident explains."""


def one_seed(seed: int, reasons: int, peers: bool = True) -> Seed:
    """Simulate, let all of them hear it (without `peers` only product and oracle), judge all alike."""
    channel = simulate(np.random.default_rng(seed), reasons, LEARN + QUIET + WEEKS, LIFE)
    asked = PER_REASON * reasons
    oracle = know(channel, first=FIRST, watched=FROM)
    settings = DetectorSettings(timezone="UTC", false_alarms_per_week=asked, holidays=holidays(channel))
    expected = Expectations(channel, FIRST, FROM)
    alerts = watch(channel, settings, live_from=FIRST, after=expected.look)
    rows = list(range(reasons))
    quiet = [alert for alert in alerts if alert.raised <= FROM]
    live = [alert for alert in alerts if alert.raised > FROM]
    found = [
        _judge(PRODUCT, channel, oracle, live, rows, len(quiet) / QUIET, nan),
        _judge_oracle(channel, oracle, asked),
    ]
    for peer, heard in _peers(channel) if peers else ():
        found.append(_hear(peer, channel, oracle, heard))
    bar = oracle.bar(max(found[0].false_alarms, FEWEST))
    ours, best = delays(channel.planted, admitted(live, channel.outages)), oracle.delays(bar)
    incidents = [
        Incident(channel.kinds[one.row], one.uplift, one.shape, one.extra, mine, theirs)
        for one, mine, theirs in zip(channel.planted, ours, best, strict=True)
    ]
    return Seed(
        seed=seed,
        reasons=reasons,
        asked=asked,
        found=found,
        incidents=incidents,
        calibration=expected.judge(np.random.default_rng([seed, 1])),
        outages=len(channel.outages),
        outage_alarms=len(false_alarms(channel.planted, live))
        - len(false_alarms(channel.planted, admitted(live, channel.outages))),
    )


def _peers(channel: Channel) -> list[tuple[Peer, list[int]]]:
    reasons = len(channel.kinds)
    rows = list(range(reasons))
    some = rows[::_SLOW_SHARE]
    return [
        (SameSlot(reasons), rows),
        (SameSlot(reasons, channel.holidays, aware=True), rows),
        (EarsC1(reasons), rows),
        (Farrington(len(some), from_hour=FIRST // 60), some),
        (Residual(reasons), rows),
        (DayOverDay(reasons), rows),
        (PostHog(reasons), rows),
    ]


def _hear(peer: Peer, channel: Channel, oracle: Oracle, rows: list[int]) -> Found:
    heard = listen(peer, channel, rows)
    bar = heard.bar(round(PER_REASON * len(rows) * QUIET), FIRST, FROM)
    quiet, usual = (len(heard.alerts(one, FIRST, FROM)) / QUIET for one in (bar, peer.usual))
    live = [Alert(rows[alert.row], alert.raised) for alert in heard.alerts(bar, FROM, LAST)]
    return _judge(peer.name, channel, oracle, live, rows, quiet, usual)


def _judge_oracle(channel: Channel, oracle: Oracle, asked: float) -> Found:
    """The oracle at the rate asked; by its own bar, so relative to itself it is 1."""
    bar, rows = oracle.bar(asked), list(range(len(channel.kinds)))
    alerts = oracle.alerts(bar)
    quiet = sum(alert.raised <= FROM for alert in alerts) / QUIET
    live = [alert for alert in alerts if alert.raised > FROM]
    own = oracle.delays(bar)
    return _sum_up(ORACLE, channel, live, rows, (own, own), quiet, nan)


def _judge(
    name: str,
    channel: Channel,
    oracle: Oracle,
    live: list[Alert],
    rows: list[int],
    quiet: float,
    usual: float,
) -> Found:
    """Judge alerts by the oracle with as many false alarms, rows left out taken for rows with as many."""
    planted = [one for one in channel.planted if one.row in set(rows)]
    counting = admitted(live, channel.outages)
    realised = score(planted, counting, WEEKS).false_alarms_per_week * len(channel.kinds) / len(rows)
    best = oracle.delays(oracle.bar(max(realised, FEWEST)))
    own = [delay for one, delay in zip(channel.planted, best, strict=True) if one.row in set(rows)]
    return _sum_up(name, channel, live, rows, (delays(planted, counting), own), quiet, usual)


def _sum_up(
    name: str,
    channel: Channel,
    live: list[Alert],
    rows: list[int],
    found: tuple[Sequence[int | None], Sequence[int | None]],
    quiet: float,
    usual: float,
) -> Found:
    planted = [one for one in channel.planted if one.row in set(rows)]
    summed, compared = score(planted, live, WEEKS, channel.outages), relative(*found)
    hits = [delay for delay in found[0] if delay is not None]
    large = [delay for one, delay in zip(planted, found[0], strict=True) if one.extra >= LARGE]
    by_kind: dict[str, float] = {}
    for kind in dict.fromkeys(channel.kinds):
        own = [delay for one, delay in zip(planted, found[0], strict=True) if channel.kinds[one.row] == kind]
        by_kind[kind] = sum(delay is not None for delay in own) / len(own) if own else nan
    return Found(
        name=name,
        reasons=len(rows),
        quiet_false_alarms=quiet,
        usual_false_alarms=usual,
        false_alarms=summed.false_alarms_per_week,
        detected=compared.detected,
        detected_large=sum(delay is not None for delay in large) / len(large) if large else nan,
        by_kind=by_kind,
        relative=compared.relative,
        recall=compared.recall,
        delay_ratio=compared.delay_ratio,
        median_delay=float(np.median(hits)) if hits else nan,
        alerts_per_incident=summed.alerts_per_incident,
    )
