"""Hooks of schemathesis: every request is signed as the sender of its path signs."""

from __future__ import annotations

import time

import requests
import schemathesis
from presses import signed as signed_by_slack
from web_desk import signed


class Signed(requests.auth.AuthBase):
    """Puts the headers in when the body is made."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        path = request.path_url.partition("?")[0]
        if path.startswith("/hooks/"):
            request.headers.update(signed(path.removeprefix("/hooks/"), body))
        elif path.startswith("/slack/"):
            headers = signed_by_slack(body, time.time())
            request.headers.update({name: value for name, value in headers.items() if name.startswith("X-")})
        return request


schemathesis.auth.set_from_requests(Signed())
