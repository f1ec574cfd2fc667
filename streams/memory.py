"""Python's garbage collector, set for a process that remembers a million tickets."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

YOUNG = 50_000
"""Allocations between two looks at the young objects; Python's 700 would look hundreds of times a second."""


def relax_collector() -> None:
    """Let the collector look less often.

    What is remembered of tickets holds no cycles; looking for some costs up to a fifth of the time of counting.
    Cycles elsewhere (exceptions, tasks) are still found, just later. Not `gc.freeze`: what is frozen is never let
    go, not even at exit, where the sketches' library then complains of a thousand leaks.
    """
    gc.set_threshold(YOUNG, 20, 100)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """No looking while millions of objects are made that all stay: a sixth of the time of making them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
