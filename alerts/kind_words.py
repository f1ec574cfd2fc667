"""What a message says of an incident that is more than one contact reason, German and English."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class KindWords:
    """Headlines and sentences by kind; `{}` places take escaped or numeric values only."""

    other_markets: str
    by_orders: str
    by_orders_value: str
    and_more: str
    together: str
    total: str
    total_reasons: str
    reason_line: str
    reason_since: str
    reason_over: str
    show_tickets: str
    more_reasons: str
    rule_of: str
    drivers_of: str
    related: str
    silent: str
    deferred: str
    silent_headline: str
    silent_over: str
    silent_over_headline: str
    silent_since: str
    silent_for: str
    silent_expected: str
    check: str
    checks: tuple[str, ...]


ENGLISH = KindWords(
    other_markets="other markets",
    by_orders="Tickets per 1,000 orders",
    by_orders_value="{rate}, {expected} expected",
    and_more="{reason} and {more} more",
    together="Contact reasons that rise together",
    total="All tickets together",
    total_reasons="Contact reasons that rise",
    reason_line=": {observed} instead of {expected} in {window}",
    reason_since=", since ",
    reason_over=" · over",
    show_tickets="show tickets",
    more_reasons="and {more} more",
    rule_of="What fired for {reason}: ",
    drivers_of="What stands out in {reason}",
    related="Together with {incidents}",
    silent="No tickets arrive",
    deferred="The helpdesk holds tickets back",
    silent_headline="none for {window}, {expected} expected",
    silent_over="Tickets arrive again",
    silent_over_headline="silent for {duration}, {expected} expected meanwhile",
    silent_since="Silent since",
    silent_for="For",
    silent_expected="Expected meanwhile",
    check="What to check",
    checks=(
        "Does the helpdesk still send? Webhook or export, its login, its rate limit.",
        "Do tickets reach Kafka? Network, login and topic of whatever writes them.",
        "Until tickets arrive again nothing else can be judged. What comes late is counted.",
    ),
)

GERMAN = KindWords(
    other_markets="übrige Märkte",
    by_orders="Tickets je 1.000 Bestellungen",
    by_orders_value="{rate}, erwartet {expected}",
    and_more="{reason} und {more} weitere",
    together="Kontaktgründe, die zusammen steigen",
    total="Alle Tickets zusammen",
    total_reasons="Kontaktgründe, die steigen",
    reason_line=": {observed} statt {expected} in {window}",
    reason_since=", seit ",
    reason_over=" · vorbei",
    show_tickets="Tickets ansehen",
    more_reasons="und {more} weitere",
    rule_of="Ausgelöst bei {reason} durch: ",
    drivers_of="Was bei {reason} heraussticht",
    related="Zusammen mit {incidents}",
    silent="Es kommen keine Tickets an",
    deferred="Der Helpdesk hält Tickets zurück",
    silent_headline="seit {window} keines, {expected} erwartet",
    silent_over="Es kommen wieder Tickets an",
    silent_over_headline="{duration} lang keines, {expected} erwartet",
    silent_since="Still seit",
    silent_for="Seit wie lange",
    silent_expected="Inzwischen erwartet",
    check="Was zu prüfen ist",
    checks=(
        "Sendet der Helpdesk noch? Webhook oder Export, Zugang, Ratenlimit.",
        "Erreichen Tickets Kafka? Netz, Zugang und Topic dessen, was sie schreibt.",
        "Bis wieder Tickets ankommen, ist nichts anderes zu beurteilen. Was spät kommt, wird gezählt.",
    ),
)


def kind_words(language: Language) -> KindWords:
    """The sentences of a language.

    >>> kind_words("de").silent
    'Es kommen keine Tickets an'
    """
    return GERMAN if language == "de" else ENGLISH
