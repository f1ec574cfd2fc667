"""A digest as a Slack message: what is open, what yesterday was about, and whether all is well; pure.

It calls nobody but those who took an open incident over and are named there. Contact reasons are words from outside,
so they stand in rich text, where nothing acts.
"""

from __future__ import annotations

from datetime import date

from alerts import answered, blocks, digest_lines, language, markets
from alerts.blocks import Block, Part, escape, fit, one_line
from alerts.context import Context
from alerts.digest_words import digest_words
from alerts.digested import Digest
from alerts.figures import figures
from alerts.figures_section import emoji, subject, told
from alerts.limits import TEXT, Payload
from alerts.records import Incident

EVENT_TYPE = "ticketspike_digest"
_OPEN = 10
_REASON = 80


def digest_id(day: date, market: str | None = None) -> str:
    """The id by which the digest that is due on a local date is found in the channel again.

    >>> digest_id(date(2026, 11, 20)), digest_id(date(2026, 11, 20), "AT")
    ('digest-2026-11-20', 'digest-2026-11-20-AT')
    """
    return f"digest-{day.isoformat()}" + (f"-{market}" if market is not None else "")


def digest(facts: Digest, context: Context, name: str) -> Payload:
    """The digest as a Slack message.

    Args:
        facts: what it tells.
        context: language and time zone.
        name: its id in the metadata, see `digest_id`; one sent by hand has another.
    """
    say, tongue = digest_words(context.language), context.language
    title = markets.before(context.market, tongue) + say.title.format(day=_day(facts.day, context))
    body: list[Block] = [
        blocks.header(f"📊 {title}", tongue),
        blocks.rich(*_open(facts, context)),
        blocks.rich(*digest_lines.tickets(facts, context)),
    ]
    if facts.quiet:
        body.append(blocks.rich(*digest_lines.quiet(facts, context)))
    body.append(blocks.rich(*digest_lines.answers(facts.answers, context)))
    body.append(blocks.rich(*digest_lines.star(facts.star, context)))
    body.append(blocks.rich(*digest_lines.health(facts.health, context)))
    if facts.total is not None:
        days = ", ".join(_day(one, context) for one in facts.usual_days)
        known = facts.total.usual is not None
        basis = say.basis.format(days=days) if known else say.basis_usual
        body.append(blocks.context([("plain_text", basis)], tongue))
    return {
        "text": fit(_spoken(facts, context, title), TEXT, tongue),
        "blocks": body,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"digest_id": name}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def shown(incident: Incident, context: Context) -> bool:
    """Whether an open incident belongs into a digest: people were told of it, or asked not to be.

    What is held back otherwise (too few customers, part of a rise of all tickets) is held back here, too.
    """
    if incident.status != "open":
        return False
    return incident.slack is not None or answered.silenced(incident, context)


def _open(facts: Digest, context: Context) -> list[Block]:
    say = digest_words(context.language)
    title = blocks.line(blocks.words(say.open, "bold"))
    if not facts.open:
        return [title, blocks.line(blocks.words(say.none_open))]
    lines = [blocks.line(*_incident(one, context)) for one in facts.open[:_OPEN]]
    if len(facts.open) > _OPEN:
        lines.append(blocks.line(blocks.words(say.more.format(more=len(facts.open) - _OPEN))))
    return [title, blocks.bullets(lines)]


def _incident(incident: Incident, context: Context) -> list[Part]:
    say, tongue, zone = digest_words(context.language), context.language, context.timezone
    parts = [
        blocks.words(f"{emoji(incident, context)} "),
        blocks.words(subject(incident, context, _REASON) or "–", "bold"),
        blocks.words(f": {told(incident, context)}{say.since}"),
        blocks.date(figures(incident).onset, zone, tongue),
    ]
    first = answered.taken_over(incident)
    if first is not None:
        parts.extend([blocks.words(say.taken_by), blocks.person(first.by, tongue)])
    else:
        parts.append(blocks.words(say.not_taken))
    holding = [answered.muted(incident, context), answered.snoozed(incident, context)]
    ends = [one.until for one in holding if one is not None and one.until is not None]
    if ends:
        parts.extend([blocks.words(say.silenced_until), blocks.date(max(ends), zone, tongue)])
    elif answered.silenced(incident, context):
        parts.append(blocks.words(say.silenced))
    return parts


def _spoken(facts: Digest, context: Context, title: str) -> str:
    """What notifications and screen readers say: the three things that decide whether to look."""
    say, tongue = digest_words(context.language), context.language
    parts = [say.spoken_open.format(count=language.number(len(facts.open), tongue))]
    if facts.total is not None:
        parts.append(language.tickets(facts.total.tickets, tongue))
    if facts.top:
        first = facts.top[0]
        reason = fit(escape(one_line(first.contact_reason)), 200, tongue) or "–"
        count = language.number(first.change.tickets, tongue)
        parts.append(say.spoken_top.format(reason=reason, count=count))
    return f"📊 {title}: {', '.join(parts)}."


def _day(day: date, context: Context) -> str:
    weekday = digest_words(context.language).weekdays[day.weekday()]
    if context.language == "de":
        return f"{weekday} {day:%d.%m.%Y}"
    return f"{weekday} {day.day} {language.MONTHS[day.month - 1]} {day.year}"
