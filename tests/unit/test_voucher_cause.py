"""The likely cause class of a voucher: from facts, and never said as certain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.language import Language
from alerts.records import Campaign, Driver, Spike
from alerts.redemptions import QUARTER, Quarters, Redeemed
from alerts.voucher_cause import VoucherCause, said, valid, voucher_cause

ONSET = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = ONSET + timedelta(minutes=50)
HOUR = timedelta(hours=1)
CODE = Driver(
    facet="voucher_code", value="SOMMER25", tickets=38, share=0.9, usual_share=0.02, excess_share=0.97
)
SAFARI = Driver(facet="browser", value="Safari", tickets=30, share=0.7, usual_share=0.2, excess_share=0.9)
PAIR = Driver(
    facet="voucher_code×browser",
    value="SOMMER25 × Safari",
    tickets=27,
    share=27 / 42,
    usual_share=0.01,
    excess_share=0.9,
)
APP = Driver(
    facet="voucher_code×app_version",
    value="SOMMER25 × 5.4",
    tickets=27,
    share=27 / 42,
    usual_share=0.01,
    excess_share=0.9,
)


def spike(*drivers: Driver, reason: str = "Gutschein ungültig") -> Spike:
    return Spike(
        spike_id="s",
        contact_reason=reason,
        state="raised",
        onset=ONSET,
        raised_at=ONSET,
        window_minutes=30,
        observed=42,
        expected=10,
        lower=4,
        upper=17,
        uplift=4,
        excess=32,
        customers=38,
        score=9,
        rule="rule",
        drivers=list(drivers),
    )


def campaign(start: timedelta = -24 * HOUR, end: timedelta = 24 * HOUR, *codes: str) -> Campaign:
    return Campaign(
        id=f"{start}{end}",
        name="c",
        starts_at=ONSET + start,
        ends_at=ONSET + end,
        voucher_codes=list(codes or ["sommer 25"]),
    )


def redeemed(before: int, since: int) -> dict[str, Redeemed]:
    begin = ONSET - 24 * QUARTER
    orders = Quarters(begin, (60,) * 28)
    return {"sommer25": Redeemed(Quarters(begin, (before,) * 24 + (since,) * 4), orders)}


RUNS = campaign()
MINUTE = timedelta(minutes=1)
CASES = [
    ("fails for everyone", [CODE], [RUNS], {}, "code_broken"),
    ("an unknown code fails for everyone, too", [CODE], [], {}, "code_broken"),
    ("a pair with a browser", [CODE, SAFARI, PAIR], [RUNS], {}, "one_browser"),
    ("a pair with an app version", [CODE, APP], [RUNS], {}, "one_browser"),
    ("a browser without the pair says neither", [CODE, SAFARI], [RUNS], {}, None),
    ("expired, hours ago", [CODE], [campaign(-48 * HOUR, -2 * HOUR)], {}, "code_expired"),
    ("expired, as the rise began", [CODE], [campaign(-48 * HOUR, 2 * MINUTE)], {}, "code_expired"),
    (
        "expired in one browser is expired",
        [CODE, SAFARI, PAIR],
        [campaign(-48 * HOUR, -HOUR)],
        {},
        "code_expired",
    ),
    ("not started", [CODE], [campaign(3 * HOUR, 9 * HOUR)], {}, "code_not_started"),
    ("an onset is not known to the minute", [CODE], [campaign(4 * MINUTE, 9 * HOUR)], {}, "code_broken"),
    (
        "a second campaign keeps the code valid",
        [CODE],
        [campaign(-48 * HOUR, -HOUR), RUNS],
        {},
        "code_broken",
    ),
    ("redemptions that go on speak against all", [CODE], [RUNS], redeemed(10, 10), None),
    ("redemptions that fall speak for it", [CODE], [RUNS], redeemed(10, 0), "code_broken"),
]


@pytest.mark.parametrize(
    ("rule", "drivers", "campaigns", "facts", "kind"), CASES, ids=[rule for rule, *_ in CASES]
)
def test_the_cause_class_follows_from_facts(
    rule: str, drivers: list[Driver], campaigns: list[Campaign], facts: dict[str, Redeemed], kind: str | None
) -> None:
    found = voucher_cause(spike(*drivers), campaigns, facts, AT)
    assert (found.kind if found else None) == kind, rule


def test_without_a_code_nothing_is_said() -> None:
    assert voucher_cause(spike(SAFARI), [RUNS], {}, AT) is None


def test_few_tickets_do_not_say_that_a_code_fails_for_everyone() -> None:
    few = Driver(
        facet="voucher_code", value="SOMMER25", tickets=7, share=0.9, usual_share=0.02, excess_share=0.97
    )
    assert voucher_cause(spike(few), [RUNS], {}, AT) is None


def test_late_parcels_that_were_bought_with_a_code_do_not_make_it_broken() -> None:
    late = spike(CODE, reason="delivery delayed")
    assert voucher_cause(late, [RUNS], {}, AT) is None
    over = voucher_cause(late, [campaign(-48 * HOUR, -2 * HOUR)], {}, AT)
    assert over is not None
    assert not over.likely
    assert said(over, "en") == ("", "The code ran out 2 h before the rise began.")


ABOUT = [
    ("voucher_not_working", True),
    ("Rabattcode", True),
    ("my code fails", True),
    ("discount missing", True),
    ("postcode unknown", False),
    ("checkout", False),
]


@pytest.mark.parametrize(("reason", "likely"), ABOUT)
def test_it_is_likely_where_the_reason_is_about_codes(reason: str, likely: bool) -> None:
    found = voucher_cause(spike(CODE, reason=reason), [campaign(-48 * HOUR, -2 * HOUR)], {}, AT)
    assert found is not None
    assert found.likely is likely


def test_of_a_new_code_no_usual_redemptions_are_told() -> None:
    found = voucher_cause(spike(CODE), [RUNS], redeemed(0, 10), AT)
    assert found is not None
    assert said(found, "en") == ("", "Redeemed all the same: 40 times in 50 min.")


def test_a_reason_of_another_name_with_redemptions_that_fall_is_likely() -> None:
    found = voucher_cause(spike(CODE, reason="checkout"), [RUNS], redeemed(10, 0), AT)
    assert found is not None
    assert (found.kind, found.likely) == ("code_broken", True)


SENTENCES: list[tuple[list[Driver], list[Campaign], dict[str, Redeemed], Language, str]] = [
    (
        [CODE],
        [RUNS],
        redeemed(10, 0),
        "en",
        (
            "Likely fails for everyone: 97 % of the additional tickets carry the code, and no browser, device or app "
            "version stands out. Not redeemed at all in 50 min; ~40 times would be usual for as many orders."
        ),
    ),
    (
        [CODE],
        [RUNS],
        redeemed(10, 1),
        "de",
        (
            "Geht vermutlich bei niemandem: 97 % der zusätzlichen Tickets tragen den Code, und kein Browser, kein "
            "Gerät und keine App-Version sticht heraus. Zuletzt in 50 min weniger als 5-mal eingelöst; ~40-mal wäre "
            "bei so vielen Bestellungen üblich."
        ),
    ),
    (
        [CODE],
        [RUNS],
        redeemed(10, 10),
        "en",
        "Still redeemed: 40 times in 50 min; ~40 times would be usual for as many orders.",
    ),
    (
        [CODE, SAFARI, PAIR],
        [RUNS],
        {},
        "de",
        (
            "Geht vermutlich nur mit Browser Safari nicht: Mindestens 27 von 42 Tickets tragen den Code zusammen mit "
            "Browser Safari."
        ),
    ),
    (
        [CODE],
        [campaign(-48 * HOUR, -2 * HOUR)],
        {},
        "de",
        "Vermutlich abgelaufen: Der Code lief 2 h vor Beginn des Anstiegs ab.",
    ),
    (
        [CODE],
        [campaign(-48 * HOUR, timedelta())],
        {},
        "en",
        "Likely expired: the code ran out as the rise began.",
    ),
    (
        [CODE],
        [campaign(3 * HOUR, 9 * HOUR)],
        {},
        "en",
        "Likely not valid yet: the code becomes valid 3 h after the rise began.",
    ),
]


@pytest.mark.parametrize(("drivers", "campaigns", "facts", "language", "sentence"), SENTENCES)
def test_what_is_likely_is_said_with_its_facts(
    drivers: list[Driver],
    campaigns: list[Campaign],
    facts: dict[str, Redeemed],
    language: Language,
    sentence: str,
) -> None:
    found = voucher_cause(spike(*drivers), campaigns, facts, AT)
    assert found is not None
    assert "".join(said(found, language)) == sentence


@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_is_said_to_be_caused(language: Language) -> None:
    for drivers, campaigns, facts, _, _ in SENTENCES:
        found = voucher_cause(spike(*drivers), campaigns, facts, AT)
        assert isinstance(found, VoucherCause)
        words = "".join(said(found, language)).casefold()
        assert not any(word in words for word in ("cause", "because", "verursacht", "wegen", "due to"))


def test_a_code_is_valid_while_any_campaign_with_it_runs() -> None:
    early, late = campaign(-9 * HOUR, -HOUR), campaign(2 * HOUR, 9 * HOUR)
    assert valid("SOMMER25", [early, late], ONSET) == (early.starts_at, early.ends_at)
    assert valid("SOMMER25", [early, late, RUNS], ONSET) == (RUNS.starts_at, RUNS.ends_at)
    assert valid("WINTER", [early], ONSET) is None
