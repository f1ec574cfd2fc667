"""The Slack app's manifests: what the code needs is in them, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import modals
from streams.slack_http import SlackHttp

ROOT = Path(__file__).parents[2]
PUBLIC, SOCKET = "slack-manifest.yaml", "slack-manifest-socket.yaml"

SCOPES: dict[str, set[str]] = {
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "chat_delete": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_replies": {"channels:history", "groups:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "files_getUploadURLExternal": {"files:write"},
    "files_completeUploadExternal": {"files:write"},
    "files_upload_v2": {"files:write"},
    # No scope of the bot's: they ask for a token, a trigger, or the app-level token.
    "auth_test": set(),
    "views_open": set(),
    "apps_connections_open": set(),
}
"""The bot's scopes that each method of the Web API asks for, from Slack's reference."""

_CALL = re.compile(r"\b(?:_?poster|_?editor|_?client|web)\.((?:[a-z]+_)+[A-Za-z0-9_]+)\b")


def manifest(name: str) -> dict[str, Any]:
    """A manifest as Slack reads it."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / name).read_text(encoding="utf-8"))
    return found


def called() -> set[str]:
    """The Web API's methods that our code calls on a client of slack-sdk."""
    names: set[str] = set()
    for package in ("alerts", "streams"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "AsyncWebClient" in text:
                families = ("chat_", "conversations_", "files_", "views_", "apps_", "auth_", "users_")
                names |= {name for name in _CALL.findall(text) if name.startswith(families)}
    return names


@pytest.mark.parametrize("name", [PUBLIC, SOCKET])
def test_every_scope_that_the_code_needs_is_asked_for_and_no_other(name: str) -> None:
    methods = called()
    assert {"chat_postMessage", "chat_update", "conversations_history", "views_open"} <= methods
    assert methods <= SCOPES.keys(), "say in SCOPES what this method asks for"
    # Shortcuts come with `commands`.
    needed = set().union(*(SCOPES[method] for method in methods)) | {"commands"}
    assert set(manifest(name)["oauth_config"]["scopes"]["bot"]) == needed


@pytest.mark.parametrize("name", [PUBLIC, SOCKET])
def test_the_shortcut_is_the_one_that_is_answered_and_fits_slacks_limits(name: str) -> None:
    (shortcut,) = manifest(name)["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", modals.MISSED)
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150
    about = manifest(name)["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140


def test_presses_and_menus_are_sent_to_the_path_that_answers() -> None:
    settings = manifest(PUBLIC)["settings"]
    addresses = settings["interactivity"]
    assert addresses["is_enabled"]
    paths = SlackHttp(None, None).posts()  # type: ignore[arg-type] # only its paths are asked for
    for key in ("request_url", "message_menu_options_url"):
        assert addresses[key].startswith("https://")
        assert "/" + addresses[key].split("/", 3)[3] in paths
    assert not settings["socket_mode_enabled"]


def test_the_two_manifests_differ_in_the_way_in_alone() -> None:
    public, socket = manifest(PUBLIC), manifest(SOCKET)
    assert socket["settings"]["socket_mode_enabled"]
    assert socket["settings"]["interactivity"] == {"is_enabled": True}
    for one in (public, socket):
        del one["settings"]["socket_mode_enabled"], one["settings"]["interactivity"]
    assert public == socket
