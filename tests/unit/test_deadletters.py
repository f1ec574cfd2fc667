"""Dead letters on their way: whatever a record holds, its letter can be delivered, and says what it lacks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams import deadletters
from streams.dead_letter_log import read_letter
from streams.settings import load
from streams.topics import specs
from streams.validity import Refusal

MIB = 1024 * 1024
ROOM = next(int(one.config["max.message.bytes"]) for one in specs(load(), 1) if one.name == "dead-letters")


def record(**parts: Any) -> Any:
    held = {"key": b"k", "value": b"{}", "headers": [("trace", b"1")]} | parts
    return SimpleNamespace(topic="tickets", partition=3, offset=7, **held)


def letter_of(one: Any) -> deadletters.Letter:
    return deadletters.letter(one, Refusal(7, "id", "is missing"), 0.0)


@pytest.mark.parametrize(
    ("parts", "notes"),
    [
        ({"value": b"x" * 30 * MIB}, {"truncated"}),
        ({"key": b"x" * 30 * MIB}, {"key_left_out"}),
        ({"headers": [("trace", b"x" * 30 * MIB)]}, {"headers_left_out"}),
        ({"headers": [("x" * 30 * MIB, b"")]}, {"headers_left_out"}),
        ({"headers": [("", b"")] * 5 * MIB}, {"headers_left_out"}),
        ({"headers": [("null", None)] * 500_000}, {"headers_left_out"}),
        (
            {"key": b"x" * 2 * MIB, "headers": [("trace", b"x" * 2 * MIB)], "value": b"x" * 9 * MIB},
            {"key_left_out", "headers_left_out", "truncated"},
        ),
        (
            {"key": b"x" * MIB, "headers": [("trace", b"x" * (MIB - 15))], "value": b"x" * 7 * MIB},
            {"truncated"},
        ),
        ({"key": b"x" * MIB, "headers": [("trace", b"x" * (MIB - 15))], "value": b"x" * 6 * MIB}, set()),
    ],
)
def test_a_letter_fits_into_its_topic_and_says_what_it_lacks(parts: dict[str, Any], notes: set[str]) -> None:
    one = record(**parts)
    letter = letter_of(one)
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 40)
    builder.append(0, 0, letter.key, letter.value, letter.headers)
    assert len(builder.build()) < ROOM
    told = {name: text.decode() for name, text in letter.headers if name.endswith(("_left_out", "truncated"))}
    assert told.keys() == notes
    if told.get("truncated"):
        assert told["truncated"] == f"the original has {len(one.value)} bytes"
    read = read_letter(*letter)
    assert read is not None
    assert (read.place, read.truncated) == ("tickets-3@7", "truncated" in notes)
    assert read.key == (None if "key_left_out" in notes else one.key)
    assert read.headers == ([] if "headers_left_out" in notes else one.headers)
    assert read.value is not None
    assert one.value.startswith(read.value)
    assert ("truncated" in notes) == (read.value != one.value)


def test_what_fits_goes_unchanged() -> None:
    letter = letter_of(record(value=None, key=None))
    assert (letter.key, letter.value, letter.headers[0]) == (None, None, ("trace", b"1"))
