"""The part of a message that names the campaigns which coincide: what was promised, when, by whom.

All of it is data from outside (colleagues type campaign texts), so it is rich text throughout, which Slack
shows as it stands. The one thing that acts is the owner's mention, and only where the owner is a Slack id.
"""

from __future__ import annotations

from datetime import datetime

from alerts import blocks, language, voucher_cause
from alerts.blocks import Block, Part, clean, fit, one_line
from alerts.campaign_words import campaign_words
from alerts.context import Context
from alerts.names import fold
from alerts.records import Campaign, CampaignLink, Driver, Incident, Spike
from alerts.words import Words, words

_NAME = 150
_PROMISE = 600
_CODES = 5
_MIN_TICKETS_SHOWN = 5
_ENDLESS = 2100
"""Calendars write "without end" as the year 9999 or the like."""


def section(incident: Incident, spike: Spike, context: Context) -> list[Block]:
    """The campaigns that coincide: the first in full, the others by name; a sentence when none does."""
    say = words(context.language)
    cause = _cause(spike, context)
    if not incident.campaigns:
        if not context.campaigns:
            return [blocks.rich(cause)] if cause else []
        none = blocks.context([("mrkdwn", say.no_campaign)], context.language)
        return [blocks.rich(cause), none] if cause else [none]
    first, *others = incident.campaigns
    elements = _in_full(first, spike, context, cause)
    if others:
        elements.append(blocks.line(blocks.words(say.coincides_too), *_names(others, context)))
    return [blocks.rich(*elements)]


def total(driver: Driver, spike: Spike) -> int:
    """The number of tickets that a driver's share is a share of.

    The spike's count where the share says so; a part of it where not every ticket carries the facet.
    """
    if driver.share <= 0:
        return spike.observed
    whole = max(round(driver.tickets / driver.share), driver.tickets)
    return spike.observed if abs(whole - spike.observed) <= 1 else whole


def endless(at: datetime) -> bool:
    """Whether an end is a date that nobody means.

    >>> endless(datetime.fromisoformat("9999-12-31T00:00Z")), endless(datetime.fromisoformat("2027-01-31T00:00Z"))
    (True, False)
    """
    return at.year >= _ENDLESS


def _in_full(link: CampaignLink, spike: Spike, context: Context, cause: Block | None) -> list[Block]:
    say, tongue = words(context.language), context.language
    campaign = context.campaigns.get(link.id)
    head: list[Part] = [
        blocks.words("📣 " + say.coincides, "bold"),
        blocks.words(fit(one_line(link.name), _NAME, tongue) or "–", "bold"),
    ]
    if campaign is not None:
        head.append(blocks.words(f" ({say.kinds[campaign.kind]})"))
    head.extend([blocks.words("\n"), *_evidence(link, campaign, spike, say, context)])
    if campaign is None:
        # What it promised and when it ran is no longer known.
        head.append(blocks.words(campaign_words(tongue).withdrawn))
    else:
        head.extend(_timing(campaign, spike, say, context))
    # Whatever is likely stands before the sentence that nothing is proven.
    elements = (
        [blocks.line(*head), cause] if cause else [blocks.line(*head, blocks.words(" " + say.not_proven))]
    )
    if campaign is None:
        return elements
    if campaign.promise and one_line(campaign.promise):
        elements.append(blocks.quoted(blocks.words(fit(clean(campaign.promise.strip()), _PROMISE, tongue))))
    elements.append(blocks.line(*_facts(campaign, say, context)))
    return elements


def _evidence(
    link: CampaignLink, campaign: Campaign | None, spike: Spike, say: Words, context: Context
) -> list[Part]:
    tongue = context.language
    if link.evidence == "voucher_code":
        codes = {fold(code) for code in campaign.voucher_codes} if campaign else set[str]()
        carried = [
            one
            for one in spike.drivers
            if one.facet == "voucher_code" and (not codes or fold(one.value) in codes)
        ]
        driver = max(carried, key=lambda one: one.tickets, default=None)
        code: list[Part] = [blocks.words(say.code)]
        if driver is not None:
            code.append(blocks.words(fit(one_line(driver.value), 80, tongue) or "–", "code"))
        return [
            *code,
            blocks.words(
                _on_tickets(driver, spike, say.on_tickets_code, say.on_tickets_code_few, context) + " "
            ),
        ]
    if link.evidence == "campaign_id":
        carried = [one for one in spike.drivers if one.facet == "campaign_id" and one.value == link.id]
        driver = max(carried, key=lambda one: one.tickets, default=None)
        return [
            blocks.words(_on_tickets(driver, spike, say.on_tickets_id, say.on_tickets_id_few, context) + " ")
        ]
    if link.evidence == "contact_reason":
        told = say.announced
        if campaign is not None and campaign.expected_uplift > 1:
            told += say.announced_uplift.format(uplift=language.times(campaign.expected_uplift, tongue))
        return [blocks.words(told + ". ")]
    return [blocks.words(say.near + " ")]


def _on_tickets(driver: Driver | None, spike: Spike, sentence: str, few: str, context: Context) -> str:
    if driver is None or driver.tickets < _MIN_TICKETS_SHOWN:
        return few
    return sentence.format(
        tickets=language.number(driver.tickets, context.language),
        total=language.number(total(driver, spike), context.language),
    )


def _timing(campaign: Campaign, spike: Spike, say: Words, context: Context) -> list[Part]:
    begun = say.started if campaign.starts_at <= spike.onset else say.starts
    return [
        blocks.words(begun),
        blocks.date(campaign.starts_at, context.timezone, context.language),
        blocks.words(say.rise_since),
        blocks.date(spike.onset, context.timezone, context.language, "{time}"),
        blocks.words("."),
    ]


def _cause(spike: Spike, context: Context) -> Block | None:
    """The likely cause class of the code on the tickets, with its facts."""
    found = voucher_cause.voucher_cause(spike, context.campaigns.values(), context.redemptions, context.now)
    if found is None:
        return None
    head, facts = voucher_cause.said(found, context.language)
    parts = [blocks.words(head, "bold")] if head else []
    return blocks.line(*parts, blocks.words(f"{facts} {words(context.language).not_proven}"))


def _facts(campaign: Campaign, say: Words, context: Context) -> list[Part]:
    zone, tongue = context.timezone, context.language
    more = campaign_words(tongue)
    parts: list[Part] = (
        [
            blocks.words(more.since),
            blocks.date(campaign.starts_at, zone, tongue),
            blocks.words("," + more.endless),
        ]
        if endless(campaign.ends_at)
        else [
            blocks.words(say.window),
            blocks.date(campaign.starts_at, zone, tongue),
            blocks.words(" – "),
            blocks.date(campaign.ends_at, zone, tongue),
        ]
    )
    codes = [one_line(code) for code in campaign.voucher_codes if one_line(code)]
    told = [_validity(campaign, code, context) for code in codes[:_CODES]]
    for index, code in enumerate(codes[:_CODES]):
        parts.append(blocks.words(" · " + say.code if index == 0 else ", "))
        parts.append(blocks.words(fit(code, 80, tongue), "code"))
        # What holds for several codes is said once, behind the last of them.
        if told[index : index + 2] != [told[index]] * 2:
            parts.extend(told[index])
    if len(codes) > _CODES:
        parts.append(blocks.words(f" +{len(codes) - _CODES}"))
    if campaign.owner and campaign.owner.strip():
        parts.extend([blocks.words(" · " + say.owner), blocks.owner(campaign.owner.strip(), tongue)])
    return parts


def _validity(campaign: Campaign, code: str, context: Context) -> list[Part]:
    """Until when a code is valid, since when it is not, or from when on; of all campaigns that have it."""
    more, now = campaign_words(context.language), context.now
    begin, end = voucher_cause.valid(code, context.campaigns.values(), now) or (
        campaign.starts_at,
        campaign.ends_at,
    )
    if begin <= now and endless(end):
        return [blocks.words(more.valid_endless)]
    told, at = (
        (more.valid_from, begin)
        if now < begin
        else (more.expired, end)
        if end <= now
        else (more.valid_until, end)
    )
    return [blocks.words(told), blocks.date(at, context.timezone, context.language)]


def _names(links: list[CampaignLink], context: Context) -> list[Part]:
    parts: list[Part] = []
    for index, link in enumerate(links):
        if index:
            parts.append(blocks.words(", "))
        parts.append(blocks.words(fit(one_line(link.name), _NAME, context.language) or "–", "bold"))
    return parts
