"""The page's tables: other values of the knob, slow changes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime

from alerts import language as speech
from alerts.language import Language
from streams.report.chart import shortened
from streams.report.contents import Contents, alarm_of
from streams.report.other_knobs import Alarm, without
from streams.report.sections import plain_number
from streams.report.slow_changes import SlowChange
from streams.report.words import day_words, words

LISTED = 60
SLOW_LISTED = 20


def other_knobs(contents: Contents) -> str:
    """How the same time would have sounded with other values of the knob."""
    said, language = words(contents.language), contents.language
    main = [alarm_of(told.spike) for told in contents.told]
    rows = sorted([*contents.others.items(), (1.0, main)], key=lambda row: row[0])
    head_cells = "".join(f'<th scope="col">{name}</th>' for name in said.knobs_head)
    lines, lists = [], []
    for factor, alarms in rows:
        knob, name = factor * contents.knob, said.knob_names.get(factor, speech.times(factor, language))
        cells = (
            plain_number(knob, language),
            html.escape(speech.about(knob * contents.weeks, language)),
            f"<b>{speech.number(len(alarms), language)}</b>",
            speech.number(len(alarms) / contents.weeks if contents.weeks else 0.0, language, 1),
        )
        marked = ' class="now"' if factor == 1.0 else ""
        data = "".join(f"<td>{cell}</td>" for cell in cells)
        lines.append(f'<tr{marked}><th scope="row">{name}</th>{data}</tr>')
        if factor != 1.0:
            lists.append(_difference(contents, factor, name, main, alarms))
    gate = (
        f'<p class="note">{said.knobs_gate.format(customers=contents.min_customers)}</p>'
        if contents.held_back
        else ""
    )
    return (
        f'<p>{said.knobs_intro}</p><div class="wide"><table class="knobs"><thead><tr>{head_cells}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>{gate}{''.join(lists)}"
    )


def _difference(
    contents: Contents, factor: float, name: str, main: Sequence[Alarm], alarms: Sequence[Alarm]
) -> str:
    said, language = words(contents.language), contents.language
    different = without(alarms, main) if factor > 1.0 else without(main, alarms)
    if not different:
        return f'<p class="note">{_upper(said.same.format(name=name))}</p>'
    number = len(different)
    title = (said.additional if factor > 1.0 else said.missing)[number == 1]
    items = []
    for alarm in sorted(different, key=lambda one: one.raised)[:LISTED]:
        at = datetime.fromtimestamp(alarm.raised * 60, contents.zone)
        against = said.instead.format(
            observed=speech.number(alarm.observed, language),
            expected=html.escape(speech.about(alarm.expected, language)),
            window=speech.duration(alarm.until - alarm.onset, language),
        )
        items.append(
            f"<li><span>{said.days[at.weekday()]} {day_words(at.date(), language)}, {at:%H:%M}</span>"
            f"<b><bdi>{html.escape(shortened(alarm.contact_reason))}</bdi></b><span>{against}</span></li>"
        )
    if number > LISTED:
        items.append(f"<li>{said.more.format(number=speech.number(number - LISTED, language))}</li>")
    title = _upper(title.format(number=speech.number(number, language), name=name))
    return (
        f'<details class="list"><summary>{title}</summary><ul class="alarms">{"".join(items)}</ul></details>'
    )


def _upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def slow(contents: Contents, changes: Sequence[SlowChange], weeks: int) -> str:
    """The contact reasons whose level changed over the whole time."""
    said, language = words(contents.language), contents.language
    if not weeks:
        return f"<p>{said.slow_few}</p>"
    names = ("Woche", "Wochen") if language == "de" else ("week", "weeks")
    compared = f"{weeks} {names[weeks > 1]}"
    intro = f"<p>{said.slow_intro.format(weeks=compared)}</p>"
    if not changes:
        return f"{intro}<p>{said.slow_none}</p>"
    head_cells = "".join(f'<th scope="col">{name}</th>' for name in said.slow_head)
    lines = []
    for change in changes[:SLOW_LISTED]:
        moved = said.slow_new if change.ratio is None else _change(change.ratio, language)
        low, high = (
            _change(bound, language).replace(" ", "\u00a0") for bound in (change.lower, change.upper)
        )
        bounds = f"{low} … {high}"
        arrow = "▲" if change.ratio is None or change.ratio > 1 else "▼"
        lines.append(
            f'<tr><th scope="row"><bdi>{html.escape(shortened(change.contact_reason))}</bdi></th>'
            f"<td>{html.escape(speech.short(change.before, language))}</td>"
            f"<td>{html.escape(speech.short(change.after, language))}</td>"
            f'<td><b><i class="arrow" aria-hidden="true">{arrow}</i> {moved}</b></td><td>{bounds}</td></tr>'
        )
    rest = len(changes) - SLOW_LISTED
    more = f'<p class="note">{said.slow_more.format(number=rest)}</p>' if rest > 0 else ""
    return (
        f'{intro}<div class="wide"><table class="slow"><thead><tr>{head_cells}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>{more}"
    )


def _change(ratio: float, language: Language) -> str:
    """A ratio as a change: per cent up to three times, a factor beyond."""
    if ratio == float("inf"):
        return "∞"
    if ratio > 3.0:
        return html.escape(speech.times(ratio, language))
    return speech.signed(100.0 * (ratio - 1.0), language) + " %"
