"""What the file of sources may say of those that are asked on a timer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams import doctor
from streams.settings import SettingsError
from streams.sources.source_files import listened_to, read_pulled_sources, read_sources

URL = 'url = "https://x"'
ENVIRONMENT = {"SET": "4711", "HELP": "s"}


def test_sources_that_are_asked_and_those_that_send_stand_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        f'[help]\npreset = "zendesk"\nsecrets = ["HELP"]\n[marketing]\npull = "ical"\n{URL}\nevery_minutes = 5\n'
        '[secret]\npull = "ical"\nsecrets = ["NOT_SET", "ADDRESS"]\n'
        '[team]\npull = "google-calendar"\ncalendar = "c"\nsecrets = ["GOOGLE"]\n'
    )
    google = json.dumps({"client_id": "i", "client_secret": "s", "refresh_token": "r"})
    environment = ENVIRONMENT | {"ADDRESS": "webcal://y/private.ics", "GOOGLE": google}
    assert list(listened_to(path, environment)) == list(read_sources(path)) == ["help"]
    asked = read_pulled_sources(path, environment)
    assert [(name, one.url) for name, one in asked.items()] == [
        ("marketing", "https://x"),
        ("secret", "webcal://y/private.ics"),
        ("team", google),
    ]
    assert asked["marketing"].table.every_minutes == 5


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('pull = "outlook"', "cal.pull='outlook' is not allowed; allowed: ical, google-calendar"),
        (
            'pull = "ical"',
            "cal.secrets: no such environment variable is set (none is named); name one that holds the",
        ),
        (
            'pull = "ical"\nsecrets = ["SET"]',
            "cal: the address is not allowed; allowed: an address that begins with",
        ),
        ('pull = "ical"\nurl = "ftp://x"', "cal.url='ftp://x' is not allowed; allowed: an address"),
        (
            f'pull = "ical"\n{URL}\nevery_minutes = 0',
            "cal.every_minutes=0 is not allowed; allowed: 1 to 1440",
        ),
        (
            f'pull = "ical"\n{URL}\ntimezone = "Berlin"',
            "cal.timezone='Berlin' is not allowed; allowed: an IANA",
        ),
        (f'pull = "ical"\n{URL}\nlasts_hours = 0', "cal.lasts_hours=0 is not allowed; allowed: 1 or more"),
        (f'pull = "ical"\n{URL}\nfields = 1', "cal: Object contains unknown field `fields`"),
        ('pull = "google-calendar"\nsecrets = ["SET"]', "cal.calendar is not set; name the calendar's id"),
        (
            'pull = "google-calendar"\ncalendar = "x"\nsecrets = ["SET"]',
            "cal: its secret is not allowed; allowed: JSON",
        ),
        (
            'pull = "mailchimp"\nsecrets = ["NOT_SET"]',
            "cal.secrets: no such environment variable is set (NOT_SET)",
        ),
        (
            f'pull = "zendesk-export"\nof = "nobody"\n{URL}',
            "cal.of='nobody' is not allowed; allowed: a source of this",
        ),
        (
            f'pull = "zendesk-export"\nof = "help"\n{URL}\nback_hours = 0',
            "cal.back_hours=0 is not allowed; allowed: 1",
        ),
        (
            'pull = "zendesk-export"\nof = "help"\nsecrets = ["SET"]',
            "cal.url is not set; name the address, such as https",
        ),
        ('pull = "shopify-discounts"\nsecrets = ["SET"]', "cal.url is not set; name the address, such as"),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is_and_no_secret_is_shown(
    table: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(f'[cal]\n{table}\n[help]\npreset = "zendesk"\n')
    with pytest.raises(SettingsError) as refused:
        read_pulled_sources(tmp_path / "sources.toml", ENVIRONMENT)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)
    assert "4711" not in str(refused.value)


def test_doctor_reads_the_file_of_sources_and_names_what_is_wrong_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(f'[help]\npreset = "zendesk"\nsecrets = ["HELP"]\n[marketing]\npull = "ical"\n{URL}\n')
    found = doctor._sources(path)
    assert (found.state, found.text[:34]) == ("wrong", "help.secrets: no such environment ")
    monkeypatch.setenv("HELP", "s")
    assert str(doctor._sources(path)) == "ok     sources   /hooks/help; marketing is asked"
