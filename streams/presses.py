"""How presses in Slack reach this worker, put together from the settings: what runs, what answers, what is ready."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import SecretStr

from alerts.slack_replies import Replies
from streams.app import compacted
from streams.interactions import Interactions, incident_in
from streams.metrics import Metrics
from streams.notify import Notify
from streams.settings import Settings
from streams.slack_http import SlackHttp
from streams.socket_mode import SocketMode
from streams.web import Handler, Ready

OFF = "off: neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN is set, so no button is answered"

log = structlog.get_logger("presses")


@dataclass(frozen=True, slots=True)
class Presses:
    """The services by name, the handlers of the web server by path, and the line in `/readyz`."""

    services: Mapping[str, Any]
    posts: Mapping[str, Handler]
    ready: Ready


def presses(settings: Settings, metrics: Metrics, notifies: Sequence[Notify]) -> Presses:
    """The ways in; every worker with the notify stage has them, also one that stands by.

    Args:
        settings: of this worker.
        metrics: where presses and calls are counted.
        notifies: the stage, once a shard.
    """
    secret, app_token = _secret(settings.slack_signing_secret), _secret(settings.slack_app_token)
    replies = Replies(
        _secret(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        language=settings.ticketspike_language,
        observe=metrics.slack_call,
    )
    rows = [compacted(one.app, one.settings, "incidents", table_name="incident-rows") for one in notifies]
    campaigns = notifies[0].surroundings.campaigns
    interactions = Interactions(
        settings, metrics, replies, campaigns=campaigns, incident_of=incident_in(ChainMap(*rows))
    )
    services: dict[str, Any] = {"presses": interactions}
    ways = ["signed requests at /slack/interactions"] if secret else []
    socket = None
    if app_token:
        socket = SocketMode(app_token, interactions, metrics, base_url=settings.slack_api_url)
        services["socket mode"] = socket
        ways.append("Socket Mode")

    def ready() -> tuple[bool, str]:
        trouble = socket.trouble if socket else None
        return trouble is None, trouble or ", ".join(ways) or OFF

    if not ways:
        # Without a bot token there is no Slack at all, and nothing to be warned of.
        tell = log.warning if settings.slack_bot_token else log.info
        tell("presses in Slack are not answered", why="set SLACK_SIGNING_SECRET or SLACK_APP_TOKEN")
    return Presses(services, SlackHttp(secret, interactions).posts(), ready)


def _secret(setting: SecretStr | None) -> str | None:
    return (setting.get_secret_value().strip() or None) if setting else None
