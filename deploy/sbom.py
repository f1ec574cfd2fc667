"""What the image holds, as a CycloneDX bill of materials made from the lock file: `make sbom`.

The lock file says more than an environment: the hash of every file that may be installed, on any platform. The same
lock gives the same bytes, so a changed bill is a changed dependency.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from lock_file import ROOT, Pin, by_name, pins


def bill(lock: str, project: dict[str, Any]) -> dict[str, Any]:
    """The bill of materials of a lock file, for the project that its `pyproject.toml` describes."""
    found = pins(lock)
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    named = by_name(found)
    needs: dict[str, set[str]] = defaultdict(set)
    for pin in found:
        for parent in pin.wanted_by:
            # uv names the project itself as "ticketspike (pyproject.toml)".
            for reference in map(_purl, named[parent]) if parent in named else (own,):
                needs[reference].add(_purl(pin))
    digest = hashlib.sha256(lock.encode()).hexdigest()
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'ticketspike:{digest}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "description": project["description"],
                "purl": own,
            },
            "properties": [{"name": "ticketspike:lock:sha256", "value": digest}],
        },
        "components": [_component(pin) for pin in found],
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(needs[reference])}
            for reference in [own, *map(_purl, found)]
        ],
    }


def _component(pin: Pin) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _purl(pin),
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{pin.name}/{pin.version}/",
                "hashes": [{"alg": "SHA-256", "content": one} for one in pin.hashes],
            }
        ],
    }
    licence = _licence(pin.name)
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    if pin.marker:
        component["properties"] = [{"name": "ticketspike:marker", "value": pin.marker}]
    return component


def _purl(pin: Pin) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _licence(name: str) -> str | None:
    """As the installed package states it; some state the whole text, of which the first line says enough."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return None
    stated = said.get("License-Expression") or said.get("License") or ""
    classified = [
        one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or () if "License ::" in one
    ]
    first = re.sub(r"\s+", " ", stated.strip().split("\n")[0])
    return (first if 0 < len(first) <= 60 else "") or ", ".join(classified) or None


def main() -> None:
    """Print the bill."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    sys.stdout.write(json.dumps(bill(lock, project), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
