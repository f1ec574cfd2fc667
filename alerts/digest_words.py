"""The sentences of a digest, German and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class DigestWords:
    """`{}` places take values that the caller has made fit to stand there; `weekdays` begin with Monday."""

    title: str
    weekdays: tuple[str, ...]
    open: str
    none_open: str
    since: str
    taken_by: str
    not_taken: str
    silenced: str
    silenced_until: str
    more: str
    yesterday: str
    nothing: str
    total: str
    usually: str
    never: str
    rising: str
    falling: str
    steady: str
    interval: str
    quiet: str
    quiet_line: str
    answers: str
    no_answers: str
    kinds: Mapping[str, str]
    week: str
    star: Mapping[str, str]
    star_value: Mapping[str, str]
    star_none: str
    health: str
    last_ticket: str
    no_ticket: str
    silence: str
    silence_goes_on: str
    dead_letters: str
    basis: str
    basis_usual: str
    spoken_open: str
    spoken_top: str


ENGLISH = DigestWords(
    title="Daily digest: {day}",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    open="Open incidents",
    none_open="None.",
    since=" · since ",
    taken_by=" · taken over by ",
    not_taken=" · nobody has taken it over",
    silenced=" · silenced",
    silenced_until=" · silenced until ",
    more="and {more} more",
    yesterday="Tickets of the day",
    nothing="Nothing was counted.",
    total="All contact reasons",
    usually="usually {usual}",
    never="none on the usual days",
    rising="more than usual",
    falling="fewer than usual",
    steady="no clear change",
    interval="{low} to {high}",
    quiet="No longer come",
    quiet_line=": usually {usual} a day, the last one ",
    answers="Answers of the day",
    no_answers="None.",
    kinds={
        "acknowledged": "taken over",
        "snoozed": "snoozed",
        "expected": "expected",
        "false_alarm": "false alarm",
        "cause": "cause named",
        "linked": "campaign linked",
        "muted": "muted",
        "useful": "useful or not",
        "missed": "missed spike",
    },
    week="Last 7 days: {false_alarms} called a false alarm (set: {knob} a week), {missed} reported as missed.",
    star={
        "useful": "Useful alerts",
        "answered": "Answered alerts",
        "minutes": "From the onset to the message",
    },
    star_value={
        "useful": " – of {of} incidents that ended, {useful} useful, {against} not, {silent} without a word "
        "(last {days} days)",
        "answered": " – of {of} incidents (last {days} days)",
        "minutes": " – median of {of} incidents (last {days} days)",
    },
    star_none="nothing to judge by yet (last {days} days)",
    health="Source",
    last_ticket="Last ticket: ",
    no_ticket="no ticket is known",
    silence="Silent: ",
    silence_goes_on=", and still is",
    dead_letters="Refused as dead letters that day: {count}",
    basis="Usual: mean of {days}. In brackets the interval that holds in 95 % of cases (exact ratio of two Poisson "
    "rates, widened as days differ by more than chance).",
    basis_usual="Too few days like this one were counted to say what is usual.",
    spoken_open="{count} open",
    spoken_top="most: {reason} ({count})",
)

GERMAN = DigestWords(
    title="Tagesüberblick: {day}",
    weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    open="Offene Vorfälle",
    none_open="Keine.",
    since=" · seit ",
    taken_by=" · übernommen von ",
    not_taken=" · noch von niemandem übernommen",
    silenced=" · stumm",
    silenced_until=" · stumm bis ",
    more="und {more} weitere",
    yesterday="Tickets des Tages",
    nothing="Es wurde nichts gezählt.",
    total="Alle Kontaktgründe",
    usually="üblich {usual}",
    never="an den üblichen Tagen keine",
    rising="mehr als üblich",
    falling="weniger als üblich",
    steady="keine klare Änderung",
    interval="{low} bis {high}",
    quiet="Kommen nicht mehr",
    quiet_line=": üblich {usual} am Tag, zuletzt ",
    answers="Antworten des Tages",
    no_answers="Keine.",
    kinds={
        "acknowledged": "übernommen",
        "snoozed": "zurückgestellt",
        "expected": "erwartet",
        "false_alarm": "Fehlalarm",
        "cause": "Ursache genannt",
        "linked": "Kampagne verknüpft",
        "muted": "stummgeschaltet",
        "useful": "nützlich oder nicht",
        "missed": "verpasster Ausschlag",
    },
    week="Letzte 7 Tage: {false_alarms} als Fehlalarm bezeichnet (eingestellt: {knob} pro Woche), {missed} als "
    "verpasst gemeldet.",
    star={
        "useful": "Nützliche Alarme",
        "answered": "Beantwortete Alarme",
        "minutes": "Vom Beginn bis zur Nachricht",
    },
    star_value={
        "useful": " – von {of} beendeten Vorfällen {useful} nützlich, {against} nicht, {silent} ohne ein Wort "
        "(letzte {days} Tage)",
        "answered": " – von {of} Vorfällen (letzte {days} Tage)",
        "minutes": " – Median aus {of} Vorfällen (letzte {days} Tage)",
    },
    star_none="noch nichts, woran man messen könnte (letzte {days} Tage)",
    health="Quelle",
    last_ticket="Letztes Ticket: ",
    no_ticket="es ist kein Ticket bekannt",
    silence="Stille: ",
    silence_goes_on=", und weiterhin",
    dead_letters="An dem Tag abgelehnt (Dead Letters): {count}",
    basis="Üblich: Mittel aus {days}. In Klammern der Bereich, der in 95 % der Fälle zutrifft (exaktes Verhältnis "
    "zweier Poisson-Raten, verbreitert, da Tage sich um mehr als Zufall unterscheiden).",
    basis_usual="Es wurden zu wenige solche Tage gezählt, um zu sagen, was üblich ist.",
    spoken_open="{count} offen",
    spoken_top="am meisten: {reason} ({count})",
)


def digest_words(language: Language) -> DigestWords:
    """The sentences of a language."""
    return GERMAN if language == "de" else ENGLISH
