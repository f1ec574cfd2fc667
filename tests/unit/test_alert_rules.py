"""Each rule that pages fires in one case and stays quiet in another, of series that a worker really has."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from streams.metrics import Metrics

FOLDER = Path(__file__).resolve().parents[2] / "deploy/prometheus"
RULES = FOLDER / "rules.yml"
CASES = FOLDER / "rules_test.yml"
TESTED_TICKETS = {"TicketspikeDeadLetters", "TicketspikeKeysDiffer"}
"""These can wait for the morning, and still are told rightly."""


def cases() -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    return tests


def paging() -> Iterator[str]:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            if rule["labels"]["severity"] == "page":
                yield rule["alert"]


def labels() -> dict[str, set[str]]:
    """The labels of each metric of a worker with shards, as Prometheus sees it."""
    metrics = Metrics(("DE", "AT"))
    found: dict[str, set[str]] = {"up": {"job"}}
    for held in vars(metrics).values():
        for family in held.describe() if hasattr(held, "describe") else ():
            name = family.name + ("_total" if family.type == "counter" else "")
            found[name] = set(held._labelnames)
    return found


def test_the_rules_fire_and_stay_quiet_as_their_cases_say() -> None:
    judged = [one for case in cases() for one in case["alert_rule_test"]]
    fires = {one["alertname"] for one in judged if one.get("exp_alerts")}
    quiet = {one["alertname"] for one in judged if not one.get("exp_alerts")}
    pages = set(paging())
    assert len(pages) >= 10
    assert pages | TESTED_TICKETS <= fires & quiet
    # Not everywhere is Prometheus installed; where it is, it judges the cases.
    promtool = shutil.which("promtool")
    if promtool is not None:
        for asked in (("check", "rules", RULES), ("test", "rules", CASES)):
            run = subprocess.run([promtool, *asked], capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stdout + run.stderr


def test_the_cases_are_of_series_that_a_worker_has() -> None:
    known = labels()
    for case in cases():
        for one in case["input_series"]:
            name, given = re.fullmatch(r"(\w+)\{(.*)\}", one["series"]).groups()  # type: ignore[union-attr]
            assert name in known, case["name"]
            assert set(re.findall(r"(\w+)=", given)) <= known[name] | {"instance"}, one["series"]
