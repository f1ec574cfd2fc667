"""Everything a detector knows of its contact reasons, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from detectors.baseline import Baseline
from detectors.cusum import Bank
from detectors.dispersion import Dispersion
from detectors.guardband import Guardband
from detectors.holiday import Holiday
from detectors.level import Level
from detectors.rows import Rows
from detectors.standing import Standing
from detectors.warmup import Acquaintance
from detectors.yesterday import Yesterday


class State:
    """The parts of a detector and the order of its contact reasons, which is the same in all of them.

    Example:
        >>> state = State()
        >>> state.grow(["voucher", "delivery", "voucher"])
        [0, 1]
        >>> state.reasons, state.row["delivery"], state.bank.size
        (['voucher', 'delivery'], 1, 2)
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.row: dict[str, int] = {}
        self.baseline = Baseline()
        self.level = Level()
        self.holiday = Holiday()
        self.dispersion = Dispersion()
        self.guardband = Guardband()
        self.bank = Bank()
        self.standing = Standing()
        self.known = Acquaintance()
        self.yesterday = Yesterday()
        self.parts: dict[str, Rows] = {
            "baseline": self.baseline,
            "level": self.level,
            "holiday": self.holiday,
            "dispersion": self.dispersion,
            "guardband": self.guardband,
            "bank": self.bank,
            "standing": self.standing,
            "known": self.known,
            "yesterday": self.yesterday,
        }

    def grow(self, reasons: Iterable[str]) -> list[int]:
        """Add the reasons that are not known yet and give back their rows."""
        first = len(self.reasons)
        for reason in reasons:
            if reason not in self.row:
                self.row[reason] = len(self.reasons)
                self.reasons.append(reason)
        for part in self.parts.values():
            part.resize(len(self.reasons))
        return list(range(first, len(self.reasons)))

    def tighten(self) -> None:
        """Let go of the room that was made for further reasons."""
        for part in self.parts.values():
            part.tighten()

    def snapshot(self, reason: str) -> dict[str, object]:
        """All that is known of a reason, one text per part."""
        row = self.row[reason]
        return {name: part.snapshot(row) for name, part in self.parts.items()}

    def restore(self, reason: str, state: Mapping[str, object]) -> int:
        """Take a reason back and give its row.

        Raises:
            ValueError: a part is missing or of another size.
        """
        self.grow([reason])
        row = self.row[reason]
        for name, part in self.parts.items():
            columns = state.get(name)
            if not isinstance(columns, str):
                raise ValueError(f"the stored state of {reason!r} lacks {name!r}")
            part.restore(row, columns)
        return row

    def take(self, reason: str, other: State) -> None:
        """Copy a reason from another state, adding it if it is unknown here."""
        self.grow([reason])
        for name, part in self.parts.items():
            part.copy_row(self.row[reason], other.parts[name], other.row[reason])
