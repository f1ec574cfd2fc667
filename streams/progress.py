"""A progress bar on stderr, only on a terminal: pipes, logs and tests see nothing of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[float], None]


@contextmanager
def progress(what: str, total: float | None) -> Iterator[Advance]:
    """Show how far something is; call what is yielded with the amount done so far, as often as you like.

    Nothing is drawn in the first two seconds: what is over by then needs no bar.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    yield from _drawn(what, total)


def _drawn(what: str, total: float | None) -> Iterator[Advance]:
    import time

    from rich.console import Console
    from rich.progress import Progress

    started = time.monotonic()
    drawn_at = 0.0
    bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
    task = bar.add_task(what, total=total)

    def advance(done: float) -> None:
        nonlocal drawn_at
        now = time.monotonic()
        if now - started < 2 or now - drawn_at < 0.1:
            return
        if not drawn_at:
            bar.start()
        drawn_at = now
        bar.update(task, completed=done, refresh=True)

    try:
        yield advance
    finally:
        if drawn_at:
            bar.stop()
