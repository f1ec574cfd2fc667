"""What the demo's terminal says, in German and English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.language import number
from streams.demo.webshop import STORY
from streams.demo.webshop_tickets import Language

BARS = "▁▂▃▄▅▆▇█"

_ENGLISH = {
    "title": "A day in a web shop: {day}",
    "kafka": "Apache Kafka and the topics",
    "learn": "learn six weeks: {tickets} tickets, {reasons} contact reasons",
    "announce": "import what marketing has announced",
    "worker": "start the worker: count, watch, notify",
    "newsletter": "the newsletter goes out: 25 % with {code}",
    "breaks": "the code stops working in {browser} (nobody knows yet)",
    "mended": "the shop's developers mend the code",
    "spot": "the TV spot is on air, a rise is announced",
    "spot_name": "about sizes and products",
    "alert": "Slack, new message",
    "thread": "Slack, in its thread",
    "meter": "{bars}  {tickets:>3} {name} in 15 min (usual {usual})",
    "facts": "What the day must show",
    "one_incident": "one incident, no other alert: {found}",
    "in_time": "raised {minutes} simulated minutes after the code broke (at most 10)",
    "in_time_not": "not raised between the break and 10 minutes after it: {found}",
    "names": "the message names {word}",
    "resolved_fact": "resolved the same day, at {at}, {minutes} minutes after the mend",
    "resolved_not": "not resolved by the end of the day",
    "spot_fact": "the TV spot brought {uplift} times the usual tickets, announced, and no alert",
    "exact": "{tickets} tickets counted exactly, once and under their last reason ({events} events came in)",
    "exact_not": "counts differ from the tickets sent in {found} of {cells} reason-minutes",
    "private": "no customer and no free text behind count",
    "note": "A made-up shop; the messages as a person would see them in Slack.",
    "at_first": "when the alert appeared",
    "at_last": "at the end of the day",
    "page": "The Slack messages as a person sees them: {path}",
    "kept": "Kept: {path}",
    "done": "Done after {seconds} s; nothing is left running.",
}

_GERMAN = {
    "title": "Ein Tag im Webshop: {day}",
    "kafka": "Apache Kafka und die Topics",
    "learn": "sechs Wochen lernen: {tickets} Tickets, {reasons} Kontaktgründe",
    "announce": "importieren, was das Marketing angekündigt hat",
    "worker": "den Worker starten: count, watch, notify",
    "newsletter": "der Newsletter geht raus: 25 % mit {code}",
    "breaks": "der Code fällt in {browser} aus (noch weiß es niemand)",
    "mended": "die Entwickler reparieren den Code",
    "spot": "der TV-Spot läuft, ein Anstieg ist angekündigt",
    "spot_name": "zu Größen und Artikeln",
    "alert": "Slack, neue Nachricht",
    "thread": "Slack, in ihrem Thread",
    "meter": "{bars}  {tickets:>3} {name} in 15 min (üblich {usual})",
    "facts": "Was der Tag zeigen muss",
    "one_incident": "ein Vorfall, kein weiterer Alarm: {found}",
    "in_time": "gemeldet {minutes} simulierte Minuten nach dem Ausfall (höchstens 10)",
    "in_time_not": "nicht zwischen dem Ausfall und 10 Minuten danach gemeldet: {found}",
    "names": "die Meldung nennt {word}",
    "resolved_fact": "am selben Tag geschlossen, um {at}, {minutes} Minuten nach der Reparatur",
    "resolved_not": "am Ende des Tages nicht geschlossen",
    "spot_fact": "der TV-Spot brachte {uplift}-mal so viele Tickets wie sonst, angekündigt, und keinen Alarm",
    "exact": "{tickets} Tickets genau gezählt, jedes einmal und unter seinem letzten Grund "
    "({events} Ereignisse kamen an)",
    "exact_not": "Zählung weicht in {found} von {cells} Grund-Minuten von den gesendeten Tickets ab",
    "private": "kein Kunde und kein Freitext hinter count",
    "note": "Ein erfundener Shop; die Nachrichten, wie ein Mensch sie in Slack sähe.",
    "at_first": "als die Meldung kam",
    "at_last": "am Ende des Tages",
    "page": "Die Slack-Meldungen, wie ein Mensch sie sieht: {path}",
    "kept": "Aufgehoben: {path}",
    "done": "Fertig nach {seconds} s; es läuft nichts weiter.",
}


def say(key: str, language: Language, **values: str | int | float) -> str:
    """A sentence of the demo, with numbers in the reader's way: floats with one digit.

    >>> say("newsletter", "de", code="SOMMER25")
    'der Newsletter geht raus: 25 % mit SOMMER25'
    >>> say("spot_fact", "de", uplift=2.34)
    'der TV-Spot brachte 2,3-mal so viele Tickets wie sonst, angekündigt, und keinen Alarm'
    """
    shown = {
        name: value
        if isinstance(value, str)
        else number(value, language, 1 if isinstance(value, float) else 0)
        for name, value in values.items()
    }
    return (_GERMAN if language == "de" else _ENGLISH)[key].format(**shown)


def events(language: Language) -> list[tuple[datetime, str]]:
    """What happens on the day, as (when, sentence), in order."""
    return [
        (STORY.newsletter_at, say("newsletter", language, code=STORY.voucher_code)),
        (STORY.code_breaks_at, say("breaks", language, browser=STORY.browser)),
        (STORY.code_mended_at, say("mended", language)),
        (STORY.spot_at, say("spot", language)),
    ]


def sparkline(counts: Sequence[int], full: int) -> str:
    """A bar a count; `full` and more are the tallest.

    >>> sparkline([0, 3, 8, 20], full=16)
    '▁▂▅█'
    """
    return "".join(BARS[min(len(BARS) - 1, count * len(BARS) // full)] for count in counts)
