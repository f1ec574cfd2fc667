"""Whatever comes from outside is taken or refused in words; nothing of it ends a stage or a command in a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from fuzz_targets import BERLIN, NOW, TARGETS, TICKET, TOKENS, mutated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.records import Answer
from streams.campaign_rows import decode_campaigns
from streams.files.campaign_files import read_campaigns
from streams.files.readers import Refusal
from streams.reading import read
from streams.sources.source_files import presets, read_sources

EDIT = st.tuples(
    st.integers(0, 1 << 16),
    st.sampled_from([0, 0, 1, 2, 8, 40]),
    st.one_of(st.sampled_from(TOKENS), st.binary(max_size=3)),
)


@pytest.fixture(autouse=True)
def _silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TICKETSPIKE_FUZZ_DIR", str(tmp_path))
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    yield
    # Other tests of this process look at what is logged.
    structlog.configure(**before)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_sample_is_taken_or_refused_in_words(name: str, data: st.DataObject) -> None:
    target, samples = TARGETS[name]
    sample = data.draw(st.sampled_from(samples))
    target(mutated(sample, data.draw(st.lists(EDIT, max_size=6))))


@pytest.mark.parametrize("name", TARGETS)
def test_the_samples_themselves_and_every_single_token_are_taken_or_refused(name: str) -> None:
    target, samples = TARGETS[name]
    for data in [*samples, b"", *TOKENS]:
        target(data)


def test_every_preset_of_a_mapping_is_among_the_targets_with_bodies_that_it_takes() -> None:
    assert {name for name in TARGETS if name.startswith("source_")} == {
        "source_file",
        *(f"source_{name}" for name in presets()),
    }
    for name, mapping in read_sources(None).items():
        mapped = [mapping.map(json.loads(body)) for body in TARGETS[f"source_{name}"][1]]
        assert any(one.records for one in mapped)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*TICKET, "kind", "attributes", "csat", "source"]), JSON, min_size=1))
def test_a_ticket_with_fields_of_any_shape_is_counted_or_refused_once(fields: dict[str, object]) -> None:
    TARGETS["ticket"][0](json.dumps(TICKET | fields).encode())


def test_a_campaign_that_is_no_text_or_endlessly_nested_is_left_out_and_ends_no_stage() -> None:
    nested = b'{"id": "c", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert decode_campaigns({b"a": b'{"id": "\xff"}', b"b": nested}) == {}


@pytest.mark.parametrize("field", ["at", "until"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_an_answer_of_the_year_1_or_9999_is_passed_over_since_no_message_could_show_it(
    field: str, time: str
) -> None:
    said = {"incident_id": "ts-1", "kind": "muted", "by": "U1", "at": "2026-11-20T09:15:00Z"}
    assert read(json.dumps(said).encode(), Answer) is not None
    assert read(json.dumps(said | {field: time}).encode(), Answer) is None


def test_an_event_with_two_beginnings_is_refused_and_all_others_are_read(tmp_path: Path) -> None:
    _, [sample] = TARGETS["calendar"]
    begin = sample.index(b"DTSTART", sample.index(b"BEGIN:VEVENT"))
    line = sample[begin : sample.index(b"\n", begin) + 1]

    def read_from(content: bytes) -> list[object]:
        path = tmp_path / "calendar.ics"
        path.write_bytes(content)
        with ExitStack() as stack:
            return [row for _, row in read_campaigns(path, stack, zone=BERLIN, calendar_zone=BERLIN, now=NOW)]

    whole, broken = read_from(sample), read_from(sample.replace(line, line + line, 1))
    refused = [row for row in broken if isinstance(row, Refusal)]
    assert [row.what for row in refused] == ["cannot be read (AttributeError)"]
    assert len([row for row in broken if row in whole]) >= len(whole) - 1
