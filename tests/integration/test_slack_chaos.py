"""Ten of the moments of `make chaos-slack`: a worker killed around posting, Slack failing at random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slack_chaos import Chaos

from streams.settings import Settings

SEED = 20
"""Its ten moments are most kinds there are."""


def test_ten_kills_around_posting_leave_each_incident_one_message_in_its_last_state(
    make_settings: Callable[..., Settings],
    environment: Callable[[Settings], dict[str, str]],
    tmp_path: Path,
) -> None:
    settings = make_settings()
    # A delay of 20 s alone would take a quarter of the time there is; `make chaos-slack` has them.
    chaos = Chaos(settings, environment(settings), tmp_path, seed=SEED, faults={"slow": 0.0}, patience=4.0)
    verdict = chaos.run(10)
    assert verdict.wrong == [], (tmp_path / "worker.log").read_text(errors="replace")[-20_000:]
    assert verdict.kills.total() == 10
    assert verdict.crashes == 0
    assert verdict.incidents >= 8
