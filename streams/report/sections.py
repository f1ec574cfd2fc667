"""The page's other parts: totals, weeks, the budget of false alarms."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import takewhile

from alerts import language as speech
from alerts.language import Language
from detectors.interval import interval
from streams.report.contents import WEEK, Contents, minute_of
from streams.report.weeks import Day, Week
from streams.report.words import Words, day_words, words


def time_words(minutes: float, language: Language) -> str:
    """A length of time for a sentence (German: in the dative), never singular.

    >>> time_words(84 * 1440, "de"), time_words(7 * 1440, "de"), time_words(1440, "en")
    ('12 Wochen', '7 Tagen', '24 hours')
    """
    names = ("Wochen", "Tagen", "Stunden") if language == "de" else ("weeks", "days", "hours")
    for name, length, least in zip(names, (WEEK, 1440, 60), (14 * 1440, 2 * 1440, 0), strict=True):
        if minutes >= least:
            value = minutes / length
            return f"{speech.number(value, language, 0 if abs(value - round(value)) < 0.05 else 1)} {name}"
    raise AssertionError("a length of time is not negative")


def plain_number(value: float, language: Language) -> str:
    """A number with the digits it has, two at most.

    >>> plain_number(3.0, "de"), plain_number(0.25, "de"), plain_number(1.5, "en")
    ('3', '0,25', '1.5')
    """
    digits = next((digits for digits in (0, 1) if round(value, digits) == value), 2)
    return speech.number(value, language, digits)


def head(contents: Contents, weeks: Sequence[Week]) -> str:
    """The totals, in words and in four figures."""
    said, language = words(contents.language), contents.language
    alerts, whole = contents.alerts, [week for week in weeks if week.whole]
    quiet = sum(week.alerts == 0 for week in whole)
    rate = len(alerts) / contents.weeks if contents.weeks else 0.0
    many = len(contents.reasons)
    reason = (
        ("einem Kontaktgrund", "{} Kontaktgründen")
        if language == "de"
        else ("one contact reason", "{} contact reasons")
    )
    shown = {
        "weeks": time_words(contents.until - contents.watched, language),
        "tickets": speech.tickets(contents.tickets, language),
        "reasons": reason[0] if many == 1 else reason[1].format(speech.number(many, language)),
        "alerts": said.week_alerts[len(alerts) == 1].format(number=speech.number(len(alerts), language)),
        "rate": speech.number(rate, language, 1),
    }
    sentences = [(said.totals if alerts else said.totals_none).format(**shown)]
    if alerts and len(whole) > 1:
        told = said.quiet[quiet == 1] if quiet else said.no_quiet
        sentences.append(told.format(quiet=quiet, weeks=len(whole)))
    if contents.watched > contents.first:
        sentences.append(said.learnt.format(days=time_words(contents.watched - contents.first, language)))
    elif contents.until - contents.first < 2 * 1440:
        sentences.append(said.short)
    else:
        sentences.append(said.learnt_nothing)
    if contents.held_back:
        number = speech.number(len(contents.held_back), language)
        sentences.append(said.held_back.format(number=number, customers=contents.min_customers))
    if contents.refused:
        sentences.append(said.refused.format(number=speech.number(contents.refused, language)))
    figures = {
        "alerts": speech.number(len(alerts), language),
        "rate": shown["rate"],
        "quiet": f"{quiet}/{len(whole)}",
        "reasons": speech.number(many, language),
    }
    tiles = "".join(
        f"<div><dd>{value}</dd><dt>{said.figures[name]}</dt></div>" for name, value in figures.items()
    )
    return f'<p class="totals">{" ".join(sentences)}</p><dl class="figures">{tiles}</dl>'


def calendar(contents: Contents, weeks: Sequence[Week], places: Sequence[int]) -> str:
    """The weeks, a line each; `places` is the anchor of each alert."""
    said, language = words(contents.language), contents.language
    learnt = len(list(takewhile(lambda week: not week.watched, weeks)))
    lines = []
    if learnt > 2:
        lines.append(f'<li class="many">{said.weeks_learnt.format(number=learnt)}</li>')
    for week in weeks[learnt if learnt > 2 else 0 :]:
        first, last = week.days[0].day, week.days[6].day
        begin = (
            day_words(first, language)
            if first.month != last.month
            else f"{first.day}{'.' if language == 'de' else ''}"
        )
        name = said.week.format(number=first.isocalendar().week, begin=begin, end=day_words(last, language))
        told = said.week_learnt
        if week.watched:
            told = said.week_quiet
        if week.alerts:
            told = said.week_alerts[week.alerts == 1].format(number=week.alerts)
        kind = "loud" if week.alerts else "quiet" if week.watched else "past"
        tickets = speech.tickets(week.tickets, language)
        days = "".join(_day(day, said, places) for day in week.days)
        lines.append(
            f'<li class="{kind}"><span class="name">{name}</span><span class="days">{days}</span>'
            f'<b>{told}</b><span class="of">{tickets}</span></li>'
        )
    legend = "".join(
        f'<li><i class="day {kind}{" s2" if kind == "alert" else ""}">{"2" if kind == "alert" else ""}</i>{text}</li>'
        for kind, text in said.legend_days.items()
    )
    return (
        f'<p class="note">{said.weeks_intro}</p><ul class="legend">{legend}</ul>'
        f'<ol class="weeks">{"".join(lines)}</ol>'
    )


def _day(day: Day, said: Words, places: Sequence[int]) -> str:
    if not day.alerts:
        initial = "" if day.kind == "outside" else said.days[day.day.weekday()][0]
        return f'<i class="day {day.kind}" aria-hidden="true">{initial}</i>'
    strength = min(len(day.alerts), 4)
    label = f"{said.days[day.day.weekday()]}: {said.week_alerts[len(day.alerts) == 1].format(number=len(day.alerts))}"
    return (
        f'<a class="day alert s{strength}" href="#i{places[day.alerts[0]]}" aria-label="{label}" '
        f'title="{label}">{len(day.alerts)}</a>'
    )


def budget(contents: Contents) -> str:
    """What the knob means, and how many alerts are to be expected by chance."""
    said, language = words(contents.language), contents.language
    expected, alerts = contents.knob * contents.weeks, len(contents.alerts)
    low, high = interval(expected, 1.0, 0.0)
    shown = {
        "knob": f"<b>{plain_number(contents.knob, language)}</b>",
        "weeks": time_words(contents.until - contents.watched, language),
        "expected": f"<b>{html.escape(speech.short(expected, language))}</b>",
        "alerts": speech.number(alerts, language),
        "low": speech.number(low, language),
        "high": speech.number(high, language),
    }
    text = [sentence.format(**shown) for sentence in said.budget]
    if alerts:
        reading = 0 if alerts > 2.5 * expected and alerts > high else 1 if alerts > high else 2
        text.append(said.budget_reading[reading])
    return "".join(f"<p>{sentence}</p>" for sentence in text)


def raised_minutes(contents: Contents) -> list[int]:
    """When each alert was raised."""
    return [minute_of(told.spike.raised_at) for told in contents.alerts]
