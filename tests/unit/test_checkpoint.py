"""A checkpoint counts as a whole or not at all, wherever a crash falls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams import checkpoint
from streams.app import STAMP


class Crash(Exception):
    """The process ends here."""


class MemoryTable:
    """What a shard table offers a checkpoint: rows acknowledged one by one, the greater stamp kept."""

    def __init__(self) -> None:
        self.data: dict[bytes, bytes] = {}
        self.writes_left = 1 << 60

    async def put(self, rows: Mapping[bytes, bytes], stamp: int) -> None:
        for key, value in rows.items():
            if self.writes_left == 0:
                raise Crash
            self.writes_left -= 1
            self.data[key] = STAMP.pack(stamp) + value

    def rows(self) -> dict[bytes, bytes]:
        return {key: value[STAMP.size :] for key, value in self.data.items()}

    def stamp(self, key: bytes) -> int:
        return int(STAMP.unpack_from(self.data[key])[0])


REASONS = ["a", "b", "größe", "0", ""]


async def run(changes: list[list[int]], crash_after: int) -> tuple[dict[str, bytes], dict[str, bytes], Any]:
    """Write checkpoints until the crash; what the last complete one held, and what a restart reads."""
    table = MemoryTable()
    slots = checkpoint.Slots()
    state: dict[str, bytes] = {}
    complete: dict[str, bytes] = {}
    whole: bytes | None = None
    table.writes_left = crash_after
    for number, changed in enumerate(changes):
        rows = {REASONS[index]: f"{REASONS[index]}@{number}".encode() for index in changed}
        state |= rows
        try:
            # Several checkpoints may be made at one position of the log.
            await slots.write(table, rows, b"%d" % number, number // 2)  # type: ignore[arg-type]
        except Crash:
            break
        complete, whole = dict(state), b"%d" % number
    _, rows_read, shard = checkpoint.read(table)  # type: ignore[arg-type]
    assert shard == whole
    return complete, rows_read, (table, slots)


@given(st.lists(st.lists(st.integers(0, 4), unique=True), max_size=8), st.integers(0, 40))
async def test_a_restart_reads_the_last_complete_checkpoint(
    changes: list[list[int]], crash_after: int
) -> None:
    complete, read, _ = await run(changes, crash_after)
    assert read == complete


@given(st.lists(st.lists(st.integers(0, 4), unique=True), min_size=1, max_size=6), st.integers(0, 25))
async def test_checkpoints_go_on_after_a_crash_without_touching_what_is_complete(
    changes: list[list[int]], crash_after: int
) -> None:
    complete, _, (table, _) = await run(changes, crash_after)
    slots, rows, _ = checkpoint.read(table)
    table.writes_left = 1
    try:
        await slots.write(table, {"a": b"new", "b": b"new"}, b"77", 99)
    except Crash:
        assert checkpoint.read(table)[1] == complete
    table.writes_left = 1 << 60
    slots, rows, _ = checkpoint.read(table)
    await slots.write(table, {"a": b"newer"}, b"77", 99)
    assert checkpoint.read(table)[1] == rows | {"a": b"newer"}


@given(
    st.lists(st.lists(st.integers(0, 4), unique=True), max_size=6), st.lists(st.integers(0, 4), unique=True)
)
async def test_rows_that_were_forsaken_never_come_back(changes: list[list[int]], after: list[int]) -> None:
    _, _, (table, _) = await run(changes, 1 << 60)
    slots = checkpoint.forsake(table)
    fresh = {REASONS[index]: b"fresh" for index in after}
    await slots.write(table, fresh, b"1", 0)
    assert checkpoint.read(table)[1:] == (fresh, b"1")
    slots, _, _ = checkpoint.read(table)
    await slots.write(table, {"a": b"fresher"}, b"2", 1)
    assert checkpoint.read(table)[1] == fresh | {"a": b"fresher"}
