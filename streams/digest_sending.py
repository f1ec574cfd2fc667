"""Sends one message to the channel, for a command: an error is said, not tried again."""

from __future__ import annotations

from alerts.delivery import DeliveryError, ignore
from alerts.limits import Payload
from streams.errors import Failure
from streams.settings import Settings
from streams.slack_channel import delivery_of


async def send(settings: Settings, payload: Payload) -> None:
    """Post a payload.

    Raises:
        Failure: Slack did not take it, or nobody knows whether it did.
        SettingsError: a token without a channel.
    """
    delivery = delivery_of(settings, ignore, None)
    try:
        await delivery.post(payload)
    except DeliveryError as error:
        doubt = "; look into the channel before you send it again" if error.ambiguous else ""
        raise Failure(f"{error}{doubt}.") from None
    finally:
        await delivery.close()
