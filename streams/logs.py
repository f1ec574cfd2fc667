"""Structured logs on stderr: one line per decision, key=value for people and JSON for machines.

Every line passes the guard against personal data: ours value by value, those of libraries whole, tracebacks
included.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from alerts import redact

QUIET = ("aiokafka", "faust", "mode", "kafka", "slack_sdk", "aiohttp")
REMEMBERED_LINES = 200
_OURS = frozenset({"timestamp", "level", "logger", "exc_info"})
"""Left as they are: not from outside, or (a traceback) guarded once it is a line."""


class Seldom(logging.Filter):
    """Lets a library say the same thing once in a while only.

    A client that cannot reach a broker says so fifty times a second, and a line of ours would not be found again.

    Args:
        seconds: for how long a line is not said again.
        clock: seconds that never go back.

    >>> seldom = Seldom(clock=iter([0.0, 1.0, 2.0, 31.0]).__next__)
    >>> [seldom.filter(logging.LogRecord("aiokafka.client", 40, "", 0, word, None, None))
    ...  for word in ("no broker", "no broker", "no topic", "no broker")]
    [True, False, True, True]
    """

    def __init__(self, seconds: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be written; lines of ours always are."""
        if not record.name.startswith(QUIET):
            return True
        line, now = record.getMessage(), self._clock()
        if now - self._said.get(line, float("-inf")) < self._seconds:
            return False
        if len(self._said) >= REMEMBERED_LINES:
            self._said.clear()
        self._said[line] = now
        return True


class Guarded(logging.Formatter):
    """Replaces personal data in lines that other libraries wrote; a line of ours passes a second time unchanged."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it may be read by whoever reads logs."""
        return redact.safe(super().format(record))


def guard(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace personal data in the words of a log line; numbers are our own counts and offsets.

    >>> guard(None, "warning", {"event": "campaign left out", "key": "jo@example.org", "offset": 4711})
    {'event': 'campaign left out', 'key': '[mail]', 'offset': 4711}
    """
    return {key: value if key in _OURS else _guarded(value) for key, value in event.items()}


def configure() -> None:
    """Set up logging for a long-running command; `TICKETSPIKE_LOG=json` gives a JSON object a line."""
    as_json = os.environ.get("TICKETSPIKE_LOG") == "json"
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=28)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_logger_name,
            guard,
            renderer,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Guarded("%(message)s"))
    handler.addFilter(Seldom())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in QUIET:
        # Their news of every join and every missed heartbeat would bury our one line per decision.
        logging.getLogger(name).setLevel(logging.ERROR)


def _guarded(value: Any) -> Any:
    if isinstance(value, str):
        return redact.safe(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {redact.safe(str(key)): _guarded(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_guarded(part) for part in value]
    # A renderer would write its representation.
    return redact.safe(str(value))
