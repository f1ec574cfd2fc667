"""`ticketspike demo` as a person runs it: the process, its words, its page, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams import kafka_jars

SECONDS = 280
"""Far more than the demo takes alone: the test machine is busy with other tests."""

TICKETSPIKE = str(Path(sys.executable).with_name("ticketspike"))


def environment(tmp_path: Path) -> dict[str, str]:
    """No settings of the caller, and a place for temporary files that no other process uses."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TICKETSPIKE_", "SLACK_", "KAFKA_"))
    }
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return inherited | {"TMPDIR": str(scratch)}


def processes_of(folder: Path) -> list[str]:
    """Command lines of running processes that were started with files of that folder, or run in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            surroundings = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if command and f"{folder}/" in command + surroundings:
            found.append(command)
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("demo")
    # On a new machine the demo would say that it fetches Kafka; what it says otherwise is what is tested.
    kafka_jars.libraries(lambda _said: None)
    done = subprocess.run(
        [TICKETSPIKE, "demo", "--out", str(folder / "out")],
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done, folder


@pytest.mark.timeout(SECONDS + 20)
def test_the_day_comes_out_as_it_must(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") == 9
    assert done.stderr == ""


def test_the_alert_comes_within_ten_minutes_and_is_the_only_one(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _ = demo
    raised = re.search(r"raised (\d+) simulated minutes after the code broke", done.stdout)
    assert raised is not None, done.stdout
    assert 0 < int(raised[1]) <= 10
    assert "one incident, no other alert: voucher not working\n" in done.stdout
    assert done.stdout.count("Slack, new message") == 1


def test_the_story_is_told_in_order_and_without_colours(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, _ = demo
    told = [
        "the newsletter goes out",
        "the code stops working in Safari",
        "Slack, new message",
        "the shop's developers mend the code",
        "Over after",
        "the TV spot is on air",
        "What the day must show",
    ]
    places = [done.stdout.find(words) for words in told]
    assert -1 not in places, done.stdout
    assert places == sorted(places)
    assert "\x1b" not in done.stdout


def test_the_page_shows_campaign_code_and_browser_and_loads_nothing(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = demo
    page = (folder / "out" / "slack.html").read_text(encoding="utf-8")
    for words in (
        "voucher not working",
        "Summer newsletter",
        "25 % off everything until midnight",
        "SOMMER25",
        "Safari",
    ):
        assert words in page
    assert not re.search(r"""(src|href)=["']?(?!data:|#)|url\((?!["']?data:)|@import""", page)


def test_nothing_is_left_running_and_only_the_page_is_left_behind(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = demo
    assert processes_of(folder) == []
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["out/slack.html"]


@pytest.mark.timeout(120)
def test_a_demo_that_is_interrupted_leaves_nothing_running_either(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [TICKETSPIKE, "demo", "--out", str(tmp_path / "out")],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not any("kafka.Kafka" in command for command in processes_of(tmp_path)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert processes_of(tmp_path) == []
