"""The words of an alert: German and English, numbers and times in the reader's way."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Literal, Protocol

Language = Literal["de", "en"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PERCENT_UNTIL = 3.0
_EXACT_FROM = 10.0


class Firing(Protocol):
    """What `rule` needs to know of a detector's alarm; `detectors` gives it as an `AlarmChange`."""

    @property
    def window_minutes(self) -> int: ...  # noqa: D102
    @property
    def observed(self) -> float: ...  # noqa: D102
    @property
    def expected(self) -> float: ...  # noqa: D102
    @property
    def lower(self) -> float: ...  # noqa: D102
    @property
    def upper(self) -> float: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102
    @property
    def bar(self) -> float: ...  # noqa: D102
    @property
    def tested_uplift(self) -> float: ...  # noqa: D102
    @property
    def previous_day(self) -> float | None: ...  # noqa: D102


def number(value: float, language: Language, digits: int = 0) -> str:
    """A number with the reader's separators.

    >>> number(1234.5, "de", 1), number(1234.5, "en", 1)
    ('1.234,5', '1,234.5')
    """
    text = f"{value:,.{digits}f}"
    # Rounding leaves "-0": a reader would look for the meaning of the sign.
    text = text[1:] if text.strip("-0.,") == "" and text.startswith("-") else text
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def short(value: float, language: Language) -> str:
    """An expectation or a bound: whole from 10 up, one digit below, so that 0.4 does not read as none.

    >>> short(11.2, "en"), short(2.44, "de"), short(0.02, "en"), short(5.0, "en"), short(0, "en")
    ('11', '2,4', '<0.1', '5', '0')
    """
    if 0 < value < 0.05:
        return "<" + number(0.1, language, 1)
    whole = value >= _EXACT_FROM or abs(value - round(value)) < 0.05
    return number(value, language, 0 if whole else 1)


def about(value: float, language: Language) -> str:
    """An expectation that is an estimate, marked as one.

    >>> about(11.2, "de"), about(0.01, "en")
    ('~11', '<0.1')
    """
    text = short(value, language)
    return text if text.startswith("<") else "~" + text


def span(lower: float, upper: float, language: Language) -> str:
    """An interval of counts: bounds widened to whole tickets, since nobody writes half a ticket.

    >>> span(4.7, 18.2, "en")
    '4–19'
    """
    low, high = int(max(lower, 0.0)), int(upper) + (upper > int(upper))
    return f"{number(low, language)}–{number(high, language)}"


def times(ratio: float, language: Language) -> str:
    """A ratio.

    >>> times(3.82, "de"), times(41.3, "en")
    ('3,8×', '41×')
    """
    return number(ratio, language, 1 if ratio < _EXACT_FROM else 0) + "×"


def percent(share: float, language: Language) -> str:
    """A share of a whole.

    >>> percent(0.714, "en"), percent(0.005, "de"), percent(0.0, "de")
    ('71 %', '<1 %', '0 %')
    """
    return "<1 %" if 0 < share <= 0.005 else f"{number(100 * share, language)} %"


def signed(value: float, language: Language) -> str:
    """A difference with its sign.

    >>> signed(31.2, "en"), signed(-3, "de")
    ('+31', '−3')
    """
    return ("+" if value >= 0 else "−") + number(abs(value), language)


def duration(minutes: float, language: Language) -> str:
    """A length of time in at most two units.

    >>> duration(30, "en"), duration(135, "de"), duration(1620, "de"), duration(1440, "en")
    ('30 min', '2 h 15 min', '1 Tag 3 h', '1 day')
    """
    total = max(round(minutes), 0)
    days, hours, rest = total // 1440, total // 60 % 24, total % 60
    if days:
        word = ("Tag" if days == 1 else "Tage") if language == "de" else ("day" if days == 1 else "days")
        return f"{number(days, language)} {word}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return f"{rest} min"


def clock(at: datetime, zone: tzinfo) -> str:
    """The time of day in a zone, for use beside a date.

    >>> from datetime import UTC
    >>> clock(datetime(2026, 11, 20, 9, 5, tzinfo=UTC), UTC)
    '09:05'
    """
    return f"{at.astimezone(zone):%H:%M}"


def moment(at: datetime, zone: tzinfo, language: Language) -> str:
    """Date, time and zone in words, where Slack does not put the reader's own.

    >>> from zoneinfo import ZoneInfo
    >>> at = datetime.fromisoformat("2026-11-20T09:15:00+00:00")
    >>> moment(at, ZoneInfo("Europe/Berlin"), "de"), moment(at, ZoneInfo("Europe/Berlin"), "en")
    ('20.11.2026, 10:15 CET', '20 Nov 2026, 10:15 CET')
    """
    local = at.astimezone(zone)
    if language == "de":
        return f"{local:%d.%m.%Y, %H:%M} {local.tzname()}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M} {local.tzname()}"


def date_token(
    at: datetime, zone: tzinfo, language: Language, form: str = "{date_short_pretty} {time}"
) -> str:
    """A time that Slack shows in each reader's own zone, with a fallback for what cannot.

    >>> from datetime import UTC
    >>> date_token(datetime(2026, 11, 20, 9, 15, tzinfo=UTC), UTC, "en")
    '<!date^1795166100^{date_short_pretty} {time}|20 Nov 2026, 09:15 UTC>'
    """
    return f"<!date^{int(at.timestamp())}^{form}|{moment(at, zone, language)}>"


def tickets(count: float, language: Language) -> str:
    """A number of tickets.

    >>> tickets(1, "en"), tickets(1200, "de")
    ('1 ticket', '1.200 Tickets')
    """
    word = "Ticket" if language == "de" else "ticket"
    return f"{number(count, language)} {word}" + ("" if round(count) == 1 else "s")


def comparison(observed: float, previous_day: float, language: Language) -> str:
    """Against the same time yesterday: per cent while that reads well, a factor beyond; and how many it were.

    Nobody understands "+691 %" at a glance.

    >>> comparison(18, 10, "en"), comparison(5, 0, "en")
    ('+80 % against the same time yesterday (~10)', 'none at the same time yesterday')
    >>> comparison(42, 10, "de")
    '4,2× so viele wie gestern zur selben Zeit (~10)'
    """
    if previous_day <= 0:
        return "gestern zur selben Zeit keines" if language == "de" else "none at the same time yesterday"
    ratio, count = observed / previous_day, about(previous_day, language)
    if ratio > _PERCENT_UNTIL:
        factor = times(ratio, language)
        if language == "de":
            return f"{factor} so viele wie gestern zur selben Zeit ({count})"
        return f"{factor} as many as at the same time yesterday ({count})"
    # Rounded first: "−0 %" would make a reader look for the meaning of the sign.
    change = signed(round(100 * (ratio - 1)), language) + " %"
    yesterday = "gegenüber gestern zur selben Zeit" if language == "de" else "against the same time yesterday"
    return f"{change} {yesterday} ({count})"


def rule(change: Firing, language: Language) -> str:
    """What fired, in words: the figures, the evidence against the bar, and yesterday where it is known.

    Everything that moves a detector's decision is named here: the answer to "why did it fire?". Yesterday
    moves none; it comes last, as the measure that everybody has in mind.

    >>> from types import SimpleNamespace
    >>> change = SimpleNamespace(window_minutes=30, observed=42, expected=11.2, lower=5, upper=19,
    ...     score=9.13, bar=6.5, tested_uplift=2.0, previous_day=10)
    >>> print(rule(change, "en"))
    42 tickets in 30 min where ~11 are expected (5–19 in 95 % of such windows without a spike); evidence for a
    rise to 2.0× or more: 9.1, bar 6.5; 4.2× as many as at the same time yesterday (~10)
    """
    count, window = tickets(change.observed, language), duration(change.window_minutes, language)
    expected, bounds = about(change.expected, language), span(change.lower, change.upper, language)
    score, bar = number(change.score, language, 1), number(change.bar, language, 1)
    tested = times(change.tested_uplift, language)
    if language == "de":
        words = (
            f"{count} in {window}, erwartet {expected} ({bounds} in 95 % solcher Zeiträume ohne Ausschlag); "
            f"Evidenz für einen Anstieg auf {tested} oder mehr: {score}, Schwelle {bar}"
        )
    else:
        words = (
            f"{count} in {window} where {expected} are expected "
            f"({bounds} in 95 % of such windows without a spike); "
            f"evidence for a rise to {tested} or more: {score}, bar {bar}"
        )
    if change.previous_day is None:
        return words
    return f"{words}; {comparison(change.observed, change.previous_day, language)}"
