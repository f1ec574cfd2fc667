"""An incident's headline and its figures in two columns."""

from __future__ import annotations

from datetime import timedelta

from alerts import answered, blocks, language, markets
from alerts.blocks import Block, fit, one_line
from alerts.context import Context
from alerts.figures import Figures, figures
from alerts.incident import open_spikes
from alerts.kind_words import kind_words
from alerts.limits import HEADER
from alerts.records import Incident
from alerts.redemptions import per_thousand_orders
from alerts.source_standing import deferred
from alerts.words import words

_RATIO_FROM = 0.5
"""Below half an expected ticket a ratio ("840x") says nothing but that none was expected."""


def emoji(incident: Incident, context: Context) -> str:
    """The incident's state as one sign: over, silenced, taken over, silent source, grown, new."""
    if incident.status == "resolved":
        return "✅"
    if answered.silenced(incident, context):
        return "🔕"
    if answered.taken_over(incident) is not None:
        return "🟠"
    if incident.kind == "source_silent":
        return "🔌"
    grown = any(spike.state == "grown" for spike in open_spikes(incident))
    return "🔺" if grown else "🔴"


def headline(incident: Incident, context: Context) -> str:
    """State, subject and figures in at most 150 characters; what has to go is the end of the reason."""
    sign, rest = f"{emoji(incident, context)} {place(incident, context)}", told(incident, context)
    return f"{sign}{subject(incident, context, HEADER - len(rest) - len(sign) - 3)}: {rest}"


def place(incident: Incident, context: Context) -> str:
    """Whose incident it is, to stand before the subject; empty where all markets share theirs."""
    return markets.before(markets.market_of(incident.incident_id), context.language)


def subject(incident: Incident, context: Context, room: int) -> str:
    """What the incident is about, in plain words and one line: its contact reason, or the whole source."""
    say, tongue = kind_words(context.language), context.language
    if incident.kind == "total_volume":
        return say.total
    if incident.kind == "source_silent":
        if incident.status == "resolved":
            return say.silent_over
        return say.deferred if deferred(incident) else say.silent
    # In the order in which they came: a headline whose subject changes with the figures looks like another one.
    reasons = [one_line(reason) for reason in incident.contact_reasons]
    if len(reasons) == 1:
        return fit(reasons[0], room, tongue)
    more = say.and_more.format(reason="", more=len(reasons) - 1)
    return fit(reasons[0], room - len(more), tongue) + more


def told(incident: Incident, context: Context) -> str:
    """The figures in a few words, as in "42 tickets instead of ~11 in 30 min"."""
    say, kinds, tongue = words(context.language), kind_words(context.language), context.language
    found = figures(incident)
    values = {
        "observed": language.tickets(found.observed, tongue),
        "expected": language.about(found.expected, tongue),
        "window": language.duration(found.minutes, tongue),
        "duration": language.duration(lasted(incident), tongue),
    }
    over = incident.status == "resolved"
    if incident.kind == "source_silent":
        return (kinds.silent_over_headline if over else kinds.silent_headline).format(**values)
    return (say.headline_resolved if over else say.headline).format(**values)


def lasted(incident: Incident) -> float:
    """Minutes from the onset to the end, or to the last change of an open incident."""
    return ((incident.resolved_at or incident.updated_at) - figures(incident).onset) / timedelta(minutes=1)


def section(incident: Incident, context: Context) -> Block:
    """The figures in two columns."""
    found = figures(incident)
    if incident.kind == "source_silent":
        pairs = _of_silence(incident, found, context)
    else:
        pairs = _of_spike(incident, found, context)
    return blocks.fields(pairs, context.language)


def customers(found: Figures, sentence: str, context: Context) -> str:
    """How many distinct customers, in a sentence with a place for it."""
    return sentence.format(customers=language.number(found.customers, context.language))


def _of_spike(incident: Incident, found: Figures, context: Context) -> list[tuple[str, str]]:
    say, tongue = words(context.language), context.language
    rise = say.rise_value if found.expected >= _RATIO_FROM else say.rise_value_without_ratio
    window = language.duration(found.minutes, tongue)
    count = language.tickets(found.observed, tongue)
    ratio, excess = language.times(found.uplift, tongue), language.signed(found.excess, tongue)
    pairs = [
        (say.observed, say.observed_value.format(observed=count, window=window)),
        (say.expected, _expected(found, context)),
        (say.rise, rise.format(ratio=ratio, excess=excess)),
        (say.since, language.date_token(found.onset, context.timezone, tongue)),
    ]
    if found.customers:
        pairs.append((say.customers, customers(found, say.customers_value, context)))
    pairs.extend(_by_orders(found, context))
    return [*pairs, *_ended(incident, context)]


def _of_silence(incident: Incident, found: Figures, context: Context) -> list[tuple[str, str]]:
    say, tongue = kind_words(context.language), context.language
    pairs = [
        (say.silent_since, language.date_token(found.onset, context.timezone, tongue)),
        (say.silent_expected, _expected(found, context)),
    ]
    return [*pairs, *_ended(incident, context)]


def _by_orders(found: Figures, context: Context) -> list[tuple[str, str]]:
    """Tickets for every 1,000 orders: in a campaign's peak the totals alone mislead. None where no orders flow."""
    if context.orders is None:
        return []
    rate = per_thousand_orders(found.observed, found.onset, round(found.minutes), context.orders)
    if rate is None or not found.observed:
        return []
    kinds, tongue = kind_words(context.language), context.language
    usual = language.about(rate * found.expected / found.observed, tongue)
    seen = language.short(rate, tongue)
    return [(kinds.by_orders, kinds.by_orders_value.format(rate=seen, expected=usual))]


def _ended(incident: Incident, context: Context) -> list[tuple[str, str]]:
    if incident.resolved_at is None:
        return []
    say, tongue = words(context.language), context.language
    at = language.date_token(incident.resolved_at, context.timezone, tongue)
    length = language.duration(lasted(incident), tongue)
    return [(say.ended, say.ended_value.format(at=at, duration=length))]


def _expected(found: Figures, context: Context) -> str:
    tongue = context.language
    return words(tongue).expected_value.format(
        expected=language.about(found.expected, tongue),
        bounds=language.span(found.lower, found.upper, tongue),
    )
