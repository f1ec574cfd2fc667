"""The rules, the board and the runbook speak of metrics and alerts that there are."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import yaml

from streams.counting import PartitionCounts
from streams.customers import pseudonymiser
from streams.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text(encoding="utf-8"))
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
BOARD = json.loads((ROOT / "deploy/grafana/dashboards/ticketspike.json").read_text(encoding="utf-8"))


def exposed() -> set[str]:
    """The names that Prometheus knows; counters end in `_total`, histograms are three metrics."""
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {
        family.name + end for family in Metrics().registry.collect() for end in ends.get(family.type, ("",))
    }


def named(expression: str) -> set[str]:
    return set(re.findall(r"\bticketspike_\w+", expression))


def test_every_metric_of_the_rules_and_the_board_exists() -> None:
    expressions = [rule["expr"] for rule in ALERTS.values()]
    expressions += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    used = set().union(*map(named, expressions))
    assert len(used) >= 10
    assert used <= exposed()


def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert() -> None:
    text = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (Ticketspike\w+)$", text, re.MULTILINE) == list(ALERTS)
    for name, rule in ALERTS.items():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        section = text.split(f"## {name}\n")[1].split("\n## ")[0]
        assert f"(`{rule['labels']['severity']}`)" in section
        assert all(f"**{part}**" in section for part in ("Means", "Look", "Do"))


def test_lag_is_the_age_of_what_was_read_last_and_none_when_all_is_read() -> None:
    metrics, counts = Metrics(), PartitionCounts(0, pseudonymiser("test"), facets=())
    ticket = b'{"id": "1", "created_at": "2026-06-01T10:00:00Z", "contact_reason": "a"}'
    created = datetime(2026, 6, 1, 10, tzinfo=UTC).timestamp()
    counts.feed([SimpleNamespace(offset=0, timestamp=int(created * 1000) + 5000, value=ticket, headers=())])

    def behind(highwater: int) -> tuple[float | None, float | None]:
        metrics.count({0: counts}, {0: highwater}, created + 300.0)
        names = ("ticketspike_lag_records", "ticketspike_lag_seconds")
        return tuple(metrics.registry.get_sample_value(name, {"stage": "count"}) for name in names)  # type: ignore[return-value]

    assert behind(3) == (2.0, 295.0)
    assert behind(1) == (0.0, 0.0)


def test_panels_of_the_board_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert taken.isdisjoint(cells)
        taken |= cells
