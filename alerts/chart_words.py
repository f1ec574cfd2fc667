"""The words in and below a chart, German and English."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class ChartWords:
    """What a chart says; titles stay below 50 characters, names below 20."""

    chart: str
    chart_observed: str
    chart_expected: str
    chart_time: str
    chart_most: str


ENGLISH = ChartWords(
    chart="Tickets per {step}",
    chart_observed="Observed",
    chart_expected="Expected",
    chart_time="Time ({zone})",
    chart_most="at most {most}",
)
GERMAN = ChartWords(
    chart="Tickets je {step}",
    chart_observed="Beobachtet",
    chart_expected="Erwartet",
    chart_time="Uhrzeit ({zone})",
    chart_most="höchstens {most}",
)


def chart_words(language: Language) -> ChartWords:
    """The words of a language.

    >>> chart_words("de").chart_expected
    'Erwartet'
    """
    return GERMAN if language == "de" else ENGLISH
