"""The published schemas say what the code reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from streams import schemas
from streams.events import Ticket
from streams.settings import Settings
from streams.topics import TABLES, app_id, specs, table_changelog

DOCS = Path(__file__).parents[2] / "docs"
TICKET = {"id": "1", "created_at": "2026-06-01T12:00:00Z", "contact_reason": None}


def test_the_schemas_are_those_of_the_types() -> None:
    written = {path.name: path.read_bytes() for path in (DOCS / "schemas").iterdir()}
    assert written == schemas.rendered(), "run `python -m streams.schemas`"


@pytest.mark.parametrize("name", schemas.RECORDS)
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads((DOCS / "schemas" / f"{name}.json").read_text()))


@pytest.mark.parametrize(
    "change",
    [{}, {"id": ""}, {"id": 1}, {"created_at": 5}, {"kind": "closed"}, {"csat": 6}, {"csat": None}, {"text": "x"},
     {"attributes": {"a": 1}}, {"attributes": {"a": "1"}}, {"contact_reason": 7}],
)  # fmt: skip
def test_the_schema_of_a_ticket_takes_and_refuses_what_the_decoder_does(change: dict[str, Any]) -> None:
    value = TICKET | change
    try:
        msgspec.json.decode(json.dumps(value).encode(), type=Ticket)
        taken = True
    except msgspec.ValidationError:
        taken = False
    assert jsonschema.Draft202012Validator(schemas.schema(Ticket)).is_valid(value) == taken


def test_the_asyncapi_document_names_every_topic_and_schemas_that_exist() -> None:
    document = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    settings = Settings()
    changelogs = {table_changelog(app_id(settings, stage), table) for stage, table in TABLES}
    topics = {spec.name for spec in specs(settings, brokers=1)} - changelogs
    assert {channel["address"] for channel in document["channels"].values()} == topics
    used = {operation["channel"]["$ref"].rpartition("/")[2] for operation in document["operations"].values()}
    assert used == set(document["channels"])
    for message in document["components"]["messages"].values():
        reference = message["payload"].get("$ref")
        assert reference is None or (DOCS / reference).is_file()
