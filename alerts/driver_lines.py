"""What stands out among a spike's tickets, one line a driver: its share now, its usual share, how many."""

from __future__ import annotations

from alerts import blocks, campaign_section, language
from alerts.blocks import Block, Part, escape, fit, one_line
from alerts.context import Context
from alerts.kind_words import kind_words
from alerts.records import Driver, Incident, Spike
from alerts.words import words
from detectors.facet_sets import WITH

MIN_TICKETS_SHOWN = 5
"""A facet value with fewer tickets is not shown: a cell of one or two people identifies them."""

_DRIVERS = 3
_IMPLIED = 0.8
"""A pair that holds so much of a single value's tickets says all that the value alone would."""
_FACET = 40
_VALUE = 80
_REASON = 100


def shown(incident: Incident, spike: Spike) -> list[Driver]:
    """The drivers worth a line, at most three: a pair stands for the values that it consists of.

    >>> def driver(facet, value, tickets):
    ...     return Driver(facet=facet, value=value, tickets=tickets, share=tickets / 42, usual_share=0.1,
    ...         excess_share=0.5)
    >>> from types import SimpleNamespace
    >>> found = [driver("voucher_code", "A", 40), driver("browser", "Safari", 30),
    ...     driver("voucher_code×browser", "A × Safari", 29)]
    >>> shown(SimpleNamespace(campaigns=[]), SimpleNamespace(drivers=found)) == [found[2], found[0]]
    True
    """
    linked = {link.id for link in incident.campaigns}
    found = [
        driver
        for driver in spike.drivers
        # A linked campaign names itself, and better than its id does.
        if driver.tickets >= MIN_TICKETS_SHOWN
        and not (driver.facet == "campaign_id" and driver.value in linked)
    ]
    pairs = [driver for driver in found if WITH in driver.facet]
    singles = [driver for driver in found if not any(_implied(driver, pair) for pair in pairs)]
    return [*pairs, *(driver for driver in singles if driver not in pairs)][:_DRIVERS]


def section(incident: Incident, spike: Spike, context: Context) -> list[Block]:
    """What stands out as a list under its title; no block where nothing does."""
    drivers = shown(incident, spike)
    if not drivers:
        return []
    title = words(context.language).drivers
    if len(incident.contact_reasons) > 1:
        # The shares are those among the tickets of one contact reason.
        reason = fit(one_line(spike.contact_reason), _REASON, context.language)
        title = kind_words(context.language).drivers_of.format(reason=reason)
    lines = [_line(driver, spike, context) for driver in drivers]
    return [blocks.rich(blocks.line(blocks.words(title, "bold")), blocks.bullets(lines))]


def spoken(driver: Driver, spike: Spike, context: Context) -> str:
    """A driver in a sentence, escaped."""
    return fit(escape(one_line(driver.value)), 200, context.language) + _told(driver, spike, context) + "."


def _implied(single: Driver, pair: Driver) -> bool:
    parts = zip(pair.facet.split(WITH), pair.value.split(f" {WITH} "), strict=False)
    return (single.facet, single.value) in parts and pair.tickets >= _IMPLIED * single.tickets


def _line(driver: Driver, spike: Spike, context: Context) -> Block:
    say, tongue = words(context.language), context.language
    told = _told(driver, spike, context)
    if driver.excess_share > 0:
        told += say.driver_excess.format(share=language.percent(min(driver.excess_share, 1.0), tongue))
    return blocks.line(*_named(driver, context), blocks.words(told))


def _named(driver: Driver, context: Context) -> list[Part]:
    """Facet and value; of a pair each facet beside its own value."""
    facets, values = driver.facet.split(WITH), driver.value.split(f" {WITH} ")
    if len(facets) < 2 or len(facets) != len(values):
        facets, values = [driver.facet], [driver.value]
    names, parts = words(context.language).facets, list[Part]()
    for facet, value in zip(facets, values, strict=True):
        name = names.get(facet) or fit(one_line(facet), _FACET, context.language) or "–"
        style = "code" if facet == "voucher_code" else "bold"
        parts.append(blocks.words(f" {WITH} {name} " if parts else f"{name} "))
        parts.append(blocks.words(fit(one_line(value), _VALUE, context.language) or "–", style))
    return parts


def _told(driver: Driver, spike: Spike, context: Context) -> str:
    say, tongue = words(context.language), context.language
    total = campaign_section.total(driver, spike)
    # A pair's tickets are a lower bound, until there are no more tickets than that.
    bound = WITH in driver.facet and driver.tickets < total
    return (say.driver_pair if bound else say.driver).format(
        share=language.percent(driver.share, tongue),
        tickets=language.number(driver.tickets, tongue),
        total=language.number(total, tongue),
        usual=language.percent(driver.usual_share, tongue),
    )
