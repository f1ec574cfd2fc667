"""A worker's lasting name: one to a data directory, never an empty one."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import Failure
from streams.ownership import owned


def test_a_data_directory_keeps_its_name_and_another_has_another(tmp_path: Path) -> None:
    names = []
    for folder in ("one", "one", "two"):
        with owned(tmp_path / folder) as name:
            names.append(name)
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("ticketspike-") for name in names)


@pytest.mark.parametrize("left", [b"", b"\n", b"\0" * 25, b"\xff\xfe", b"two names"])
def test_what_a_crash_left_of_a_name_is_none(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "instance-id").write_bytes(left)
    with owned(tmp_path) as name:
        assert name.startswith("ticketspike-")
    assert (tmp_path / "instance-id").read_text() == f"{name}\n"


def test_a_full_disk_is_one_sentence_and_leaves_no_empty_name(tmp_path: Path) -> None:
    (tmp_path / "instance-id.new").symlink_to("/dev/full")
    with (
        pytest.raises(Failure, match=r"cannot be used \(No space left on device\); make room"),
        owned(tmp_path),
    ):
        pass
    assert not (tmp_path / "instance-id").exists()


def test_a_second_worker_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(Failure, match="Another worker runs"), owned(tmp_path):
        pass
