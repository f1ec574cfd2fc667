"""What no entry of `reasons` fits is counted by ticket, and a code nobody announced is shown to nobody too early."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from streams.facets import Facets, ReadTicket
from streams.settings import DEFAULT_FACETS
from streams.sources.code_candidates import CodeCandidates
from streams.sources.code_finder import CodeFinder
from streams.sources.mapping import SourceMapping
from streams.sources.table import Reason, Table
from streams.sources.unmapped import unmapped

FIELDS = {"id": "id", "created_at": "at", "contact_reason": "tags", "customer": "who", "text": "text"}
MAPPING = SourceMapping("help", Table(fields=FIELDS, reasons=[Reason("voucher*", "voucher not working")]))
CODES = CodeFinder(["SOMMER25"])


def body(name: str, *tags: str, text: str = "", who: str | None = None) -> dict[str, Any]:
    return {"id": name, "at": 1795166100, "tags": list(tags), "text": text, "who": who or f"c-{name}"}


def records(*bodies: dict[str, Any]) -> list[bytes | None]:
    return [value for one in bodies for _, value in MAPPING.map(one).records]


def test_values_are_counted_by_ticket_and_not_by_record() -> None:
    counted = unmapped(
        records(body("1", "vip", "refund"), body("1", "vip", "refund"), body("2", "VIP"), body("3"))
    )
    assert counted == {("help", "vip"): 2, ("help", "refund"): 1}


def test_a_ticket_that_was_mapped_later_is_no_longer_unmapped() -> None:
    assert unmapped(records(body("1", "vip"), body("1", "vip", "voucher_bad"))) == {}


def test_what_looks_personal_is_not_listed_and_what_cannot_be_read_is_passed_over() -> None:
    assert unmapped([*records(body("1", "erika@example.org")), None, b"", b"[]", b'{"id": 1}', b"\xff"]) == {}


def test_unmapped_values_and_candidates_do_not_leave_the_topic_of_tickets() -> None:
    mapped = MAPPING.map(body("1", "vip", text="Code HERBST15"), CODES, CodeCandidates("key"))
    (key, value) = mapped.records[0]
    assert key == b"1"
    assert value is not None
    assert set(json.loads(value)["attributes"]) == {"unmapped", "code_candidate"}
    assert "HERBST15" not in value.decode()
    fields = Facets(DEFAULT_FACETS).fields(msgspec.json.decode(value, type=ReadTicket))
    assert [one for one in fields if one] == []


def test_a_code_that_nobody_announced_is_the_tickets_once_five_customers_have_written_it() -> None:
    candidates = CodeCandidates("key")

    def code(number: int, who: str, text: str = "Der Code HERBST15 geht nicht") -> str | None:
        return MAPPING.map(body(str(number), who=who, text=text), CODES, candidates).tickets[0].voucher_code

    assert [code(number, f"c{number % 4}") for number in range(12)] == [None] * 12
    assert code(13, "another") == "HERBST15"
    assert code(14, "c1", "Code HERBST15, or was it SOMMER25?") == "SOMMER25"
