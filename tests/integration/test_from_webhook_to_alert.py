"""From signed webhooks and a calendar to the alert, through all that lies between; nothing personal on the way."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from signed_zendesk import post, ticket_created
from worker_process import WorkerProcess, eventually

from streams import admin
from streams.compacted import read_compacted
from streams.settings import Settings
from streams.to_end import read_to_end

SOURCES = """
[help]
preset = "zendesk"
secrets = ["HELP_SECRET"]
[[help.reasons]]
like = "voucher*"
reason = "voucher not working"
[[help.reasons]]
like = "delivery*"
reason = "delivery late"

[marketing]
pull = "ical"
secrets = ["MARKETING_ICS"]

[help-export]
pull = "zendesk-export"
of = "help"
secrets = ["HELP_SECRET"]
url = "{address}"
"""
PERSONAL = (
    "Mustermann", "Erika ", "erika@", "@example", "0171 12", "1234567", "DE89 37", "DE893704", "3704 00", "37040044",
    "Hauptstr", "4711-0815", "REQ84473", "private-link",
)  # fmt: skip
"""Parts of what stands in the tickets, the calendar and its address; none of them may be found elsewhere.

Each is long enough, or has a sign, not to stand by chance in packed state or in a fraction.
"""
TEXT = (
    "Hallo, hier ist Erika Mustermann, Hauptstr. 12, Bestellnummer 4711-0815, Tel. 0171 1234567, IBAN DE89 3704 0044 "
    "0532 0130 00. Der Gutschein sommer-25 wird abgelehnt! erika@example.org"
)


def ago(minutes: float) -> datetime:
    """From the present moment: the modules of tests are loaded long before the tests run."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def calendar() -> str:
    begin, end = ago(24 * 60), ago(-72 * 60)
    return (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:sommer-26\nSUMMARY:Sommeraktion\n"
        f"DTSTART:{begin:%Y%m%dT%H%M%S}Z\nDTEND:{end:%Y%m%dT%H%M%S}Z\nX-VOUCHER-CODE:SOMMER25\n"
        "ORGANIZER;CN=Erika Mustermann:mailto:erika@example.org\nLOCATION:Hauptstr. 12\n"
        "DESCRIPTION:Fragen an Erika Mustermann\\, 0171 1234567\nEND:VEVENT\nEND:VCALENDAR\n"
    )


@contextmanager
def published(text: str) -> Iterator[str]:
    """The address of a calendar on a web server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/private-link.ics"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ticket(number: int, at: datetime, tag: str) -> bytes:
    return ticket_created(
        id=f"z{number}", created_at=at.isoformat(), tags=[tag], requester_id=f"REQ84473{number}",
        subject="Mustermann", description=TEXT if tag == "voucher_bad" else "Mustermann fragt nach",
    )  # fmt: skip


def everywhere(settings: Settings) -> dict[str, str]:
    """All that stands on all topics but those that may hold personal data: keys, values and headers."""
    prefix, found = settings.ticketspike_topic_prefix, {}
    for spec in admin.specs(settings, brokers=1):
        name = spec.name.removeprefix(prefix)
        if name not in ("tickets", "dead-letters"):
            records = read_to_end(settings, name)
            found[name] = "\n".join(repr((one.key, one.value, one.headers)) for one in records)
    return found


def test_signed_webhooks_of_a_broken_voucher_and_a_calendar_become_an_alert_that_names_campaign_and_code(
    settings: Settings,
    environment: Callable[[Settings], dict[str, str]],
    executable: str,
    tmp_path: Path,
) -> None:
    file = tmp_path / "data" / "messages.jsonl"

    def alert() -> str:
        """The message of the incident as it stands now."""
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        told = [one for one in map(json.loads, lines) if "thread_ts" not in one and "metadata" in one]
        own = [one for one in told if one["metadata"]["event_type"] == "ticketspike_incident"]
        return json.dumps(own[-1], ensure_ascii=False) if own else ""

    def named() -> bool:
        return all(word in alert() for word in ("voucher not working", "Sommeraktion", "SOMMER25"))

    with published(calendar()) as address:
        # The export does not answer, which keeps nothing else from working.
        (tmp_path / "sources.toml").write_text(SOURCES.replace("{address}", address))
        values = {
            "TICKETSPIKE_SOURCES": str(tmp_path / "sources.toml"),
            "MARKETING_ICS": address,
            "HELP_SECRET": "s",
        }
        worker = WorkerProcess(executable, environment(settings) | values, tmp_path / "worker.log").start()
        try:
            assert eventually(lambda: "sommer-26" in read_compacted(settings, "campaigns"), 30), worker.said()
            # An hour as usual: now and then somebody's voucher fails, each another one.
            for number in range(60):
                tag, at = ("delivery_late", "voucher_none")[number % 2], ago(70 - number)
                assert post(worker.port, ticket(number, at, tag), "s", "/hooks/help") == (200, "ok\n")

            def code_is_known() -> bool:
                assert post(worker.port, ticket(100, ago(0), "voucher_bad"), "s", "/hooks/help")[0] == 200
                return b"SOMMER25" in b"".join(record.value for record in read_to_end(settings, "tickets"))

            assert eventually(code_is_known, 30), worker.said()
            for number in range(101, 141):
                assert post(worker.port, ticket(number, ago(0), "voucher_bad"), "s", "/hooks/help")[0] == 200
            assert eventually(named, 60), alert() or worker.said()
            ready = worker.get("/readyz")
            assert "calendars: ready (marketing: 1 campaigns)" in ready
            assert "exports: ready (help-export: it answers no JSON)" in ready
        finally:
            worker.stop()
    found = everywhere(settings) | {"log": worker.said(), "messages": file.read_text(encoding="utf-8")}
    assert all(
        found[name] for name in ("campaigns", "ticket-counts", "spikes", "incidents", "log", "messages")
    )
    leaks = {
        (name, part)
        for name, text in found.items()
        for part in PERSONAL
        if re.search(re.escape(part), text, re.IGNORECASE)
    }
    assert leaks == set()
    # Not even there is what customers write.
    tickets = repr([record.value for record in read_to_end(settings, "tickets")])
    assert "Mustermann" not in tickets
    assert "REQ84473" in tickets
