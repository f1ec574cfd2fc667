"""What the notify stage would have sent, without Kafka: the same pipeline, the same payloads, no Slack.

Order of storing and sending does not matter here, since nothing can crash in between that anybody would
notice; everything that decides is `alerts.pipeline`'s, as in the worker.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from msgspec.structs import replace

from alerts import message, pipeline
from alerts.context import Context, Said
from alerts.incident import fingerprint, stated_at
from alerts.outbox import Outbox
from alerts.records import Incident, Spike


class Rehearsal:
    """Turns spikes into incidents and payloads; the payloads go to a file.

    Args:
        file: `messages.jsonl`.
        context: language, zone, campaigns and the like; its `now` and `said` are filled in per spike.
    """

    def __init__(self, file: Path, context: Context) -> None:
        self.incidents: dict[str, Incident] = {}
        """All incidents by id, in their last revision."""
        self.sent = 0
        self._context = context
        self._open: dict[str, tuple[Incident, Said | None]] = {}
        self._now = 0.0
        self._outbox = Outbox(file, now=lambda: self._now)

    async def take(self, spike: Spike) -> None:
        """Take a statement of a spike in, and send what it calls for."""
        key = fingerprint(spike)
        known, said = self._open.get(key, (None, None))
        context = dataclasses.replace(self._context, now=stated_at(spike), said=said)
        outcome = pipeline.process(spike, known, context)
        incident = outcome.incident
        self._now = stated_at(spike).timestamp()
        for notification in outcome.notifications:
            context = dataclasses.replace(self._context, now=stated_at(spike), said=said)
            if notification.kind == "root" or incident.slack is None:
                incident = replace(incident, slack=await self._outbox.post(message.root(incident, context)))
            elif notification.kind == "update":
                await self._outbox.update(incident.slack, message.root(incident, context))
            else:
                await self._outbox.reply(incident.slack, message.reply(incident, context))
            said = pipeline.log(pipeline.Notification(notification.kind, incident), said)
            self.sent += 1
        self._open[key] = (incident, said)
        self.incidents[incident.incident_id] = incident
