"""What is said beside the root message: replies in its thread that call people, and whispers to one person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts import answered, blocks, figures_section, language
from alerts.blocks import Block, escape, fit, one_line, visible
from alerts.context import Context
from alerts.decision import Reason, Whisper
from alerts.figures import Figures, extra, figures, peak
from alerts.limits import TEXT
from alerts.records import Incident
from alerts.thread_words import ThreadWords, thread_words
from alerts.words import words

_SPOKEN_REASON = 1_000
_SIGNS = {Reason.ESCALATED: "🔺", Reason.REMINDER: "⏰", Reason.REPLACED: "↪️", Reason.REOPENED: "🔺"}


def told(incident: Incident, context: Context, why: Reason, permalink: str | None) -> tuple[str, list[Block]]:
    """A reply as spoken text and as blocks."""
    sign = _SIGNS.get(why) or figures_section.emoji(incident, context)
    say, tongue, state = thread_words(context.language), context.language, _state(incident, context, why)
    details = _details(incident, context, why)
    # The source as a whole needs no name where the sentence itself is about it.
    about = "" if incident.kind == "source_silent" else f"{subject(incident, context)}: "
    place = figures_section.place(incident, context)
    spoken = fit(f"{sign} {place}{about}" + " – ".join([state, *details]), TEXT, tongue)
    shown = f"{sign} *{state}*" + "".join(f" – {one}" for one in details)
    if (highest := peak(figures(incident))) is not None and why is Reason.RESOLVED:
        shown += _peak(highest, say, context)
    body = [blocks.markdown(shown, tongue)]
    if why is Reason.ESCALATED and (press := answered.last(incident, "snoozed")) is not None:
        # Who snoozed wants to hear when it gets worse. A mention works in a block only, and calls just them.
        parts = [blocks.words(say.escalated_for), blocks.person(press.by, tongue)]
        body.append(blocks.rich(blocks.line(*parts)))
    if why is Reason.REPLACED and permalink and permalink.startswith("https://"):
        link = escape(blocks.link_target(permalink))
        body.append(blocks.markdown(f"<{link}|{say.earlier}>", tongue))
    return spoken, body


def whispered(word: Whisper, incident: Incident | None, context: Context) -> str:
    """The sentence for one person, as mrkdwn."""
    say = thread_words(context.language)
    match word.kind:
        case "was_first":
            person = _mention(word.by, context) if word.by else say.somebody
            first = answered.taken_over(incident) if incident is not None else None
            if first is None:
                return say.was_first.format(person=person)
            return say.was_first_at.format(person=person, at=_token(first.at, context))
        case "stale":
            return say.stale
        case "too_late" if incident is not None and incident.resolved_at is not None:
            return say.too_late_at.format(at=_token(incident.resolved_at, context))
        case "too_late":
            return say.too_late
        case "unknown":
            return say.unknown


def subject(incident: Incident, context: Context) -> str:
    """What it is about, for notifications: the first reason letter by letter, as machines look for it here."""
    if incident.kind != "spike":
        return escape(figures_section.subject(incident, context, 200))
    first, *others = incident.contact_reasons
    reason = fit(escape(visible(" ".join(first.split()))), _SPOKEN_REASON, context.language) or "–"
    if not others:
        return reason
    rest = figures_section.subject(incident, context, 200)
    return reason + rest[len(fit(one_line(first), 200, context.language)) :]


def _state(incident: Incident, context: Context, why: Reason) -> str:
    say, thread, tongue = words(context.language), thread_words(context.language), context.language
    match why:
        case Reason.RESOLVED:
            over = thread.silent_over if incident.kind == "source_silent" else say.resolved
            return over.format(duration=language.duration(figures_section.lasted(incident), tongue))
        case Reason.REMINDER:
            minutes = _waited(incident, context)
            if minutes < 1:
                return thread.reminder_untold
            return thread.reminder.format(duration=language.duration(minutes, tongue))
        case Reason.ESCALATED:
            return thread.escalated
        case Reason.REOPENED:
            return thread.reopened
        case Reason.REPLACED:
            return thread.replaced.rstrip(".")
        case _:
            return say.grown


def _details(incident: Incident, context: Context, why: Reason) -> list[str]:
    """The figures that belong to a reply, as one clause; none where they are not what it is about."""
    if why is Reason.REPLACED:
        return []
    found, tongue = figures(incident), context.language
    say, thread = words(tongue), thread_words(tongue)
    expected = language.about(found.expected, tongue)
    if incident.kind == "source_silent":
        over = why is Reason.RESOLVED
        return [
            thread.silent_missing.format(expected=expected)
            if over
            else figures_section.told(incident, context)
        ]
    if why is not Reason.RESOLVED:
        return [", ".join([figures_section.told(incident, context), *_customers(found, context)])]
    parts = [
        say.instead.format(observed=language.tickets(found.observed, tongue), expected=expected),
        *_customers(found, context),
    ]
    number, least, most = extra(found)
    if number:
        bounds = f"{language.number(least, tongue)}–{language.number(most, tongue)}"
        parts.append(thread.extra.format(extra=language.number(number, tongue), bounds=bounds))
    return [", ".join(parts)]


def _peak(highest: tuple[int, int, datetime], say: ThreadWords, context: Context) -> str:
    count, step, at = highest
    return ", " + say.peak.format(
        count=language.number(count, context.language),
        step=language.duration(step, context.language),
        at=language.date_token(at, context.timezone, context.language, "{time}"),
    )


def _customers(found: Figures, context: Context) -> list[str]:
    if not found.customers:
        return []
    return [figures_section.customers(found, words(context.language).spoken_customers, context)]


def _waited(incident: Incident, context: Context) -> float:
    """Minutes since people were last called, on wall time."""
    said = context.said
    since = said.called_at if said is not None and said.incident_id == incident.incident_id else None
    if since is None and incident.slack is not None:
        since = _posted(incident.slack.ts)
    return 0.0 if since is None else (context.wall - since) / timedelta(minutes=1)


def _posted(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _mention(by: str, context: Context) -> str:
    if blocks.is_user(by):
        return f"<@{by}>"
    return escape(fit(one_line(by), 80, context.language)) or thread_words(context.language).somebody


def _token(at: datetime, context: Context) -> str:
    return language.date_token(at, context.timezone, context.language)
