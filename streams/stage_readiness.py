"""Whether the stages on Faust have their part of the work, in the words that `/readyz` says it in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.notify import Notify
    from streams.watch import Watch


def faust_ready(stages: Sequence[Watch | Notify]) -> tuple[bool, str]:
    """A stage that stands by is ready; one that is not yet told what to do, or recovers its table, is not.

    With several shards the stage is ready when it is for all of them.
    """
    held = []
    for stage in stages:
        app, shard = stage.app, stage.settings.shard
        waits = _waits(stage)
        if waits is not None:
            return False, waits if shard is None else f"{waits} ({shard})"
        if any(tp.topic == stage.source for tp in app.assignor.assigned_actives()):
            held.append(shard or "the shard")
    return True, f"holds {', '.join(held)}" if held else "stands by"


def _waits(stage: Watch | Notify) -> str | None:
    if stage.generation == 0:
        return "joining"
    if stage.app.rebalancing:
        return "rebalancing"
    return "recovering its table" if stage.app.tables.recovery.in_recovery else None


def slack_ready(stages: Sequence[Notify]) -> tuple[bool, str]:
    """Whether Slack takes messages, and what it said where not."""
    told = [sentence for stage in stages if (sentence := stage.sender.trouble.sentence) is not None]
    return not told, told[0] if told else "nothing failed"
