"""What the notify stage would have sent, without Kafka: the same board, the same payloads, no Slack.

Order of storing and sending does not matter here, since nothing can crash in between that anybody would
notice; everything that decides is `alerts.board`'s, as in the worker.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from alerts import message
from alerts.board import Board, Notification
from alerts.context import Context
from alerts.incident import stated_at
from alerts.outbox import Outbox
from alerts.records import Incident, SlackPost, Spike


class Rehearsal:
    """Turns spikes into incidents and payloads; the payloads go to a file.

    Nobody answers in a rehearsal, so nobody is reminded either.

    Args:
        file: `messages.jsonl`.
        context: language, zone, campaigns and the like; its times are filled in per spike.
    """

    def __init__(self, file: Path, context: Context) -> None:
        self.incidents: dict[str, Incident] = {}
        """All incidents by id, in their last revision; also those that the board has forgotten."""
        self.sent = 0
        self._context = context
        self._board = Board()
        self._now = 0.0
        self._outbox = Outbox(file, now=lambda: self._now)

    async def take(self, spike: Spike) -> None:
        """Take a statement of a spike in, and send what it calls for."""
        now = stated_at(spike)
        self._now = now.timestamp()
        context = dataclasses.replace(self._context, now=now, wall=now, remind_after=None)
        self._board.hear_spike(spike, context)
        self._board.tick(context)
        for notification in self._board.due(context):
            post = await self._send(notification, context)
            self._board.sent(notification, post, now)
            self.sent += 1
        self._collect()

    async def _send(self, notification: Notification, context: Context) -> SlackPost | None:
        # Its own post may have been made a moment ago: a root comes before all others.
        incident = self._board.entries[notification.incident_id].incident
        if incident.slack is None:
            return await self._outbox.post(message.root(incident, context))
        if notification.kind == "reply":
            await self._outbox.reply(incident.slack, message.reply(incident, context))
        else:
            await self._outbox.update(incident.slack, message.root(incident, context))
        return None

    def _collect(self) -> None:
        for key in self._board.changed:
            entry = self._board.entries.get(key)
            if entry is not None:
                self.incidents[key] = entry.incident
            elif self.incidents[key].status == "open":
                del self.incidents[key]  # joined another one before anybody was told
        self._board.changed.clear()
