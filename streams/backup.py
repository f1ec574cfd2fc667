"""What people and history taught, in a file and back: everything else is made anew from the logs or not needed.

Baselines (weeks of history), answers (what people said), incidents (what those answers change, and which message
tells of what) and campaigns. A file is JSON lines, a header first; keys and values travel as base64, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from streams.errors import UNREADABLE, Failure
from streams.publish import publisher
from streams.settings import Settings
from streams.shards import SHARDED
from streams.to_end import read_to_end

TOPICS = ("baselines", "campaigns", "answers", "incidents")
LOGS = frozenset({"answers"})
"""Topics of which every record counts; of the others the newest of each key."""
FORMAT = 1


class Header(msgspec.Struct, frozen=True, tag="header", tag_field="is"):
    """The first line: what the file is."""

    format: int


class Saved(msgspec.Struct, frozen=True, tag="record", tag_field="is", omit_defaults=True):
    """A record, and the shard that it is of where each has its own topic."""

    topic: Literal["baselines", "campaigns", "answers", "incidents"]
    key: bytes | None
    value: bytes
    market: str | None = None


class Footer(msgspec.Struct, frozen=True, tag="footer", tag_field="is"):
    """The last line: without it the file is not whole."""

    records: int


def standing(settings: Settings, topic: str) -> list[Saved]:
    """The records of a topic that count, in their order.

    Raises:
        Failure: there is no such topic, or Kafka stops answering.
    """
    found: dict[tuple[bytes | None, bytes | None], Saved | None] = {}
    for record in read_to_end(settings, topic):
        # Of a log, a record that stands there twice says the same once.
        place = (record.key, record.value if topic in LOGS else None)
        said = None
        if record.value is not None:
            said = Saved(topic, record.key, record.value, settings.shard)  # type: ignore[arg-type]
        found.pop(place, None)
        found[place] = said
    return [said for said in found.values() if said is not None]


def write(settings: Settings, path: Path) -> dict[str, int]:
    """Write a backup; returns how many records of each topic. A file of that name is replaced once all is written.

    Raises:
        Failure: Kafka does not answer, or the file cannot be written.
    """
    records = {
        topic: [one for view in _views(settings, topic) for one in standing(view, topic)] for topic in TOPICS
    }
    counted = {topic: len(found) for topic, found in records.items()}
    lines: list[msgspec.Struct] = [Header(FORMAT), *(one for found in records.values() for one in found)]
    lines.append(Footer(sum(counted.values())))
    staging = path.with_name(f"{path.name}.new")
    try:
        staging.unlink(missing_ok=True)
        # Who pressed what is personal.
        staging.touch(mode=0o600)
        staging.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        staging.replace(path)
    except OSError as error:
        raise Failure(f"{path} cannot be written ({error.strerror}); name another file.") from None
    return counted


def read(path: Path) -> list[Saved]:
    """The records of a backup, all of them or none.

    Raises:
        Failure: the file cannot be read, is no backup, or was cut off.
    """
    lines = list(_lines(path))
    records = [one for one in lines if isinstance(one, Saved)]
    if not lines or not isinstance(lines[0], Header):
        raise Failure(f"{path} is no backup of ticketspike; name the file that `ticketspike backup` wrote.")
    if lines[0].format != FORMAT:
        raise Failure(
            f"{path} has the format {lines[0].format}, and this version reads {FORMAT}; use its own version."
        )
    if not isinstance(lines[-1], Footer) or lines[-1].records != len(records):
        raise Failure(f"{path} was cut off; nothing is restored from it, use another backup.")
    return records


def restore(
    settings: Settings, records: list[Saved], *, overwrite: bool = False
) -> dict[str, tuple[int, int]]:
    """Put records back that are not there; returns by topic how many were sent, and how many stood there.

    Doing it twice changes nothing. What was learnt or answered since is kept, unless `overwrite` says that the
    backup is right: then a key of the backup is what the backup says; keys that it lacks stay.

    Raises:
        Failure: a topic is missing, or Kafka does not take a record, or the backup is of other shards.
    """
    strange = {one.market for one in records if one.topic in SHARDED} - {one.shard for one in settings.shards}
    if strange:
        markets = ", ".join(sorted(one or "no market" for one in strange))
        raise Failure(
            f"The backup has records of {markets}, and TICKETSPIKE_MARKETS makes no such shard; nothing is "
            "restored, set it as it was."
        )
    told = {}
    for topic in TOPICS:
        sent = stood = 0
        for view in _views(settings, topic):
            saved = [one for one in records if one.topic == topic and one.market == view.shard]
            held = standing(view, topic)
            same = {(one.key, one.value) for one in held}
            keys = {one.key for one in held} if topic not in LOGS and not overwrite else set()
            missing = [one for one in saved if (one.key, one.value) not in same and one.key not in keys]
            if missing:
                with publisher(view, topic) as outlet:
                    for one in missing:
                        # The topics have one partition each; said, so that a later one would not change the order.
                        outlet.send(one.key, one.value, partition=0)
                    outlet.flush()
            sent, stood = sent + len(missing), stood + len(saved) - len(missing)
        told[topic] = (sent, stood)
    return told


def _views(settings: Settings, topic: str) -> tuple[Settings, ...]:
    return settings.shards if topic in SHARDED else (settings,)


def _lines(path: Path) -> Iterator[Header | Saved | Footer]:
    decode = msgspec.json.Decoder(Header | Saved | Footer).decode
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield decode(line)
                except UNREADABLE:
                    raise Failure(
                        f"{path}:{number} is no line of a backup; nothing is restored from it."
                    ) from None
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}); name a backup.") from None
