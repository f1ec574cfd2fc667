"""An incident as a Slack message: plain payloads with `text`, `blocks` and `metadata`, German or English.

The root message is the incident's one place and is edited as it changes; replies in its thread call people
when it has grown or is over. Figures come first, then what stands out, then the campaign that coincides
(never a cause), then the rule that fired. `validate` says whether Slack would take a payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from alerts import blocks, campaign_section, language
from alerts.blocks import Block, Part, clean, escape, fit, one_line, visible
from alerts.context import Context
from alerts.decision import Reason, Whisper
from alerts.incident import leading
from alerts.limits import HEADER, TEXT, Payload, validate
from alerts.records import Driver, Incident, Spike
from alerts.words import words
from detectors.facet_sets import WITH

__all__ = ["EVENT_TYPE", "REPLY_EVENT_TYPE", "Payload", "reply", "root", "validate"]

EVENT_TYPE = "ticketspike_incident"
REPLY_EVENT_TYPE = "ticketspike_reply"

MIN_TICKETS_SHOWN = 5
"""A facet value with fewer tickets is not shown: a cell of one or two people identifies them."""

_SPOKEN_REASON = 1_000
_DRIVERS = 3
_RATIO_FROM = 0.5
"""Below half an expected ticket a ratio ("840x") says nothing but that none was expected."""


def root(incident: Incident, context: Context, counts: Sequence[int] | None = None) -> Payload:
    """The incident's root message in its present state, for chat.postMessage and chat.update alike.

    Args:
        incident: the incident; the figures shown are those of its leading spike.
        context: language, time zone, campaigns, the link to the tickets.
        counts: tickets per interval up to now, oldest first; shown as a row of bars when given.
    """
    spike, say = leading(incident), words(context.language)
    emoji, rest = _headline(incident, spike, context)
    reason = one_line(spike.contact_reason)
    head = f"{emoji} {fit(reason, HEADER - len(rest) - 6, context.language)}: {rest}"
    drivers = _shown_drivers(incident, spike)
    body: list[Block] = [blocks.header(head, context.language)]
    if reason != spike.contact_reason or reason not in head:
        # The headline holds one line; the reason itself stands here, letter by letter.
        body.append(blocks.paragraph(clean(spike.contact_reason) or "–", context.language))
    body.append(blocks.fields(_figures(incident, spike, context), context.language))
    if counts:
        bars = blocks.sparkline(counts[-60:])
        body.append(blocks.markdown(f"{say.counts}: `{bars}`", context.language))
    if drivers:
        lines = [_driver_line(driver, spike, context) for driver in drivers]
        body.append(blocks.rich(blocks.line(blocks.words(say.drivers, "bold")), blocks.bullets(lines)))
    body.extend(campaign_section.section(incident, spike, context))
    # Buttons stand here, between what happened and the small print, as soon as presses are answered: Slack
    # marks a button without an answer with a warning, and a dead one costs more trust than none.
    body.append(blocks.context([("plain_text", say.rule + clean(spike.rule))], context.language))
    body.append(blocks.context(_small_print(incident, spike, context), context.language))
    return _payload(_spoken(incident, spike, drivers, context), body, incident, EVENT_TYPE)


def whisper(word: Whisper, incident: Incident | None, context: Context) -> str:  # noqa: ARG001 - to come
    """A word to one person."""
    return str(word.kind)


def reply(
    incident: Incident,
    context: Context,
    why: Reason | None = None,  # noqa: ARG001 - to come
    *,
    permalink: str | None = None,  # noqa: ARG001 - to come
) -> Payload:
    """The reply in the thread that calls people: the incident has grown, or it is over."""
    spike, say, tongue = leading(incident), words(context.language), context.language
    emoji, told = _headline(incident, spike, context)
    state = say.grown
    if incident.status == "resolved":
        state = say.resolved.format(duration=language.duration(_minutes(incident, spike), tongue))
        told = say.instead.format(
            observed=language.tickets(spike.observed, tongue), expected=language.about(spike.expected, tongue)
        )
    if spike.customers:
        told += ", " + _customers(spike, say.spoken_customers, context)
    return _payload(
        f"{emoji} {_spoken_reason(spike, context)}: {state} – {told}",
        [blocks.markdown(f"{emoji} *{state}* – {told}", tongue)],
        incident,
        REPLY_EVENT_TYPE,
    )


def _payload(text: str, body: list[Block], incident: Incident, event_type: str) -> Payload:
    return {
        "text": text,
        "blocks": body,
        "metadata": {
            "event_type": event_type,
            "event_payload": {"incident_id": incident.incident_id, "revision": incident.revision},
        },
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _headline(incident: Incident, spike: Spike, context: Context) -> tuple[str, str]:
    say, tongue = words(context.language), context.language
    values = {
        "observed": language.tickets(spike.observed, tongue),
        "expected": language.about(spike.expected, tongue),
        "window": language.duration(spike.window_minutes, tongue),
        "duration": language.duration(_minutes(incident, spike), tongue),
    }
    if incident.status == "resolved":
        return "✅", say.headline_resolved.format(**values)
    return ("🔺" if spike.state == "grown" else "🔴"), say.headline.format(**values)


def _minutes(incident: Incident, spike: Spike) -> float:
    return ((incident.resolved_at or incident.updated_at) - spike.onset) / timedelta(minutes=1)


def _figures(incident: Incident, spike: Spike, context: Context) -> list[tuple[str, str]]:
    say, tongue = words(context.language), context.language
    rise = say.rise_value if spike.expected >= _RATIO_FROM else say.rise_value_without_ratio
    pairs = [
        (
            say.observed,
            say.observed_value.format(
                observed=language.tickets(spike.observed, tongue),
                window=language.duration(spike.window_minutes, tongue),
            ),
        ),
        (
            say.expected,
            say.expected_value.format(
                expected=language.about(spike.expected, tongue),
                bounds=language.span(spike.lower, spike.upper, tongue),
            ),
        ),
        (
            say.rise,
            rise.format(
                ratio=language.times(spike.uplift, tongue), excess=language.signed(spike.excess, tongue)
            ),
        ),
        (say.since, language.date_token(spike.onset, context.timezone, tongue)),
    ]
    if spike.customers:
        pairs.append((say.customers, _customers(spike, say.customers_value, context)))
    if incident.resolved_at is not None:
        at = language.date_token(incident.resolved_at, context.timezone, tongue)
        length = language.duration(_minutes(incident, spike), tongue)
        pairs.append((say.ended, say.ended_value.format(at=at, duration=length)))
    return pairs


def _customers(spike: Spike, sentence: str, context: Context) -> str:
    return sentence.format(customers=language.number(spike.customers, context.language))


def _shown_drivers(incident: Incident, spike: Spike) -> list[Driver]:
    linked = {link.id for link in incident.campaigns}
    return [
        driver
        for driver in spike.drivers
        # A linked campaign names itself, and better than its id does.
        if driver.tickets >= MIN_TICKETS_SHOWN
        and not (driver.facet == "campaign_id" and driver.value in linked)
    ][:_DRIVERS]


def _driver_line(driver: Driver, spike: Spike, context: Context) -> Block:
    say, tongue = words(context.language), context.language
    facet = _facet(driver, context)
    value = fit(one_line(driver.value), 80, tongue) or "–"
    styles = ("code",) if driver.facet == "voucher_code" else ("bold",)
    told = _told(driver, spike, context)
    if driver.excess_share > 0:
        told += say.driver_excess.format(share=language.percent(min(driver.excess_share, 1.0), tongue))
    parts: list[Part] = [
        blocks.words(fit(facet, 40, tongue) + " "),
        blocks.words(value, *styles),
        blocks.words(told),
    ]
    return blocks.line(*parts)


def _facet(driver: Driver, context: Context) -> str:
    """The facet's name; of a pair both."""
    names = words(context.language).facets
    if driver.facet in names or WITH not in driver.facet:
        return names.get(driver.facet, one_line(driver.facet))
    return f" {WITH} ".join(names.get(part, one_line(part)) for part in driver.facet.split(WITH))


def _told(driver: Driver, spike: Spike, context: Context) -> str:
    say, tongue = words(context.language), context.language
    return (say.driver_pair if WITH in driver.facet else say.driver).format(
        share=language.percent(driver.share, tongue),
        tickets=language.number(driver.tickets, tongue),
        total=language.number(campaign_section.total(driver, spike), tongue),
        usual=language.percent(driver.usual_share, tongue),
    )


def _small_print(incident: Incident, spike: Spike, context: Context) -> list[tuple[str, str]]:
    say = words(context.language)
    parts = [
        (
            "mrkdwn",
            f"{say.incident} `{incident.incident_id}` · {say.revision.format(revision=incident.revision)}",
        )
    ]
    if context.tickets_url:
        end = incident.resolved_at or spike.onset + timedelta(minutes=spike.window_minutes)
        url = blocks.tickets_link(context.tickets_url, spike.contact_reason, spike.onset, end)
        if url is not None:
            parts.append(("mrkdwn", f"<{escape(url)}|{say.tickets}>"))
    return parts


def _spoken(incident: Incident, spike: Spike, drivers: Sequence[Driver], context: Context) -> str:
    """What notifications and screen readers say, in the order of the message."""
    say, tongue = words(context.language), context.language
    emoji, rest = _headline(incident, spike, context)
    sentences = [f"{emoji} {_spoken_reason(spike, context)}: {rest}"]
    if spike.customers:
        sentences[0] += ", " + _customers(spike, say.spoken_customers, context)
    sentences[0] += "."
    if incident.campaigns:
        name = fit(escape(one_line(incident.campaigns[0].name)), 200, tongue)
        sentences.append(say.spoken_campaign.format(name=name))
    if drivers:
        value = fit(escape(one_line(drivers[0].value)), 200, tongue)
        sentences.append(value + _told(drivers[0], spike, context) + ".")
    return fit(" ".join(sentences), TEXT, tongue)


def _spoken_reason(spike: Spike, context: Context) -> str:
    # Escaped and otherwise letter by letter: machines that read messages find the reason here.
    reason = escape(visible(" ".join(spike.contact_reason.split())))
    return fit(reason, _SPOKEN_REASON, context.language) or "–"
