"""An incident as a Slack message: plain payloads with `text`, `blocks` and `metadata`, German or English.

The root message is the incident's one place and is edited as it changes; replies in its thread call people
when they have to look (`replies`), a whisper answers one person. In the root, what people answered comes
first, then the figures and their course, then what stands out and the campaign that coincides (never a
cause), then the buttons, and last the rule that fired. `validate` says whether Slack would take a payload.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts import (
    answers_section,
    blocks,
    buttons,
    campaign_section,
    chart,
    driver_lines,
    figures_section,
    kinds_section,
    replies,
    roster_lines,
    source_lines,
)
from alerts.blocks import Block, clean, escape, fit, one_line
from alerts.chart import without_chart
from alerts.context import Context
from alerts.decision import Reason, Whisper
from alerts.figures import figures
from alerts.incident import leading
from alerts.kind_words import kind_words
from alerts.limits import TEXT, Payload, validate
from alerts.records import Incident
from alerts.words import words

__all__ = [
    "EVENT_TYPE",
    "REPLY_EVENT_TYPE",
    "Payload",
    "Reason",
    "Whisper",
    "reply",
    "root",
    "validate",
    "whisper",
    "without_chart",
]

EVENT_TYPE = "ticketspike_incident"
REPLY_EVENT_TYPE = "ticketspike_reply"

_BARS = 60
_RELATED = 3
_SPOKEN_REASONS = 10
_SPOKEN_SOURCES = 3


def root(incident: Incident, context: Context, counts: Sequence[int] | None = None) -> Payload:
    """The incident's root message in its present state, for chat.postMessage and chat.update alike.

    Args:
        incident: the incident; the figures shown are those of its leading spike, of its condition, or of all
            its contact reasons together.
        context: language, time zone, campaigns, the link to the tickets, whether presses are answered.
        counts: tickets per interval up to now, oldest first; shown as a row of bars where no spike brings a
            course of its own.
    """
    head = figures_section.headline(incident, context)
    body: list[Block] = [blocks.header(head, context.language)]
    # The headline holds one line; a reason that does not fit stands here, letter by letter.
    body.extend(kinds_section.verbatim(incident, head, context))
    body.extend(roster_lines.of_root(incident, context))
    body.extend(answers_section.section(incident, context))
    body.append(figures_section.section(incident, context))
    body.extend(kinds_section.section(incident, context))
    body.extend(_course(incident, context, counts))
    if incident.spikes:
        spike = leading(incident)
        body.extend(driver_lines.section(incident, spike, context))
        body.extend(campaign_section.section(incident, spike, context))
    body.extend(buttons.rows(incident, context))
    body.append(blocks.context([("plain_text", _rule(incident, context))], context.language))
    body.append(blocks.context(_small_print(incident, context), context.language))
    said = payload(_spoken(incident, context), body, incident, EVENT_TYPE)
    return said | roster_lines.place(incident, context)


def reply(
    incident: Incident, context: Context, why: Reason | None = None, *, permalink: str | None = None
) -> Payload:
    """The reply in the thread that calls people.

    Args:
        incident: the incident as it stands.
        context: language, time zone, wall time.
        why: what they are called for; None for what the status says, so grown or resolved.
        permalink: with `Reason.REPLACED` the address of the earlier message, if there is one.
    """
    why = why or (Reason.RESOLVED if incident.status == "resolved" else Reason.GROWN)
    spoken, body = replies.told(incident, context, why, permalink)
    body.extend(roster_lines.of_reply(incident, context, why))
    return payload(spoken, body, incident, REPLY_EVENT_TYPE)


def whisper(word: Whisper, incident: Incident | None, context: Context) -> str:
    """The polite word to one person whose press changed nothing, as mrkdwn for chat.postEphemeral.

    Args:
        word: what to say, and of whom.
        incident: the incident, where it is known.
        context: language and time zone.
    """
    return replies.whispered(word, incident, context)


def payload(text: str, body: list[Block], incident: Incident, event_type: str) -> Payload:
    """The arguments of chat.postMessage without the channel."""
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


def _course(incident: Incident, context: Context, counts: Sequence[int] | None) -> list[Block]:
    found = figures(incident)
    if drawn := chart.chart(found.course, context):
        return drawn
    if not counts:
        return []
    bars = chart.bars(counts[-_BARS:])
    return [blocks.markdown(f"{words(context.language).counts}: `{bars}`", context.language)]


def _rule(incident: Incident, context: Context) -> str:
    rule = clean(figures(incident).rule)
    if len(incident.contact_reasons) > 1 and incident.kind == "spike":
        # Each reason fired by itself; the one that rose most speaks for them.
        reason = fit(one_line(leading(incident).contact_reason), 100, context.language)
        return kind_words(context.language).rule_of.format(reason=reason) + rule
    return words(context.language).rule + rule


def _small_print(incident: Incident, context: Context) -> list[tuple[str, str]]:
    say, found = words(context.language), figures(incident)
    revision = say.revision.format(revision=incident.revision)
    parts = [("mrkdwn", f"{say.incident} `{incident.incident_id}` · {revision}")]
    if incident.related:
        others = ", ".join(f"`{escape(one)}`" for one in incident.related[:_RELATED])
        parts.append(("mrkdwn", kind_words(context.language).related.format(incidents=others)))
    if context.tickets_url and len(incident.contact_reasons) == 1 and incident.kind == "spike":
        end = incident.resolved_at or found.until
        url = blocks.tickets_link(context.tickets_url, incident.contact_reasons[0], found.onset, end)
        if url is not None:
            parts.append(("mrkdwn", f"<{escape(url)}|{say.tickets}>"))
    return parts


def _spoken(incident: Incident, context: Context) -> str:
    """What notifications and screen readers say, in the order of the message."""
    say, tongue = words(context.language), context.language
    sign, rest = figures_section.emoji(incident, context), figures_section.told(incident, context)
    place = figures_section.place(incident, context)
    sentences = [f"{sign} {place}{replies.subject(incident, context)}: {rest}"]
    if figures(incident).customers:
        sentences[0] += f", {figures_section.customers(figures(incident), say.spoken_customers, context)}"
    sentences[0] += "."
    if incident.status == "open":
        sentences.extend(
            source_lines.spoken(one, context) for one in source_lines.shown(incident)[:_SPOKEN_SOURCES]
        )
    # The sign in front says it to those who see it.
    sentences.extend(f"{state}." for state in answers_section.states(incident, context))
    if incident.campaigns and incident.spikes:
        name = fit(escape(one_line(incident.campaigns[0].name)), 200, tongue)
        sentences.append(say.spoken_campaign.format(name=name))
    if len(incident.contact_reasons) > 1:
        reasons = (escape(one_line(one)) for one in incident.contact_reasons[:_SPOKEN_REASONS])
        sentences.append(", ".join(fit(one, 100, tongue) for one in reasons) + ".")
    elif incident.spikes and (drivers := driver_lines.shown(incident, leading(incident))):
        sentences.append(driver_lines.spoken(drivers[0], leading(incident), context))
    return fit(" ".join(sentences), TEXT, tongue)
