"""What a voucher code's tickets likely are about: it ran out, is not valid yet, fails in one browser, or for everyone.

From facts only, and said as what is likely: that a code ended as tickets began to rise is no proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerts.blocks import fit, one_line
from alerts.campaign_words import campaign_words
from alerts.language import Language, about, duration, number, percent
from alerts.names import fold
from alerts.records import Campaign, Driver, Incident, Spike
from alerts.redemptions import Comparison, Redeemed, compare
from alerts.words import words
from detectors.facet_sets import LEAST_POWER, WITH

CauseKind = Literal["code_expired", "code_not_started", "one_browser", "code_broken"]
"""Words of the menu with which people answer what it was."""

_ONSET_IS_SURE_TO = timedelta(minutes=10)
_PLACES = ("browser", "app_version", "device")
_ENOUGH_TICKETS = 10
"""With fewer tickets a browser hardly can stand out, so that none did says nothing."""
_FEW = 5
_ABOUT_CODES = re.compile(r"voucher|coupon|promo|discount|gutschein|rabatt|\bcodes?\b", re.IGNORECASE)
"""A code by itself: post codes and bar codes in one word are others."""


@dataclass(frozen=True, slots=True)
class VoucherCause:
    """The likely cause class of a spike whose tickets carry a code, with the facts that it rests on.

    Attributes:
        kind: the class; None where only redemptions are known.
        code: as it stands on the tickets.
        likely: whether the facts suffice to call it likely. Tickets about late parcels carry the code they were
            bought with, too: so the contact reason must be about codes, or redemptions fall.
        minutes: from the end of the code's validity to the onset, or from the onset to its beginning.
        driver: the code, or the pair of code and browser.
        redeemed: redemptions lately and before; None where no orders flow.
    """

    kind: CauseKind | None
    code: str
    likely: bool
    minutes: float
    driver: Driver
    redeemed: Comparison | None


def voucher_cause(
    spike: Spike, campaigns: Iterable[Campaign], redemptions: Mapping[str, Redeemed], at: datetime
) -> VoucherCause | None:
    """The likely cause class of a spike's leading code; None where no code stands out or nothing can be said.

    In this order: the code was not valid when the rise began (of all campaigns that have it, none ran), it stands
    out together with one browser, device or app version, it carries most of the excess and nothing of that kind
    stands out.

    Args:
        spike: with its drivers.
        campaigns: all known ones.
        redemptions: by folded code, as `OrderTally.facts` gives them.
        at: the present.
    """
    code = max((one for one in spike.drivers if one.facet == "voucher_code"), key=_carried, default=None)
    if code is None:
        return None
    held = redemptions.get(fold(code.value))
    redeemed = compare(held, spike.onset, at) if held is not None else None
    falls, goes_on = redeemed is not None and redeemed.falls, redeemed is not None and redeemed.goes_on
    # An underscore is a letter to an expression, and a space to people.
    reason = spike.contact_reason.replace("_", " ")
    likely = falls or _ABOUT_CODES.search(reason) is not None
    kind, minutes, driver = _kind(spike, code, valid(code.value, campaigns, spike.onset))
    if kind == "code_broken" and (goes_on or not likely):
        kind = None
    if kind is None and not (falls or goes_on):
        return None
    return VoucherCause(kind, code.value, likely and kind is not None, minutes, driver, redeemed)


def valid(code: str, campaigns: Iterable[Campaign], at: datetime) -> tuple[datetime, datetime] | None:
    """The window in which a code is valid at an instant, or the nearest one; None where no campaign has it."""
    wanted = fold(code)
    windows = [
        (one.starts_at, one.ends_at)
        for one in campaigns
        if any(fold(name) == wanted for name in one.voucher_codes)
    ]
    # Of several that hold, the one that holds for longest: the code works until the last of them ends.
    return min(
        windows,
        key=lambda window: (max(window[0] - at, at - window[1], timedelta()), at - window[1]),
        default=None,
    )


def codes_of(incidents: Iterable[Incident]) -> set[str]:
    """The codes on the tickets of incidents: those whose redemptions are worth asking for."""
    return {
        driver.value
        for incident in incidents
        for spike in incident.spikes
        for driver in spike.drivers
        if driver.facet == "voucher_code"
    }


def said(cause: VoucherCause, language: Language) -> tuple[str, str]:
    """The class in a few words ("" where it is not likely), and the facts in sentences; for rich or plain text only."""
    say = campaign_words(language)
    facet, _, place = _place(cause)
    names = {
        "value": fit(one_line(place), 80, language) or "–",
        "facet": words(language).facets.get(facet, facet),
    }
    facts = []
    if cause.kind is not None:
        sure = abs(cause.minutes) > _ONSET_IS_SURE_TO / timedelta(minutes=1)
        total = round(cause.driver.tickets / max(cause.driver.share, 1e-9))
        sentence = None if sure else say.cause_facts_at_once.get(cause.kind)
        if cause.driver.tickets >= total:
            # A pair's tickets are a lower bound, until there are no more tickets than that.
            sentence = sentence or say.cause_facts_of_all.get(cause.kind)
        facts.append(
            (sentence or say.cause_facts[cause.kind]).format(
                **names,
                duration=duration(abs(cause.minutes), language),
                tickets=number(cause.driver.tickets, language),
                total=number(total, language),
                share=percent(min(cause.driver.excess_share, 1.0), language),
            )
        )
    if cause.redeemed is not None:
        facts.append(_redeemed(cause.redeemed, language))
    head = say.cause_heads[cause.kind].format(**names) if cause.likely and cause.kind else ""
    told = " ".join(filter(None, facts))
    return head, told if head else told[:1].upper() + told[1:]


def _kind(
    spike: Spike, code: Driver, window: tuple[datetime, datetime] | None
) -> tuple[CauseKind | None, float, Driver]:
    minute = timedelta(minutes=1)
    if window is not None and spike.onset >= window[1] - _ONSET_IS_SURE_TO:
        return "code_expired", (spike.onset - window[1]) / minute, code
    if window is not None and spike.onset < window[0] - _ONSET_IS_SURE_TO:
        return "code_not_started", (window[0] - spike.onset) / minute, code
    places = [
        one
        for one in spike.drivers
        if one.tickets >= _FEW and not {*one.facet.split(WITH)}.isdisjoint(_PLACES)
    ]
    for pair in places:
        if pair.facet.startswith(f"voucher_code{WITH}") and pair.value.startswith(f"{code.value} {WITH} "):
            return "one_browser", 0.0, pair
    if not places and code.excess_share >= LEAST_POWER and code.tickets >= _ENOUGH_TICKETS:
        return "code_broken", 0.0, code
    return None, 0.0, code


def _place(cause: VoucherCause) -> tuple[str, str, str]:
    """Facet, code and value of the place where it fails; ("", code, "") where there is none."""
    if WITH not in cause.driver.facet:
        return "", cause.code, ""
    return (
        cause.driver.facet.partition(WITH)[2],
        cause.code,
        cause.driver.value.removeprefix(f"{cause.code} {WITH} "),
    )


def _redeemed(redeemed: Comparison, language: Language) -> str:
    say = campaign_words(language)
    if redeemed.falls:
        sentence = say.redeemed_no_more if redeemed.lately == 0 else say.redeemed_less
    elif redeemed.goes_on:
        # Of a code that has just begun to be valid nothing is usual yet.
        sentence = say.redeemed_still if redeemed.usual >= 1.0 else say.redeemed_new
    else:
        return ""
    # Fewer than five are not told exactly: they could be told apart.
    lately = say.fewer if 0 < redeemed.lately < _FEW else number(redeemed.lately, language)
    return sentence.format(
        lately=lately, window=duration(redeemed.minutes, language), usual=about(redeemed.usual, language)
    )


def _carried(driver: Driver) -> tuple[float, int, str]:
    return driver.excess_share, driver.tickets, driver.value
