"""Who is told: whom a roster pings and when, where an incident stands, and that nothing but the settings pings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from message_states import CONTEXT, DRIVERS, ONSET, POST, TAKEN, answered, condition, group, incident, spike
from msgspec.structs import replace as altered

from alerts import limits, message
from alerts.context import Context
from alerts.decision import Reason
from alerts.incident import opened
from alerts.records import Driver, Incident
from alerts.roster import Row, channel_of, channels, whom
from alerts.roster_rows import read
from streams.settings import SettingsError, load

BERLIN = ZoneInfo("Europe/Berlin")
ANNA, BEN, GROUP, LEADS = "U0ANNA001", "W0BEN0001", "S0614TZR7", "S0LEADS01"
FRIDAY_NOON = datetime(2026, 11, 20, 12, tzinfo=BERLIN)


def rows(*tables: dict[str, object]) -> tuple[Row, ...]:
    return read(list(tables))


def pinged(*tables: dict[str, object], at: datetime = FRIDAY_NOON, escalated: bool = False) -> list[str]:
    return whom(incident(), at, rows(*tables), escalated=escalated)


def of(market: str, share: float = 0.9, facet: str = "market") -> Incident:
    driver = Driver(facet=facet, value=market, tickets=38, share=0.9, usual_share=0.1, excess_share=share)
    return opened(spike(drivers=[driver]), ())


def test_a_row_without_conditions_is_always_meant() -> None:
    assert pinged({"ping": [ANNA]}) == [ANNA]
    assert pinged() == []


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("Gutschein ungültig", True),
        ("gutschein*", True),
        ("*UNGÜLTIG", True),
        ("Gutschein ?ngültig", True),
        ("Gutschein", False),
        ("Liefer*", False),
        ("*[x]*", False),
    ],
)
def test_contact_reasons_are_named_by_wildcards_whatever_their_case(pattern: str, fits: bool) -> None:
    assert pinged({"ping": [ANNA], "reasons": [pattern]}) == ([ANNA] if fits else [])


def test_a_bracket_in_a_pattern_is_a_letter() -> None:
    one = opened(spike(reason="Zahlung [PayPal]"), ())
    assert whom(one, FRIDAY_NOON, rows({"ping": [ANNA], "reasons": ["zahlung [paypal]"]})) == [ANNA]


def test_of_reasons_that_rise_together_each_calls_its_own_people_once() -> None:
    first, second = group().contact_reasons[:2]
    roster = rows({"ping": [ANNA, GROUP], "reasons": [first]}, {"ping": [GROUP, BEN], "reasons": [second]})
    assert whom(group(), FRIDAY_NOON, roster) == [ANNA, GROUP, BEN]


@pytest.mark.parametrize("kind", ["total_volume", "source_silent"])
def test_the_source_as_a_whole_calls_those_who_are_meant_for_all_reasons(kind: str) -> None:
    one = altered(condition(kind), contact_reasons=["Gutschein ungültig"])
    roster = rows({"ping": [ANNA], "reasons": ["gutschein*"]}, {"ping": [BEN]})
    assert whom(one, FRIDAY_NOON, roster) == [BEN]


@pytest.mark.parametrize(
    ("days", "hours", "at", "on"),
    [
        ("Mon-Fri", "08:00-18:00", "2026-11-20T08:00", True),
        ("Mon-Fri", "08:00-18:00", "2026-11-20T07:59", False),
        ("Mon-Fri", "08:00-18:00", "2026-11-20T18:00", False),
        ("Mon-Fri", "08:00-18:00", "2026-11-21T12:00", False),
        ("Sat,Sun", "", "2026-11-21T23:59", True),
        ("Fri", "22:00-06:00", "2026-11-20T23:00", True),
        ("Fri", "22:00-06:00", "2026-11-21T05:59", True),
        ("Fri", "22:00-06:00", "2026-11-21T06:00", False),
        ("Fri", "22:00-06:00", "2026-11-20T05:00", False),
        ("Fri", "18:00-24:00", "2026-11-20T23:59", True),
        ("Fri", "18:00-24:00", "2026-11-21T00:00", False),
        ("Fri", "00:00-24:00", "2026-11-20T00:00", True),
    ],
)
def test_a_turn_goes_by_the_local_clock_and_a_night_belongs_to_the_day_it_began_on(
    days: str, hours: str, at: str, on: bool
) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    assert pinged({"ping": [ANNA], "days": days, "hours": hours}, at=local) == ([ANNA] if on else [])


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - made local below
def test_day_and_night_turns_leave_no_minute_out_and_share_none(at: datetime) -> None:
    tables = ({"ping": [ANNA], "hours": "07:00-19:00"}, {"ping": [BEN], "hours": "19:00-07:00"})
    assert len(pinged(*tables, at=at.replace(tzinfo=UTC).astimezone(BERLIN))) == 1


def test_quiet_hours_ping_nobody_whatever_the_other_rows_say() -> None:
    tables = ({"ping": [ANNA]}, {"quiet": True, "hours": "20:00-07:00"})
    assert pinged(*tables) == [ANNA]
    assert pinged(*tables, at=FRIDAY_NOON.replace(hour=22)) == []
    assert pinged(*tables, at=FRIDAY_NOON.replace(hour=22), escalated=True) == []


def test_when_nobody_reacts_the_second_group_is_called_or_the_first_one_again() -> None:
    assert pinged({"ping": [ANNA], "escalate": [LEADS]}, escalated=True) == [LEADS]
    assert pinged({"ping": [ANNA]}, escalated=True) == [ANNA]
    assert pinged({"escalate": [LEADS]}) == []


def test_an_incident_stands_in_the_channel_of_its_market_and_in_the_shared_one_otherwise() -> None:
    roster = rows(
        {"channel": "C0AUSTRIA1", "markets": ["AT"]}, {"channel": "C0BRAND001", "brands": ["Nord*"]}
    )
    assert channels(roster) == ["C0AUSTRIA1", "C0BRAND001"]
    assert channel_of(of("at"), roster) == "C0AUSTRIA1"
    assert channel_of(of("Nordlicht", facet="brand"), roster) == "C0BRAND001"
    assert channel_of(of("AT", share=0.7), roster) is None
    assert channel_of(of("DE"), roster) is None
    assert channel_of(of("AT", facet="brand"), roster) is None
    assert channel_of(condition("source_silent"), roster) is None


def test_people_of_a_market_are_pinged_for_its_incidents_only() -> None:
    roster = rows({"ping": [ANNA], "markets": ["AT"]}, {"ping": [BEN]})
    assert whom(of("AT"), FRIDAY_NOON, roster) == [ANNA, BEN]
    assert whom(of("DE"), FRIDAY_NOON, roster) == [BEN]


ROSTER = rows(
    {"ping": [ANNA, GROUP], "hours": "06:00-20:00", "escalate": [LEADS]},
    {"ping": [BEN], "hours": "20:00-06:00"},
)
NOW = replace(CONTEXT, roster=ROSTER, wall=ONSET + timedelta(minutes=30))


def mentions(payload: message.Payload) -> list[str]:
    """The ids that the blocks of a payload mention, those of campaigns' owners left out."""
    found = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if value.get("type") in ("user", "usergroup"):
                found.append(str(value.get("user_id") or value.get("usergroup_id")))
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    walk(payload["blocks"])
    return [one for one in found if one in (ANNA, BEN, GROUP, LEADS)]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_root_message_pings_whoever_is_on_duty_when_it_is_posted(language: str) -> None:
    context = replace(NOW, language=language)  # type: ignore[arg-type]
    payload = message.root(incident(), context)
    assert mentions(payload) == [ANNA, GROUP]
    assert limits.validate(payload) == []
    assert {"de": "Im Dienst: ", "en": "On duty: "}[language] in json.dumps(payload, ensure_ascii=False)


def test_an_edit_in_the_night_names_those_who_were_pinged_in_the_morning() -> None:
    posted = altered(incident(), slack=POST)
    night = replace(NOW, wall=ONSET + timedelta(hours=14))
    assert mentions(message.root(incident(), night)) == [BEN]
    assert mentions(message.root(posted, night)) == [ANNA, GROUP]


def test_what_is_over_pings_nobody() -> None:
    over = incident("cleared")
    assert over.status == "resolved"
    assert mentions(message.root(over, NOW)) == []
    assert mentions(message.reply(over, NOW)) == []


@pytest.mark.parametrize(
    ("why", "ids"),
    [
        (Reason.GROWN, [ANNA, GROUP]),
        (Reason.ESCALATED, [ANNA, GROUP]),
        (Reason.REOPENED, [ANNA, GROUP]),
        (Reason.REMINDER, [LEADS]),
        (Reason.REPLACED, []),
    ],
)
def test_a_reply_pings_when_it_gets_worse_and_the_second_group_when_nobody_reacts(
    why: Reason, ids: list[str]
) -> None:
    payload = message.reply(incident("grown"), NOW, why)
    assert mentions(payload) == ids
    assert limits.validate(payload) == []


def test_once_somebody_has_taken_it_over_nobody_is_pinged_any_more() -> None:
    assert mentions(message.reply(answered(incident("grown"), TAKEN), NOW, Reason.GROWN)) == []


def test_without_a_roster_a_message_is_what_it_was() -> None:
    assert message.root(incident(), replace(NOW, roster=())) == message.root(incident(), CONTEXT)


def test_the_roster_alone_pings_whatever_data_looks_like_an_id() -> None:
    hostile = f"<@{ANNA}> <!subteam^{LEADS}> {BEN}"
    driver = altered(DRIVERS[0], value=hostile)
    one = opened(spike(reason=hostile, drivers=[driver]), ())
    context = replace(NOW, roster=rows({"ping": [GROUP], "reasons": ["*<*"]}))
    for payload in (message.root(one, context), message.reply(one, context, Reason.GROWN)):
        assert mentions(payload) == [GROUP]
        assert f"<@{ANNA}>" not in json.dumps(payload)


def test_a_message_names_its_channel_until_it_stands_there() -> None:
    context = replace(NOW, roster=rows({"channel": "C0AUSTRIA1", "markets": ["AT"]}))
    assert message.root(of("AT"), context)["channel"] == "C0AUSTRIA1"
    assert "channel" not in message.root(altered(of("AT"), slack=POST), context)
    assert "channel" not in message.root(of("DE"), context)


WRONG = [
    (
        {"ping": ["@channel"]},
        "roster[1].ping='@channel' is not allowed; allowed: ids of Slack users or groups",
    ),
    ({"ping": ["<!here>"]}, "roster[1].ping='<!here>' is not allowed"),
    ({"ping": ["SUPPORT"]}, "roster[1].ping='SUPPORT' is not allowed"),
    ({"escalate": ["C0123456789"]}, "roster[1].escalate='C0123456789' is not allowed"),
    ({"ping": ANNA}, "roster[1] is not allowed (Expected `array`, got `str` - at `$.ping`)"),
    (
        {"pong": [ANNA]},
        "allowed fields: ping, escalate, reasons, days, hours, quiet, markets, brands, channel",
    ),
    ({"ping": [ANNA], "days": "Funday"}, "roster[1].days='Funday' is not allowed; allowed: weekdays such as"),
    (
        {"ping": [ANNA], "hours": "8-18"},
        "roster[1].hours='8-18' is not allowed; allowed: local hours such as",
    ),
    ({"ping": [ANNA], "reasons": []}, "roster[1].reasons=[] is not allowed; allowed: contact reasons"),
    ({"ping": [ANNA], "quiet": True}, "quiet without ping and escalate"),
    ({"channel": "#austria", "markets": ["AT"]}, "allowed: the id of a Slack channel, such as C0123456789"),
    ({"channel": "C0123456789"}, "allowed: a channel together with markets or brands"),
    ({"reasons": ["a"]}, "allowed: at least one of ping, escalate, quiet = true, channel"),
]


@pytest.mark.parametrize(("table", "sentence"), WRONG)
def test_a_wrong_row_stops_the_start_with_its_name_and_what_is_allowed(
    table: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SettingsError) as error:
        load(ticketspike_roster=[table])
    assert sentence in str(error.value)


def test_the_settings_file_holds_the_roster_as_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ticketspike.toml"
    path.write_text(
        f"""
TICKETSPIKE_LANGUAGE = "de"

[[roster]]
ping = ["{ANNA}"]
reasons = ["Gutschein*"]
days = "Mon-Fri"
hours = "08:00-18:00"
escalate = ["{LEADS}"]

[[roster]]
quiet = true
hours = "20:00-07:00"
""",
        encoding="utf-8",
    )
    monkeypatch.setenv("TICKETSPIKE_CONFIG", str(path))
    # A variable that anybody may have set for something else.
    monkeypatch.setenv("ROSTER", "on call")
    found = load()
    assert found.ticketspike_language == "de"
    assert found.ticketspike_roster == rows(
        {
            "ping": [ANNA],
            "reasons": ["Gutschein*"],
            "days": "Mon-Fri",
            "hours": "08:00-18:00",
            "escalate": [LEADS],
        },
        {"quiet": True, "hours": "20:00-07:00"},
    )
    assert Context(now=ONSET, roster=found.ticketspike_roster).roster


def test_the_environment_takes_the_roster_as_json_and_says_so_when_it_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TICKETSPIKE_ROSTER", json.dumps([{"ping": [ANNA]}]))
    assert load().ticketspike_roster == rows({"ping": [ANNA]})
    monkeypatch.setenv("TICKETSPIKE_ROSTER", "U0ANNA001")
    with pytest.raises(SettingsError, match="rather write tables"):
        load()
