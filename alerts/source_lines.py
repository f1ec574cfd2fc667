"""One line for each source of a silent channel: when it last sent, and what is known to be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts import blocks, language
from alerts.blocks import Block, Part, escape, fit, one_line
from alerts.context import Context
from alerts.digested import QuietSource, SourceGaps
from alerts.records import Incident
from alerts.source_records import SourceStanding
from alerts.source_words import source_words

_NAME = 60
_LISTED = 10
Told = list[tuple[str, datetime | None]]
"""Sentences in order, each with the time that its `{at}` stands for."""


def shown(incident: Incident) -> list[SourceStanding]:
    """The sources of an incident, those first of which something is known, as many as a message has room for."""
    return sorted(incident.sources, key=lambda one: one.cause == "unknown")[:_LISTED]


def line(one: SourceStanding, context: Context) -> Block:
    """As a line of rich text, times in each reader's own zone."""
    tongue, zone = context.language, context.timezone
    parts: list[Part] = [blocks.words(_fitted(one.source, context), "bold"), blocks.words(": ")]
    for number, (sentence, at) in enumerate(told(one, context)):
        before, _, after = sentence.partition("{at}")
        parts.append(blocks.words(("; " if number else "") + before))
        if at is not None:
            parts.append(blocks.date(at, zone, tongue))
        if after:
            parts.append(blocks.words(after))
    return blocks.line(*parts)


def spoken(one: SourceStanding, context: Context) -> str:
    """As a sentence for notifications."""
    tongue, zone = context.language, context.timezone
    said = [
        sentence.replace("{at}", language.date_token(at, zone, tongue)) if at is not None else sentence
        for sentence, at in told(one, context)
    ]
    return f"{escape(_fitted(one.source, context))}: {'; '.join(said)}."


def told(one: SourceStanding, context: Context) -> Told:
    """What is said of a source."""
    say, tongue = source_words(context.language), context.language
    found: Told = [(say.never_sent, None)]
    if one.last_event_at is not None:
        found = [(say.last_sent, one.last_event_at)]
    match one.cause:
        case "refused":
            why = say.refused_for[one.refused_for or "refused"]
            found.append((say.refused.format(count=language.number(one.refused, tongue), why=why), None))
            if one.paused:
                found.append((say.paused, None))
        case "throttled":
            found.append((say.throttled, one.until))
        case "held_back":
            delay = language.duration(one.delay_seconds / 60.0, tongue)
            found.append((say.held_back.format(delay=delay), None))
        case "unheard":
            found.append((say.unheard, one.heard_at))
        case "away":
            found.append((say.away, None))
        case _:
            found.append((say.unknown, None))
    return found


def of_digest(quiet: Sequence[QuietSource], gaps: Sequence[SourceGaps], context: Context) -> list[Block]:
    """Lines of sources that went quiet while others did not, and of changes that came without their content."""
    say, tongue, zone = source_words(context.language), context.language, context.timezone
    told = [(one.source, say.digest, one.since) for one in quiet[:_LISTED]]
    told += [
        (one.source, say.gaps.format(count=language.number(one.gaps, tongue)), one.last_at)
        for one in gaps[:_LISTED]
    ]
    return [
        blocks.line(
            blocks.words(_fitted(name, context), "bold"), blocks.words(words), blocks.date(at, zone, tongue)
        )
        for name, words, at in told
    ]


def _fitted(name: str, context: Context) -> str:
    return fit(one_line(name), _NAME, context.language) or "–"
