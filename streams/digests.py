"""Sends the digest at its time of the day, once a date, whatever crashes in between.

The facts are read by `ticketspike digest --json` in a process of its own: they take seconds of CPU and the memory of
a statistics library, which the stage needs for its own work. The last date is kept in a row of the stage, and the
channel is asked for the date before each post, so that a row that was lost, or a post in doubt, leaves one message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial

import msgspec
import structlog

from alerts import digest
from alerts.context import Context
from alerts.delivery import Delivery, DeliveryError
from alerts.digested import Digest, DigestSaid
from alerts.pacing import Kind
from alerts.schedule import LATE, parse
from streams.apart import command_apart
from streams.errors import UNREADABLE, Failure
from streams.settings import Settings

RETRY_AFTER = timedelta(minutes=2)
"""How long to wait after the facts could not be read."""
READ_SECONDS = 900.0
"""How long reading the facts may take."""
SETTLE_SECONDS = 2.0
"""How long Slack's history may take to show what was just accepted."""
_CLOCK_SKEW = timedelta(minutes=5)
_FRESH = timedelta(minutes=10)
"""Facts that could not be sent for so long are read anew."""

Gather = Callable[[], Awaitable[Digest]]

log = structlog.get_logger("digest")


class Digests:
    """What was sent last, and what is due.

    Args:
        delivery: takes the messages.
        settings: when; without TICKETSPIKE_DIGEST_AT nothing is ever due.
        context: wall time, language, time zone.
        keep: stores the row that `changed`; returns when it is safe.
        sleep: waits so many seconds.
        gather: reads the facts; `facts_apart` where not given.
    """

    def __init__(
        self,
        delivery: Delivery,
        settings: Settings,
        *,
        context: Callable[[], Context],
        keep: Callable[[], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]],
        gather: Gather | None = None,
    ) -> None:
        self.said: DigestSaid | None = None
        self.changed = False
        """Whether the row must be stored; the caller clears it."""
        at = settings.ticketspike_digest_at
        self._schedule = parse(at) if at else None
        self._delivery = delivery
        self._context = context
        self._keep = keep
        self._sleep = sleep
        self._gather = gather or partial(facts_apart, market=settings.shard)
        self._wanted = asyncio.Event()
        self._facts: Digest | None = None
        self._read_at: datetime | None = None
        self._failed_at: datetime | None = None

    def take_over(self, said: DigestSaid | None) -> None:
        """Go on with what was stored."""
        self.said, self.changed = said, False

    async def run(self) -> None:
        """Read the facts whenever a digest is due, beside everything else; for ever."""
        while True:
            await self._wanted.wait()
            self._failed_at = None
            try:
                self._facts = await self._gather()
            except Failure as failure:
                log.warning("the digest cannot be made; trying again", why=str(failure))
                self._failed_at = self._context().wall
            self._read_at = self._context().wall
            self._wanted.clear()

    async def say_next(
        self,
        now: float,  # noqa: ARG002 - the digest goes by the clock on the wall
        about_to_send: Callable[[Kind], None],
        still_mine: Callable[[], None],
    ) -> bool:
        """Send the digest if it is due and its facts are read; False where nothing was done.

        Args:
            now: seconds that never go back.
            about_to_send: told right before a message leaves; raises when the shard is gone.
            still_mine: raises when the shard is gone.

        Raises:
            DeliveryError: it did not get through, or nobody knows; it stays due.
        """
        context = self._context()
        day = self._due(context)
        if day is None:
            self._wanted.clear()
            return False
        facts = self._facts
        if facts is None or self._read_at is None or context.wall - self._read_at > _FRESH:
            self._facts = None
            if self._failed_at is None or context.wall - self._failed_at >= RETRY_AFTER:
                self._wanted.set()
            return False
        await self._say(day, facts, context, about_to_send, still_mine)
        self._facts = None
        return True

    def _due(self, context: Context) -> date | None:
        if self._schedule is None:
            return None
        day = self._schedule.due(context.wall, context.timezone)
        said = self.said
        # Later dates only: a clock that is set back does not bring yesterday's digest again.
        if day is None or (said is not None and (said.day > day or (said.day == day and said.done))):
            return None
        return day

    async def _say(
        self,
        day: date,
        facts: Digest,
        context: Context,
        about_to_send: Callable[[Kind], None],
        still_mine: Callable[[], None],
    ) -> None:
        name = digest.digest_id(day, context.market)
        in_doubt = self.said is not None and self.said.day == day
        if in_doubt:
            await self._sleep(SETTLE_SECONDS)
        standing = await self._delivery.standing(context.wall - LATE - _CLOCK_SKEW, digest.EVENT_TYPE)
        still_mine()
        if all(one.incident_id != name for one in standing):
            if not in_doubt:
                await self._put(DigestSaid(day=day, done=False, attempted_at=context.wall))
            about_to_send("root")
            try:
                await self._delivery.post(digest.digest(facts, context, name))
            except DeliveryError as error:
                if not error.message_only:
                    raise
                # Never to be taken: a digest is not worth more than a try.
                log.warning("the digest is not sent", why=str(error))
        await self._put(DigestSaid(day=day, done=True, attempted_at=context.wall))
        log.info("sent", kind="digest", digest_id=name)

    async def _put(self, said: DigestSaid) -> None:
        self.said, self.changed = said, True
        await self._keep()


async def facts_apart(seconds: float = READ_SECONDS, *, market: str | None = None) -> Digest:
    """The facts as `ticketspike digest --json` reads them, in a process of its own with the settings of this one.

    Raises:
        Failure: it failed, or took too long; what it said.
    """
    options = ("--market", market) if market is not None else ()
    try:
        ended = await command_apart("digest", "--json", *options, seconds=seconds)
    except TimeoutError:
        raise Failure(f"Reading the topics took longer than {seconds:.0f} s.") from None
    except OSError as error:
        raise Failure(f"No process can be started ({error.strerror}).") from None
    if ended.status != 0:
        lines = ended.complaint.splitlines()
        raise Failure(lines[-1] if lines else f"It ended with status {ended.status}.")
    try:
        return msgspec.json.decode(ended.said, type=Digest)
    except UNREADABLE as error:
        raise Failure(f"The facts cannot be read: {error}") from None
