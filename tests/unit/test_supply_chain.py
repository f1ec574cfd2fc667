"""The lock files, and what is made from them."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import audit
import pytest
import sbom
from lock_file import LOCKS, pins

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lock(name: str = "requirements.txt") -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_with_hashes_and_says_who_wants_it(name: str) -> None:
    found = pins(lock(name))
    assert len(found) > (1 if "fuzz" in name else 50)
    assert all(pin.hashes and pin.wanted_by for pin in found)


def test_what_production_installs_is_what_was_tested() -> None:
    tested = {(pin.name, pin.version) for pin in pins(lock("requirements-dev.txt"))}
    assert {(pin.name, pin.version) for pin in pins(lock())} <= tested


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("attrs>=26", "is no pin"),
        ("attrs @ https://example.org/attrs.whl", "is no pin"),
        ("-e .", "is no pin"),
        ("attrs==26.1", "has no hash"),
        ("attrs==26.1 \\\n    --hash=md5:d41d8cd98f00b204e9800998ecf8427e", "is no SHA-256"),
    ],
)
def test_what_is_not_pinned_by_a_hash_is_refused(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        pins(line)


def test_the_bill_names_every_pin_once_with_its_hashes_and_closes_over_its_dependencies() -> None:
    bill = sbom.bill(lock(), PROJECT)
    found = pins(lock())
    named = {one["bom-ref"]: one for one in bill["components"]}
    assert len(named) == len(found) == len(bill["components"])
    for pin in found:
        [files] = named[f"pkg:pypi/{pin.name}@{pin.version}"]["externalReferences"]
        assert [one["content"] for one in files["hashes"]] == list(pin.hashes)
    own = bill["metadata"]["component"]["bom-ref"]
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert needs.keys() == {own, *named}
    reached, waiting = set[str](), [own]
    while waiting:
        reached.add(ref := waiting.pop())
        waiting += [one for one in needs[ref] if one not in reached]
    assert reached == needs.keys()
    direct = {one.split("@")[0].removeprefix("pkg:pypi/") for one in needs[own]}
    assert direct == {one.split(">")[0] for one in PROJECT["dependencies"]}


def test_the_same_lock_gives_the_same_bytes_and_another_one_another_number() -> None:
    made = [
        subprocess.run([sys.executable, ROOT / "deploy/sbom.py"], capture_output=True, check=True)
        for _ in "12"
    ]
    assert made[0].stdout == made[1].stdout
    assert json.loads(made[0].stdout) == sbom.bill(lock(), PROJECT)
    assert sbom.bill(lock() + "\n", PROJECT)["serialNumber"] != sbom.bill(lock(), PROJECT)["serialNumber"]


def test_the_environment_of_the_tests_is_the_locked_one() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy/audit.py"],
        env={"PATH": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Advisories not looked up: pip-audit is not on the path" in done.stdout
    assert "The environment is the locked one." in done.stdout


def test_an_advisory_is_told_and_a_database_that_was_not_asked_is_no_good_news() -> None:
    vulnerable = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
    assert audit.advisories({"dependencies": [vulnerable]}) == (["a 1: PYSEC-1, mended in no version yet"], 0)
    assert audit.advisories({"dependencies": [{"name": "b", "skip_reason": "not found"}]}) == ([], 1)
