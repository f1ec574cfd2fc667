"""What only some kinds of incident say: the contact reasons it is about, or what to check in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from alerts import blocks, language, source_lines
from alerts.blocks import Block, Part, clean, fit, one_line
from alerts.context import Context
from alerts.figures import Figures, figures, of_spike
from alerts.incident import latest
from alerts.kind_words import kind_words
from alerts.records import Incident, Spike
from alerts.source_words import source_words

_LISTED = 30
_REASON = 150
_IN_ONE_BLOCK = 10
_APART = 8


def verbatim(incident: Incident, headline: str, context: Context) -> list[Block]:
    """Contact reasons that neither the headline nor the list shows letter by letter, each by itself."""
    reasons = incident.contact_reasons[:_LISTED]
    if incident.kind == "spike" and len(reasons) == 1:
        missing = [one for one in reasons if one != one_line(one) or one not in headline]
    else:
        missing = [one for one in reasons if one != one_line(one) or len(one) > _REASON]
    return [blocks.paragraph(clean(one) or "–", context.language) for one in missing[:_APART]]


def section(incident: Incident, context: Context) -> list[Block]:
    """The list that this kind of incident needs; none for an incident of one contact reason."""
    say = kind_words(context.language)
    match incident.kind:
        case "source_silent":
            if incident.status == "resolved":
                return []
            known = [source_lines.line(one, context) for one in source_lines.shown(incident)]
            lines = [blocks.line(blocks.words(one)) for one in say.checks]
            return [*_listed(source_words(context.language).sources, known), *_listed(say.check, lines)]
        case "total_volume":
            return list(_listed(say.total_reasons, _reasons(incident, context)))
        case _ if len(incident.contact_reasons) > 1:
            return list(_listed(say.together, _reasons(incident, context)))
        case _:
            return []


def _listed(title: str, lines: Sequence[Block]) -> Iterator[Block]:
    """A titled list, in as many blocks as its length takes."""
    for begin in range(0, len(lines), _IN_ONE_BLOCK):
        some = blocks.bullets(lines[begin : begin + _IN_ONE_BLOCK])
        yield blocks.rich(some) if begin else blocks.rich(blocks.line(blocks.words(title, "bold")), some)


def _reasons(incident: Incident, context: Context) -> list[Block]:
    known = {spike.contact_reason: spike for spike in latest(incident.spikes)}
    order = incident.contact_reasons
    if incident.kind == "spike":
        # A condition names its reasons in an order of its own: the largest excess first.
        order = sorted(order, key=lambda one: -known[one].excess if one in known else 0.0)
    lines = [_line(reason, known.get(reason), incident, context) for reason in order[:_LISTED]]
    if len(order) > _LISTED:
        more = kind_words(context.language).more_reasons.format(more=len(order) - _LISTED)
        lines.append(blocks.line(blocks.words(more)))
    return lines


def _line(reason: str, spike: Spike | None, incident: Incident, context: Context) -> Block:
    say, tongue = kind_words(context.language), context.language
    parts: list[Part] = [blocks.words(fit(one_line(reason), _REASON, tongue) or "–", "bold")]
    if spike is None:
        return blocks.line(*parts, *_tickets(reason, figures(incident), incident, context))
    told = say.reason_line.format(
        observed=language.tickets(spike.observed, tongue),
        expected=language.about(spike.expected, tongue),
        window=language.duration(spike.window_minutes, tongue),
    )
    parts += [
        blocks.words(told + say.reason_since),
        blocks.date(spike.onset, context.timezone, tongue, _form(spike, incident)),
    ]
    if spike.state == "cleared" and incident.status == "open":
        parts.append(blocks.words(say.reason_over))
    return blocks.line(*parts, *_tickets(reason, of_spike(spike), incident, context))


def _tickets(reason: str, found: Figures, incident: Incident, context: Context) -> list[Part]:
    """The link to the tickets of one contact reason; none where there is no address for it."""
    if context.tickets_url is None:
        return []
    end = incident.resolved_at or found.until
    url = blocks.tickets_link(context.tickets_url, reason, found.onset, end)
    if url is None:
        return []
    return [blocks.words(" · "), blocks.link(url, kind_words(context.language).show_tickets)]


def _form(spike: Spike, incident: Incident) -> str:
    """The time of day alone, unless the incident is older than that tells."""
    recent = incident.updated_at - spike.onset < timedelta(hours=12)
    return "{time}" if recent else "{date_short_pretty} {time}"
