"""What a message says of the sources of tickets, German and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.language import Language
from alerts.source_records import RefusedFor


@dataclass(frozen=True, slots=True)
class SourceWords:
    """Sentences without their full stop; `{}` places take times, numbers and words of this table only."""

    sources: str
    last_sent: str
    never_sent: str
    refused: str
    refused_for: Mapping[RefusedFor, str]
    paused: str
    throttled: str
    held_back: str
    away: str
    unheard: str
    unknown: str
    digest: str
    gaps: str


ENGLISH = SourceWords(
    sources="Sources",
    last_sent="last sent at {at}",
    never_sent="has brought nothing since the worker began",
    refused="{count} requests since then came to nothing: {why}",
    refused_for={
        "forged": "wrong signature (the secret, a proxy that changes the body, or a clock)",
        "malformed": "no body that can be read",
        "refused": "no ticket in the body (ticketspike sources try)",
        "busy": "too many at once",
        "kafka_away": "Kafka did not take them",
    },
    paused="after so many the helpdesk stops sending for a while by itself",
    throttled="the helpdesk throttles us until {at}; tickets come afterwards",
    held_back="the helpdesk defers deliveries, tickets came {delay} late; they come afterwards",
    away="the helpdesk does not answer when it is asked",
    unheard="no worker that takes its webhooks has been heard of since {at}",
    unknown="nothing is known to be wrong on our side",
    digest=" has brought nothing since ",
    gaps=" told of changes without their content, export them: {count}, the last ",
)

GERMAN = SourceWords(
    sources="Quellen",
    last_sent="zuletzt gesendet {at}",
    never_sent="hat nichts gebracht, seit der Worker läuft",
    refused="{count} Anfragen seitdem ohne Ergebnis: {why}",
    refused_for={
        "forged": "falsche Signatur (das Geheimnis, ein Proxy, der den Inhalt ändert, oder eine Uhr)",
        "malformed": "kein lesbarer Inhalt",
        "refused": "kein Ticket im Inhalt (ticketspike sources try)",
        "busy": "zu viele auf einmal",
        "kafka_away": "Kafka hat sie nicht angenommen",
    },
    paused="nach so vielen sendet der Helpdesk von sich aus eine Weile nicht",
    throttled="der Helpdesk drosselt uns bis {at}; Tickets kommen danach",
    held_back="der Helpdesk stellt verzögert zu, Tickets kamen {delay} zu spät; sie kommen danach",
    away="der Helpdesk antwortet nicht, wenn er gefragt wird",
    unheard="von keinem Worker, der seine Webhooks annimmt, ist seit {at} etwas bekannt",
    unknown="auf unserer Seite ist kein Fehler bekannt",
    digest=" hat nichts gebracht seit ",
    gaps=" meldete Änderungen ohne Inhalt, bitte exportieren: {count}, zuletzt ",
)


def source_words(language: Language) -> SourceWords:
    """The sentences of a language.

    >>> source_words("de").unknown
    'auf unserer Seite ist kein Fehler bekannt'
    """
    return GERMAN if language == "de" else ENGLISH
