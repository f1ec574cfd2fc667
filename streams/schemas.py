"""JSON Schemas of the records, generated from the very types that read and write them.

`python -m streams.schemas` writes `docs/schemas/` anew; a test holds the files against the types.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import msgspec

from alerts.records import Answer, Campaign, Condition, Incident, Spike
from alerts.source_records import SourceState
from streams.events import BaselineRecord, Order, Ticket, TicketCounts

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"

RECORDS: dict[str, type[msgspec.Struct]] = {
    "ticket": Ticket,
    "campaign": Campaign,
    "spike": Spike,
    "condition": Condition,
    "incident": Incident,
    "answer": Answer,
    "order": Order,
    "source-state": SourceState,
    "ticket-counts": TicketCounts,
    "baseline": BaselineRecord,
}
"""Each record and the name of its file."""


def schema(record: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a record; fields that it does not name are ignored by readers.

    >>> schema(Ticket)["required"]
    ['id', 'created_at', 'contact_reason']
    """
    (reference,), components = msgspec.json.schema_components(
        [record], ref_template="#/$defs/{name}", schema_hook=_any
    )
    own = components.pop(reference["$ref"].rpartition("/")[2])
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **own}
    if components:
        found["$defs"] = components
    # Python 3.13 takes the indentation out of docstrings itself; the files must not depend on who wrote them.
    _clean(found)
    return found


def _clean(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            node["description"] = inspect.cleandoc(node["description"])
        for value in node.values():
            _clean(value)


def _any(_type: type) -> dict[str, Any]:
    """Whatever JSON holds: a detector's own state is nobody else's business."""
    return {"description": "any JSON value"}


def rendered() -> dict[str, bytes]:
    """The content of every file by its name, as it stands in `docs/schemas/`."""
    return {
        f"{name}.json": msgspec.json.format(msgspec.json.encode(schema(record)), indent=2) + b"\n"
        for name, record in RECORDS.items()
    }


def main() -> None:
    """Write all schemas."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in rendered().items():
        (FOLDER / name).write_bytes(content)
        sys.stdout.write(f"docs/schemas/{name}\n")


if __name__ == "__main__":
    main()
