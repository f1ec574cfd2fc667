"""The words on buttons and menus, and of what people answered; German and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """Labels stay below 75 characters, confirming buttons below 30; `{}` takes plain words.

    The keys of `snoozes`, `mutes` and `causes` are what a press sends: part of the public contract.
    """

    acknowledge: str
    expected: str
    false_alarm: str
    snooze: str
    snoozes: Mapping[str, str]
    mute: str
    mutes: Mapping[str, str]
    cause: str
    causes: Mapping[str, str]
    link_campaign: str
    other_campaign: str
    useful_yes: str
    useful_no: str
    useful_question: str
    cancel: str
    confirm_mute_text: str
    confirm_false_alarm_text: str
    quoted: str
    these_reasons: str
    acknowledged: str
    snoozed: str
    muted: str
    was_expected: str
    was_false_alarm: str
    bar_raised: str
    linked: str
    cause_was: str
    until: str
    not_told: str
    useful: str
    not_useful: str
    and_others: str


ENGLISH = AnswerWords(
    acknowledge="Take over",
    expected="Expected",
    false_alarm="False alarm",
    snooze="Snooze",
    snoozes={"1h": "1 hour", "4h": "4 hours", "tomorrow": "Until tomorrow, 8:00"},
    mute="Mute",
    mutes={"1d": "1 day", "7d": "7 days", "30d": "30 days"},
    cause="Name the cause",
    causes={
        "code_broken": "Code broken",
        "code_expired": "Code expired",
        "code_not_started": "Code not started yet",
        "one_browser": "One browser or app version",
        "payment": "Payment",
        "delivery": "Delivery",
        "product": "Product",
        "website": "Website",
        "other": "Something else",
    },
    link_campaign="Link a campaign",
    other_campaign="Another campaign …",
    useful_yes="Yes",
    useful_no="No",
    useful_question="Was this alert useful?",
    cancel="Cancel",
    confirm_mute_text="Nobody is told about {what} for as long as you chose, not even of a worse rise. The "
    "digest still lists it.",
    confirm_false_alarm_text="Raises the bar for {what} for some weeks: the next rise must be clearer before "
    "anybody is told. This fades by itself.",
    quoted="“{subject}”",
    these_reasons="these {count} contact reasons",
    acknowledged="Taken over",
    snoozed="Snoozed",
    muted="Muted",
    was_expected="Expected",
    was_false_alarm="False alarm",
    bar_raised="bar raised for some weeks",
    linked="Linked",
    cause_was="Cause",
    until=" until ",
    not_told="nobody is told meanwhile",
    useful="Useful",
    not_useful="Not useful",
    and_others=" +{count}",
)

GERMAN = AnswerWords(
    acknowledge="Übernehmen",
    expected="Erwartet",
    false_alarm="Fehlalarm",
    snooze="Zurückstellen",
    snoozes={"1h": "1 Stunde", "4h": "4 Stunden", "tomorrow": "Bis morgen, 8:00"},
    mute="Stummschalten",
    mutes={"1d": "1 Tag", "7d": "7 Tage", "30d": "30 Tage"},
    cause="Ursache nennen",
    causes={
        "code_broken": "Code defekt",
        "code_expired": "Code abgelaufen",
        "code_not_started": "Code noch nicht gültig",
        "one_browser": "Ein Browser oder eine App-Version",
        "payment": "Zahlung",
        "delivery": "Lieferung",
        "product": "Produkt",
        "website": "Website",
        "other": "Etwas anderes",
    },
    link_campaign="Kampagne zuordnen",
    other_campaign="Eine andere Kampagne …",
    useful_yes="Ja",
    useful_no="Nein",
    useful_question="War dieser Alarm nützlich?",
    cancel="Abbrechen",
    confirm_mute_text="So lange wie gewählt wird nichts zu {what} gemeldet, auch kein schlimmerer Anstieg. In "
    "der Übersicht steht es weiterhin.",
    confirm_false_alarm_text="Hebt die Schwelle für {what} für einige Wochen an: Der nächste Anstieg muss "
    "deutlicher sein, bevor er gemeldet wird. Das klingt von selbst ab.",
    quoted="„{subject}“",
    these_reasons="diese {count} Kontaktgründe",
    acknowledged="Übernommen",
    snoozed="Zurückgestellt",
    muted="Stummgeschaltet",
    was_expected="Erwartet",
    was_false_alarm="Fehlalarm",
    bar_raised="Schwelle für einige Wochen angehoben",
    linked="Zugeordnet",
    cause_was="Ursache",
    until=" bis ",
    not_told="solange wird nichts gemeldet",
    useful="Nützlich",
    not_useful="Nicht nützlich",
    and_others=" +{count}",
)


def answer_words(language: Language) -> AnswerWords:
    """The words of a language.

    >>> answer_words("de").acknowledge
    'Übernehmen'
    """
    return GERMAN if language == "de" else ENGLISH
