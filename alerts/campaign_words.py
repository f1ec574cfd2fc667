"""What is said of campaigns beyond the message's own sentences: causes of vouchers, validity, the notice ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.language import Language


@dataclass(frozen=True, slots=True)
class CampaignWords:
    """Sentences about campaigns; `{}` places take values that the caller has made fit to stand there."""

    cause_heads: Mapping[str, str]
    cause_facts: Mapping[str, str]
    cause_facts_at_once: Mapping[str, str]
    cause_facts_of_all: Mapping[str, str]
    """Where the code's validity began or ended within minutes of the onset."""
    redeemed_no_more: str
    redeemed_less: str
    redeemed_still: str
    redeemed_new: str
    fewer: str
    withdrawn: str
    since: str
    endless: str
    valid_until: str
    valid_endless: str
    expired: str
    valid_from: str
    ahead: str
    changed: str
    called_off: str
    promised: str
    begins: str
    ends: str
    more: str
    more_tickets: str
    none_announced: str
    fewer_announced: str
    all_reasons: str
    reasons: str
    basis: str
    basis_learnt: str
    spoken: str


ENGLISH = CampaignWords(
    cause_heads={
        "code_expired": "Likely expired: ",
        "code_not_started": "Likely not valid yet: ",
        "one_browser": "Likely fails only with {facet} {value}: ",
        "code_broken": "Likely fails for everyone: ",
    },
    cause_facts={
        "code_expired": "the code ran out {duration} before the rise began.",
        "code_not_started": "the code becomes valid {duration} after the rise began.",
        "one_browser": "at least {tickets} of {total} tickets carry the code together with {facet} {value}.",
        "code_broken": (
            "{share} of the additional tickets carry the code, and no browser, device or app version stands out."
        ),
    },
    cause_facts_at_once={"code_expired": "the code ran out as the rise began."},
    cause_facts_of_all={"one_browser": "all {tickets} tickets carry the code together with {facet} {value}."},
    redeemed_no_more="Not redeemed at all in {window}; {usual} times would be usual for as many orders.",
    redeemed_less="Redeemed {lately} times in {window}; {usual} times would be usual for as many orders.",
    redeemed_still="Still redeemed: {lately} times in {window}; {usual} times would be usual for as many orders.",
    redeemed_new="Redeemed all the same: {lately} times in {window}.",
    fewer="fewer than 5",
    withdrawn="It has been withdrawn from the calendar since.",
    since="Runs since ",
    endless=" without end",
    valid_until=" valid until ",
    valid_endless=" valid without end",
    expired=" expired ",
    valid_from=" valid from ",
    ahead="Campaign ahead",
    changed="Campaign ahead, changed",
    called_off="Campaign withdrawn",
    promised="What customers are told",
    begins="Begins",
    ends="Ends",
    more="About {low} to {high} as many contacts as usual",
    more_tickets="about {low} to {high} more contacts in all",
    none_announced="No additional contacts announced",
    fewer_announced="Fewer contacts than usual announced",
    all_reasons="all contact reasons",
    reasons="Contacts about",
    basis="Announced: {uplift}; the range reckons with up to about a third more or less",
    basis_learnt="Announced: {uplift}, corrected by what campaigns of its kind brought before",
    spoken=", from {begins}. {more}.",
)

GERMAN = CampaignWords(
    cause_heads={
        "code_expired": "Vermutlich abgelaufen: ",
        "code_not_started": "Vermutlich noch nicht gültig: ",
        "one_browser": "Geht vermutlich nur mit {facet} {value} nicht: ",
        "code_broken": "Geht vermutlich bei niemandem: ",
    },
    cause_facts={
        "code_expired": "Der Code lief {duration} vor Beginn des Anstiegs ab.",
        "code_not_started": "Der Code gilt erst {duration} nach Beginn des Anstiegs.",
        "one_browser": "Mindestens {tickets} von {total} Tickets tragen den Code zusammen mit {facet} {value}.",
        "code_broken": (
            "{share} der zusätzlichen Tickets tragen den Code, und kein Browser, kein Gerät und keine App-Version "
            "sticht heraus."
        ),
    },
    cause_facts_at_once={"code_expired": "Der Code lief ab, als der Anstieg begann."},
    cause_facts_of_all={
        "one_browser": "Alle {tickets} Tickets tragen den Code zusammen mit {facet} {value}."
    },
    redeemed_no_more="Zuletzt in {window} nicht eingelöst; {usual}-mal wäre bei so vielen Bestellungen üblich.",
    redeemed_less="Zuletzt in {window} {lately}-mal eingelöst; {usual}-mal wäre bei so vielen Bestellungen üblich.",
    redeemed_still="Weiter eingelöst: {lately}-mal in {window}; {usual}-mal wäre bei so vielen Bestellungen üblich.",
    redeemed_new="Trotzdem eingelöst: {lately}-mal in {window}.",
    fewer="weniger als 5",
    withdrawn="Sie wurde inzwischen aus dem Kalender genommen.",
    since="Läuft seit ",
    endless=" ohne Ende",
    valid_until=" gültig bis ",
    valid_endless=" gültig ohne Ende",
    expired=" abgelaufen ",
    valid_from=" gültig ab ",
    ahead="Kampagne voraus",
    changed="Kampagne voraus, geändert",
    called_off="Kampagne zurückgezogen",
    promised="Was Kundinnen und Kunden gesagt wird",
    begins="Beginn",
    ends="Ende",
    more="Etwa {low} bis {high} so viele Kontakte wie üblich",
    more_tickets="insgesamt etwa {low} bis {high} Kontakte mehr",
    none_announced="Keine zusätzlichen Kontakte angekündigt",
    fewer_announced="Weniger Kontakte als üblich angekündigt",
    all_reasons="alle Kontaktgründe",
    reasons="Kontakte zu",
    basis="Angekündigt: {uplift}; die Spanne rechnet mit bis zu etwa einem Drittel mehr oder weniger",
    basis_learnt="Angekündigt: {uplift}, korrigiert um das, was Kampagnen ihrer Art bisher brachten",
    spoken=", ab {begins}. {more}.",
)


def campaign_words(language: Language) -> CampaignWords:
    """The sentences of a language.

    >>> campaign_words("de").expired
    ' abgelaufen '
    """
    return GERMAN if language == "de" else ENGLISH
