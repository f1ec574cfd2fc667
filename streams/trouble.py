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

SENDING = ""
"""The key of a trouble of all messages; one message's own trouble goes under its incident."""
LOOKING = "\0looking"
"""The key of a trouble with looking at the channel: messages may get through all the same."""

ASIDES = "\0asides"
"""The key of a trouble with what is no incident: campaigns ahead, digests."""


class Trouble:
    """The troubles that there are now.

    Args:
        metrics: where they show.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._permanent: set[str] = set()
        self._begun: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._sentences: dict[str, dict[str, str]] = {}

    @property
    def sentence(self) -> str | None:
        """What is wrong now, that of all messages first; None when all is well."""
        for key in (SENDING, *self._sentences):
            if key in self._sentences:
                return list(self._sentences[key].values())[-1]
        return None

    def stands(self, key: str) -> bool:
        """Whether there is a trouble under this key."""
        return key in self._sentences

    def permanent(self, key: str) -> bool:
        """Whether a person must mend it."""
        return key in self._permanent

    def failed(self, error: DeliveryError, now: float, key: str) -> float:
        """Take a failure in; returns after how many seconds to try again.

        Args:
            error: what came back.
            now: seconds of a clock that never goes back.
            key: `SENDING`, `LOOKING`, or the incident whose message alone is refused.
        """
        (self._permanent.add if error.permanent else self._permanent.discard)(key)
        self._begun.setdefault(key, now)
        self._failures[key] = self._failures.get(key, 0) + 1
        code, sentence = label(error.code or "unknown"), str(error)
        if not self._told(code):
            # One line for each of Slack's words in a trouble, or two errors that take turns would fill the log.
            log.error(
                "messages do not get through", error=sentence, retry="at least every 30 s", **_about(key)
            )
        told = self._sentences.setdefault(key, {})
        told.pop(code, None)
        told[code] = sentence
        self.metrics.slack_trouble.labels(code).set(1)
        return backoff(self._failures[key])

    def over(self, now: float, *keys: str) -> None:
        """What these keys stand for got through."""
        for key in keys:
            if key not in self._sentences:
                continue
            self._permanent.discard(key)
            codes = self._sentences.pop(key)
            lasted, tries = round(now - self._begun.pop(key), 1), self._failures.pop(key)
            for code in codes:
                if not self._told(code):
                    self.metrics.slack_trouble.labels(code).set(0)
            if not any(map(self._told, codes)):
                log.warning("messages get through again", seconds=lasted, tries=tries, **_about(key))

    def forget(self) -> None:
        """End all of them without a word: another worker sends now, and whether messages get through is its to say."""
        for code in {code for codes in self._sentences.values() for code in codes}:
            self.metrics.slack_trouble.labels(code).set(0)
        for held in (self._permanent, self._begun, self._failures, self._sentences):
            held.clear()

    def _told(self, code: str) -> bool:
        return any(code in codes for codes in self._sentences.values())


def _about(key: str) -> dict[str, str]:
    return {} if key in (SENDING, LOOKING, ASIDES) else {"incident_id": key}
