"""`ticketspike send`, `campaigns` and `counts` as processes: what they print and how they exit."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from streams.customers import pack
from streams.events import Cell, Late, TicketCounts
from streams.markers import read_marker
from streams.publish import publisher
from streams.settings import Settings
from streams.to_end import read_to_end

Run = Callable[..., subprocess.CompletedProcess[str]]
Environment = Callable[[Settings], dict[str, str]]
NOWHERE = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


def test_bad_rows_are_named_the_rest_is_sent_and_the_status_is_1(
    ticketspike: Run, settings: Settings, environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "june.csv"
    path.write_text("time,why\n2026-06-01 12:00,voucher\nsoon,voucher\n2026-06-01 12:05,\n", encoding="utf-8")
    mapping = ("--map", "created_at=time", "--map", "contact_reason=why", "--timezone", "Europe/Berlin")
    done = ticketspike("send", path, *mapping, env=environment(settings))
    assert done.returncode == 1
    assert done.stdout == "2 sent, 1 refused\n"
    first, last = done.stderr.splitlines()
    assert first.startswith(f"{path}:3: created_at: 'soon' is not a time")
    assert last.startswith("Error: 1 rows of ")
    records = list(read_to_end(settings, "tickets"))
    assert sum(read_marker(record.headers, record.value) is not None for record in records) == 4
    assert len(records) == 2 + 4
    more = ticketspike("send", path, *mapping, "--no-end", "--json", env=environment(settings))
    assert json.loads(more.stdout) == {"sent": 2, "refused": 1, "newest": "2026-06-01T10:05:00Z"}
    assert len(list(read_to_end(settings, "tickets"))) == 2 + 4 + 2


def test_a_missing_column_is_named_and_nothing_is_sent(
    ticketspike: Run, settings: Settings, environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "june.csv"
    path.write_text("created_at,why\n2026-06-01T12:00:00Z,voucher\n", encoding="utf-8")
    done = ticketspike("send", path, "--map", "contact_reason=reason", env=environment(settings))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: {path} has no column 'reason' for contact_reason; its columns are: created_at, why.\n"
    )
    assert list(read_to_end(settings, "tickets")) == []


def test_wrong_use_is_status_2(ticketspike: Run, tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    path.write_text("created_at,contact_reason\n", encoding="utf-8")
    for wrong in (("--map", "reason=why"), ("--timezone", "Berlin"), ("--speed", "0"), ("--speed", "fast")):
        done = ticketspike("send", path, *wrong, env=NOWHERE)
        assert (done.returncode, done.stdout) == (2, ""), wrong
        assert wrong[1] in done.stderr
    assert ticketspike("counts", "--from", "soon", env=NOWHERE).returncode == 2


def test_kafka_out_of_reach_is_said_within_10_seconds(ticketspike: Run, tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    path.write_text("created_at,contact_reason\n2026-06-01T12:00:00Z,x\n", encoding="utf-8")
    campaigns = tmp_path / "campaigns.jsonl"
    campaigns.write_text("", encoding="utf-8")
    for command in (("send", path), ("counts",), ("campaigns", "list"), ("campaigns", "import", campaigns)):
        started = time.monotonic()
        done = ticketspike(*command, env=NOWHERE)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert "127.0.0.1:1" in done.stderr
        assert time.monotonic() - started < 10


def test_campaigns_are_imported_listed_updated_and_taken_back(
    ticketspike: Run, settings: Settings, environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "campaigns.ics"
    env = environment(settings)
    head, tail = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n", "END:VCALENDAR\n"
    event = "BEGIN:VEVENT\nUID:{uid}\nDTSTART;VALUE=DATE:20260601\nSUMMARY:{name}\n{more}END:VEVENT\n"
    bad = "BEGIN:VEVENT\nUID:b\nDTSTART:tomorrow\nSUMMARY:Bad\nEND:VEVENT\n"
    first = [event.format(uid=uid, name=uid.upper(), more="X-VOUCHER-CODE:S25\n") for uid in ("a", "c")]
    path.write_text(head + first[0] + bad + first[1] + tail, encoding="utf-8")
    done = ticketspike("campaigns", "import", path, env=env)
    assert (done.returncode, done.stdout) == (1, "2 imported, 0 cancelled, 1 refused\n")
    assert done.stderr.startswith(f"{path}:10: DTSTART: ")
    listed = [
        json.loads(line) for line in ticketspike("campaigns", "list", "--json", env=env).stdout.splitlines()
    ]
    assert [(one["id"], one["starts_at"], one["voucher_codes"]) for one in listed] == [
        ("a", "2026-05-31T22:00:00Z", ["S25"]),
        ("c", "2026-05-31T22:00:00Z", ["S25"]),
    ]
    changed = [
        event.format(uid="a", name="New name", more=""),
        event.format(uid="c", name="C", more="STATUS:CANCELLED\n"),
    ]
    path.write_text(head + "".join(changed) + tail, encoding="utf-8")
    done = ticketspike("campaigns", "import", path, env=env)
    assert (done.returncode, done.stdout) == (0, "1 imported, 1 cancelled, 0 refused\n")
    table = ticketspike("campaigns", "list", env=env).stdout
    assert "New name" in table
    assert "│ c " not in table


def test_counts_are_printed_as_json_lines_per_bucket(
    ticketspike: Run, settings: Settings, environment: Environment
) -> None:
    minute = 29_671_200  # 2026-06-01T00:00:00Z
    statements = [
        TicketCounts(partition=0, partitions=2, offset=3, cells=[Cell("b", minute, 2, pack([1, 2]), {})]),
        TicketCounts(partition=0, partitions=2, offset=9, cells=[Cell("b", minute, 3, pack([1, 2]), {})]),
        TicketCounts(partition=1, partitions=2, offset=5, cells=[Cell("b", minute, 1, pack([2]), {})]),
        TicketCounts(partition=1, partitions=2, offset=6, cells=[Cell("a", minute + 90, 1, pack([7]), {})]),
        TicketCounts(partition=1, partitions=2, offset=8, late=[Late(7, "a", minute - 1440, 1)]),
    ]
    with publisher(settings, "ticket-counts") as outlet:
        for statement in [*statements, *statements[:2]]:
            outlet.send(str(statement.partition), msgspec.json.encode(statement))
        outlet.flush()

    def lines(*options: str) -> list[tuple[str, str, int, int]]:
        done = ticketspike("counts", *options, env=environment(settings))
        assert (done.returncode, done.stderr) == (0, "")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert all(list(row) == ["contact_reason", "bucket_start", "count", "customers"] for row in rows)
        return [tuple(row.values()) for row in rows]  # type: ignore[misc]

    assert lines() == [
        ("a", "2026-05-31T00:00:00Z", 1, 0),
        ("b", "2026-06-01T00:00:00Z", 4, 2),
        ("a", "2026-06-01T01:30:00Z", 1, 1),
    ]
    assert lines("--by", "hour", "--from", "2026-06-01T00:00:00Z") == [
        ("b", "2026-06-01T00:00:00Z", 4, 2),
        ("a", "2026-06-01T01:00:00Z", 1, 1),
    ]
    # Midnight UTC belongs to 1 June in Berlin, and to 31 May in New York.
    assert lines("--by", "day", "--from", "2026-06-01", "--timezone", "Europe/Berlin") == [
        ("a", "2026-05-31T22:00:00Z", 1, 1),
        ("b", "2026-05-31T22:00:00Z", 4, 2),
    ]
    assert lines("--by", "day", "--timezone", "America/New_York", "--to", "2026-06-01T01:00:00Z") == [
        ("a", "2026-05-30T04:00:00Z", 1, 0),
        ("b", "2026-05-31T04:00:00Z", 4, 2),
    ]


def test_a_mapping_can_be_tried_out_without_kafka(ticketspike: Run) -> None:
    body = str(Path(__file__).resolve().parents[1] / "data/payloads/zendesk_ticket_created.json")
    done = ticketspike("sources", "try", "zendesk", body, "--code", "SOMMER25")
    assert done.returncode == 0, done.stderr
    assert '"voucher_code": "SOMMER25"' in done.stdout
    assert done.stdout.endswith("1 ticket, 0 passed over.\n")
    unknown = ticketspike("sources", "try", "zendsk", body)
    assert (unknown.returncode, "allowed: dixa, freshdesk" in unknown.stderr) == (2, True)
    wrong = ticketspike("sources", "try", "freshdesk", body)
    assert (wrong.returncode, wrong.stderr) == (1, "Error: 1 refused: id: is not in the body.\n")


def test_an_order_and_a_calendar_can_be_tried_out_without_kafka(ticketspike: Run, tmp_path: Path) -> None:
    payloads = Path(__file__).resolve().parents[1] / "data/payloads"
    order = ticketspike("sources", "try", "shopify-orders", payloads / "shopify_orders_create.json")
    assert (order.returncode, order.stdout.endswith("1 order, 0 passed over.\n")) == (0, True), order.stderr
    (tmp_path / "sources.toml").write_text('[marketing]\npull = "ical"\nsecrets = ["NOT_SET"]\n')
    (tmp_path / "a.ics").write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:a\nDTSTART:20261120T100000Z\nDURATION:PT1H\nSUMMARY:Sale\n"
        "END:VEVENT\nBEGIN:VEVENT\nUID:b\nSUMMARY:no time\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    options = ("--sources", tmp_path / "sources.toml")
    done = ticketspike("sources", "try", "marketing", tmp_path / "a.ics", *options)
    assert '"name": "Sale"' in done.stdout
    assert done.stdout.endswith("1 campaigns, 0 cancelled.\n")
    assert (done.returncode, done.stderr) == (1, "Error: 1 refused: b: DTEND: there is no DTSTART.\n")
    none = ticketspike("sources", "try", "marketing", tmp_path / "sources.toml", *options)
    assert none.returncode == 1
    assert "holds no calendar" in none.stderr
