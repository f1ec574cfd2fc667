"""Nothing personal leaves by the other ways out: log lines, headers of dead letters, metrics, pages."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest
from personal_data import SETS, Planted, in_fields, leaking

from streams import deadletters, logs
from streams.events import Ticket
from streams.facets import FACET_LENGTH, Facets, ReadTicket
from streams.metrics import Metrics
from streams.report.chart import shortened
from streams.validity import Refusal, explain

ONSET = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)


@pytest.fixture(params=SETS.values(), ids=SETS)
def planted(request: pytest.FixtureRequest) -> list[tuple[Planted, str]]:
    """Every item of a set, each as it stands in a field."""
    return in_fields(request.param)


def test_no_planted_item_reaches_a_log_line(planted: list[tuple[Planted, str]]) -> None:
    """A worker's own way of logging, in a process of its own: our lines and those of libraries."""
    program = (
        "import json, logging, sys, structlog; from streams import logs; logs.configure()\n"
        "from streams.campaign_rows import decode_campaigns\n"
        "log = structlog.get_logger('watch')\n"
        "for text in json.load(sys.stdin):\n"
        "    log.warning('passed over', key=text, error=ValueError(text), parts={'a': [text]}, offset=4711)\n"
        "    wrong = {'id': 'c', 'name': 'n', 'kind': text}\n"
        "    decode_campaigns({text.encode(): json.dumps(wrong).encode()})\n"
        "    logging.getLogger('kafka').error('cannot read %s', text)\n"
        "    try: raise ValueError(text)\n"
        "    except ValueError: logging.getLogger('mode').exception('crashed')\n"
    )
    for form in ("", "json"):
        run = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps([text for _, text in planted]),
            env={"TICKETSPIKE_LOG": form, "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        # The digits of a time would be somebody's number one day.
        lines = [re.sub(r"[\d-]{10}T[\d:.]+Z", "", line) for line in run.stderr.splitlines()]
        assert len([line for line in lines if "passed over" in line]) == len(planted)
        assert len([line for line in lines if "cannot read" in line]) == len(planted)
        assert len([line for line in lines if "campaign left out" in line]) == len(planted)
        assert "4711" in lines[0]
        assert [(item.kind, found) for item, _ in planted for found in leaking(item, lines)] == []


def test_our_own_log_lines_stay_as_they_are() -> None:
    lines = [
        {"event": "rebuilt", "rows": 1_795_166, "position": 4_111_111_111_111_111, "until": None},
        {"event": "incident", "incident_id": "ts-oroak3oat6", "status": "open", "revision": 12},
        {"event": "the log was made anew; counting it from its start", "partition": 3},
        {"event": "not delivered", "error": "Slack asks to wait 30 s before the next message"},
    ]
    for line in lines:
        assert logs.guard(None, "info", dict(line)) == line
    text = "2026-11-20T10:15:30.123456Z [info     ] rebuilt      [watch] position=1795166100123 rows=12345"
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(logs.Guarded("%(message)s"))
    handler.emit(logging.LogRecord("watch", logging.INFO, "", 0, text, None, None))
    assert stream.getvalue() == text + "\n"


def test_no_planted_item_reaches_a_header_of_a_dead_letter(planted: list[tuple[Planted, str]]) -> None:
    good = {"id": "1", "created_at": ONSET.isoformat(), "contact_reason": "a"}
    for item, text in planted:
        refusals = [Refusal(7, text, text)]
        for field in ("created_at", "kind", "csat", "customer", "attributes", "solved_at", text):
            wrong = [text] if field == "customer" else {text: [text]} if field == "attributes" else text
            try:
                msgspec.json.decode(msgspec.json.encode(good | {field: wrong}), type=Ticket)
            except msgspec.ValidationError as error:
                refusals.append(Refusal(7, *explain(error)))
        assert len(refusals) == 7
        for refusal in refusals:
            record = SimpleNamespace(
                topic="tickets", partition=1, offset=7, value=text.encode(), key=b"1", headers=[]
            )
            made = {name: value.decode() for name, value in deadletters.letter(record, refusal, 0.0).headers}
            assert leaking(item, made) == [], made
            assert made["topic"] == "tickets"


def test_no_planted_item_reaches_a_metric(planted: list[tuple[Planted, str]]) -> None:
    metrics = Metrics()
    for _, text in planted:
        metrics.slack_call("chat.postMessage", text)
    metrics.slack_call("redact", "mail")
    written = "\n".join(line for line in metrics.text().decode().split("\n") if "_created" not in line)
    assert [(item.kind, found) for item, _ in planted for found in leaking(item, written.split("\n"))] == []
    assert 'result="mail"' in written


def test_no_planted_item_reaches_the_page_of_a_backtest(planted: list[tuple[Planted, str]]) -> None:
    for item, text in planted:
        assert (
            leaking(item, [shortened(text), shortened(text, 160), shortened("word " * 10 + text, 60)]) == []
        )


def test_a_facet_value_is_cut_behind_what_is_personal() -> None:
    names = Facets(["voucher_code"])
    text = "x" * (FACET_LENGTH - 10) + " DE89370400440532013000"
    ticket = ReadTicket(id="1", created_at=ONSET, contact_reason="a", voucher_code=text)
    assert names.fields(ticket) == ("x" * (FACET_LENGTH - 10) + " [iban]",)
