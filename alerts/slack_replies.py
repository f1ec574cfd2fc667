"""What goes back to the one who pressed: a word that only that person sees, or a form.

Beside `slack`, the other file that talks to Slack. Nothing here is worth waiting for or trying for long: a form
has to open within three seconds, and a word that fails is a word less. So every call has a short time-out, is
tried once and never raises.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from alerts import redact
from alerts.blocks import clean, escape, fit
from alerts.delivery import Observe, ignore
from alerts.interaction import Modal, Sender
from alerts.language import Language
from alerts.limits import SECTION, TEXT, Payload

SECONDS = 2
_HOOKS = "hooks.slack.com"
_FAILURES = (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError)

log = structlog.get_logger("presses")


class Replies:
    """Answers to people through the response URL of their press, or through the Web API where there is none.

    Args:
        token: the bot token; without it no form opens.
        base_url: Slack's address, or a stand-in's.
        language: of the words that say a text was cut.
        observe: told of every call and its result.
    """

    def __init__(
        self,
        token: str | None,
        *,
        base_url: str = "https://slack.com/api/",
        language: Language = "en",
        observe: Observe = ignore,
    ) -> None:
        self._base_url = base_url
        self._language: Language = language
        self._observe = observe
        # The SDK writes request bodies at debug level; its log must not follow ours down there.
        self._logger = logging.getLogger("ticketspike.slack_sdk")
        self._logger.setLevel(logging.WARNING)
        self._client = (
            AsyncWebClient(
                token=token, base_url=base_url, timeout=SECONDS, logger=self._logger, retry_handlers=[]
            )
            if token
            else None
        )

    async def open(self, modal: Modal) -> bool:
        """Open a form and say whether it did. Never raises."""
        if self._client is None:
            log.warning("a form cannot be opened: SLACK_BOT_TOKEN is not set")
            return False
        view = _guarded(modal.view)
        try:
            await self._client.views_open(trigger_id=modal.trigger_id, view=view)
        except _FAILURES as error:
            self._failed("views.open", error)
            return False
        self._observe("views.open", "ok")
        return True

    async def whisper(self, sender: Sender, text: str) -> bool:
        """Tell one person something and say whether it went out. Never raises."""
        payload = _guarded(self._words(text))
        url = sender.response_url
        try:
            if url is not None and self._is_slacks(url):
                hook = AsyncWebhookClient(url, timeout=SECONDS, logger=self._logger, retry_handlers=[])
                answer = await hook.send(response_type="ephemeral", replace_original=False, **payload)
                self._observe("response_url", "ok" if answer.status_code == 200 else "refused")
                if answer.status_code == 200:
                    return True
            if self._client is None or sender.channel is None:
                return False
            await self._client.chat_postEphemeral(channel=sender.channel, user=sender.user, **payload)
        except _FAILURES as error:
            self._failed("chat.postEphemeral", error)
            return False
        self._observe("chat.postEphemeral", "ok")
        return True

    def _words(self, text: str) -> Payload:
        # Guarded here already: the guard reads invisible signs away, also those that `clean` puts in.
        text = redact.safe(text)
        said = fit(clean(text), SECTION, self._language)
        section = {"type": "section", "text": {"type": "plain_text", "text": said, "emoji": False}}
        return {"text": fit(escape(text), TEXT, self._language), "blocks": [section]}

    def _is_slacks(self, url: str) -> bool:
        """Whether a response URL leads to Slack, or to where the Web API was told to be (a stand-in)."""
        try:
            parts, api = urlsplit(url), urlsplit(self._base_url)
            if parts.scheme == "https" and parts.hostname == _HOOKS and parts.port in (None, 443):
                return True
            return (parts.scheme, parts.hostname, parts.port) == (api.scheme, api.hostname, api.port)
        except ValueError:
            return False

    def _failed(self, method: str, error: Exception) -> None:
        result = type(error).__name__
        if isinstance(error, SlackApiError):
            data = getattr(error.response, "data", None)
            result = str(data.get("error") if isinstance(data, dict) else "http_error")
        self._observe(method, result)
        log.warning("Slack did not take an answer to a press", method=method, why=result)


def _guarded(payload: Payload) -> dict[str, Any]:
    # Written and read by ourselves; half of it is the response URL, which the guard would take for what it is.
    kept = {key: payload[key] for key in ("private_metadata", "callback_id") if key in payload}
    return redact.guard(payload)[0] | kept
