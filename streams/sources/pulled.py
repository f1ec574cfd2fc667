"""Sources that are asked on a timer, as they stand in the file of sources: calendars, marketing tools, exports.

A table with `pull` is asked; one without is listened to (`streams.sources.source_files`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args
from zoneinfo import available_timezones

import msgspec

from streams.settings import SettingsError
from streams.sources.google_token import credentials

Tool = Literal[
    "ical",
    "google-calendar",
    "hubspot-campaigns",
    "hubspot-tickets",
    "mailchimp",
    "shopify-discounts",
    "zendesk-export",
]
TOOLS: tuple[str, ...] = get_args(Tool)
LEAST_MINUTES, MOST_MINUTES = 1, 24 * 60
EXPORTS = frozenset({"hubspot-tickets", "zendesk-export"})
"""What brings tickets; all else brings campaigns."""
_EXAMPLES = {
    "shopify-discounts": "https://SHOP.myshopify.com",
    "zendesk-export": "https://COMPANY.zendesk.com",
}
"""What has an address of one's own, and how it looks."""

_LOOPBACK = ("http://127.0.0.1:", "http://localhost:")
_MAILCHIMP_KEY = re.compile(r"\S+-[a-z]{2,4}\d{1,3}")


class Pulled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One source that is asked, as it stands in the file.

    Attributes:
        pull: what is asked.
        url: where; tools with one address for everybody know it.
        secrets: names of environment variables, the first that is set counts: an iCal address that is itself the
            secret, else the token or key.
        calendar: Google's id of the calendar.
        every_minutes: how often, 1 to 1440.
        timezone: for days and times without a zone; without it `TICKETSPIKE_TIMEZONE`.
        lasts_hours: how long a newsletter is counted as a campaign.
        of: the source of the same file whose tickets an export fills up, by the mapping of its webhooks.
        back_hours: how far back an export begins at each start.
    """

    pull: Tool
    url: str = ""
    secrets: list[str] = []
    calendar: str = ""
    every_minutes: int = 15
    timezone: str | None = None
    lasts_hours: int = 48
    of: str = ""
    back_hours: int = 24


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One source that is asked, ready to be: its table and its secret ("" where it needs none)."""

    name: str
    table: Pulled
    secret: str = ""

    @property
    def url(self) -> str:
        """Where an iCal is: named openly, or itself the secret."""
        return self.table.url or self.secret


def read_pulled(name: str, table: Any) -> Pulled:
    """The table of a source that is asked.

    Raises:
        SettingsError: says something that is not allowed; names source and entry.
    """
    tool = table.get("pull")
    if tool not in TOOLS:
        raise SettingsError(f"{name}.pull={tool!r} is not allowed; allowed: {', '.join(TOOLS)}")
    try:
        read = msgspec.convert(table, Pulled)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {error}") from None
    if not LEAST_MINUTES <= read.every_minutes <= MOST_MINUTES:
        raise SettingsError(
            f"{name}.every_minutes={read.every_minutes} is not allowed; allowed: {LEAST_MINUTES} to {MOST_MINUTES}"
        )
    if read.lasts_hours < 1:
        raise SettingsError(f"{name}.lasts_hours={read.lasts_hours} is not allowed; allowed: 1 or more")
    if read.back_hours < 1:
        raise SettingsError(f"{name}.back_hours={read.back_hours} is not allowed; allowed: 1 or more")
    if read.timezone is not None and read.timezone not in available_timezones():
        raise SettingsError(
            f"{name}.timezone={read.timezone!r} is not allowed; allowed: an IANA name such as Europe/Berlin"
        )
    if read.url:
        _require_url(f"{name}.url={read.url!r}", read.url)
        if tool != "ical" and not read.url.startswith(("https://", *_LOOPBACK)):
            raise SettingsError(
                f"{name}.url={read.url!r} is not allowed; allowed: https://, as a token goes there"
            )
    if tool == "google-calendar" and not read.calendar:
        raise SettingsError(
            f"{name}.calendar is not set; name the calendar's id, as its settings page shows it"
        )
    return read


def with_secret(name: str, table: Pulled, environment: Mapping[str, str]) -> Asked:
    """A source with its secret.

    Raises:
        SettingsError: it has none and needs one, or one that cannot be read.
    """
    secret = next((one for key in table.secrets if (one := environment.get(key, "").strip())), "")
    if not secret and (table.pull != "ical" or not table.url):
        named = ", ".join(table.secrets) or "none is named"
        what = "the address (or name `url`)" if table.pull == "ical" else "the token"
        raise SettingsError(
            f"{name}.secrets: no such environment variable is set ({named}); name one that holds {what}"
        )
    asked = Asked(name=name, table=table, secret=secret)
    if table.pull == "ical":
        _require_url(f"{name}: the address", asked.url)
    elif table.pull in _EXAMPLES and not table.url:
        raise SettingsError(f"{name}.url is not set; name the address, such as {_EXAMPLES[table.pull]}")
    if table.pull == "google-calendar":
        credentials(name, secret)
    if table.pull == "mailchimp" and not table.url and not _MAILCHIMP_KEY.fullmatch(secret):
        # The address is made of it: without this, a key that was cut would be asked of every name server.
        raise SettingsError(
            f"{name}.secrets: the key is not allowed; allowed: one that ends with its data centre (-us6)"
        )
    return asked


def _require_url(what: str, url: str) -> None:
    # webcal: is what calendars put into links, and means https.
    if not url.startswith(("https://", "http://", "webcal://")):
        raise SettingsError(f"{what} is not allowed; allowed: an address that begins with https://")
