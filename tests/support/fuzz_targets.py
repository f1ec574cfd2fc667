"""Everything that parses from outside, as functions of bytes that raise when a promise is broken.

`tests/unit/test_fuzz.py` feeds them mutated samples with hypothesis, `make fuzz` many more with atheris.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from presses import pressed, shortcut, submitted
from source_targets import SOURCE_TARGETS
from told_channel import Channel, spike

from alerts import message
from alerts.context import Context
from alerts.interaction import interpret
from alerts.limits import validate
from alerts.records import Answer
from streams.announcements import Announcements
from streams.campaign_rows import decode_campaigns
from streams.canary import Arrival
from streams.counting import PartitionCounts
from streams.counts import Counted
from streams.errors import UNREADABLE, Failure
from streams.events import Ticket, TicketCounts
from streams.files.campaign_files import read_campaigns
from streams.files.counts_files import read_counts
from streams.files.readers import Refusal, read_tickets
from streams.markers import CANARY, CANARY_AT, HEADER, passed_on
from streams.reading import read
from streams.redemptions import Redemptions
from streams.settings import Settings, SettingsError, load
from streams.slack_http import _json, _payload
from streams.sources.source_files import read_sources

PAYLOADS = Path(__file__).resolve().parents[1] / "data" / "payloads"
NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
APPENDED = int(NOW.timestamp() * 1000) + 60_000
BERLIN = ZoneInfo("Europe/Berlin")
INCIDENT = "ts-1"

TICKET = {"id": "t-1", "created_at": NOW.isoformat(), "contact_reason": "voucher", "customer": "c-1"}
CAMPAIGN = {
    "id": "c",
    "name": "Sommer",
    "starts_at": NOW.isoformat(),
    "ends_at": (NOW + timedelta(days=2)).isoformat(),
    "contact_reasons": ["voucher"],
    "voucher_codes": ["SOMMER25"],
    "expected_uplift": 2.0,
    "kind": "voucher",
}
ANSWER = {"incident_id": INCIDENT, "kind": "acknowledged", "by": "U1", "at": NOW.isoformat()}
ORDER = {"id": "o-1", "created_at": NOW.isoformat(), "voucher_codes": ["SOMMER25"], "customer": "c-1"}
CSV = b'id,created_at,contact_reason,attributes\n1,2026-11-20 10:15,voucher,"{""browser"": ""Safari""}"\n2,,x,\n'
CALENDAR = (PAYLOADS / "campaigns.ics").read_bytes()


def _bytes(*samples: object) -> list[bytes]:
    return [json.dumps(sample).encode() for sample in samples]


def ticket(data: bytes) -> None:
    """Counted or refused, once; what is refused is said without a word of it; a neighbour is counted as ever."""
    counts = PartitionCounts(0, lambda key: hash(key) & (1 << 63) - 1, facets=("voucher_code", "browser"))
    marked = [("ticketspike-marker", b"end"), ("ticketspike-marker", b"canary")]
    neighbour = json.dumps(TICKET | {"id": "neighbour"}).encode()
    values = [data, neighbour, data, data]
    headers: Sequence[Any] = [[], [], [], marked]
    records = [
        SimpleNamespace(offset=offset, timestamp=APPENDED, value=value, headers=headers[offset])
        for offset, value in enumerate(values)
    ]
    refusals = counts.feed(records)
    assert counts.position == len(records)
    first = [refusal for refusal in refusals if refusal.offset == 0]
    assert [refusal[1:] for refusal in refusals if refusal.offset == 2] == [one[1:] for one in first]
    tally = counts.tally
    known = (
        tally.counted + tally.repeated + tally.relabelled + tally.retracted + tally.updated + tally.unknown
    )
    assert known + tally.refused + (tally.late if known < 3 else 0) >= 3
    value = msgspec.json.encode(counts.statement(watermark=None, drained=False, partitions=1))
    reader = Counted()
    reader.feed([value])
    assert ("voucher", int(NOW.timestamp()) // 60) in reader.minutes() or not first
    assert all(count >= 0 for count in reader.minutes().values())


def statement(data: bytes) -> None:
    """A record of `ticket-counts` is read or passed over."""
    try:
        msgspec.json.decode(data, type=TicketCounts)
    except UNREADABLE:
        return


def canary(data: bytes) -> None:
    """A canary that was passed on has an age or is passed over."""
    arrival = Arrival(NOW.timestamp)
    arrival.hear([(HEADER, CANARY), (CANARY_AT, data)])
    assert 0.0 <= arrival.age() < float("inf")


def campaign(data: bytes) -> None:
    """A row of `campaigns` that cannot be read is left out, and one that can be announces something finite."""
    found = decode_campaigns({b"k": data})
    held = Announcements(lambda: tuple(found.values()))
    factors = held.at(int(NOW.timestamp() // 60), ["voucher", "delivery"])
    assert factors is None or all(0 < factor < 1e6 for factor in factors)
    context = Context(now=NOW, campaigns=found)
    channel = Channel(campaigns=found)
    channel.hear(spike(reason="voucher"))
    for entry in channel.board.entries.values():
        assert validate(message.root(entry.incident, context)) == []


def order(data: bytes) -> None:
    """An order is counted or passed over."""
    redemptions = Redemptions(load(), now=NOW.timestamp)
    for value in (data, _bytes(ORDER)[0]):
        redemptions._take(SimpleNamespace(partition=0, offset=0, timestamp=APPENDED, value=value))
    redemptions.caught_up = True
    assert redemptions.facts(["SOMMER25"], NOW + timedelta(hours=1)) is not None
    redemptions.orders(NOW + timedelta(hours=1))


def answer(data: bytes) -> None:
    """An answer is taken or passed over, and the message can be made afterwards."""
    said = read(data, Answer)
    if said is None:
        return
    channel = Channel()
    channel.hear(spike())
    incident = channel.incident()
    said = msgspec.structs.replace(said, incident_id=incident.incident_id)
    channel.board.hear_answer(said, channel.context)
    channel.send()
    channel.wait(60)
    for one in channel.board.entries.values():
        assert validate(message.root(one.incident, channel.context)) == []


@contextmanager
def _file(suffix: str, data: bytes) -> Iterator[Path]:
    folder = os.environ.get("TICKETSPIKE_FUZZ_DIR") or tempfile.gettempdir()
    with tempfile.NamedTemporaryFile(suffix=suffix, dir=folder) as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


def settings_file(data: bytes) -> None:
    """A settings file gives settings, or says in words what is wrong with it."""
    before = os.environ.get("TICKETSPIKE_CONFIG")
    with _file(".toml", data) as path:
        os.environ["TICKETSPIKE_CONFIG"] = str(path)
        try:
            with suppress(SettingsError):
                assert isinstance(load(), Settings)
        finally:
            os.environ.pop("TICKETSPIKE_CONFIG")
            if before is not None:
                os.environ["TICKETSPIKE_CONFIG"] = before


def _rows(suffix: str, data: bytes, zone: ZoneInfo | None) -> None:
    with _file(suffix, data) as path, ExitStack() as stack, suppress(Failure):
        for line, row in read_tickets(path, stack, mapping={}, zone=zone):
            assert line > 0
            assert isinstance(row, Ticket | Refusal)
            if isinstance(row, Refusal):
                assert "\n" not in row.sentence(path)
            else:
                msgspec.json.encode(row)


def csv_tickets(data: bytes) -> None:
    """A row is a ticket or a refusal with its line, or the file as a whole is refused in words."""
    _rows(".csv", data, BERLIN)


def jsonl_tickets(data: bytes) -> None:
    """The same for .jsonl."""
    _rows(".jsonl", data, None)


def csv_counts(data: bytes) -> None:
    """A counts file is read whole or refused in words."""
    with _file(".csv", data) as path, suppress(Failure):
        read_counts(path, mapping={}, zone=BERLIN)


def _campaigns(suffix: str, data: bytes) -> None:
    with _file(suffix, data) as path, ExitStack() as stack, suppress(Failure):
        for line, _ in read_campaigns(path, stack, zone=BERLIN, calendar_zone=BERLIN, now=NOW):
            assert line > 0


def csv_campaigns(data: bytes) -> None:
    """Campaigns of a .csv file are read or refused with their line."""
    _campaigns(".csv", data)


def calendar(data: bytes) -> None:
    """So are those of a calendar."""
    _campaigns(".ics", data)


def slack_form(data: bytes) -> None:
    """A signed body of Slack means something or nothing; reading it never raises."""
    payload = _payload(data)
    if payload is not None:
        interpret(payload.value, Context(now=NOW))


def slack_press(data: bytes) -> None:
    """So does the payload within."""
    payload = _json(data)
    if payload is not None:
        interpret(payload.value, Context(now=NOW))


def source_file(data: bytes) -> None:
    """A file of mappings is read or refused in words."""
    with _file(".toml", data) as path, suppress(SettingsError):
        read_sources(path)


_SETTINGS = b"""KAFKA_BOOTSTRAP_SERVERS = "a:9092"
TICKETSPIKE_FALSE_ALARMS_PER_WEEK = 2.5
TICKETSPIKE_FACETS = "browser, device"
TICKETSPIKE_DIGEST_AT = "Mon-Fri 08:30"
[[roster]]
contact_reasons = ["voucher*"]
days = "Mon-Fri"
hours = "08:00-18:00"
ping = ["U0123456789"]
"""
_SOURCES = b"""[shop]
each = "tickets"
timezone = "Europe/Berlin"
[shop.fields]
id = "nr"
created_at = "at"
contact_reason = "tags"
[[shop.reasons]]
like = "voucher*"
reason = "voucher"
"""
_FORM = {"type": "modal", "callback_id": "cause", "private_metadata": json.dumps({"incident_id": INCIDENT})}
_PRESSES = [
    pressed("acknowledge", INCIDENT),
    pressed("snooze", f"{INCIDENT}|4h", menu=True),
    pressed("cause", f"{INCIDENT}|code_broken", menu=True),
    shortcut(),
    submitted(_FORM, {"note": {"value": "words"}, "until": {"selected_date_time": 1795170000}}),
    {"type": "block_suggestion", "user": {"id": "U1"}, "action_id": "link_campaign", "value": "som"},
]

TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "ticket": (
        ticket,
        _bytes(
            TICKET,
            TICKET | {"kind": "relabelled", "previous_contact_reason": "x", "changed_at": NOW.isoformat()},
            TICKET | {"kind": "retracted"},
            TICKET | {"csat": 5, "sentiment": -1, "attributes": {"browser": "Safari"}, "voucher_code": "S"},
            {"at": NOW.isoformat(), "marker": "end"},
        ),
    ),
    "statement": (
        statement,
        _bytes(
            {
                "partition": 0,
                "partitions": 1,
                "offset": 1,
                "cells": [["a", 1, 2, "", {}]],
                "late": [[1, "a", 1, 1]],
            }
        ),
    ),
    "canary": (canary, [content for _, content in passed_on(NOW.timestamp() - 100.0)]),
    "campaign": (
        campaign,
        _bytes(CAMPAIGN, CAMPAIGN | {"owner": "U1", "url": "https://example.org", "promise": "x"}),
    ),
    "order": (order, _bytes(ORDER)),
    "answer": (
        answer,
        _bytes(
            ANSWER,
            ANSWER | {"kind": "snoozed", "until": (NOW + timedelta(hours=4)).isoformat()},
            ANSWER | {"kind": "muted", "until": (NOW + timedelta(days=7)).isoformat(), "note": "known"},
            ANSWER | {"kind": "linked", "campaign_id": "c"},
            ANSWER | {"kind": "expected"},
        ),
    ),
    "settings_file": (settings_file, [_SETTINGS]),
    "csv_tickets": (csv_tickets, [CSV]),
    "jsonl_tickets": (jsonl_tickets, [b"\n".join(_bytes(TICKET, TICKET | {"id": "t-2"}))]),
    "csv_counts": (
        csv_counts,
        [b"bucket_start,contact_reason,count\n2026-11-20 10:00,voucher,3\n2026-11-20 11:00,voucher,4\n"],
    ),
    "csv_campaigns": (
        csv_campaigns,
        [b"id,name,starts_at,ends_at,voucher_codes\nc,Sommer,2026-11-20,2026-11-22,SOMMER25;X\n"],
    ),
    "calendar": (calendar, [CALENDAR]),
    "slack_form": (slack_form, [urlencode({"payload": json.dumps(one)}).encode() for one in _PRESSES]),
    "slack_press": (slack_press, _bytes(*_PRESSES)),
    "source_file": (source_file, [_SOURCES]),
    **SOURCE_TARGETS,
}
"""Name to function and samples that it takes."""

TOKENS = [
    *(
        b"null",
        b"true",
        b"-1",
        b"1e999",
        b"NaN",
        b"9" * 40,
        b'""',
        b"{}",
        b"[]",
        b"[" * 2000,
        b'{"a":' * 1500,
    ),
    *(
        b"\xff\xfe",
        b"\x00",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\\u0000",
        b"\r\n",
        b",",
        b";",
        b'"',
        b"'",
        b"%",
        b"&",
    ),
    *(
        b"0001-01-01T00:00:00+23:59",
        b"9999-12-31T23:59:59-23:59",
        b"2026-11-20T09:15:00",
        b"1970-01-01T00:00:00Z",
    ),
    *(b"inf", b"1e308", b"0", b"-0.0", b"=cmd|' /C calc'!A0", b"<!channel>", b"x" * 4000, "ä‮́".encode()),
    *(
        b"RRULE:FREQ=SECONDLY",
        b"RRULE:FREQ=DAILY;COUNT=100000",
        b"DTEND:99991231T235959Z",
        b"TZID=Nowhere/Land:",
    ),
]
"""What mutations put in: limits of times and numbers, depths, bytes that are no text, formats' own signs."""


def mutated(sample: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    """The sample with places overwritten: (where, how many bytes go, what comes)."""
    made = sample
    for where, gone, put in edits:
        at = where % (len(made) + 1)
        made = made[:at] + put + made[at + gone :]
    return made
