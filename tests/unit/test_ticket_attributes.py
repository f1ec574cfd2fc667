"""Attributes are known again by their bytes; that must not change what is read, nor what is refused."""

from __future__ import annotations

import msgspec
import pytest

from streams.events import Ticket
from streams.facets import Facets, ReadTicket
from streams.validity import explain

HEAD = b'{"id":"1","created_at":"2026-06-01T00:00:00Z","contact_reason":"a"'
TEXTS = [
    b"",
    b',"attributes":null',
    b',"attributes":{}',
    b',"attributes":{"browser":"Safari","other":"x"}',
    b',"attributes": { "other" : "x" , "browser" : "Safari" } ',
    b',"attributes":{"browser":"Saf\\u0061ri"}',
    b',"attributes":{"other":"x"}',
    b',"attributes":{"browser":1}',
    b',"attributes":{"other":null}',
    b',"attributes":3',
    b',"attributes":[1]',
    b',"attributes":{"browser":{"a":1}}',
    b',"attributes":{"browser" 1}',
    b',"attributes":',
    b',"attributes":{"browser":"\xff\xfe"}',
]


def plainly(text: bytes) -> object:
    try:
        ticket = msgspec.json.decode(text, type=Ticket)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return explain(error)
    return (ticket.attributes or {}).get("browser")


@pytest.mark.parametrize("attributes", TEXTS)
def test_attributes_are_read_and_refused_as_if_they_were_decoded_with_the_ticket(attributes: bytes) -> None:
    text = HEAD + attributes + b"}"
    facets = Facets(("browser",))
    for _ in range(2):
        found: object
        try:
            (found,) = facets.attributes(msgspec.json.decode(text, type=ReadTicket))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            found = explain(error)
        assert found == plainly(text)


def test_tickets_with_the_same_attributes_share_one_tuple_however_they_are_written() -> None:
    facets = Facets(("browser",))
    read = [
        facets.attributes(msgspec.json.decode(HEAD + text + b"}", type=ReadTicket)) for text in TEXTS[3:6]
    ]
    assert read[0] is read[1] is read[2]
