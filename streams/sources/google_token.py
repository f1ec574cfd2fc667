"""An access token for Google, from the credentials that `gcloud auth application-default login` and others write."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec

from streams.settings import SettingsError
from streams.sources.pull_http import fetch
from streams.sources.reading import Away

EARLY_SECONDS = 60.0


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Of an authorised user; other fields of the file are ignored."""

    client_id: str
    client_secret: str
    refresh_token: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


def credentials(name: str, secret: str) -> Credentials:
    """Read what the environment variable holds: the JSON itself, or the path of a file with it.

    Raises:
        SettingsError: neither; nothing of it is in the message.
    """
    allowed = (
        "allowed: JSON with client_id, client_secret and refresh_token, or the path of a file that holds it"
    )
    try:
        text = secret if secret.startswith("{") else Path(secret).read_text(encoding="utf-8")
        return msgspec.json.decode(text, type=Credentials)
    except (OSError, ValueError, msgspec.MsgspecError):
        raise SettingsError(f"{name}: its secret is not allowed; {allowed}") from None


class GoogleToken:
    """Holds an access token and renews it before it ends.

    Args:
        session: of aiohttp; its owner closes it.
        of: the credentials.
        now: the wall clock.
    """

    def __init__(
        self, session: aiohttp.ClientSession, of: Credentials, now: Callable[[], float] = time.time
    ) -> None:
        self._session = session
        self._of = of
        self._now = now
        self._token = ""
        self._until = 0.0

    async def get(self) -> str:
        """A valid token. Raises Away when Google gives none."""
        if self._now() >= self._until:
            of = self._of
            form = {"client_id": of.client_id, "client_secret": of.client_secret}
            form |= {"refresh_token": of.refresh_token, "grant_type": "refresh_token"}
            answer = (await fetch(self._session, of.token_uri, method="POST", data=form)).json()
            token, seconds = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not isinstance(seconds, int):
                raise Away("gives no access token")
            self._token, self._until = token, self._now() + seconds - EARLY_SECONDS
        return self._token
