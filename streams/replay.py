"""The past through the very core that watches the present: one order of events, no clock.

A replay says the same every time, and says what a worker on the event clock says of the same tickets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from alerts.records import Spike
from streams.history import History
from streams.surveillance import Surveillance

Period = tuple[int, int]
"""Minutes [from, to)."""


def replay(
    history: History,
    surveillance: Surveillance,
    *,
    learn_until: int | None = None,
    excluded: Sequence[Period] = (),
    advance: Callable[[float], None] = lambda _minute: None,
) -> Iterator[Spike]:
    """Show a history to a fresh surveillance and close its minutes; yields what it says, in order.

    Args:
        history: what was counted.
        surveillance: takes it in.
        learn_until: minutes before it are history: learnt, never alerted.
        excluded: minutes that count as not observed; the detector sees a jump.
        advance: told of the last closed minute now and then.
    """
    if history.counted is not None:
        surveillance.open = history.counted.without(excluded) if excluded else history.counted
    for statement in history.statements:
        for cell in statement.cells:
            if not any(begin <= cell.minute < end for begin, end in excluded):
                surveillance.add(cell, partition=0, stamp=statement.stamp)
        yield from close(surveillance, statement.closable, learn_until=learn_until, excluded=excluded)
        advance(statement.closable)


def close(
    surveillance: Surveillance, until: int, *, learn_until: int | None = None, excluded: Sequence[Period] = ()
) -> Iterator[Spike]:
    """Close all minutes up to `until`, learning before `learn_until`, passing over what is excluded."""
    while True:
        here = surveillance.closed
        if here is None:
            first = surveillance.open.first
            here = until if first is None else first - 1
        if here >= until:
            return
        following = here + 1
        over = next((end for begin, end in excluded if begin <= following < end), None)
        if over is not None:
            surveillance.closed = min(until, over - 1)
            continue
        learning = learn_until is not None and following < learn_until
        stops = [until, *(begin - 1 for begin, _ in excluded if begin > following)]
        if learning and learn_until is not None:
            stops.append(learn_until - 1)
        for said in surveillance.close_until(min(stops), alarms=not learning):
            yield from said
        if surveillance.closed is None or surveillance.closed < following:
            return  # it waits for what follows
