"""What a check of `doctor` has found."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "wrong", "note"]


class Finding(msgspec.Struct, frozen=True):
    """What one check has found.

    Attributes:
        check: what was looked at.
        state: `ok`; `wrong`: a worker cannot do its work; `note`: it can, without something.
        text: one sentence, with the remedy.
    """

    check: str
    state: State
    text: str

    def __str__(self) -> str:
        return f"{self.state:<6} {self.check:<9} {self.text}"
