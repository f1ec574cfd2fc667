"""Dead letters as they lie on their topic: what was the record's own, what identifies it, what it replaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import deadletters
from streams.dead_letter_log import REPLAYED_FROM, Letter, read_letter, replay, standing
from streams.publish import Headers
from streams.validity import Refusal

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
NAMES = st.sampled_from(["trace", "error", "topic", "truncated", "offset", "failed_at"])


@dataclass
class Record:
    """A record as Kafka gives it."""

    value: bytes | None = b"{}"
    key: bytes | None = b"k"
    headers: Headers = ()
    topic: str = "tickets"
    partition: int = 3
    offset: int = 7


class Outlet:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes | None, bytes | None, Headers, int | None]] = []

    def send(
        self, key: bytes | None, value: bytes | None, *, headers: Headers, partition: int | None
    ) -> None:
        self.sent.append((key, value, headers, partition))


def refused(record: Record, error: str = "is no text") -> Letter:
    letter = read_letter(*deadletters.letter(record, Refusal(record.offset, "id", error), AT.timestamp()))
    assert letter is not None
    return letter


@given(st.lists(st.tuples(NAMES, st.binary(max_size=4)), max_size=5))
def test_a_records_own_headers_come_back_whatever_their_names(own: list[tuple[str, bytes]]) -> None:
    letter = refused(Record(headers=own))
    assert letter.headers == own
    assert (letter.place, letter.error, letter.error_field) == ("tickets-3@7", "id: is no text", "id")
    assert (letter.failed_at, letter.truncated) == (AT, False)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("error", b"x")],
        [("error", b"x"), ("error_field", b"x"), ("topic", b"t"), ("partition", b"one"), ("offset", b"1")],
    ],
)
def test_what_somebody_else_wrote_is_no_dead_letter(headers: list[tuple[str, bytes]]) -> None:
    assert read_letter(b"k", b"{}", headers) is None


def test_a_record_is_sent_again_as_it_came_with_the_place_it_had() -> None:
    outlet = Outlet()
    replay(refused(Record(headers=[("trace", b"1")])), outlet)  # type: ignore[arg-type]
    replay(refused(Record(key=None)), outlet)  # type: ignore[arg-type]
    place = (REPLAYED_FROM, b"tickets-3@7")
    assert outlet.sent == [(b"k", b"{}", [("trace", b"1"), place], None), (None, b"{}", [place], 3)]


def test_of_a_record_that_is_refused_again_and_again_only_the_last_dead_letter_stands() -> None:
    letters, record = [], Record()
    for offset in (7, 20, 31):
        record.offset = offset
        letters += [refused(record)] * 2
        outlet = Outlet()
        replay(letters[-1], outlet)  # type: ignore[arg-type]
        record = Record(headers=outlet.sent[0][2])
    assert [letter.offset for letter in standing(letters)] == [31]
    assert [letter.replayed_from for letter in standing(letters)] == ["tickets-3@20"]
