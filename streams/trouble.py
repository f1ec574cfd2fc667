"""Why messages do not get through: told once when it begins and once when it is over, whatever happens between.

A refusal that a person must mend, an outage, a single lost answer: all of them begin a trouble and the next
success ends it. What is said goes into the log, the metric and `/readyz`; each try in between is only counted.
"""

from __future__ import annotations

import structlog

from alerts.delivery import DeliveryError
from alerts.pacing import backoff
from streams.metrics import Metrics, label

log = structlog.get_logger("slack")

CHANNEL = ""
"""The key of a trouble of all messages; one message's own trouble goes under its incident."""


class Trouble:
    """The troubles that there are now.

    Args:
        metrics: where they show.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self.permanent = False
        """Whether a person must mend what all messages suffer from."""
        self._begun: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._sentences: dict[str, dict[str, str]] = {}

    @property
    def sentence(self) -> str | None:
        """What is wrong now, that of all messages first; None when all is well."""
        for key in (CHANNEL, *self._sentences):
            if key in self._sentences:
                return list(self._sentences[key])[-1]
        return None

    def failed(self, error: DeliveryError, now: float, incident_id: str) -> float:
        """Take a failure in; returns after how many seconds to try again.

        Args:
            error: what came back.
            now: seconds of a clock that never goes back.
            incident_id: whose message it was, in case that only this message is refused.
        """
        key = incident_id if error.message_only else CHANNEL
        if key == CHANNEL:
            self.permanent = error.permanent
        self._begun.setdefault(key, now)
        self._failures[key] = self._failures.get(key, 0) + 1
        told, code = self._sentences.setdefault(key, {}), label(error.code or "unknown")
        sentence = str(error)
        if code not in told.values():
            # One line for each of Slack's words in a trouble, or two errors that take turns would fill the log.
            about = {"incident_id": incident_id} if key else {}
            log.error("messages do not get through", error=sentence, retry="at least every 30 s", **about)
        told.pop(sentence, None)
        told[sentence] = code
        self.metrics.slack_trouble.labels(code).set(1)
        return backoff(self._failures[key])

    def over(self, now: float, incident_id: str) -> None:
        """A message of this incident got through."""
        for key in (CHANNEL, incident_id):
            if key not in self._sentences:
                continue
            for code in self._sentences.pop(key).values():
                self.metrics.slack_trouble.labels(code).set(0)
            lasted = now - self._begun.pop(key)
            log.warning("messages get through again", seconds=round(lasted, 1), tries=self._failures.pop(key))
        self.permanent = False
