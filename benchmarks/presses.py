"""From the press of a button to the changed message: the real worker, signed requests in, the real slack-sdk out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode

import aiohttp
import msgspec

from alerts.choices import CAUSES
from alerts.records import Spike
from benchmarks.report import percentile, surroundings
from benchmarks.worker import environment_of
from streams import admin
from streams.fake_slack import CHANNEL_ID, FakeSlack
from streams.publish import publisher
from streams.settings import Settings, load

INCIDENTS = 12
PATIENCE_SECONDS = 20.0
PAUSES = (1.3, 3.0)
"""Seconds between two presses. Faster than Slack's 50 edits a minute nobody could be shown every press."""
ASKED_P99 = 2.0
PACKAGES = ("ticketspike", "aiokafka", "faust-streaming", "slack-sdk", "aiohttp")
SECRET = "bench"  # noqa: S105 - a throw-away

ABOUT = """# From a press to the changed message

One `ticketspike worker --only notify`, an embedded broker, the real slack-sdk against a local stand-in for Slack.
{incidents} incidents are open. One after the other, {least:g} to {most:g} seconds apart, people pick a cause below one
of them, chosen at random: a request signed as Slack signs it.

Measured on one clock. *Answered* is from the request to its 200, by which the answer is on Kafka, acknowledged.
*Changed* is from the request to the arrival of the `chat.update` that shows the next revision of that incident. It goes
by way of the topic `answers`, the board, its rows and `incidents`, each acknowledged by Kafka.
"""


class Press(msgspec.Struct, frozen=True):
    """One press, in seconds; `changed` is None where the message did not change in time."""

    status: int
    answered: float
    changed: float | None


class Result(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    measured_at: str
    presses: list[Press]
    answered_p99: float
    p50: float
    p99: float
    worst: float
    lost: int
    asked_p99: float = ASKED_P99

    @property
    def reached(self) -> bool:
        """Whether every press was shown, 99 in 100 in time."""
        return self.lost == 0 and self.p99 <= self.asked_p99


def bench(bootstrap: str, folder: Path, presses: int, say: Callable[[str], None]) -> tuple[Result, str]:
    """Open incidents, press, and return the figures and the page.

    Raises:
        RuntimeError: the worker did not become ready, or the incidents were not posted.
    """
    result = asyncio.run(_bench(bootstrap, folder, presses, say))
    page = "\n\n".join(
        [
            ABOUT.format(incidents=INCIDENTS, least=PAUSES[0], most=PAUSES[1]).strip(),
            _table(result),
            f"p99 asked: <= {ASKED_P99:g} s: {'reached' if result.reached else 'missed'}.",
            f"- measured {result.measured_at} with `python benchmarks/run.py --only presses`\n{surroundings(PACKAGES)}",
        ]
    )
    return result, page + "\n"


async def _bench(bootstrap: str, folder: Path, presses: int, say: Callable[[str], None]) -> Result:
    rng = random.Random(5)
    settings = load(kafka_bootstrap_servers=bootstrap)
    await asyncio.to_thread(admin.create, settings)
    async with FakeSlack() as slack:
        environment = environment_of(bootstrap, folder, slack.url) | {"SLACK_SIGNING_SECRET": SECRET}
        with (folder / "worker.log").open("wb") as log:
            worker = _start(environment, log)
            try:
                port = int(environment["TICKETSPIKE_WEB_PORT"])
                await _ready(port, worker, folder / "worker.log")
                await asyncio.to_thread(_open_incidents, settings)
                await _posted(slack)
                say(f"{INCIDENTS} incidents stand; {presses} presses")
                found = [await _press(slack, port, rng, say) for _ in range(presses)]
            finally:
                worker.terminate()
                await asyncio.to_thread(worker.wait, 20)
    return _result(found)


async def _press(slack: FakeSlack, port: int, rng: random.Random, say: Callable[[str], None]) -> Press:
    await asyncio.sleep(rng.uniform(*PAUSES))
    root = rng.choice(slack.roots())
    before = _marked(root.payload)
    body = _body(before["incident_id"], rng)
    url = f"http://127.0.0.1:{port}/slack/interactions"
    began = time.time()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=_signed(body)) as answer,
    ):
        await answer.read()
        status, answered = answer.status, time.time() - began
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for request in slack.requests:
            if request.method != "chat.update" or request.arrived_at < began:
                continue
            now = _marked(request.arguments)
            if now["incident_id"] == before["incident_id"] and now["revision"] > before["revision"]:
                return Press(status, answered, request.arrived_at - began)
        await asyncio.sleep(0.01)
    say(f"a press on {before['incident_id']} was not shown (status {status})")
    return Press(status, answered, None)


def _marked(payload: dict[str, Any]) -> dict[str, Any]:
    marked: dict[str, Any] = payload["metadata"]["event_payload"]
    return marked


def _body(incident_id: str, rng: random.Random) -> bytes:
    action = {
        "action_id": "cause",
        "type": "static_select",
        "selected_option": {"value": f"{incident_id}|{rng.choice(CAUSES[:-1])}"},
        "action_ts": f"{time.time():.6f}",
    }
    payload = {
        "type": "block_actions",
        "user": {"id": f"U0BENCH{rng.randrange(10)}"},
        "channel": {"id": CHANNEL_ID},
        "trigger_id": "1.2.3",
        "actions": [action],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def _signed(body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def _open_incidents(settings: Settings) -> None:
    # Hours apart, so that each spike is an incident of its own and none is grouped with another.
    with publisher(settings, "spikes") as spikes:
        for number in range(INCIDENTS):
            raised = datetime.now(UTC) - timedelta(hours=3 * number)
            spike = Spike(
                spike_id=f"bench-{number}",
                contact_reason=f"reason {number}",
                state="raised",
                onset=raised - timedelta(minutes=10),
                raised_at=raised,
                window_minutes=10,
                observed=40,
                expected=5.0,
                lower=1.0,
                upper=11.0,
                uplift=8.0,
                excess=35.0,
                customers=38,
                score=20.0,
                rule="40 tickets in 10 min where ~5 are expected",
            )
            spikes.send(spike.contact_reason, msgspec.json.encode(spike))
        spikes.flush()


async def _posted(slack: FakeSlack) -> None:
    for _ in range(int(120 / 0.2)):
        if len(slack.roots()) == INCIDENTS:
            return
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{len(slack.roots())} of {INCIDENTS} incidents were posted")


def _start(environment: dict[str, str], log: BinaryIO) -> subprocess.Popen[bytes]:
    command = str(Path(sys.executable).with_name("ticketspike"))
    return subprocess.Popen(
        [command, "worker", "--only", "notify"],
        env=environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


async def _ready(port: int, worker: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and worker.poll() is None:
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass  # its web server is not there yet
            await asyncio.sleep(0.5)
    said = await asyncio.to_thread(log.read_text, errors="replace")
    raise RuntimeError(f"the worker did not become ready: {said[-2000:]}")


def _result(presses: Sequence[Press]) -> Result:
    changed = [one.changed for one in presses if one.changed is not None]
    return Result(
        measured_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        presses=list(presses),
        answered_p99=percentile([one.answered for one in presses], 0.99),
        p50=percentile(changed, 0.5),
        p99=percentile(changed, 0.99),
        worst=max(changed, default=float("nan")),
        lost=sum(one.changed is None or one.status != 200 for one in presses),
    )


def _table(result: Result) -> str:
    answered = [one.answered for one in result.presses]
    first, last = percentile(answered, 0.5), max(answered)
    count, lost = len(answered), result.lost
    rows = [
        "| | presses | p50 | p99 | max | not shown |",
        "|---|---|---|---|---|---|",
        f"| answered | {count} | {first:.3f} s | {result.answered_p99:.3f} s | {last:.3f} s | |",
        f"| changed | {count} | {result.p50:.3f} s | {result.p99:.3f} s | {result.worst:.3f} s | {lost} |",
    ]
    return "\n".join(rows)
