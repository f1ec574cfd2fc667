"""The channel that the settings name, also after the settings file was mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.outbox import Outbox
from alerts.slack import Slack
from streams.settings import SettingsError, load
from streams.slack_channel import delivery_of, reach

OLD = 'slack_bot_token = "xoxb-old"\nslack_channel = "C1"\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ticketspike.toml"
    path.write_text(OLD)
    monkeypatch.setenv("TICKETSPIKE_CONFIG", str(path))
    return path


def test_a_mended_settings_file_is_read_again(file: Path) -> None:
    settings = load()
    assert reach(settings) == ("xoxb-old", "C1")
    file.write_text('slack_bot_token = "xoxb-new"\nslack_channel = "C2"\n')
    assert reach(settings) == ("xoxb-new", "C2")


@pytest.mark.parametrize("broken", ["slack_bot_token = ", "unknown_setting = 1\n", ""])
def test_a_settings_file_that_is_broken_by_now_leaves_what_there_was(broken: str, file: Path) -> None:
    settings = load()
    file.write_text(broken)
    assert reach(settings) == ("xoxb-old", "C1")


def test_a_token_needs_a_channel_and_without_a_token_the_outbox_delivers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETSPIKE_DATA_DIR", str(tmp_path))
    assert isinstance(delivery_of(load(), lambda *_: None, None), Outbox)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-test")
    with pytest.raises(SettingsError, match="SLACK_CHANNEL"):
        delivery_of(load(), lambda *_: None, None)
    monkeypatch.setenv("SLACK_CHANNEL", "C1")
    assert isinstance(delivery_of(load(), lambda *_: None, None), Slack)
