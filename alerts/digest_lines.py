"""The sections of a digest beside the open incidents: tickets and their change, answers, the one number, the source."""

from __future__ import annotations

from alerts import blocks, language, source_lines
from alerts.blocks import Block, Part, fit, one_line
from alerts.context import Context
from alerts.digest_words import digest_words
from alerts.digested import Answers, Change, Digest, Health, Star
from alerts.language import Language

_REASON = 80
_SILENCES = 3
_PERCENT_UNTIL = 3.0


def tickets(facts: Digest, context: Context) -> list[Block]:
    """The day's tickets: all of them, then the contact reasons with the most."""
    say, tongue = digest_words(context.language), context.language
    title = blocks.line(blocks.words(say.yesterday, "bold"))
    if facts.total is None:
        return [title, blocks.line(blocks.words(say.nothing))]
    lines = [blocks.line(blocks.words(f"{say.total}: {_counted(facts.total, tongue)}"))]
    lines.extend(
        blocks.line(
            blocks.words(_name(one.contact_reason, tongue), "bold"),
            blocks.words(f": {_counted(one.change, tongue)}"),
        )
        for one in facts.top
    )
    return [title, blocks.bullets(lines)]


def quiet(facts: Digest, context: Context) -> list[Block]:
    """The contact reasons that used to come."""
    say, tongue = digest_words(context.language), context.language
    lines = [
        blocks.line(
            blocks.words(_name(one.contact_reason, tongue), "bold"),
            blocks.words(say.quiet_line.format(usual=language.about(one.usual, tongue))),
            blocks.date(one.last_at, context.timezone, tongue),
        )
        for one in facts.quiet
    ]
    return [blocks.line(blocks.words(say.quiet, "bold")), blocks.bullets(lines)]


def answers(found: Answers, context: Context) -> list[Block]:
    """What people answered, and the week against the knob."""
    say, tongue = digest_words(context.language), context.language
    kinds = [f"{language.number(count, tongue)}× {say.kinds[kind]}" for kind, count in found.by_kind.items()]
    week = say.week.format(
        false_alarms=language.number(found.false_alarms, tongue),
        missed=language.number(found.missed, tongue),
        knob=language.short(found.knob, tongue),
    )
    return [
        blocks.line(blocks.words(say.answers, "bold")),
        blocks.bullets(
            [
                blocks.line(blocks.words(" · ".join(kinds) if kinds else say.no_answers)),
                blocks.line(blocks.words(week)),
            ]
        ),
    ]


def star(found: Star, context: Context) -> list[Block]:
    """The one number, in one line."""
    say, tongue = digest_words(context.language), context.language
    parts: list[Part] = [blocks.words(f"⭐ {say.star[found.kind]}: ", "bold")]
    if found.value is None:
        return [blocks.line(*parts, blocks.words(say.star_none.format(days=found.days)))]
    minutes = found.kind == "minutes"
    value = language.duration(found.value, tongue) if minutes else language.percent(found.value, tongue)
    rest = say.star_value[found.kind].format(
        of=found.of,
        days=found.days,
        useful=found.of - found.against - found.silent,
        against=found.against,
        silent=found.silent,
    )
    return [blocks.line(*parts, blocks.words(value, "bold"), blocks.words(rest))]


def health(found: Health, context: Context) -> list[Block]:
    """How the source does."""
    say, tongue, zone = digest_words(context.language), context.language, context.timezone
    last = blocks.words(say.no_ticket)
    if found.last_ticket_at is not None:
        last = blocks.date(found.last_ticket_at, zone, tongue)
    lines = [blocks.line(blocks.words(say.last_ticket), last)]
    for one in found.silences[-_SILENCES:]:
        until = blocks.words(say.silence_goes_on)
        parts = [blocks.words(say.silence), blocks.date(one.since, zone, tongue)]
        if one.until is not None:
            parts.append(blocks.words(" – "))
            until = blocks.date(one.until, zone, tongue)
        lines.append(blocks.line(*parts, until))
    if found.dead_letters is not None:
        count = language.number(found.dead_letters, tongue)
        lines.append(blocks.line(blocks.words(say.dead_letters.format(count=count))))
    lines += source_lines.of_digest(found.quiet_sources, found.gaps, context)
    return [blocks.line(blocks.words(say.health, "bold")), blocks.bullets(lines)]


def _counted(change: Change, tongue: Language) -> str:
    say = digest_words(tongue)
    count = language.tickets(change.tickets, tongue)
    if change.usual is None:
        return count
    if change.ratio is None:
        return f"{count} · {say.never}"
    verdict = say.steady
    if change.clear:
        verdict = say.rising if change.ratio > 1 else say.falling
    usual = say.usually.format(usual=language.about(change.usual, tongue))
    return f"{count} · {usual} · {verdict}: {_ratio(change, tongue)}"


def _ratio(change: Change, tongue: Language) -> str:
    """A ratio with its interval: per cent while that reads well, a factor beyond.

    >>> _ratio(Change(tickets=42, usual=11, ratio=3.82, lower=2.44, upper=5.96, clear=True), "en")
    '3.8× (2.4× to 6.0×)'
    >>> _ratio(Change(tickets=11, usual=10, ratio=1.1, lower=0.5, upper=2.2), "de")
    '+10 % (−50 % bis +120 %)'
    """
    assert change.ratio is not None  # noqa: S101 - the caller has looked
    lower, upper = change.lower or 0.0, change.upper

    def written(ratio: float) -> str:
        if change.ratio is not None and change.ratio > _PERCENT_UNTIL:
            return language.times(ratio, tongue)
        return language.signed(round(100 * (ratio - 1)), tongue) + " %"

    high = "∞" if upper is None else written(upper)
    interval = digest_words(tongue).interval.format(low=written(lower), high=high)
    return f"{written(change.ratio)} ({interval})"


def _name(contact_reason: str, tongue: Language) -> str:
    return fit(one_line(contact_reason), _REASON, tongue) or "–"
