"""What lies outside the packages is run seldom and by hand; what it imports from them must be there all the same."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("streams", "alerts", "detectors")
FILES = sorted(
    file
    for folder in (
        "benchmarks",
        "deploy",
        "tests/chaos",
        "tests/fuzz",
        "tests/real",
        "tests/soak",
        "tests/support",
    )
    for file in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_script_imports_names_that_the_packages_have(file: Path) -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS
    ]
    missing = [
        f"{node.module}.{alias.name}"
        for node in imports
        for alias in node.names
        if not hasattr(importlib.import_module(node.module or ""), alias.name)
        and not _is_module(f"{node.module}.{alias.name}")
    ]
    assert not missing


def _is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True
