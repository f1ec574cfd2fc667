"""What the detector is told of holidays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from streams.detection import holiday_dates
from streams.settings import SettingsError


def test_a_region_gives_its_own_holidays() -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany in holiday_dates("DE-BY")
    assert epiphany not in holiday_dates("DE-BE")
    assert holiday_dates(None) == frozenset()


def test_a_file_gives_one_date_a_line_with_remarks_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "shop days.txt"
    path.write_text("# ours\n2026-11-27  # Black Friday\n\n 2026-11-30\n", encoding="utf-8")
    assert holiday_dates(str(path)) == {date(2026, 11, 27), date(2026, 11, 30)}


@pytest.mark.parametrize("line", ["27.11.2026", "2026-11-31", "2026-11-27 Black Friday", "soon"])
def test_a_line_that_is_no_date_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "days.txt"
    path.write_text(f"2026-12-25\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        holiday_dates(str(path), said_by="--holidays")
    assert str(error.value).startswith(f"--holidays={path}: line 2 ({line!r}) is no date")


def test_what_is_neither_a_region_nor_a_file_is_told() -> None:
    with pytest.raises(
        SettingsError, match="--holidays='DE-XY' is not allowed; allowed: a region such as DE-BY"
    ):
        holiday_dates("DE-XY", said_by="--holidays")
