"""The sentences of a Slack message in German and English, side by side.

A dataclass rather than a table of strings: a language that lacks a sentence does not type-check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.language import Language
from alerts.records import CampaignKind


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that a message says; `{}` places take escaped or numeric values only."""

    headline: str
    headline_resolved: str
    observed: str
    observed_value: str
    expected: str
    expected_value: str
    rise: str
    rise_value: str
    rise_value_without_ratio: str
    since: str
    customers: str
    customers_value: str
    ended: str
    ended_value: str
    drivers: str
    driver: str
    driver_excess: str
    coincides: str
    coincides_too: str
    no_campaign: str
    on_tickets_code: str
    on_tickets_code_few: str
    on_tickets_id: str
    on_tickets_id_few: str
    announced: str
    announced_uplift: str
    near: str
    started: str
    starts: str
    rise_since: str
    not_proven: str
    window: str
    code: str
    owner: str
    rule: str
    incident: str
    revision: str
    tickets: str
    counts: str
    spoken_campaign: str
    spoken_customers: str
    grown: str
    resolved: str
    instead: str
    kinds: Mapping[CampaignKind, str]
    facets: Mapping[str, str]
    driver_pair: str
    evenly: str
    last: str
    all_of: Mapping[str, str]


ENGLISH = Words(
    headline="{observed} instead of {expected} in {window}",
    headline_resolved="over after {duration} · {observed} instead of {expected}",
    observed="Observed",
    observed_value="{observed} in {window}",
    expected="Expected",
    expected_value="{expected}, in 95 % of cases {bounds}",
    rise="Rise",
    rise_value="{ratio} · {excess} tickets",
    rise_value_without_ratio="{excess} tickets",
    since="Since",
    customers="Customers",
    customers_value="{customers} distinct",
    ended="Ended",
    ended_value="{at}, after {duration}",
    drivers="What stands out",
    driver=": {share} of the tickets ({tickets} of {total}), usually {usual}",
    driver_excess=" · {share} of the extra tickets",
    coincides="Coincides with ",
    coincides_too="Also coincides with ",
    no_campaign="No known campaign coincides.",
    on_tickets_code=" is on {tickets} of {total} tickets.",
    on_tickets_code_few=" is on some of the tickets.",
    on_tickets_id="{tickets} of {total} tickets carry the campaign's id.",
    on_tickets_id_few="Some of the tickets carry the campaign's id.",
    announced="Announced for this contact reason",
    announced_uplift=" (up to {uplift} was expected)",
    near="Nothing but the time links the two.",
    started="Started ",
    starts="Starts ",
    rise_since=", rise since ",
    not_proven="Cause not proven.",
    window="Runs ",
    code="Code ",
    owner="Owner ",
    rule="What fired: ",
    incident="Incident",
    revision="revision {revision}",
    tickets="Show the affected tickets",
    counts="Tickets per interval",
    spoken_campaign="Coincides with {name}; cause not proven.",
    spoken_customers="{customers} customers",
    grown="Still growing",
    resolved="Over after {duration}",
    instead="{observed} instead of {expected}",
    kinds={
        "voucher": "voucher",
        "tv": "TV",
        "newsletter": "newsletter",
        "sale": "sale",
        "product": "product",
        "other": "campaign",
    },
    facets={
        "voucher_code": "Code",
        "campaign_id": "Campaign",
        "channel": "Channel",
        "market": "Market",
        "language": "Language",
        "browser": "Browser",
        "device": "Device",
        "app_version": "App version",
        "payment": "Payment",
    },
    driver_pair=": at least {share} of the tickets ({tickets} of {total}), usually {usual}",
    evenly="spread evenly over all {facets}",
    last=" and ",
    all_of={
        "channel": "channels",
        "market": "markets",
        "language": "languages",
        "browser": "browsers",
        "device": "devices",
        "app_version": "app versions",
        "payment": "payment methods",
    },
)

GERMAN = Words(
    headline="{observed} statt {expected} in {window}",
    headline_resolved="vorbei nach {duration} · {observed} statt {expected}",
    observed="Beobachtet",
    observed_value="{observed} in {window}",
    expected="Erwartet",
    expected_value="{expected}, in 95 % der Fälle {bounds}",
    rise="Anstieg",
    rise_value="{ratio} · {excess} Tickets",
    rise_value_without_ratio="{excess} Tickets",
    since="Seit",
    customers="Kundinnen und Kunden",
    customers_value="{customers} verschiedene",
    ended="Beendet",
    ended_value="{at}, nach {duration}",
    drivers="Was heraussticht",
    driver=": {share} der Tickets ({tickets} von {total}), sonst {usual}",
    driver_excess=" · {share} der zusätzlichen Tickets",
    coincides="Fällt zeitlich zusammen mit ",
    coincides_too="Fällt auch zusammen mit ",
    no_campaign="Mit keiner bekannten Kampagne fällt das zusammen.",
    on_tickets_code=" steht auf {tickets} von {total} Tickets.",
    on_tickets_code_few=" steht auf einigen der Tickets.",
    on_tickets_id="{tickets} von {total} Tickets tragen die Kennung der Kampagne.",
    on_tickets_id_few="Einige der Tickets tragen die Kennung der Kampagne.",
    announced="Für diesen Kontaktgrund angekündigt",
    announced_uplift=" (erwartet wurde bis zu {uplift})",
    near="Allein die Zeit spricht dafür.",
    started="Start ",
    starts="Beginnt ",
    rise_since=", Anstieg seit ",
    not_proven="Ursache nicht belegt.",
    window="Läuft ",
    code="Code ",
    owner="Zuständig ",
    rule="Ausgelöst durch: ",
    incident="Vorfall",
    revision="Stand {revision}",
    tickets="Betroffene Tickets ansehen",
    counts="Tickets je Zeitabschnitt",
    spoken_campaign="Fällt zeitlich zusammen mit {name}; Ursache nicht belegt.",
    spoken_customers="{customers} Kundinnen und Kunden",
    grown="Wächst weiter",
    resolved="Vorbei nach {duration}",
    instead="{observed} statt {expected}",
    kinds={
        "voucher": "Gutschein",
        "tv": "TV",
        "newsletter": "Newsletter",
        "sale": "Aktion",
        "product": "Produkt",
        "other": "Kampagne",
    },
    facets={
        "voucher_code": "Code",
        "campaign_id": "Kampagne",
        "channel": "Kanal",
        "market": "Markt",
        "language": "Sprache",
        "browser": "Browser",
        "device": "Gerät",
        "app_version": "App-Version",
        "payment": "Zahlart",
    },
    driver_pair=": mindestens {share} der Tickets ({tickets} von {total}), sonst {usual}",
    evenly="gleichmäßig über alle {facets} verteilt",
    last=" und ",
    all_of={
        "channel": "Kanäle",
        "market": "Märkte",
        "language": "Sprachen",
        "browser": "Browser",
        "device": "Geräte",
        "app_version": "App-Versionen",
        "payment": "Zahlarten",
    },
)


def words(language: Language) -> Words:
    """The sentences of a language.

    >>> words("de").since
    'Seit'
    """
    return GERMAN if language == "de" else ENGLISH


def spread_evenly(facets: Iterable[str], language: Language) -> str:
    """That tickets are spread evenly over these facets; "" if there is none that has a word.

    >>> spread_evenly(["channel", "browser", "colour"], "de"), spread_evenly([], "de")
    ('gleichmäßig über alle Kanäle und Browser verteilt', '')
    >>> spread_evenly(["channel", "market", "browser"], "en")
    'spread evenly over all channels, markets and browsers'
    """
    say = words(language)
    *first, last = ["", *(say.all_of[facet] for facet in facets if facet in say.all_of)]
    if not last:
        return ""
    listed = ", ".join(first[1:])
    return say.evenly.format(facets=f"{listed}{say.last}{last}" if listed else last)
