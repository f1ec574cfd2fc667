"""The rule of a condition of the source as a whole, in words: the figures and the evidence, German and English."""

from __future__ import annotations

from alerts.language import Language, about, duration, number, span, tickets


def source_silent(minutes: float, expected: float, evidence: tuple[float, float], language: Language) -> str:
    """That nothing comes at all, and how improbable that is.

    Args:
        minutes: of the silence so far.
        expected: tickets expected in it.
        evidence: nats against the silence being chance, and the bar.
        language: of the words.

    >>> source_silent(25, 31.2, (24.3, 20.0), "en")
    'no ticket of any contact reason in 25 min where ~31 are expected; evidence that the source is silent: 24.3,
    bar 20.0'
    """
    length, usual = duration(minutes, language), about(expected, language)
    score, bar = (number(nats, language, 1) for nats in evidence)
    if language == "de":
        return (
            f"kein Ticket irgendeines Kontaktgrunds in {length}, erwartet {usual}; "
            f"Evidenz für eine stumme Quelle: {score}, Schwelle {bar}"
        )
    return (
        f"no ticket of any contact reason in {length} where {usual} are expected; "
        f"evidence that the source is silent: {score}, bar {bar}"
    )


def total_volume(
    minutes: float,
    counted: tuple[int, float, float, float],
    evidence: tuple[float, float],
    rising: int,
    language: Language,
) -> str:
    """That all tickets together rise.

    Args:
        minutes: since the onset.
        counted: tickets observed and expected, lower and upper bound of what is usual.
        evidence: nats for a rise, and the bar.
        rising: how many contact reasons rise clearly.
        language: of the words.

    >>> total_volume(30, (420, 280.4, 245.0, 318.0), (15.2, 11.2), 23, "en")
    'all contact reasons together: 420 tickets in 30 min where ~280 are expected (245–318 in 95 % of such windows
    without a rise); 23 contact reasons rise; evidence for a rise of all: 15.2, bar 11.2'
    """
    observed, expected, lower, upper = counted
    count, length = tickets(observed, language), duration(minutes, language)
    usual, bounds = about(expected, language), span(lower, upper, language)
    score, bar = (number(nats, language, 1) for nats in evidence)
    if language == "de":
        which = "1 Kontaktgrund steigt" if rising == 1 else f"{rising} Kontaktgründe steigen"
        return (
            f"alle Kontaktgründe zusammen: {count} in {length}, erwartet {usual} ({bounds} in 95 % solcher Zeiträume "
            f"ohne Anstieg); {which}; Evidenz für einen Anstieg aller: {score}, Schwelle {bar}"
        )
    which = "1 contact reason rises" if rising == 1 else f"{rising} contact reasons rise"
    return (
        f"all contact reasons together: {count} in {length} where {usual} are expected "
        f"({bounds} in 95 % of such windows without a rise); {which}; "
        f"evidence for a rise of all: {score}, bar {bar}"
    )
