"""People's answers are counted by kind, each record once, by the shard whose incident it speaks of."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
from memory_slack import Office
from told_channel import ONSET

from alerts.board import Board
from alerts.records import Answer, AnswerKind
from streams.follow import Entry
from streams.metrics import Metrics
from streams.notify import Notify
from streams.settings import load

SAID: list[tuple[str, AnswerKind]] = [
    ("ts-DE-1", "false_alarm"),
    ("ts-AT-1", "acknowledged"),
    ("ts-AT-2", "acknowledged"),
    ("ts-1", "missed"),
]


async def test_answers_count_by_kind_in_one_shard_and_not_when_they_are_read_again(tmp_path: Path) -> None:
    settings = load(ticketspike_data_dir=tmp_path, ticketspike_shard_by="market", ticketspike_markets="DE,AT")
    metrics = Metrics(settings.sharding.names)
    stages = [Notify(view, metrics.of(view.shard), "a", Office().slack) for view in settings.shards]

    def counted() -> dict[str, float | None]:
        name = "ticketspike_answers_total"
        return {
            kind: metrics.registry.get_sample_value(name, {"kind": kind}) for kind in get_args(AnswerKind)
        }

    nothing = dict.fromkeys(get_args(AnswerKind), 0.0)
    assert counted() == nothing
    for live in (True, False):
        for stage in stages:
            stage.board = Board()
            for offset, (incident_id, kind) in enumerate(SAID):
                said = Answer(incident_id=incident_id, kind=kind, by="U1", at=ONSET)
                entry = Entry(offset, ONSET.timestamp(), msgspec.json.encode(said))
                stage._apply(stage.settings.topic("answers"), entry, live=live)
    assert counted() == nothing | {"false_alarm": 1.0, "acknowledged": 2.0, "missed": 1.0}
