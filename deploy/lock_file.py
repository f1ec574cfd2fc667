"""Reads the lock files: what is pinned, by which hashes, and who asked for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "requirements-fuzz.txt")
_PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==([^\s;\\]+)(?: ; ([^\\]+?))?\s*\\?")
_HASH = re.compile(r"--hash=(\w+):([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One requirement: its normalised name, its version, for which environments, its files' hashes, who wants it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    wanted_by: tuple[str, ...]


def pins(text: str) -> list[Pin]:
    r"""The requirements of a lock file.

    Raises:
        ValueError: a line is no pin with hashes; an unpinned, unhashed or foreign requirement must not slip through.

    >>> text = "attrs==26.1 ; python_version < '3.14' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via aiohttp\n"
    >>> [(pin.name, pin.version, pin.marker, pin.wanted_by) for pin in pins(text)]
    [('attrs', '26.1', "python_version < '3.14'", ('aiohttp',))]
    """
    return [_pin(block) for block in _blocks(text)]


def by_name(found: Iterable[Pin]) -> dict[str, list[Pin]]:
    """The pins of each name: another Python may need another version."""
    named: dict[str, list[Pin]] = {}
    for pin in found:
        named.setdefault(pin.name, []).append(pin)
    return named


def _blocks(text: str) -> Iterator[list[str]]:
    block: list[str] = []
    for line in text.splitlines():
        if not line.strip() or (line.startswith("#") and not block):
            continue
        if not line.startswith((" ", "#")) and block:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _pin(block: list[str]) -> Pin:
    found = _PIN.fullmatch(block[0])
    if found is None:
        raise ValueError(f"{block[0]!r} is no pin NAME==VERSION")
    hashes, wanted = [], []
    for line in block[1:]:
        said = line.strip().removesuffix("\\").strip()
        if said.startswith("#"):
            wanted += [word for word in [said.lstrip("# ").removeprefix("via").strip()] if word]
            continue
        hashed = _HASH.fullmatch(said)
        if hashed is None or hashed[1] != "sha256" or len(hashed[2]) != 64:
            raise ValueError(f"{said!r} of {found[1]} is no SHA-256")
        hashes.append(hashed[2])
    if not hashes:
        raise ValueError(f"{found[1]} has no hash")
    return Pin(found[1], found[2], found[3] or "", tuple(hashes), tuple(wanted))
