"""What people read when they press: forms, and polite refusals. Our own words only, nothing from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.language import Language


class Refusal(StrEnum):
    """Why a press changes nothing; the value is what logs and metrics say."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    NOT_SAVED = "not_saved"
    NOT_OPENED = "not_opened"


@dataclass(frozen=True, slots=True)
class PressWords:
    """The sentences of a language; Slack allows 24 characters for a form's title and its buttons."""

    refusals: Mapping[Refusal, str]
    submit: str
    cancel: str
    cause_title: str
    cause: str
    mute_title: str
    mute_until: str
    mute_why: str
    link_title: str
    link: str
    link_hint: str
    missed_title: str
    missed_reason: str
    missed_hint: str
    missed_at: str
    past: str
    too_far: str
    future: str
    empty: str
    none_picked: str
    missed_saved: str
    unexplained: str


ENGLISH = PressWords(
    refusals={
        Refusal.MALFORMED: "This could not be read. Please press again.",
        Refusal.UNKNOWN: "ticketspike does not know this button. The message may come from another version; "
        "please use a newer message.",
        Refusal.NOT_SAVED: "Your answer could not be saved. Please press again in a moment.",
        Refusal.NOT_OPENED: "The form could not be opened. Please press again.",
    },
    submit="Save",
    cancel="Cancel",
    cause_title="Cause",
    cause="What was the cause?",
    mute_title="Mute contact reason",
    mute_until="Until",
    mute_why="Why (optional)",
    link_title="Link campaign",
    link="Campaign",
    link_hint="Type a part of its name or a voucher code.",
    missed_title="Report a missed spike",
    missed_reason="Contact reason",
    missed_hint="As it is called in the helpdesk.",
    missed_at="When did it rise?",
    past="This time is over; choose a later one.",
    too_far="At most 90 days from now.",
    future="This time is still to come.",
    empty="Please write a few words.",
    none_picked="Please choose one.",
    missed_saved="Thank you, the missed spike is noted. How it looked to ticketspike:",
    unexplained="Thank you, the missed spike is noted. `ticketspike explain` could not say more right now.",
)

GERMAN = PressWords(
    refusals={
        Refusal.MALFORMED: "Das war nicht zu lesen. Bitte noch einmal drücken.",
        Refusal.UNKNOWN: "Diesen Knopf kennt ticketspike nicht. Die Nachricht stammt vielleicht aus einer anderen "
        "Version; bitte eine neuere Nachricht verwenden.",
        Refusal.NOT_SAVED: "Die Antwort wurde nicht gespeichert. Bitte gleich noch einmal drücken.",
        Refusal.NOT_OPENED: "Das Formular ging nicht auf. Bitte noch einmal drücken.",
    },
    submit="Speichern",
    cancel="Abbrechen",
    cause_title="Ursache",
    cause="Was war die Ursache?",
    mute_title="Kontaktgrund stumm",
    mute_until="Bis",
    mute_why="Warum (freiwillig)",
    link_title="Kampagne verknüpfen",
    link="Kampagne",
    link_hint="Einen Teil des Namens oder einen Gutscheincode eingeben.",
    missed_title="Verpasster Anstieg",
    missed_reason="Kontaktgrund",
    missed_hint="So, wie er im Helpdesk heißt.",
    missed_at="Wann stieg es an?",
    past="Diese Zeit ist vorbei; bitte eine spätere wählen.",
    too_far="Höchstens 90 Tage von jetzt an.",
    future="Diese Zeit kommt erst noch.",
    empty="Bitte ein paar Worte schreiben.",
    none_picked="Bitte eine auswählen.",
    missed_saved="Danke, der verpasste Anstieg ist notiert. So sah es für ticketspike aus:",
    unexplained="Danke, der verpasste Anstieg ist notiert. `ticketspike explain` konnte gerade nicht mehr sagen.",
)


def press_words(language: Language) -> PressWords:
    """The sentences of a language.

    >>> press_words("de").submit
    'Speichern'
    """
    return GERMAN if language == "de" else ENGLISH
