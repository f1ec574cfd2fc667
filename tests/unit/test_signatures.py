"""A request is taken only as its source signed it: not a byte, a minute or a secret off."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.signatures import WINDOW_SECONDS, Asked, Scheme, refusal

FOLDER = Path(__file__).resolve().parents[1] / "data/payloads"
SIGNED = json.loads((FOLDER / "signatures.json").read_text(encoding="utf-8"))
SECRET = SIGNED["secret"]
NOW = datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC).timestamp()
SCHEMES: dict[str, Scheme] = {
    "zendesk": "zendesk",
    "intercom": "intercom",
    "hubspot": "hubspot",
    "shopify": "shopify",
    "mautic": "mautic",
    "freshdesk": "header",
}
CASES = [
    (name, scheme)
    for name, one in SIGNED["items"].items()
    for begin, scheme in SCHEMES.items()
    if name.startswith(begin) and one["headers"]
]


def asked(name: str, body: bytes | None = None) -> Asked:
    headers = dict(SIGNED["items"][name]["headers"])
    url = headers.pop("_uri_signed", "")
    return Asked((FOLDER / name).read_bytes() if body is None else body, headers, url=url)


def secret(scheme: Scheme) -> str:
    return "test-token-not-real" if scheme == "header" else SECRET


def test_every_signed_payload_is_among_the_cases() -> None:
    assert len(CASES) == 13


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_the_payload_is_taken_as_it_was_signed_and_not_otherwise(name: str, scheme: Scheme) -> None:
    whole, right = asked(name), secret(scheme)
    assert refusal(scheme, whole, [right], NOW) is None
    assert refusal(scheme, whole, ["new", right], NOW) is None
    assert refusal(scheme, whole, ["other"], NOW) is not None
    assert refusal(scheme, whole, [], NOW) is not None
    lower = Asked(whole.body, {key.lower(): value for key, value in whole.headers.items()}, url=whole.url)
    assert refusal(scheme, lower, [right], NOW) is None
    if scheme != "header":
        for place in range(0, len(whole.body), 7):
            body = bytearray(whole.body)
            body[place] ^= 1
            assert refusal(scheme, asked(name, bytes(body)), [right], NOW) is not None
    for missing in whole.headers:
        if "Signature" in missing or "Hmac" in missing or "Token" in missing or "Timestamp" in missing:
            rest = {key: value for key, value in whole.headers.items() if key != missing}
            if missing != "X-HubSpot-Signature-Version":
                assert refusal(scheme, Asked(whole.body, rest, url=whole.url), [right], NOW) is not None


@pytest.mark.parametrize(("name", "scheme"), [case for case in CASES if case[1] in ("zendesk", "hubspot")])
def test_an_old_or_an_early_time_is_refused(name: str, scheme: Scheme) -> None:
    for off in (-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1):
        assert "five minutes" in (refusal(scheme, asked(name), [SECRET], NOW + off) or "")
    for off in (1.0 - WINDOW_SECONDS, WINDOW_SECONDS - 1):
        assert refusal(scheme, asked(name), [SECRET], NOW + off) is None


def test_hubspot_signs_the_address_that_it_called() -> None:
    whole = asked("hubspot_ticket_creation_batch.json")
    behind = Asked(whole.body, whole.headers, url="http://127.0.0.1:6066/hooks/hubspot")
    assert refusal("hubspot", behind, [SECRET], NOW) is not None


def test_basic_auth_takes_user_and_password() -> None:
    headers = {"authorization": "Basic dXNlcjpwYXNz"}
    assert refusal("basic", Asked(b"", headers), ["user:pass"], NOW) is None
    assert refusal("basic", Asked(b"", headers), ["user:other"], NOW) is not None


@given(
    st.sampled_from(["zendesk", "intercom", "hubspot", "shopify", "mautic", "header", "basic"]),
    st.binary(max_size=50),
    st.dictionaries(
        st.sampled_from([key for _, one in SIGNED["items"].items() for key in one["headers"]]), st.text()
    ),
)
def test_nothing_at_random_is_taken_and_nothing_raises(
    scheme: Scheme, body: bytes, headers: dict[str, str]
) -> None:
    assert refusal(scheme, Asked(body, headers), ["a secret that nobody guesses"], NOW) is not None
