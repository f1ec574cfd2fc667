"""The channel that the settings name, as something that takes messages."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from alerts.delivery import Delivery, Observe
from alerts.roster import channels
from alerts.slack import delivery
from streams.settings import Settings, SettingsError, load

log = structlog.get_logger("slack")


def delivery_of(settings: Settings, observe: Observe, write: Callable[[str], None] | None) -> Delivery:
    """Slack, or the terminal and a file where there is no token.

    Args:
        settings: token, channel, address, data directory.
        observe: told of every call and its result.
        write: takes lines for the terminal.

    Raises:
        SettingsError: a token without a channel.
    """
    token = settings.slack_bot_token
    try:
        return delivery(
            token=token.get_secret_value() if token else None,
            channel=settings.slack_channel,
            data_dir=settings.ticketspike_data_dir,
            base_url=settings.slack_api_url,
            write=write,
            observe=observe,
            others=channels(settings.ticketspike_roster),
            reach=lambda: reach(settings),
        )
    except ValueError as error:
        raise SettingsError(str(error)) from None


def reach(settings: Settings) -> tuple[str, str]:
    """Token and channel as the settings file has them by now; the environment of a process never changes."""
    try:
        now = load()
    except SettingsError as error:
        log.error("the settings cannot be read again; the ones from the start stay", error=str(error))
        now = settings
    if now.slack_bot_token is None or now.slack_channel is None:
        now = settings
    token = now.slack_bot_token
    return token.get_secret_value() if token else "", now.slack_channel or ""
