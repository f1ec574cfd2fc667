"""How long the buckets of a counts file are, where each ends, and how a long one is spread over its minutes.

A counts file does not say how long a bucket is; it follows from the starts: the longest usual length (1 minute
to 1 day) that the starts keep to and that is no longer than the shortest distance between two of them. Starts
are looked at in UTC and as the clock on the wall showed them: days and half days begin by the latter, also over
a night in which the clocks change.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from streams.events import minute_of

IntArray = np.typing.NDArray[np.int64]

WIDTHS = (1440, 720, 480, 360, 240, 180, 120, 60, 30, 20, 15, 10, 5, 1)
"""Usual lengths of a bucket, in minutes."""
EPOCH_DAY = date(1970, 1, 1).toordinal()
CLEARLY = 0.9
"""Part of the starts that must keep to a length before those that do not are called mistakes."""
STRETCH = 24
"""So many starts in a row, each a longer length after the other, are longer buckets and no coincidence."""


class Grid(NamedTuple):
    """The buckets' length in minutes, whether their starts keep to the wall's clock, and which do not keep to it.

    `off` is True for those starts (of the distinct ones, in order) that fit no bucket.
    """

    width: int
    on_wall: bool
    off: np.typing.NDArray[np.bool_]


class Mixed(NamedTuple):
    """A stretch of longer buckets within shorter ones: its first start's place, its length, that of the rest."""

    place: int
    width: int
    others: int


def grid_of(utc: IntArray, wall: IntArray | None = None) -> Grid:
    """The grid that distinct starts, in order, keep to.

    Args:
        utc: minutes since 1970.
        wall: the same instants as the clock on the wall showed them; None if nobody knows.

    >>> grid_of(np.array([0, 60, 120, 300, 540])).width
    60
    """
    none = np.zeros(utc.size, bool)
    if utc.size < 2:
        return Grid(1, on_wall=False, off=none)
    clocks = [(utc, False)] if wall is None else [(utc, False), (wall, True)]
    steps = [np.diff(np.unique(clock)) for clock, _ in clocks]
    for width in WIDTHS:
        found: tuple[int, bool, Grid] | None = None
        for (clock, on_wall), step in zip(clocks, steps, strict=True):
            if not step.size or width > step.min():
                continue
            phases, places = np.unique(clock % width, return_inverse=True)
            kept = np.bincount(places)
            off = places != kept.argmax()
            # Where both clocks fit, long buckets follow the wall and short ones do not care.
            rank = (int(kept.max()), on_wall == (width >= 120), Grid(width, on_wall, off))
            if phases.size and kept.max() >= CLEARLY * utc.size and (found is None or rank[:2] > found[:2]):
                found = rank
        if found is not None:
            return found[2]
    return Grid(1, on_wall=False, off=none)


def mixed_in(starts: IntArray, tickets: IntArray, width: int) -> Mixed | None:
    """The first stretch of clearly longer buckets in a file whose others are `width` long; None without one.

    Taken for short ones, an hour's tickets would fall into its first minute: a spike every hour. What gives them
    away: many starts in a row, one longer length apart, with more tickets each than the others have.

    Args:
        starts: distinct starts in order, on the clock whose grid they keep to.
        tickets: tickets of all contact reasons that begin there.
        width: what `grid_of` found.

    >>> hours, minutes = np.arange(0, 60 * 40, 60), np.arange(2400, 3600)
    >>> mixed_in(np.concatenate((hours, minutes)), np.repeat([60, 1], [40, 1200]), 1)
    Mixed(place=0, width=60, others=1)
    """
    steps = np.diff(starts)
    for longer in WIDTHS[: WIDTHS.index(width)]:
        regular = (steps == longer) & (starts[:-1] % longer == starts[1:] % longer)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], regular, [False])).astype(np.int8)))
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            rest = np.concatenate((tickets[:begin], tickets[end:]))
            if end - begin < STRETCH or not rest.size:
                continue
            if tickets[begin:end].mean() >= max(2.0, float(np.sqrt(longer / width)) * float(rest.mean())):
                return Mixed(begin, longer, width)
    return None


def ends_of(utc: IntArray, wall: IntArray | None, grid: Grid, zone: ZoneInfo | None) -> IntArray:
    """The minute after the last one of each bucket; a local day may have 23 or 25 hours.

    Args:
        utc: distinct starts in order.
        wall: as in `grid_of`.
        grid: what it found.
        zone: where the wall is; None if only the starts' own offsets tell.
    """
    ends = utc + grid.width
    if not grid.on_wall or wall is None:
        return ends
    if zone is not None:
        for place, minute in enumerate(utc.tolist()):
            local = datetime.fromtimestamp(minute * 60, zone).replace(tzinfo=None)
            ends[place] = minute_of((local + timedelta(minutes=grid.width)).replace(tzinfo=zone))
        return ends
    follows = wall[1:] == wall[:-1] + grid.width
    ends[:-1][follows] = utc[1:][follows]
    return ends


def wall_minutes(utc: IntArray, zone: ZoneInfo) -> IntArray:
    """Minutes since 1970 as the clock of a zone shows them.

    >>> wall_minutes(np.array([0]), ZoneInfo("Europe/Berlin")).tolist()
    [60]
    """
    locals_ = (datetime.fromtimestamp(minute * 60, zone) for minute in utc.tolist())
    shown = [(at.toordinal() - EPOCH_DAY) * 1440 + at.hour * 60 + at.minute for at in locals_]
    return np.asarray(shown, dtype=np.int64)


def spread(first: IntArray, end: IntArray, count: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Spread the tickets of buckets [first, end) over their minutes evenly, in whole tickets.

    The same on every run; minutes that get none are left out.

    Returns:
        For each minute that gets tickets: its bucket's place, the minute, the tickets.

    >>> _, minute, tickets = spread(np.array([0]), np.array([10]), np.array([3]))
    >>> minute.tolist(), tickets.tolist()
    ([3, 6, 9], [1, 1, 1])
    """
    width = end - first
    parts = np.minimum(count, width)
    bucket = np.repeat(np.arange(first.size), parts)
    step = np.arange(bucket.size) - np.repeat(np.cumsum(parts) - parts, parts)
    width, count = width[bucket], count[bucket]
    dense = count >= width
    minute = np.where(dense, step, -(-(step + 1) * width // np.maximum(count, 1)) - 1)
    tickets = np.where(dense, (step + 1) * count // width - step * count // width, 1)
    return bucket, first[bucket] + minute, tickets
