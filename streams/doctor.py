"""What must be right before a worker can do its work, looked at from outside; nothing is changed.

Each check is one finding of one line, with the remedy where something is wrong. A check that another one makes
pointless (topics of a Kafka that is away) says so, instead of failing for the same reason.
"""

from __future__ import annotations

import asyncio
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from alerts.delivery import DeliveryError
from alerts.slack_clock import skew
from streams import admin
from streams.connection import require_kafka
from streams.detection import holiday_dates
from streams.errors import Failure
from streams.findings import Finding
from streams.settings import Settings, SettingsError
from streams.slack_channel import delivery_of
from streams.source_findings import look_at_sources

SKEW_SECONDS = 60.0
"""Slack refuses presses signed more than five minutes ago, and tickets from the future are refused after ten."""
_WEB_SECONDS = 3.0


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, in the order in which a worker needs it; a finding each, as soon as it is known."""
    yield _settings(settings)
    yield _directory(settings)
    kafka = _kafka(settings)
    yield kafka
    yield _topics(settings, reachable=kafka.state == "ok")
    yield from asyncio.run(look_at_slack(settings))
    if settings.ticketspike_sources is not None:
        yield (file := _sources(settings.ticketspike_sources))
        if file.state == kafka.state == "ok":
            yield from look_at_sources(settings, settings.ticketspike_sources)
    yield _worker(settings)


def _settings(settings: Settings) -> Finding:
    if settings.ticketspike_hmac_key is None:
        text = "TICKETSPIKE_HMAC_KEY is not set; set it to a secret text, the same for all workers"
        return Finding("settings", "wrong", text)
    try:
        days = holiday_dates(settings.ticketspike_holidays)
    except SettingsError as error:
        return Finding("settings", "wrong", str(error))
    if settings.ticketspike_hmac_key_old is not None:
        text = "the HMAC key is being changed; leave TICKETSPIKE_HMAC_KEY_OLD away a day after all workers have both"
        return Finding("settings", "note", text)
    if not days:
        text = "TICKETSPIKE_HOLIDAYS is not set, so holidays surprise; name regions, such as DE-BY"
        return Finding("settings", "note", text)
    return Finding("settings", "ok", f"complete; days are those of {settings.ticketspike_timezone}")


def _directory(settings: Settings) -> Finding:
    directory = settings.ticketspike_data_dir
    standing = next(one for one in (directory, *directory.absolute().parents) if one.exists())
    if standing.is_dir() and os.access(standing, os.W_OK | os.X_OK):
        return Finding("data", "ok", f"{directory} can be written")
    text = f"the data directory {directory} cannot be written; set TICKETSPIKE_DATA_DIR or mend its rights"
    return Finding("data", "wrong", text)


def _kafka(settings: Settings) -> Finding:
    return _tried("kafka", lambda: require_kafka(settings), f"answers at {settings.kafka_bootstrap_servers}")


def _topics(settings: Settings, *, reachable: bool) -> Finding:
    if not reachable:
        return Finding("topics", "note", "not looked at, as Kafka does not answer")
    try:
        differences = admin.check(settings)
    except Failure as error:
        return Finding("topics", "wrong", str(error))
    if not differences:
        return Finding("topics", "ok", "all are there, with the right partitions and retention")
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    text = f"{differences[0]}{more}; see `ticketspike topics check`, mend with `ticketspike topics create`"
    return Finding("topics", "wrong", text)


async def look_at_slack(settings: Settings, now: Callable[[], float] = time.time) -> list[Finding]:
    """What Slack says to the token, the channel, the presses and the clock."""
    token = settings.slack_bot_token
    if token is None:
        text = "SLACK_BOT_TOKEN is not set: messages go to the terminal and messages.jsonl; see docs/slack.md"
        return [Finding("slack", "note", text)]
    try:
        delivery = delivery_of(settings, lambda *_: None, None)
    except SettingsError as error:
        return [Finding("slack", "wrong", str(error))]
    try:
        await delivery.check()
        found = Finding("slack", "ok", f"takes the token, and {settings.slack_channel} is open to the app")
    except DeliveryError as error:
        found = Finding("slack", "wrong", str(error))
    finally:
        await delivery.close()
    return [found, _presses(settings), await _clock(settings, token.get_secret_value(), now)]


def _presses(settings: Settings) -> Finding:
    if settings.slack_app_token:
        return Finding("presses", "ok", "come through Socket Mode")
    if settings.slack_signing_secret:
        text = f"are awaited at /slack/interactions of {settings.ticketspike_web_host}:{settings.ticketspike_web_port}"
        return Finding("presses", "ok", text)
    text = "neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set, so messages have no buttons; see docs/slack.md"
    return Finding("presses", "note", text)


async def _clock(settings: Settings, token: str, now: Callable[[], float]) -> Finding:
    seconds = await skew(token, settings.slack_api_url, now)
    if seconds is None:
        return Finding("clock", "note", "not looked at, as Slack told no time")
    if abs(seconds) > SKEW_SECONDS:
        side = "ahead of" if seconds > 0 else "behind"
        text = f"is about {round(abs(seconds), -1):.0f} s {side} Slack's; let NTP set it"
        return Finding("clock", "wrong", text)
    return Finding("clock", "ok", "agrees with Slack's")


def _sources(path: Path) -> Finding:
    from streams.sources.source_files import listened_to, read_pulled_sources

    try:
        sends, asked = listened_to(path), read_pulled_sources(path)
    except (Failure, SettingsError) as error:
        return Finding("sources", "wrong", str(error))
    parts = [", ".join(f"/hooks/{name}" for name in sends), ", ".join(f"{name} is asked" for name in asked)]
    return Finding("sources", "ok", "; ".join(part for part in parts if part) or "the file names none")


def _worker(settings: Settings) -> Finding:
    address = f"{settings.ticketspike_web_host}:{settings.ticketspike_web_port}"
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=_WEB_SECONDS) as answer:
            body = answer.read(10_000).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        said = " · ".join(error.read(10_000).decode("utf-8", "replace").split("\n")).strip(" ·")
        return Finding("worker", "wrong", f"the one at {address} is not ready: {said}")
    except (OSError, ValueError):
        return Finding("worker", "note", f"none answers at {address}; start one with `ticketspike worker`")
    return Finding("worker", "ok", f"at {address}: {' · '.join(body.split(chr(10))).strip(' ·')}")


def _tried(check: str, what: Callable[[], None], well: str) -> Finding:
    try:
        what()
    except (Failure, SettingsError) as error:
        return Finding(check, "wrong", str(error))
    return Finding(check, "ok", well)
