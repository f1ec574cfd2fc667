"""Tells the demo's day on the terminal: the clock, the counts, what happens, what Slack shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from alerts.terminal import plain
from streams.demo.follower import Follower
from streams.demo.messages import Mailbox, Message, is_edit, is_reply
from streams.demo.webshop import DAY, HISTORY_DAYS, SPOT_REASONS, VOUCHER, ZONE
from streams.demo.webshop_reasons import REASONS
from streams.demo.webshop_tickets import Language
from streams.demo.words import events, say, sparkline

QUARTER = 15
BUCKET = 5
BUCKETS = 24


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line of counts is about.

    `contact_reasons` are counted together under `name`; `usual` holds their tickets in a quarter of an hour on an
    ordinary such day, by quarter of the day; `full` is the number in five minutes that makes the tallest bar.
    """

    name: str
    contact_reasons: frozenset[str]
    usual: Mapping[int, float]
    full: int


def subjects(before: Mapping[tuple[str, int], int], language: Language) -> tuple[Subject, Subject]:
    """What the lines of counts are about: vouchers, and the TV spot's contact reasons."""
    voucher = REASONS[VOUCHER].word(language)
    spot = frozenset(REASONS[reason].word(language) for reason in SPOT_REASONS)
    return (
        Subject(voucher, frozenset({voucher}), _usual(before, {voucher}), full=10),
        Subject(say("spot_name", language), spot, _usual(before, spot), full=16),
    )


def _usual(before: Mapping[tuple[str, int], int], contact_reasons: Collection[str]) -> dict[int, float]:
    """Tickets per quarter of an hour of the day, on the history's days of the same weekday."""
    midnight = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=ZONE).timestamp() // 60)
    usual: dict[int, float] = defaultdict(float)
    weeks = HISTORY_DAYS // 7
    for (word, minute), count in before.items():
        days, minute_of_day = divmod(minute - midnight, 1440)
        if word in contact_reasons and days % 7 == 0:
            # Smoothed over an hour: six quarters of an hour are too few for a steady figure.
            for quarter in range(4):
                usual[minute_of_day // 60 * 4 + quarter] += count / 4 / weeks
    return dict(usual)


class Teller:
    """Prints what is due each time `tick` is called; the follower's clock says what is due.

    Args:
        console: where to print.
        language: of the words.
        follower: what the stages say.
        mailbox: the messages as the worker writes them.
    """

    def __init__(self, console: Console, language: Language, follower: Follower, mailbox: Mailbox) -> None:
        self._console = console
        self._language = language
        self._follower = follower
        self._mailbox = mailbox
        self._events = events(language)
        self._next_meter = datetime(DAY.year, DAY.month, DAY.day, 6, tzinfo=ZONE)
        self._last_meter = self._told_until = self._next_meter

    def tick(self, subject: Subject, meter_minutes: int) -> None:
        """Print what has happened since the last call: events and counts by the clock, messages as they come.

        Args:
            subject: what to count in those lines.
            meter_minutes: minutes between two lines of counts.
        """
        clock = self._follower.clock
        if clock is not None:
            self._until(datetime.fromtimestamp(clock, ZONE), timedelta(minutes=meter_minutes), subject)
        for message in self._mailbox.new():
            self._show(message)

    def _until(self, now: datetime, step: timedelta, subject: Subject) -> None:
        counts = self._follower.sight.counts()
        # A slower part of the day may want its first line before the quicker one's next.
        sooner = self._last_meter + step
        while sooner < self._told_until:
            sooner += step
        self._next_meter = min(self._next_meter, sooner)
        while True:
            event_at = self._events[0][0] if self._events else None
            if event_at is not None and event_at <= min(now, self._next_meter):
                self.line(event_at, self._events.pop(0)[1], "bold yellow")
            elif self._next_meter <= now:
                self.line(self._next_meter, self._meter(self._next_meter, counts, subject), "dim")
                self._last_meter = self._next_meter
                self._next_meter += step
            else:
                self._told_until = now
                return

    def line(self, at: datetime, words: str, style: str = "") -> None:
        """Print a line with the simulated time in front."""
        self._console.print(Text(f"{at.astimezone(ZONE):%H:%M}  ").append(words, style=style), soft_wrap=True)

    def _meter(self, at: datetime, counts: Mapping[tuple[str, int], int], subject: Subject) -> str:
        end = int(at.timestamp() // 60)
        minutes = [
            sum(counts.get((reason, minute), 0) for reason in subject.contact_reasons)
            for minute in range(end - BUCKET * BUCKETS, end)
        ]
        bars = [sum(minutes[first : first + BUCKET]) for first in range(0, len(minutes), BUCKET)]
        return say(
            "meter",
            self._language,
            bars=sparkline(bars, subject.full),
            tickets=sum(minutes[-QUARTER:]),
            name=subject.name,
            usual=float(subject.usual.get((at.hour * 60 + at.minute) // QUARTER - 1, 0.0)),
        )

    def _show(self, message: Message) -> None:
        if is_edit(message):
            return
        head, *rest = plain(message).splitlines()
        style = "cyan" if is_reply(message) else "bold red"
        key = "thread" if is_reply(message) else "alert"
        body = Text(head, style="bold").append("".join("\n" + line for line in rest), style="default")
        panel = Panel(body, title=say(key, self._language), title_align="left", border_style=style)
        self._console.print(Padding(panel, (0, 0, 0, 7)))
