"""The last guard: what looks personal goes, what people need stays."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts import language, redact

PERSONAL = [
    ("mail", "jo.doe+shop@example.co.uk"),
    ("mail", "jürgen@müller.de"),
    ("phone", "+49 170 1234567"),
    ("phone", "+43 (0) 664 1234567"),
    ("phone", "0049 89 12345678"),
    ("phone", "0170/1234567"),
    ("phone", "01701234567"),
    ("phone", "089 / 1234 567"),
    ("phone", "(555) 123-4567"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "DE89370400440532013000"),
    ("iban", "gb82 west 1234 5698 7654 32"),
    ("card", "4111 1111 1111 1111"),
    ("card", "5500-0000-0000-0004"),
    ("card", "378282246310005"),
    ("ip", "192.168.178.23"),
    ("ip", "2001:db8:85a3::8a2e:370:7334"),
]


@pytest.mark.parametrize(("kind", "item"), PERSONAL)
def test_personal_data_is_replaced_and_counted(kind: str, item: str) -> None:
    text, found = redact.redact(f"Kunde {item} sagt, es geht nicht")
    assert text == f"Kunde [{kind}] sagt, es geht nicht"
    assert found == {kind: 1}


HARMLESS = [
    "SOMMER25",
    "NEU10",
    "BLACK-FRIDAY-2026",
    "ts-5c6bmpec53",
    "42 Tickets statt ~11 in 30 min",
    "1.234.567 Tickets, 3,8× · +31 Tickets",
    "+80 % gegenüber gestern zur selben Zeit",
    "05.11.2026, 10:15 CET",
    "01.01.2026 10:15:30",
    "2026-11-20T10:15:00+01:00",
    "<!date^1795166100^{date_short_pretty} {time}|20 Nov 2026, 09:15 UTC>",
    "App-Version 4.12.0",
    "Chrome 120.0.6099.109",
    "1234 5678 9012 3456",
    "10:15:30",
    "Lieferung 24/7, Versand innerhalb von 24 Stunden",
    "#1a2b3c",
    "https://help.example/search?q=Gutschein&from=2026-11-20T10%3A15%3A00%2B01%3A00",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_codes_counts_times_and_ids_stay_as_they_are(text: str) -> None:
    assert redact.redact(text) == (text, {})


def test_our_own_ids_are_never_touched_and_everything_else_is_walked() -> None:
    payload = {
        "text": "a@example.org",
        "blocks": [
            {
                "elements": [
                    {"type": "text", "text": "a@example.org"},
                    {"type": "user", "user_id": "U01701234567"},
                ]
            }
        ],
        "metadata": {"event_payload": {"incident_id": "01701234567"}},
    }
    guarded, found = redact.guard(payload)
    assert found == {"mail": 2}
    assert guarded["metadata"] == payload["metadata"]
    assert guarded["blocks"][0]["elements"] == [
        {"type": "text", "text": "[mail]"},
        {"type": "user", "user_id": "U01701234567"},
    ]
    assert payload["text"] == "a@example.org"


@given(st.text(alphabet="0123456789+-/().:@ aDE,\n", max_size=200))
def test_a_replacement_never_makes_a_text_longer(text: str) -> None:
    assert len(redact.redact(text)[0]) <= len(text)


@given(st.integers(0, 10**7), st.floats(0, 10**6), st.integers(0, 10**4), st.sampled_from(["de", "en"]))
@example(10**7, 0.0, 0, "de")
def test_our_own_figures_never_look_personal(
    count: int, expected: float, minutes: int, tongue: language.Language
) -> None:
    text = " ".join(
        [
            language.tickets(count, tongue),
            language.about(expected, tongue),
            language.span(expected, expected * 3, tongue),
            language.duration(minutes, tongue),
            language.signed(count, tongue),
        ]
    )
    assert redact.redact(text) == (text, {})


@pytest.mark.parametrize("text", ["PA\u017f\u017fWORD: x8Gt2b9", "p\u0131n: 4711!", "to\u212aen: x8Gt2b9"])
def test_letters_that_a_pattern_takes_for_others_hide_no_sign(text: str) -> None:
    assert redact.redact(text) == ("[key]", {"key": 1})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("12 tickets, ticket 12345678", "12 tickets, [order]"),
        ("in 95 % of cases case #4711", "in 95 % of cases [order]"),
        ("evidence 20.9 for customer id 4711", "evidence 20.9 for [customer]"),
        ("between 12 and 13: RSSMRA85T10A562S", "between 12 and 13: [id]"),
        ("born 131052-308T, 131052A308T", "born [id], [id]"),
        ("12 tickets, QQ 12 34 56 C and AB 12 34 56 C", "12 tickets, QQ 12 34 56 C and [id]"),
        ("tax 12/345/67890 and ATU 13585627", "tax [tax] and [tax]"),
    ],
)
def test_what_stands_in_every_message_hides_nothing_beside_it(text: str, left: str) -> None:
    assert redact.redact(text)[0] == left
