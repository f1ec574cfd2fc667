"""Words for what people's answers changed about an alert, German and English."""

from __future__ import annotations

from datetime import datetime, tzinfo

from alerts.answer_effects import Raised
from alerts.language import Language, number

_MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
}


def day(at: datetime, zone: tzinfo, language: Language) -> str:
    """A day without its year, for what is weeks ago at most.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 12, 9, tzinfo=UTC)
    >>> day(at, UTC, "en"), day(at, UTC, "de")
    ('12 November', '12. November')
    """
    local = at.astimezone(zone)
    dot = "." if language == "de" else ""
    return f"{local.day}{dot} {_MONTHS[language][local.month - 1]}"


def bar_raised(by: Raised, zone: tzinfo, language: Language) -> str:
    """That a contact reason's bar is higher, since when and by how much.

    >>> from datetime import UTC
    >>> by = Raised(1.3, 1, datetime(2026, 11, 12, 9, tzinfo=UTC))
    >>> bar_raised(by, UTC, "en"), bar_raised(Raised(3.0, 4, by.latest), UTC, "de")
    ('its bar is raised since a false alarm on 12 November, by 1.3',
    'seine Schwelle ist seit 4 Fehlalarmen, zuletzt am 12. November, um 3,0 angehoben')
    """
    since, nats = day(by.latest, zone, language), number(by.nats, language, 1)
    if language == "de":
        what = f"{by.false_alarms} Fehlalarmen, zuletzt am {since}," if by.false_alarms > 1 else ""
        return f"seine Schwelle ist seit {what or f'einem Fehlalarm am {since}'} um {nats} angehoben"
    what = f"{by.false_alarms} false alarms, the last on {since}" if by.false_alarms > 1 else ""
    return f"its bar is raised since {what or f'a false alarm on {since}'}, by {nats}"
