"""The whole story on real Kafka: a webshop's weeks are learnt, a voucher code fails, the alert appears.

Everything is done by the same commands that a person would type, each a process of its own. The tickets' own
times are the only clock, so the day passes in half a minute and comes out the same every time.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from rich.console import Console
from rich.text import Text

from alerts import preview
from alerts.terminal import plain
from streams.demo.facts import Counts, Fact, Outcome, facts, spot_tickets
from streams.demo.follower import Follower
from streams.demo.messages import Mailbox, Message, at_story_time, is_reply
from streams.demo.stage import Stage, staged
from streams.demo.teller import Teller, subjects
from streams.demo.webshop import (
    DAY,
    HISTORY_DAYS,
    ZONE,
    campaigns,
    history,
    story_day,
    truth,
)
from streams.demo.webshop_reasons import REASONS
from streams.demo.webshop_tickets import MAIL_DOMAIN, Arrival, Language, Ticket
from streams.demo.words import say
from streams.errors import Failure

SETTLE_SECONDS = 30.0
TICK_SECONDS = 0.1


class Scene(NamedTuple):
    """A part of the day: until when, how many times faster than real (None: at once), minutes a line of counts.

    The lines are about vouchers, or about the TV spot's contact reasons.
    """

    until: datetime
    speed: float | None
    meter: int
    about_spot: bool = False


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZONE)


SCENES = (
    Scene(_at(9), None, 180),
    Scene(_at(10, 15), 1200, 30),
    # Slow where it matters: what the worker says arrives within a minute or two of simulated time.
    Scene(_at(10, 40), 240, 5),
    Scene(_at(12, 45), 1200, 30),
    Scene(_at(19, 30), None, 120),
    Scene(_at(22), 1500, 30, about_spot=True),
    Scene(_at(0) + timedelta(days=1), None, 60),
)


def play(*, seed: int, language: Language, out: Path, keep: bool) -> bool:
    """Play the day, and say whether it came out as it must. Takes about a minute; leaves nothing running.

    Args:
        seed: of the made-up webshop; the same seed gives the same day.
        language: of the story and the messages.
        out: folder for `slack.html`; made if absent.
        keep: keep tickets, logs and data in a folder inside `out`.

    Raises:
        Failure: a part did not work at all: no Java, a command failed, the worker ended.
        SettingsError: a setting is wrong.
    """
    console = Console(highlight=False, emoji=False)
    begun = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    with _folder(out, keep=keep) as folder:
        found = _play(console, folder, seed, language, out, keep=keep)
        console.print()
        console.print(Text(say("facts", language), style="bold"))
        for fact in found:
            mark, style = ("✓", "green") if fact.holds else ("✗", "bold red")
            console.print(Text(f"{mark} ", style=style).append(fact.words, style="default"), soft_wrap=True)
    console.print()
    console.print(say("page", language, path=str(out / "slack.html")), soft_wrap=True)
    if keep:
        console.print(say("kept", language, path=str(folder)), soft_wrap=True)
    console.print(say("done", language, seconds=round(time.monotonic() - begun)))
    return all(fact.holds for fact in found)


def _play(
    console: Console, folder: Path, seed: int, language: Language, out: Path, *, keep: bool
) -> list[Fact]:
    console.print(Text(say("title", language, day=f"{DAY:%d.%m.%Y}"), style="bold"))
    past_rng, day_rng = np.random.default_rng(seed).spawn(2)
    with ExitStack() as stack:
        background = stack.enter_context(ThreadPoolExecutor(1))
        # Written while Kafka starts: both take a few seconds and neither needs the other.
        writing = background.submit(_write_history, folder / "history.jsonl", past_rng, language)
        with _step(console, say("kafka", language)):
            stage = stack.enter_context(staged(folder, language, keep=keep))
        before = writing.result()
        with _step(console, say("learn", language, tickets=sum(before.values()), reasons=len(REASONS))):
            stage.run("learn", str(folder / "history.jsonl"))
        announced = campaigns(language)
        _write(folder / "campaigns.jsonl", announced)
        with _step(console, say("announce", language)):
            stage.run("campaigns", "import", str(folder / "campaigns.jsonl"))
        with _step(console, say("worker", language)):
            worker = stage.start_worker()
        console.print()
        day = story_day(day_rng, language)
        mailbox = Mailbox(stage.data / "messages.jsonl")
        follower = stack.enter_context(Follower(stage.settings, stage.settings.ticketspike_partitions))
        teller = Teller(console, language, follower, mailbox)
        about = subjects(before, language)
        _send_day(
            stage, worker, follower, lambda scene: teller.tick(about[scene.about_spot], scene.meter), day
        )
        sight, right = follower.sight, truth(day)
        _settle(
            lambda: _over(follower) and sight.counts() == right,
            lambda: teller.tick(about[False], SCENES[-1].meter),
        )
    _write_page(out / "slack.html", at_story_time(mailbox.messages, sight.revisions), language)
    outcome = Outcome(
        incidents=list(sight.incidents.values()),
        spikes=list(sight.spikes.values()),
        said="\n".join(plain(message) for message in mailbox.messages if not is_reply(message)),
        counted=sight.counts(),
        truth=right,
        usual=spot_tickets(before, range(7, HISTORY_DAYS + 1, 7), language),
        events=len(day),
        leaks=sight.leaks + sum(MAIL_DOMAIN in str(message) for message in mailbox.messages),
    )
    return facts(outcome, announced[0], language)


def _send_day(
    stage: Stage,
    worker: subprocess.Popen[bytes],
    follower: Follower,
    tell: Callable[[Scene], None],
    day: Sequence[Arrival],
) -> None:
    tickets = [(_happens(arrival.ticket), arrival.ticket) for arrival in day]
    since = float("-inf")
    for number, scene in enumerate(SCENES, 1):
        # A ticket of the day may be relabelled after midnight.
        until = float("inf") if scene is SCENES[-1] else scene.until.timestamp()
        file = stage.folder / f"day-{number}.jsonl"
        _write(file, [ticket for at, ticket in tickets if since <= at < until])
        last = [] if scene is SCENES[-1] else ["--no-end"]
        arguments = ("send", str(file), "--speed", str(scene.speed or "max"), *last)
        sending = stage.start(*arguments)
        while sending.poll() is None:
            time.sleep(TICK_SECONDS)
            _require_alive(stage, worker, follower)
            tell(scene)
        stage.finish(sending, *arguments)
        since = until


def _require_alive(stage: Stage, worker: subprocess.Popen[bytes], follower: Follower) -> None:
    if follower.failed is not None:
        raise follower.failed
    if worker.poll() is not None:
        stage.finish(worker, "worker")
        raise Failure(
            "The worker ended in the middle of the day; run the demo with --keep and read worker.log."
        )


def _settle(done: Callable[[], bool], tell: Callable[[], None]) -> None:
    """Wait until the stages have worked off what was sent; what is still missing then is told as a fact."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not done() and time.monotonic() < deadline:
        time.sleep(TICK_SECONDS)
        tell()
    # A message follows its incident within moments.
    time.sleep(2 * TICK_SECONDS)
    tell()


def _over(follower: Follower) -> bool:
    incidents = list(follower.sight.incidents.values())
    return bool(incidents) and all(incident.status == "resolved" for incident in incidents)


def _happens(ticket: Ticket) -> float:
    """When `send` lets a ticket through: at its change, else at its creation."""
    return datetime.fromisoformat(
        ticket["changed_at"] if "changed_at" in ticket else ticket["created_at"]
    ).timestamp()


def _write_history(path: Path, rng: np.random.Generator, language: Language) -> Counts:
    events = history(rng, language)
    _write(path, [event.ticket for event in events])
    return truth(events)


def _write(path: Path, records: Iterable[Any]) -> None:
    encode = msgspec.json.Encoder().encode
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))


def _write_page(path: Path, messages: Sequence[Message], language: Language) -> None:
    """The channel right after the alert and at the end of the day: an edited message hides how it began."""
    title = say("title", language, day=f"{DAY:%d.%m.%Y}")
    first = next((number for number, message in enumerate(messages, 1) if not is_reply(message)), 0)
    chapters = [
        preview.Chapter(f"{title} – {say('at_first', language)}", messages[:first], say("note", language)),
        preview.Chapter(f"{title} – {say('at_last', language)}", messages),
    ]
    page = preview.book(chapters if first else chapters[1:], language=language, timezone=ZONE)
    path.write_text(page, encoding="utf-8")


@contextmanager
def _folder(out: Path, *, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=out if keep else None)).resolve()
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _step(console: Console, words: str) -> Iterator[None]:
    begun = time.monotonic()
    with console.status(words):
        yield
    console.print(Text(f"  {words} ").append(f"{time.monotonic() - begun:.1f} s", style="dim"))
