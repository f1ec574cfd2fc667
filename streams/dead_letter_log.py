"""The dead letters that there are: what was refused, why, and whether it was sent again since.

A dead letter is written at least once, and (`topic`, `partition`, `offset`) identifies it: repeats are one. A
record that was sent again and refused again is a dead letter of its own, which carries in `replayed_from` whose
place it takes; so what is sent again twice does not become two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from streams.publish import Headers, Publisher

REPLAYED_FROM = "replayed_from"
"""The header of a record that was sent again: the place of the one that was refused."""
_FIRST = "error"
"""The first of the headers that `streams.deadletters` puts behind a record's own."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A refused record and why it was refused.

    Attributes:
        topic: where the record stood, with the prefix.
        partition: its partition.
        offset: its offset.
        error: the field at fault and the rule it broke; never the value.
        error_field: the field alone.
        failed_at: when it was refused.
        app_version: of the worker that refused it.
        key: the record's own key.
        value: the record's own value, None where it had none.
        headers: the record's own headers.
        truncated: the value was cut, as it was larger than a dead letter may be.
        replayed_from: the place of the record that this one is a repetition of; None where it is none.
    """

    topic: str
    partition: int
    offset: int
    error: str
    error_field: str
    failed_at: datetime
    app_version: str = ""
    key: bytes | None = None
    value: bytes | None = None
    headers: Sequence[tuple[str, bytes]] = ()
    truncated: bool = False
    replayed_from: str | None = None

    @property
    def place(self) -> str:
        """What identifies it: `TOPIC-PARTITION@OFFSET`."""
        return f"{self.topic}-{self.partition}@{self.offset}"


def read_letter(
    key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]
) -> Letter | None:
    """A record of `dead-letters`; None where it is none, as somebody else wrote it.

    A record may have brought headers of the same names itself: ours come after its own.

    >>> said = {"error": "id: is no text", "error_field": "id", "topic": "tickets", "partition": "0",
    ...         "offset": "7", "failed_at": "2026-11-20T10:00:00+00:00"}
    >>> letter = read_letter(b"k", b"{}", [("trace", b"1"), *((name, one.encode()) for name, one in said.items())])
    >>> letter.place, letter.error, letter.headers
    ('tickets-0@7', 'id: is no text', [('trace', b'1')])
    """
    held = list(headers)
    begin = max((index for index, (name, _) in enumerate(held) if name == _FIRST), default=len(held))
    own, said = held[:begin], dict(held[begin:])
    replayed_from = dict(own).get(REPLAYED_FROM)
    try:
        return Letter(
            topic=said["topic"].decode(),
            partition=int(said["partition"]),
            offset=int(said["offset"]),
            error=said["error"].decode(),
            error_field=said["error_field"].decode(),
            failed_at=datetime.fromisoformat(said["failed_at"].decode()),
            app_version=said.get("app_version", b"").decode(),
            key=key,
            value=value,
            headers=own,
            truncated="truncated" in said,
            replayed_from=replayed_from.decode() if replayed_from is not None else None,
        )
    except (KeyError, ValueError):
        return None


def standing(letters: Iterable[Letter]) -> list[Letter]:
    """The dead letters without repeats and without those whose repetition was refused again, the oldest first.

    >>> at = datetime(2026, 11, 20)
    >>> one = Letter(topic="t", partition=0, offset=1, error="", error_field="", failed_at=at)
    >>> two = msgspec.structs.replace(one, offset=9, replayed_from=one.place)
    >>> [letter.offset for letter in standing([one, one, two])]
    [9]
    """
    found = {letter.place: letter for letter in letters}
    repeated = {letter.replayed_from for letter in found.values()}
    return sorted(
        (letter for letter in found.values() if letter.place not in repeated),
        key=lambda letter: (letter.failed_at, letter.topic, letter.partition, letter.offset),
    )


def replay(letter: Letter, outlet: Publisher) -> None:
    """Send the record again as it came, to the partition of its key; without a key to where it stood.

    Counting knows a ticket by its id and a change by what it says, so a record that is sent again twice, or that
    got through after all, changes nothing.
    """
    headers: Headers = [
        *((name, content) for name, content in letter.headers if name != REPLAYED_FROM),
        (REPLAYED_FROM, letter.place.encode()),
    ]
    partition = letter.partition if letter.key is None else None
    outlet.send(letter.key, letter.value, headers=headers, partition=partition)
