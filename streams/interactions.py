"""Presses in Slack, whichever way they come: understood, saved on Kafka, and only then acknowledged.

`slack_http` (a public address) and `socket_mode` hand the same payloads over; `alerts.interaction` says what they
mean. What the board makes of an answer, and what the message shows of it, is the notify stage's part.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import structlog
from aiokafka.errors import KafkaError
from mode import Service

from alerts.context import Context
from alerts.interaction import (
    Correct,
    Ignore,
    IncidentOf,
    Modal,
    Offer,
    Outcome,
    Record,
    Refuse,
    Sender,
    interpret,
)
from alerts.press_words import Refusal, press_words
from alerts.records import Campaign, Incident
from alerts.slack_replies import Replies
from streams.answer_log import AnswerLog
from streams.errors import UNREADABLE, Failure
from streams.explain_apart import explained
from streams.metrics import Metrics
from streams.settings import Settings

EXPLANATIONS = 2
"""Explanations at a time; each replays weeks in a process of its own."""

Way = Literal["http", "socket"]

log = structlog.get_logger("presses")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What Slack hears: whether the payload could be read, and a body where it waits for one."""

    readable: bool = True
    body: Mapping[str, Any] | None = None


class Interactions(Service):
    """Takes presses in.

    Args:
        settings: the settings.
        metrics: counts presses by way and outcome.
        replies: the way back to whoever pressed.
        campaigns: all campaigns by id, as they stand.
        incident_of: the incident of an id, as far as this worker knows.
        now: wall time, epoch seconds.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        replies: Replies,
        *,
        campaigns: Callable[[], Mapping[str, Campaign]],
        incident_of: IncidentOf,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.metrics = metrics
        self.replies = replies
        self.campaigns = campaigns
        self.incident_of = incident_of
        self.now = now
        self.answers = AnswerLog(settings)
        self.say = press_words(settings.ticketspike_language)
        self._zone = ZoneInfo(settings.ticketspike_timezone)
        self._beside: set[asyncio.Task[None]] = set()
        self._explaining = asyncio.Semaphore(EXPLANATIONS)

    async def on_start(self) -> None:
        """Connect to Kafka.

        Raises:
            Failure: it is away.
        """
        try:
            await self.answers.start()
        except KafkaError as error:
            raise Failure(
                f"Kafka takes no answers ({type(error).__name__}); start the worker again when it is well."
            ) from None

    async def on_stop(self) -> None:
        """Save what is under way; words and forms still on their way are given up."""
        for task in self._beside:
            task.cancel()
        await self.answers.stop()

    async def take(self, payload: object, way: Way) -> Acknowledgement:
        """Deal with a payload that is known to be Slack's; returns within three seconds, never raises.

        When this returns without a body that says otherwise, the answers are on Kafka, acknowledged by all in-sync
        copies.
        """
        outcome = interpret(payload, self._context(), self.incident_of)
        taken = await self._do(outcome, way)
        if isinstance(payload, dict) and payload.get("type") == "view_submission":
            # A form knows no words but those beside its fields; with others Slack would call the answer broken.
            action = (taken.body or {}).get("response_action")
            return taken if action else Acknowledgement(taken.readable)
        return taken

    async def _do(self, outcome: Outcome, way: Way) -> Acknowledgement:
        match outcome:
            case Record():
                return await self._record(outcome, way)
            case Correct(errors=errors):
                self._count(way, "corrected")
                return _mended(errors)
            case Offer(options=options):
                return Acknowledgement(body={"options": list(options)})
            case Refuse(why=why, sender=sender):
                return self._refuse(why, sender, way)
            case Ignore():
                self._count(way, "ignored")
                return Acknowledgement()

    async def _record(self, record: Record, way: Way) -> Acknowledgement:
        if record.answers and self.answers.known(record.answers):
            # Delivered again: it is saved, and its form was opened the first time.
            self._count(way, "repeated")
            return Acknowledgement()
        if record.modal is not None:
            # Beside the saving, since Slack honours a form's trigger for three seconds only.
            self._do_beside(self._open(record.modal, record.sender))
        if not record.answers:
            self._count(way, "form")
            return Acknowledgement()
        if not await self.answers.save(record.answers):
            if record.field is not None:
                # The form stays open with what was typed, and says so.
                self._count(way, str(Refusal.NOT_SAVED))
                return _mended({record.field: self.say.refusals[Refusal.NOT_SAVED]})
            return self._refuse(Refusal.NOT_SAVED, record.sender, way)
        self._count(way, "saved")
        for answer in record.answers:
            log.info("answer", incident_id=answer.incident_id, kind=answer.kind, at=answer.at.isoformat())
        if record.missed is not None:
            self._do_beside(self._explain(record.sender, *record.missed))
        return Acknowledgement()

    def _refuse(self, why: Refusal, sender: Sender | None, way: Way) -> Acknowledgement:
        self._count(way, str(why))
        if why is Refusal.MALFORMED and sender is None:
            return Acknowledgement(readable=False)
        words = self.say.refusals[why]
        if sender is not None:
            self._do_beside(self._whisper(sender, words))
        return Acknowledgement(body={"response_type": "ephemeral", "replace_original": False, "text": words})

    async def _open(self, modal: Modal, sender: Sender) -> None:
        if not await self.replies.open(modal):
            await self.replies.whisper(sender, self.say.refusals[Refusal.NOT_OPENED])

    async def _whisper(self, sender: Sender, words: str) -> None:
        await self.replies.whisper(sender, words)

    async def _explain(self, sender: Sender, reason: str, at: datetime) -> None:
        async with self._explaining:
            said = await explained(reason, at)
        words = f"{self.say.missed_saved}\n{said}" if said else self.say.unexplained
        await self.replies.whisper(sender, words)

    def _context(self) -> Context:
        return Context(
            now=datetime.fromtimestamp(self.now(), UTC),
            language=self.settings.ticketspike_language,
            timezone=self._zone,
            campaigns=self.campaigns(),
        )

    def _count(self, way: Way, outcome: str) -> None:
        self.metrics.presses.labels(way, outcome).inc()

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        # The loop holds tasks weakly; what nobody else holds could vanish half done.
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def _mended(errors: Mapping[str, str]) -> Acknowledgement:
    return Acknowledgement(body={"response_action": "errors", "errors": dict(errors)})


def incident_in(rows: Mapping[bytes, bytes]) -> IncidentOf:
    """Look incidents up in the compacted topic `incidents` as a worker holds it."""

    def incident_of(incident_id: str) -> Incident | None:
        value = rows.get(incident_id.encode("utf-8", "replace"))
        try:
            return msgspec.json.decode(value, type=Incident) if value else None
        except UNREADABLE:
            return None

    return incident_of
