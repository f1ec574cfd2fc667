"""The whole report: one page that needs nothing else, on a phone, on a desk, on paper, by day and by night."""

from __future__ import annotations

import html
from datetime import datetime

import numpy as np

from streams.report.comparisons import other_knobs, slow
from streams.report.contents import Contents, minute_of
from streams.report.incident import incident
from streams.report.sections import budget, calendar, head, raised_minutes
from streams.report.slow_changes import SlowChange, slow_changes, weeks_compared
from streams.report.style import SCRIPT, STYLE
from streams.report.weeks import complete_weeks, weeks_of
from streams.report.words import day_words, words

OPEN = 20
"""Alerts that are unfolded from the start."""


def page(contents: Contents) -> str:
    """The report as HTML; every word that comes from data is escaped."""
    said, language = words(contents.language), contents.language
    figures = contents.figures
    minutes = (contents.first, contents.watched, contents.until)
    weeks = weeks_of(
        minutes, raised_minutes(contents), figures.hours, figures.totals().tolist(), contents.zone
    )
    anchors = list(range(len(contents.alerts)))
    begin, end = (
        day_words(datetime.fromtimestamp(minute * 60, contents.zone).date(), language, year=True)
        for minute in (contents.first, contents.until - 1)
    )
    period = said.period.format(begin=begin, end=end)
    changes, compared = changes_of(contents)
    shown = [
        incident(contents, told, number, opened=number < OPEN) for number, told in enumerate(contents.alerts)
    ]
    incidents = f'<p class="note">{said.no_incidents}</p>'
    if shown:
        buttons = (
            f'<p class="buttons"><button type="button" data-open="1">{said.unfold}</button>'
            f'<button type="button" data-open="">{said.fold}</button></p>'
        )
        intro = said.incidents_intro.format(open=min(OPEN, len(shown))) if len(shown) > OPEN else ""
        incidents = f'<p class="note">{intro}</p>{buttons}{"".join(shown)}'
    parts = {
        "weeks": calendar(contents, weeks, anchors),
        "incidents": incidents,
        "budget": budget(contents),
        "knobs": other_knobs(contents),
        "slow": slow(contents, changes, compared),
    }
    links = "".join(f'<a href="#{name}">{said.contents[name]}</a>' for name, part in parts.items() if part)
    sections = "".join(
        f'<section id="{name}"><h2>{said.contents[name]}</h2>{part}</section>'
        for name, part in parts.items()
        if part
    )
    rows = "Tickets" if language == "de" else "tickets"
    if not contents.min_customers:
        rows = "Zählungen" if language == "de" else "counts"
    footer = said.footer.format(
        version=html.escape(contents.version), rows=rows, zone=html.escape(contents.zone.key)
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:\">"
        f"<title>{said.title}: {period}</title><style>{STYLE}</style></head><body>"
        f'<header><p class="period">{period}</p><h1>{said.title}</h1>{head(contents, weeks)}<nav>{links}</nav></header>'
        f"<main>{sections}</main><footer>{footer}</footer><script>{SCRIPT}</script></body></html>\n"
    )


def changes_of(contents: Contents) -> tuple[list[SlowChange], int]:
    """The slow changes, and how many weeks at each end were compared."""
    figures = contents.figures
    whole, places = complete_weeks(figures.hours, figures.minutes, contents.zone)
    weeks = weeks_compared(len(whole))
    if not weeks:
        return [], 0
    many = len(contents.reasons)
    row_of = {reason: row for row, reason in enumerate(contents.reasons)}
    sums = []
    for held in ((places >= 0) & (places < weeks), places >= len(whole) - weeks):
        total = figures.summed(held, many)
        hours = np.asarray(figures.hours)[held]
        for told in contents.told:
            spike = told.spike
            onset = minute_of(spike.onset)
            window = np.arange(onset // 60, (onset + spike.window_minutes - 1) // 60 + 1)
            part = float(np.isin(window, hours).mean())
            row = row_of[spike.contact_reason]
            total[row] = max(total[row] - part * spike.excess, 0.0)
        sums.append(total)
    return slow_changes(contents.reasons, sums[0], sums[1], weeks, figures.last_phi(many)), weeks
