"""Kill -9 of a worker at many moments around posting, and what Slack holds afterwards.

Spikes go straight to the topic `spikes`; a `ticketspike worker --only notify`, a process, speaks through the real
slack-sdk to a stand-in that is a process of its own, so that what it holds survives the worker. Everything is
drawn from one seed: what is stated when, what fails, and when the worker dies.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from chaos_processes import Nursery, Server
from told_channel import spike

from alerts.incident import incident_id
from alerts.message import REPLY_EVENT_TYPE
from alerts.records import Spike
from streams.compacted import read_compacted
from streams.connection import kafka_python_options
from streams.settings import Settings

CALLS = (
    ("chat.postMessage", False),
    ("chat.postMessage", False),
    ("chat.postMessage", False),
    ("chat.postMessage", True),
    ("chat.update", None),
    ("conversations.history", None),
)
"""Calls in which the worker is killed; a root post most often, as that is where doubles come from."""
MOMENTS = ("arrived", "accepted", "accepted", "answering")
OPEN_AT_MOST = 6
REST_SECONDS = 90.0
"""How long nothing may get better before what is wrong is taken for wrong."""


@dataclass
class Story:
    """What the world did: the last statement of each spike."""

    rng: random.Random
    last: dict[str, Spike] = field(default_factory=dict)

    def goes_on(self) -> list[Spike]:
        """The next statements: often a new spike, some grow, some are over."""
        said = []
        running = [one for one in self.last.values() if one.state != "cleared"]
        if len(running) < OPEN_AT_MOST:
            begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=12)
            # A minute apart in age, so that no two are one.
            begun += timedelta(seconds=len(self.last) % 60)
            said.append(spike("raised", 14, reason=f"matter {len(self.last):04}", onset=begun))
        for one in running:
            drawn, seen = self.rng.random(), one.observed
            if drawn < 0.35:
                seen += self.rng.choice((3, 5, 25))
                minutes = one.window_minutes + 1
                said.append(spike("grown", seen, minutes, reason=one.contact_reason, onset=one.onset))
            elif drawn < 0.65 or len(running) >= OPEN_AT_MOST:
                minutes = one.window_minutes + 2
                said.append(spike("cleared", seen + 1, minutes, reason=one.contact_reason, onset=one.onset))
        self.rng.shuffle(said)
        for one in said:
            self.last[one.contact_reason] = one
        return said


@dataclass
class Verdict:
    """What was found afterwards; `wrong` is empty when all is well."""

    kills: Counter[str] = field(default_factory=Counter)
    incidents: int = 0
    calls: int = 0
    taken_back: int = 0
    crashes: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        moments = ", ".join(f"{number} x {moment}" for moment, number in self.kills.most_common())
        return [
            f"{self.kills.total()} kills in {self.seconds:.0f} s: {moments}",
            f"{self.incidents} incidents, {self.calls} calls to Slack, {self.taken_back} messages taken back",
            f"the worker ended by itself {self.crashes} times",
            *(self.wrong or ["0 double roots, 0 lost incidents, every message in its last state"]),
        ]


class Chaos:
    """One run.

    Args:
        settings: topics made, a prefix of their own.
        environment: of the worker, without Slack.
        folder: for logs.
        seed: everything follows from it, but for what the machine does.
        faults: the plan of `RandomFaults` without its seed; what is left out has its default.
        patience: seconds for which a ready worker lives when the call that is to kill it does not come.
        say: told of progress.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        folder: Path,
        *,
        seed: int,
        faults: Mapping[str, float] | None = None,
        patience: float = 7.0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        from kafka import KafkaProducer

        self.settings = settings
        self.rng = random.Random(seed)
        self.patience = patience
        self.late = (faults or {}).get("slow", 1.0) > 0
        self.say = say
        self.server = Server(folder / "slack.log")
        self.server.switch(random={"seed": seed, **(faults or {})}, history_lag=0.5)
        reach = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_CHANNEL": "C0TEST", "SLACK_API_URL": self.server.url}
        web = {"TICKETSPIKE_WEB_PORT": "0", "PYTHONUNBUFFERED": "1"}
        self.nursery = Nursery({**os.environ, **environment, **reach, **web}, folder / "worker.log")
        self.producer = KafkaProducer(**kafka_python_options(settings), acks="all")
        self.story = Story(self.rng)
        self.verdict = Verdict()

    def run(self, kills: int) -> Verdict:
        """Kill so often, then let the worker come to rest and judge."""
        begun = time.monotonic()
        try:
            while (done := self.verdict.kills.total()) < kills:
                died = self._life()
                if died is None:
                    self.verdict.crashes += 1
                    self.say(f"the worker ended by itself:\n{self.nursery.tail()}")
                    if self.verdict.crashes > kills // 10 + 1:
                        raise RuntimeError("the worker ends by itself again and again")
                    continue
                self.verdict.kills[died] += 1
                if done % 10 == 9:
                    self.say(f"{done + 1} kills after {time.monotonic() - begun:.0f} s")
            self._come_to_rest()
        finally:
            self.nursery.close()
            self.server.stop()
            self.producer.close()
        self.verdict.seconds = time.monotonic() - begun
        return self.verdict

    def _life(self) -> str | None:
        """One life of the worker; returns where it was killed, None if it ended by itself."""
        by_timer = self.rng.random() < 0.3
        patience = self.rng.uniform(0.0, 4.0) if by_timer else self.patience
        worker = self.nursery.start("--only", "notify")
        where = "at random"
        if not by_timer:
            method, thread = self.rng.choice(CALLS)
            moment, skip = self.rng.choice(MOMENTS), self.rng.choice((0, 0, 0, 1))
            kill = {"pid": worker.pid, "method": method, "thread": thread, "moment": moment, "skip": skip}
            self.server.switch(kill=kill)
            where = f"{'reply' if thread else method} {moment}"
        self._tell(self.story.goes_on())
        died = worker.wait(120, worker.is_ready)
        if not died and not by_timer:
            self._tell(self.story.goes_on())
        died = died or worker.wait(patience)
        self.server.switch(kill=None)
        worker.end(signal.SIGKILL)
        if died and worker.status != -signal.SIGKILL:
            return None
        return where if died else "at random"

    def _come_to_rest(self) -> None:
        self.server.switch(random=None)
        worker = self.nursery.start("--only", "notify")
        try:
            wrong, left, progress = self._wrong(), sys.maxsize, time.monotonic()
            # A backlog leaves at a message a second: it may take long, as long as it gets smaller.
            while wrong and time.monotonic() - progress < REST_SECONDS:
                if len(wrong) < left:
                    left, progress = len(wrong), time.monotonic()
                time.sleep(1)
                wrong = self._wrong()
            # What is right must stay right: a call that is carried out late comes after twenty seconds.
            time.sleep(35.0 if self.late else 3.0)
            wrong = self._wrong()
        finally:
            worker.end(signal.SIGTERM)
        self.verdict.wrong = wrong
        self.verdict.incidents = len(self.story.last)
        self.verdict.calls = len(self.server.get("/requests"))
        self.verdict.taken_back = len(self.server.get("/messages?deleted=1"))

    def _wrong(self) -> list[str]:
        """Everything that is not as it should be."""
        public = {
            key: msgspec.json.decode(value)
            for key, value in read_compacted(self.settings, "incidents").items()
        }
        messages = self.server.get("/messages")
        wrong = []
        for reason, last in self.story.last.items():
            key = incident_id(last)
            mine = [one for one in messages if _about(one).get("incident_id") == key]
            roots = [one for one in mine if one["thread_ts"] is None]
            if len(roots) != 1:
                wrong.append(f"{reason}: {len(roots)} root messages")
                continue
            over = last.state == "cleared"
            right = ("✅" in roots[0]["text"]) == over and f" {last.observed} " in roots[0]["text"]
            if not right:
                wrong.append(f"{reason}: {last.state} with {last.observed}, but shown: {roots[0]['text']}")
            if _about(roots[0])["revision"] != public.get(key, {}).get("revision"):
                wrong.append(f"{reason}: not the last revision is shown")
            replies = [one for one in mine if one["thread_ts"] is not None]
            wrong += _wrong_replies(reason, replies, roots[0], over)
        return wrong

    def _tell(self, said: list[Spike]) -> None:
        for one in said:
            value = msgspec.json.encode(one)
            self.producer.send(self.settings.topic("spikes"), key=one.contact_reason.encode(), value=value)
        self.producer.flush()


def _about(message: Mapping[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = (message.get("metadata") or {}).get("event_payload") or {}
    return about


def _wrong_replies(
    reason: str, replies: list[dict[str, Any]], root: Mapping[str, Any], over: bool
) -> list[str]:
    wrong = [f"{reason}: a reply in a thread of its own" for one in replies if one["thread_ts"] != root["ts"]]
    wrong += [
        f"{reason}: an odd reply" for one in replies if one["metadata"]["event_type"] != REPLY_EVENT_TYPE
    ]
    marks = [_about(one)["mark"] for one in replies]
    wrong += [f"{reason}: a reply stands twice"] if len(marks) != len(set(marks)) else []
    ends = sum("✅" in one["text"] for one in replies)
    # Over before its root could be posted: the root says so itself, and nobody is called a second time.
    if ends > int(over):
        wrong.append(f"{reason}: {ends} replies say that it is over")
    return wrong
