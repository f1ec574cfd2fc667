"""One alert of the page: a line that opens into its chart, its rule and its message."""

from __future__ import annotations

import html
from datetime import datetime

from alerts import language as speech
from alerts import preview
from alerts.campaign import fold
from alerts.records import Campaign, Spike
from streams.report.chart import Band, Chart, draw, shortened
from streams.report.contents import Contents, Told, minute_of
from streams.report.course import HOUR, View, in_buckets, rate_of, view_of
from streams.report.words import day_words, words

MOST_BANDS = 4
_LETTERS = "ABCDEFGH"


def incident(contents: Contents, told: Told, number: int, *, opened: bool) -> str:
    """An alert as a `<details>`, its anchor `i` and its number."""
    said, spike, language = words(contents.language), told.spike, contents.language
    raised = spike.raised_at.astimezone(contents.zone)
    line = said.instead.format(
        observed=speech.tickets(spike.observed, language),
        expected=html.escape(speech.about(spike.expected, language)),
        window=speech.duration(spike.window_minutes, language),
    )
    campaigns = ", ".join(shortened(one.name, 60) for one in told.incident.campaigns)
    tag = ""
    if campaigns:
        tag = f'<span class="tag"><bdi>{html.escape(said.coincides.format(name=campaigns))}</bdi></span>'
    open_end = f' <span class="tag">{said.open_end}</span>' if spike.cleared_at is None else ""
    summary = (
        f'<summary><span class="when"><b>{said.days[raised.weekday()]} {day_words(raised.date(), language)}</b> '
        f"<span>{raised:%H:%M}</span></span>"
        f'<span class="what"><b><bdi>{html.escape(shortened(spike.contact_reason, 160))}</bdi></b>'
        f"<span>{line}</span>{tag}{open_end}</span></summary>"
    )
    return (
        f'<details class="incident" id="i{number}"{" open" if opened else ""}>{summary}<div class="inside">'
        f"{_chart(contents, spike, number)}"
        f'<p class="rule" dir="auto"><b>{said.rule}:</b> {html.escape(spike.rule)}</p>{_message(contents, told)}'
        "</div></details>"
    )


def _message(contents: Contents, told: Told) -> str:
    said = words(contents.language)
    if not told.messages:
        return f'<p class="note">{said.no_message.format(customers=contents.min_customers)}</p>'
    people = {one.owner: one.owner for one in contents.campaigns if one.owner}
    shown = preview.thread(told.messages, language=contents.language, timezone=contents.zone, people=people)
    return f'<p class="above">{said.message}</p><div class="slack">{shown}</div>'


def _chart(contents: Contents, spike: Spike, number: int) -> str:
    said, language = words(contents.language), contents.language
    row = contents.reasons.index(spike.contact_reason)
    onset, raised = minute_of(spike.onset), minute_of(spike.raised_at)
    until = max(onset + spike.window_minutes, raised)
    hourly, detail = contents.figures.hourly(row), contents.figures.detail(spike.spike_id)
    limits = (int(hourly.start[0]), int(hourly.start[-1]) + HOUR)
    view = view_of(onset, until, rate_of(hourly, onset - 1440, until + 1440), contents.zone, limits)
    course = hourly
    if view.width < HOUR:
        if detail is not None and detail.start[0] <= view.begin and detail.start[-1] >= view.end - HOUR:
            course = detail
        else:
            begin = view.begin - view.begin % HOUR
            view = View(begin, begin - (begin - view.end) // HOUR * HOUR, HOUR)
    bands = [
        Band(minute_of(one.starts_at), minute_of(one.ends_at), _LETTERS[place], one.name)
        for place, one in enumerate(_campaigns(contents, spike, view))
    ]
    chart = Chart(spike.contact_reason, in_buckets(course, view), view, onset, until, raised, bands)
    keys = [*((name, said.legend[name]) for name in ("observed", "expected", "interval", "window"))]
    legend = "".join(f'<li><i class="{name}"></i>{text}</li>' for name, text in keys)
    for band in bands:
        name = said.legend["campaign"].format(letter=band.letter, name=html.escape(shortened(band.name, 80)))
        legend += f'<li><i class="campaign"></i><bdi>{name}</bdi></li>'
    width = said.bucket.format(width=speech.duration(view.width, language))
    zone = datetime.fromtimestamp(raised * 60, contents.zone).tzname()
    return (
        f'<figure class="chart"><figcaption>{width} · {zone}</figcaption>'
        f'{draw(chart, number, contents.zone, language)}<ul class="legend">{legend}</ul></figure>'
    )


def _campaigns(contents: Contents, spike: Spike, view: View) -> list[Campaign]:
    """The campaigns that run in a view and concern the contact reason, those of the incident first."""
    linked = {link.id for told in contents.told if told.spike is spike for link in told.incident.campaigns}

    def concerns(one: Campaign) -> bool:
        named = {fold(name) for name in one.contact_reasons}
        return one.id in linked or not named or fold(spike.contact_reason) in named

    running = [
        one
        for one in contents.campaigns
        if minute_of(one.starts_at) < view.end and minute_of(one.ends_at) > view.begin and concerns(one)
    ]
    return sorted(running, key=lambda one: (one.id not in linked, one.starts_at, one.id))[:MOST_BANDS]
