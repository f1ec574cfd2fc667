"""Shapes of the week that contact reasons share, learnt by pooling them."""

from __future__ import annotations

import numpy as np

from detectors.calendar import HOURS
from detectors.rows import FloatArray

_ITERATIONS = 8
_TEMPER = 0.5
_ANCHOR_TICKETS = 10.0
"""What a template, or the coarser pattern, is worth per hour of the week."""


def _templates() -> FloatArray:
    """Four generic weeks with mean 1: consumer's day, office hours, evening, around the clock."""
    hour = np.arange(24)

    def bump(centre: float, width: float) -> FloatArray:
        distance = (hour + 0.5 - centre + 12) % 24 - 12
        return np.asarray(np.exp(-0.5 * (distance / width) ** 2))

    consumer = 0.12 + bump(11.5, 3.0) + 0.9 * bump(18.0, 3.5)
    office = 0.03 + bump(10.5, 1.8) + bump(14.5, 2.0)
    evening = 0.10 + 0.5 * bump(13.0, 3.0) + 1.2 * bump(20.0, 2.4)
    clock = 0.75 + 0.4 * bump(15.0, 5.0)
    saturday_sunday = {
        "consumer": (0.8, 0.7),
        "office": (0.12, 0.05),
        "evening": (1.1, 1.1),
        "clock": (1.0, 0.95),
    }
    weeks = []
    for day, (saturday, sunday) in zip(
        (consumer, office, evening, clock), saturday_sunday.values(), strict=True
    ):
        week = np.concatenate([np.tile(day, 5), saturday * day, sunday * day])
        weeks.append(week / week.mean())
    return np.asarray(weeks)


TEMPLATES: FloatArray = _templates()
"""Generic weeks, one per row, mean 1: where pooling starts from, and all there is on a cold start."""

GENERIC: FloatArray = 0.5 * TEMPLATES[0] + 0.2 * TEMPLATES[1:3].mean(axis=0) + 0.3 * TEMPLATES[3]
"""What a week looks like before anything was seen: a flattened consumer's week, mean 1."""


def pooled(counts: FloatArray, exposure: FloatArray, dispersion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Each reason's prior shape of the week, and how far reasons differ from theirs.

    A tempered EM mixture of as many multinomial profiles as there are templates. Every profile is itself
    shrunk towards its template by some weeks' worth of a middling reason, so hours that nobody has been
    observed in yet keep a sensible shape; dense reasons are capped so that one does not dictate the
    profile of all. It starts from the templates every time, so it depends on the counts alone: no
    randomness, no memory of earlier fits.

    Args:
        counts: forgotten counts, (168, reasons).
        exposure: forgotten minutes of observation, (168, reasons).
        dispersion: variance relative to Poisson, (reasons,).

    Returns:
        The prior shape (168, reasons) with mean 1 over the week, and its relative variance (reasons,).

    Example:
        >>> flat = np.full((HOURS, 3), 60.0)
        >>> shape, variance = pooled(flat, flat * 8, np.ones(3))
        >>> bool(np.abs(shape - 1).max() < 0.12)
        True
    """
    reasons = counts.shape[1]
    if reasons == 0:
        return np.zeros((HOURS, 0)), np.zeros(0)
    total = counts.sum(axis=0)
    # Effective tickets: overdispersed ones say less, and beyond some thousand the profile is known.
    weight = np.minimum(1.0, 4000.0 / np.maximum(total, 1e-9)) / dispersion
    profiles = TEMPLATES.copy()
    share = np.full((len(profiles), reasons), 1.0 / len(profiles))
    mixing = np.full(len(profiles), 1.0 / len(profiles))
    anchor = _ANCHOR_TICKETS * TEMPLATES
    for _ in range(_ITERATIONS):
        expected = profiles @ exposure
        level = (total + 1.0) / (expected + 1.0)
        log_likelihood = np.log(profiles) @ counts + total * np.log(level) - level * expected
        score = np.log(mixing)[:, None] + _TEMPER * weight * log_likelihood
        score -= score.max(axis=0)
        share = np.exp(score)
        share /= share.sum(axis=0)
        mixing = (share.sum(axis=1) + 1.0) / (reasons + len(profiles))
        tickets = (share * weight) @ counts.T
        usual = (share * weight * level) @ exposure.T
        # From coarse to fine: hours of the day first, so that a day without history is like the others.
        coarse = TEMPLATES * _by_day_kind(tickets, usual * TEMPLATES, _ANCHOR_TICKETS)
        anchor = _ANCHOR_TICKETS * coarse
        profiles = (tickets + anchor) / (usual + _ANCHOR_TICKETS)
        profiles /= profiles.mean(axis=1, keepdims=True)
    shape = profiles.T @ share
    level = (total + 1.0) / (np.einsum("hs,hs->s", shape, exposure) + 1.0)
    # A reason's own hours of the day, as far as it has the tickets to know them.
    own = _by_day_kind(
        counts.T / dispersion[:, None], (shape * exposure * level).T / dispersion[:, None], 10.0
    ).T
    shape = shape * own
    shape /= shape.mean(axis=0)
    level = (total + 1.0) / (np.einsum("hs,hs->s", shape, exposure) + 1.0)
    expected_counts = shape * exposure * level
    # Method of moments for the spread of a reason's own week around its profile, shared by all reasons.
    surplus = ((counts - expected_counts) ** 2 - dispersion * expected_counts) * weight
    information = expected_counts**2 * weight
    spread = (max(float(surplus.sum()), 0.0) + 0.1 * 500.0) / (float(information.sum()) + 500.0)
    return shape, np.full(reasons, min(max(spread, 0.02), 0.6))


def _by_day_kind(tickets: FloatArray, usual: FloatArray, anchor: float) -> FloatArray:
    """Factors by hour of the day that bring `usual` to `tickets`, shrunk, each (rows, 168).

    First over all days alike; then workdays, Saturdays and Sundays apart, shrunk to that.
    """
    rows = len(tickets)
    seen, known = tickets.reshape(rows, 7, 24), usual.reshape(rows, 7, 24)
    daily = (seen.sum(axis=1) + anchor) / (known.sum(axis=1) + anchor)
    factors = np.empty((rows, 7, 24))
    for days in (slice(0, 5), slice(5, 6), slice(6, 7)):
        part = (seen[:, days].sum(axis=1) + anchor * daily) / (known[:, days].sum(axis=1) + anchor)
        factors[:, days] = part[:, None]
    return factors.reshape(rows, HOURS)
