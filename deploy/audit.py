"""Whether what is installed is what was locked, and whether anything of it is known to be vulnerable: `make audit`.

The first needs no network: every requirement pinned with SHA-256 hashes, the environment equal to the lock. The
second asks an advisory database through pip-audit, where it is installed and can reach one. It says clearly when
it could not be asked: pip-audit itself calls packages that it could not look up skipped, and exits with 0.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions

from lock_file import LOCKS, ROOT, Pin, by_name, pins

_TOLERATED = {"pip", "setuptools", "ticketspike"}
"""Not locked: what makes an environment, and ourselves."""


def differences(locked: Mapping[str, Sequence[Pin]], installed: Mapping[str, str]) -> list[str]:
    """How an environment differs from its lock file, in words.

    >>> pin = Pin("attrs", "26.1", "", ("0" * 64,), ())
    >>> differences({"attrs": [pin]}, {"attrs": "25.0", "left-pad": "1"})
    ['attrs 25.0 is installed and 26.1 is locked', 'left-pad 1 is installed and not locked']
    """
    found = []
    for name, version in sorted(installed.items()):
        if name in _TOLERATED:
            continue
        if name not in locked:
            found.append(f"{name} {version} is installed and not locked")
        elif version not in (allowed := [pin.version for pin in locked[name]]):
            found.append(f"{name} {version} is installed and {' or '.join(allowed)} is locked")
    missing = [
        pin for said in locked.values() for pin in said if pin.name not in installed and not pin.marker
    ]
    found += [f"{pin.name} {pin.version} is locked and not installed" for pin in missing]
    return found


def advisories(report: Mapping[str, object]) -> tuple[list[str], int]:
    """What a report of pip-audit says: vulnerabilities in words, and how many packages it could not look up.

    >>> advisories({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]},
    ...                              {"name": "b", "skip_reason": "not found"}]})
    (['a 1: X-1, mended in 2'], 1)
    """
    told, skipped = [], 0
    for one in report["dependencies"]:  # type: ignore[attr-defined]
        if "skip_reason" in one:
            skipped += 1
        for vulnerability in one.get("vulns", ()):
            mended = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            told.append(f"{one['name']} {one['version']}: {vulnerability['id']}, mended in {mended}")
    return told, skipped


def main() -> int:
    """Check, say what was found and what could not be asked; 1 if something is wrong."""
    wrong = []
    files: dict[str, dict[str, list[Pin]]] = {}
    for name in LOCKS:
        try:
            files[name] = by_name(pins((ROOT / name).read_text(encoding="utf-8")))
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    installed = {
        re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version
        for one in distributions()
        if one.metadata
    }
    if "requirements-dev.txt" in files:
        wrong += differences(files["requirements-dev.txt"], installed)
    asked = _ask()
    if isinstance(asked, str):
        sys.stdout.write(f"Advisories not looked up: {asked}.\n")
    else:
        told, skipped = advisories(asked)
        wrong += told
        if skipped:
            sys.stdout.write(
                f"Advisories not looked up for {skipped} packages: the database did not answer.\n"
            )
        else:
            sys.stdout.write(f"{len(asked['dependencies'])} packages looked up, {len(told)} advisories.\n")  # type: ignore[arg-type]
    for line in wrong:
        sys.stdout.write(f"wrong: {line}\n")
    if not wrong:
        counted = ", ".join(f"{len(found)} in {name}" for name, found in files.items())
        sys.stdout.write(f"Pinned with hashes: {counted}. The environment is the locked one.\n")
    return 1 if wrong else 0


def _ask() -> Mapping[str, object] | str:
    tool = shutil.which("pip-audit")
    if tool is None:
        return "pip-audit is not on the path; `pipx install pip-audit` where there is a network"
    options = ["--disable-pip", "--require-hashes", "-r", str(ROOT / "requirements.txt"), "-f", "json"]
    try:
        done = subprocess.run(
            [tool, *options, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        report: Mapping[str, object] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return "pip-audit got no answer from its database"
    return report


if __name__ == "__main__":
    sys.exit(main())
