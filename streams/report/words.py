"""The sentences of the report in English; the German ones are in `german`.

A dataclass rather than a table of strings: a language that lacks a sentence does not type-check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from alerts.language import MONTHS, Language


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the report says; `{}` places take escaped or numeric values only."""

    title: str
    period: str
    totals: str
    totals_none: str
    quiet: Mapping[bool, str]
    no_quiet: str
    learnt: str
    learnt_nothing: str
    short: str
    held_back: str
    refused: str
    figures: Mapping[str, str]
    contents: Mapping[str, str]
    weeks_intro: str
    week: str
    week_alerts: Mapping[bool, str]
    week_quiet: str
    week_learnt: str
    weeks_learnt: str
    days: tuple[str, ...]
    legend_days: Mapping[str, str]
    incidents_intro: str
    no_incidents: str
    unfold: str
    fold: str
    instead: str
    alert: str
    open_end: str
    rule: str
    message: str
    no_message: str
    bucket: str
    chart: str
    chart_peak: str
    legend: Mapping[str, str]
    coincides: str
    budget: tuple[str, ...]
    budget_reading: tuple[str, str, str]
    knobs_intro: str
    knobs_head: tuple[str, ...]
    knob_names: Mapping[float, str]
    knob_asked: str
    knobs_gate: str
    additional: Mapping[bool, str]
    missing: Mapping[bool, str]
    same: str
    more: str
    slow_intro: str
    slow_head: tuple[str, ...]
    slow_none: str
    slow_few: str
    slow_new: str
    slow_more: str
    footer: str


ENGLISH = Words(
    title="What ticketspike would have alerted",
    period="{begin} to {end}",
    totals="In {weeks} with {tickets} about {reasons} it would have raised {alerts}: {rate} a week.",
    totals_none="In {weeks} with {tickets} about {reasons} it would not have raised a single alert.",
    quiet={
        True: "One of {weeks} whole weeks would have been quiet.",
        False: "{quiet} of {weeks} whole weeks would have been quiet.",
    },
    no_quiet="None of the {weeks} whole weeks would have been quiet.",
    learnt="The {days} before were only learnt from: what lies there is never alerted.",
    learnt_nothing=(
        "There was no history to learn from first: in its first two days a contact reason "
        "alerts on gross spikes only, and in its first weeks it is judged with caution."
    ),
    short=(
        "This is less than two days of data: nothing usual is known yet, so only a gross spike would "
        "have alerted."
    ),
    held_back="Seen but not sent, because fewer than {customers} different customers wrote: {number}.",
    refused="Rows that could not be read and are left out: {number}.",
    figures={
        "alerts": "alerts",
        "rate": "per week",
        "quiet": "whole weeks quiet",
        "reasons": "contact reasons",
    },
    contents={
        "weeks": "Week by week",
        "incidents": "The alerts",
        "budget": "False alarms",
        "knobs": "Another setting of the knob",
        "slow": "Slow changes",
    },
    weeks_intro=(
        "Each square is a day; the number in it is how many alerts were raised. It leads to "
        "the first of them."
    ),
    week="Week {number} · {begin} – {end}",
    week_alerts={True: "1 alert", False: "{number} alerts"},
    week_quiet="quiet",
    week_learnt="learnt",
    weeks_learnt="{number} weeks of history, learnt and not watched",
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    legend_days={"watched": "watched, no alert", "alert": "alerts", "learnt": "history, learnt"},
    incidents_intro=(
        "In the order in which they were raised. The first {open} are open; the others open with a click."
    ),
    no_incidents="There is nothing to show: nothing would have alerted.",
    unfold="Open all",
    fold="Close all",
    instead="{observed} instead of {expected} in {window}",
    alert="Alert",
    open_end="still open at the end",
    rule="What fired",
    message="The message in Slack, as it stood in the end",
    no_message="No message: fewer than {customers} different customers wrote.",
    bucket="Tickets per {width}",
    chart="{reason}: tickets per {width} from {begin} to {end}",
    chart_peak=(
        "At most {peak} in one of them, at {at}, where {expected} were expected. The spike "
        "began at {onset}, the alert came at {raised}."
    ),
    legend={
        "observed": "observed",
        "expected": "expected",
        "interval": "95 % of cases without a spike",
        "window": "the spike",
        "campaign": "Campaign {letter}: {name}",
    },
    coincides="coincides with {name}",
    budget=(
        (
            "ticketspike has one knob: how many false alarms a week the channel can stand, all contact "
            "reasons together. It was set to {knob}."
        ),
        (
            "A false alarm is a rise that chance alone makes: many people happen to write at the same "
            "time, nothing is broken. Nobody can tell such a rise from a small real one by its "
            "figures; one can only say how often it happens."
        ),
        (
            "In the {weeks} that were watched, chance alone is expected to bring about {expected} alerts "
            "(between {low} and {high} would be nothing unusual). There were {alerts}."
        ),
    ),
    budget_reading=(
        "So most of the alerts above were probably about something.",
        (
            "So a good part of the alerts above may be chance: a smaller value of the knob would give a "
            "quieter channel."
        ),
        "So the alerts above are not more than chance alone would bring.",
    ),
    knobs_intro=(
        "A larger value hears smaller rises, and chance more often. With half, twice and five "
        "times the value, the same time would have sounded like this:"
    ),
    knobs_head=("Knob", "false alarms a week", "by chance", "Alerts", "per week"),
    knob_names={0.5: "half", 1.0: "as set", 2.0: "twice", 5.0: "five times"},
    knob_asked="{number} a week",
    knobs_gate=(
        "Counted before the rule that {customers} different customers must have written, in all rows."
    ),
    additional={True: "1 more with {name} the value", False: "{number} more with {name} the value"},
    missing={True: "1 fewer with {name} the value", False: "{number} fewer with {name} the value"},
    same="With {name} the value: the same alerts.",
    more="and {number} more",
    slow_intro=(
        "A level that falls or rises over months is no incident and never alerts. Compared are "
        "the first and the last {weeks}, without what the alerts above added; listed is what changed "
        "by a fifth or more, and surely."
    ),
    slow_head=("Contact reason", "a week at first", "at last", "Change", "95 % interval"),
    slow_none="No contact reason changed its level that much.",
    slow_few="There are fewer than four complete weeks: too few to compare.",
    slow_new="new",
    slow_more="{number} smaller ones are not listed.",
    footer=(
        "Made by ticketspike backtest {version} from {rows}. Times are {zone}. “Coincides with” "
        "says nothing about a cause."
    ),
)


def words(language: Language) -> Words:
    """The report's sentences in a language.

    >>> words("de").week_quiet
    'ruhig'
    """
    from streams.report.german import GERMAN

    return GERMAN if language == "de" else ENGLISH


_MONTHS_DE = ("Jan.", "Feb.", "März", "April", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez.")


def day_words(day: date, language: Language, *, year: bool = False) -> str:
    """A date in words.

    >>> day_words(date(2026, 3, 9), "de"), day_words(date(2026, 3, 9), "en", year=True)
    ('9. März', '9 Mar 2026')
    """
    shown = (
        f"{day.day}. {_MONTHS_DE[day.month - 1]}"
        if language == "de"
        else f"{day.day} {MONTHS[day.month - 1]}"
    )
    return f"{shown} {day.year}" if year else shown
