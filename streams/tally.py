"""What became of the records of one partition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """How many records met which fate, since the start."""

    counted: int = 0
    repeated: int = 0
    relabelled: int = 0
    retracted: int = 0
    updated: int = 0
    late: int = 0
    unknown: int = 0
    overflow: int = 0
    refused: int = 0
