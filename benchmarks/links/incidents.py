"""Incidents with a campaign behind them or none, seeded, in a calendar and a shop of their own.

A fifth each: the campaign's code is on the tickets, its id is, it announced the contact reason, only its time
speaks for it, and no campaign has to do with it. Drivers are the product's own, found among tickets whose facets
go together as they do in life.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from alerts.records import Campaign, CampaignKind, Driver, Spike
from benchmarks.detection import planted
from benchmarks.detection.planted import Ticket
from benchmarks.links.calendars import BY_ENGLISH, MARKETS, Shop, announces
from streams.demo.webshop_reasons import REASONS, ContactReason

Behind = Literal["code", "id", "reason", "time", "none"]
BEHIND: tuple[Behind, ...] = ("code", "id", "reason", "time", "none")
_REACHING: tuple[CampaignKind, ...] = ("voucher", "tv", "newsletter", "sale", "product")
_WITH_CODE: tuple[CampaignKind, ...] = ("voucher", "newsletter", "sale", "tv")
_ABOUT_CODES = (
    "voucher not working",
    "voucher not working",
    "voucher not working",
    "payment failed",
    "complaint",
)


@dataclass(frozen=True, slots=True)
class Linked:
    """An incident's spike, the calendar, and which campaign is behind it."""

    behind: Behind
    truth: str | None
    spike: Spike
    campaigns: list[Campaign]
    by_chance: bool
    """Nothing is behind it, but a campaign that happens to run did announce this contact reason."""


def plant(seed: int) -> Linked:
    """One incident of 20 to 500 tickets, with a campaign behind it or without."""
    rng = np.random.default_rng(seed)
    behind = BEHIND[seed % 5]
    shop = Shop(rng, german=bool(rng.random() < 0.5))
    tickets = planted.Shop(rng)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
        days=int(rng.integers(365)), hours=int(rng.integers(7, 23)), minutes=int(rng.integers(60))
    )
    calendar = shop.others(at)
    reason = REASONS[int(rng.integers(len(REASONS)))]
    wanted: list[tuple[str, str]] = []
    carried: list[tuple[str, str, float]] = []
    true: Campaign | None = None
    if behind == "none":
        wanted = _own_fault(rng)
    else:
        true, reason, carried = _campaign(behind, rng, shop, at, reason)
        if behind == "code" and rng.random() < 0.25:
            calendar.append(_shares_its_code(rng, shop, true, at))
        if true.markets:
            wanted = [("market", str(rng.choice(true.markets)))]
        # A code that breaks in one browser; a landing page that does.
        if rng.random() < {"code": 0.25, "id": 0.15, "reason": 0.1, "time": 0.1}[behind]:
            wanted.append(("browser", str(rng.choice(["Safari", "Firefox", "Edge"]))))
        calendar.append(true)
    order = rng.permutation(len(calendar))
    calendar = [calendar[place] for place in order]
    # What an alarm takes for the onset is minutes off, late rather than early.
    onset = (at + timedelta(minutes=round(float(rng.normal(3, 6))))).replace(second=0, microsecond=0)
    spike = _spike(rng, tickets, shop.spelt_by_helpdesk(reason), onset, wanted, carried, calendar)
    chance = any(announces(one, reason) and _runs(one, at) for one in calendar if one is not true)
    return Linked(behind, true.id if true else None, spike, calendar, chance)


def _campaign(
    behind: Behind, rng: np.random.Generator, shop: Shop, at: datetime, reason: ContactReason
) -> tuple[Campaign, ContactReason, list[tuple[str, str, float]]]:
    """The campaign behind an incident, the contact reason that rises, and what its tickets carry how often."""
    kind: CampaignKind = _REACHING[int(rng.integers(len(_REACHING)))]
    length = max(shop.lasts(kind), timedelta(hours=1))
    start = at - timedelta(minutes=float(np.exp(rng.uniform(np.log(3), np.log(180)))))
    often = float(rng.uniform(0.55, 0.95))
    fields: dict[str, list[str]] = {"contact_reasons": []}
    if behind == "code":
        kind = _WITH_CODE[int(rng.choice(len(_WITH_CODE), p=[0.4, 0.35, 0.15, 0.1]))]
        reason = BY_ENGLISH[str(rng.choice(_ABOUT_CODES))]
        start = _code_breaks(rng, start, length, at)
        fields = {"voucher_codes": [shop.code()] + ([shop.code()] if rng.random() < 0.3 else [])}
    elif behind == "id":
        fields = {"voucher_codes": []}
    elif behind == "reason":
        fields = {"contact_reasons": [shop.spelt_by_heart(reason)]}
        if rng.random() < 0.3:
            fields["contact_reasons"].append(shop.spelt_by_heart(REASONS[int(rng.integers(len(REASONS)))]))
        if kind != "tv" and rng.random() < 0.5:  # parcels are late, returns come: hours rather than minutes
            start = at - min(timedelta(hours=float(rng.uniform(2, 24))), length)
    start = start.replace(second=0, microsecond=0)
    if rng.random() < 0.7:
        start -= (start - datetime(2026, 1, 1, tzinfo=UTC)) % timedelta(minutes=15)
    true = shop.campaign("true", start, start + length, kind, **fields)
    carried: list[tuple[str, str, float]] = []
    if behind == "code":
        carried.append(("voucher_code", true.voucher_codes[0], often))
        if rng.random() < 0.4:
            carried.append(("campaign_id", true.id, float(rng.uniform(0.3, 0.9))))
    if behind == "id":
        carried.append(("campaign_id", true.id, often))
    return true, reason, carried


def _code_breaks(rng: np.random.Generator, start: datetime, length: timedelta, at: datetime) -> datetime:
    """When a campaign began whose code breaks now: just before, long ago, so that it ran out, or not yet."""
    way = rng.random()
    if way < 0.25:
        return at - length * float(rng.random())
    if way < 0.4:
        return at - length - timedelta(hours=float(rng.exponential(12)))
    if way < 0.5:
        return at + timedelta(hours=float(rng.uniform(0.2, 24)))
    return start


def _shares_its_code(rng: np.random.Generator, shop: Shop, true: Campaign, at: datetime) -> Campaign:
    """Another campaign with the same code: last year's, another market's, or one that has run for long."""
    way = rng.random()
    kind = shop.kind()
    if way < 1 / 3:
        start = true.starts_at - timedelta(days=365)
        return shop.campaign("twin", start, start + shop.lasts(kind), kind, voucher_codes=true.voucher_codes)
    start = at - timedelta(hours=float(rng.uniform(0.5, 24 * 20)))
    end = at + timedelta(hours=float(rng.uniform(1, 24 * 20)))
    fields: dict[str, object] = {"voucher_codes": true.voucher_codes[:1]}
    if way < 2 / 3 and true.markets:
        rest = [list(some) for some in MARKETS if some and not set(some) & set(true.markets)]
        fields["markets"] = rest[int(rng.integers(len(rest)))]
    return shop.campaign("twin", start, end, kind, **fields)


def _own_fault(rng: np.random.Generator) -> list[tuple[str, str]]:
    """A fault that no campaign has to do with: in one facet, of a code that nobody planned, or of nothing at all."""
    way = rng.random()
    if way < 0.35:
        return []
    if way < 0.5:
        return [("voucher_code", "new INFLUENCER")]
    facet, values = [
        ("browser", ["Safari", "Firefox", "Edge"]),
        ("app_version", ["new 5.4"]),
        ("payment", ["card", "debit", "invoice"]),
        ("channel", ["phone", "mail"]),
        ("market", ["AT", "CH", "FR"]),
    ][int(rng.integers(5))]
    return [(facet, str(rng.choice(values)))]


def _spike(
    rng: np.random.Generator,
    shop: planted.Shop,
    reason: str,
    onset: datetime,
    wanted: list[tuple[str, str]],
    carried: list[tuple[str, str, float]],
    calendar: list[Campaign],
) -> Spike:
    """The spike as the product states it: the tickets are made, the drivers are found."""
    running = [one for one in calendar if _runs(one, onset)]
    tagged = float(rng.choice([0.0, 0.1, 0.3]))
    """How many of the usual tickets carry the id or a code of a campaign that runs."""

    def usual(number: int) -> list[Ticket]:
        made = []
        for _ in range(number):
            ticket = shop.ticket()
            if running and rng.random() < tagged:
                one = running[int(rng.integers(len(running)))]
                ticket |= {"campaign_id": one.id}
                if one.voucher_codes:
                    ticket |= {"voucher_code": one.voucher_codes[0]}
            made.append(ticket)
        return made

    observed = int(np.exp(rng.uniform(np.log(20), np.log(500))))
    expected = min(
        observed / float(np.exp(rng.uniform(np.log(1.6), np.log(15)))),
        max(observed - 5.0 * observed**0.5, 0.5),
    )
    extra = max(observed - int(rng.poisson(expected)), observed // 4)
    caused = shop.such(extra, *wanted)
    for facet, value, often in carried:
        caused = [ticket | {facet: value} if rng.random() < often else ticket for ticket in caused]
    held = [*caused, *usual(observed - extra)]
    rng.shuffle(held)  # type: ignore[arg-type]
    lately, others = usual(int(rng.integers(5, 150))), usual(int(rng.integers(50, 500)))
    length = int(rng.integers(10, 90))
    found = planted.named(
        planted.Planted(
            "none",
            (),
            held,
            list(planted.cells(held, rng, length)),
            [*planted.cells(lately, rng, 1000), *planted.cells(others, rng, 1000)],
            lately,
            usual(int(rng.choice([150, 400, 1000]))),
            expected,
            repeated=int(rng.binomial(observed, 0.05)),
        )
    )
    return Spike(
        spike_id="s",
        contact_reason=reason,
        state="raised",
        onset=onset,
        raised_at=onset + timedelta(minutes=length),
        window_minutes=length,
        observed=observed,
        expected=expected,
        lower=expected / 2,
        upper=expected * 2,
        uplift=observed / expected,
        excess=observed - expected,
        customers=observed,
        score=9.0,
        rule="planted",
        drivers=[
            Driver(
                facet=one.facet,
                value=one.value,
                tickets=one.tickets,
                share=one.share,
                usual_share=one.usual_share,
                excess_share=one.excess_share,
            )
            for one in found
        ],
    )


def _runs(campaign: Campaign, at: datetime) -> bool:
    return campaign.starts_at <= at < campaign.ends_at
